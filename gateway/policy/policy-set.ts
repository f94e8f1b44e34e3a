import { policyToJson, validate, type PolicyJson } from '@cedar-policy/cedar-wasm/nodejs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse } from 'graphql';
import { readAnnotations, type Annotations } from './annotations.ts';
import { argumentTypes, cedarSchema } from './cedar-schema.ts';
import { classifyByDirectory } from './classification-file.ts';
import { cedarProblems, readPolicyTexts, type PolicyText } from './cedar-text.ts';
import { decidedFields, subgraphNames, type CedarArgumentType, type DecidedField } from './decided-fields.ts';
import { boundProblems, contentVersion, POLICIES_MAX, readPolicyFiles, type PolicyFiles } from './policy-files.ts';
import { readPolicy, type PolicyReading } from './policy-reading.ts';
import { error, FILE_START, positionAt, warning, type Problem } from './problems.ts';
import { loadRegistry, REGISTRY_FILE, type LoadedRegistry } from './registry-load.ts';
import { semanticProblems } from './semantics.ts';
import { transformConflicts } from './transform-conflicts.ts';

/** Rules read against a graph and a registry, with everything that is wrong with them. */
export interface PolicySet {
  /** Content address of the rules and their cases (policy-files.ts). */
  readonly version: string;
  readonly registry: LoadedRegistry | undefined;
  readonly fields: ReadonlyMap<string, DecidedField>;
  readonly argumentTypes: ReadonlyMap<string, CedarArgumentType>;
  readonly cedarSchema: string;
  /** Those that could be read, in order of files. */
  readonly policies: readonly Policy[];
  readonly problems: readonly Problem[];
}

export interface Policy extends Annotations {
  readonly effect: 'permit' | 'forbid';
  readonly source: PolicyText;
  readonly json: PolicyJson;
  readonly reading: PolicyReading;
}

/** What of a graph rules are read against. */
export interface PolicyGraph {
  readonly fields: ReadonlyMap<string, DecidedField>;
  readonly argumentTypes: ReadonlyMap<string, CedarArgumentType>;
  readonly cedarSchema: string;
  readonly subgraphs: readonly string[];
}

/** Reads a supergraph for {@link policySetOf}. */
export function policyGraphOf(supergraphSdl: string): PolicyGraph {
  const supergraph = parse(supergraphSdl, { noLocation: true });
  const fields = decidedFields(supergraph);
  const types = argumentTypes(fields.values());
  return { fields, argumentTypes: types, cedarSchema: cedarSchema(types), subgraphs: subgraphNames(supergraph) };
}

/**
 * Reads a directory: registry.yaml and every `*.cedar` in it. All problems are collected, each with its place; only a directory or a
 * supergraph that cannot be read at all throws.
 */
export async function readPolicySet(directory: string, supergraphSdl: string, defaultIssuer?: string): Promise<PolicySet> {
  const classified = await classifyByDirectory(supergraphSdl, directory);
  const graph = policyGraphOf(classified.sdl);
  const files = await readPolicyFiles(directory);
  let registryText: Buffer;
  try {
    registryText = await readFile(join(directory, REGISTRY_FILE));
  } catch (cause) {
    const reason = (cause as NodeJS.ErrnoException).code ?? 'unknown reason';
    const set = policySetOf({ files, graph, registry: undefined });
    return {
      ...set,
      problems: [...classified.problems, ...set.problems, error(REGISTRY_FILE, FILE_START, `The file cannot be read (${reason}).`)],
    };
  }
  const { registry, problems } = loadRegistry(registryText.toString('utf8'), graph.subgraphs, defaultIssuer);
  const set = policySetOf({ files, graph, registry });
  return { ...set, problems: [...classified.problems, ...encodingProblems(REGISTRY_FILE, registryText), ...problems, ...set.problems] };
}

export interface PolicyParts {
  readonly files: PolicyFiles;
  readonly graph: PolicyGraph;
  /** Undefined when it has errors of its own; then names from it are not judged. */
  readonly registry: LoadedRegistry | undefined;
}

/** Rules against a graph and a registry. Never throws for what is wrong in them. */
export function policySetOf({ files, graph, registry }: PolicyParts): PolicySet {
  const { fields, argumentTypes: types, cedarSchema: schema } = graph;
  const problems: Problem[] = [...boundProblems(files)];
  const rules = [...files].filter(([name]) => name.endsWith('.cedar')).sort(([a], [b]) => (a < b ? -1 : 1));
  if (rules.length === 0) problems.push(error(REGISTRY_FILE, FILE_START, 'There is no .cedar file beside it, so nothing is permitted.'));
  const policies: Policy[] = [];
  const ids = new Map<string, Policy>();
  for (const [name, bytes] of problems.length > 0 ? [] : rules) {
    problems.push(...encodingProblems(name, bytes));
    problems.push(...readCedarFile(name, bytes, schema, policies, ids));
    if (policies.length <= POLICIES_MAX) continue;
    problems.push(error(name, FILE_START, `There are more than ${POLICIES_MAX} policies. Join those that differ in little.`));
    break;
  }
  for (const policy of policies) {
    problems.push(...semanticProblems(policy, registry, fields));
  }
  if (registry && !problems.some(({ severity }) => severity === 'error')) {
    problems.push(...transformConflicts(policies, registry, fields));
  }
  return { version: contentVersion(files), registry, fields, argumentTypes: types, cedarSchema: schema, policies, problems };
}

function readCedarFile(name: string, bytes: Buffer, schema: string, policies: Policy[], ids: Map<string, Policy>): readonly Problem[] {
  const read = readPolicyTexts(name, bytes);
  const problems = [...read.problems];
  if (read.policies.length === 0) return problems;

  for (const source of read.policies) {
    const parsed = policyToJson(source.text);
    if (parsed.type === 'failure') {
      problems.push(error(name, source.position, parsed.errors[0]?.message ?? 'The policy does not parse.'));
      continue;
    }
    const { annotations, problems: ofAnnotations } = readAnnotations(source, parsed.json);
    problems.push(...ofAnnotations);
    if (!annotations) continue;
    const twin = ids.get(annotations.id);
    if (twin) {
      const where = `${twin.source.file}:${twin.source.position.line}`;
      problems.push(
        error(name, source.annotation('id'), `The id "${annotations.id}" is taken, by the policy at ${where}. Choose another.`),
      );
      continue;
    }
    const policy: Policy = { ...annotations, effect: parsed.json.effect, source, json: parsed.json, reading: readPolicy(parsed.json) };
    policies.push(policy);
    ids.set(policy.id, policy);
  }
  return [...problems, ...validationProblems(name, bytes, schema)];
}

/** Cedar's strict validation of a whole file, so that its byte offsets are those of the file. */
function validationProblems(name: string, bytes: Buffer, schema: string): readonly Problem[] {
  const answer = validate({ schema, policies: { staticPolicies: bytes.toString('utf8') }, validationSettings: { mode: 'strict' } });
  if (answer.type === 'failure') return cedarProblems(name, bytes, answer.errors);
  const errors = answer.validationErrors.flatMap((found) => cedarProblems(name, bytes, [found.error]));
  const warnings = [...answer.validationWarnings.map((found) => found.error), ...answer.otherWarnings];
  const doubts = cedarProblems(name, bytes, warnings).map((found) => warning(name, found, found.message));
  return once([...errors, ...doubts]);
}

/** Cedar says the same once for each action; once for each place is enough. */
function once(problems: readonly Problem[]): readonly Problem[] {
  const seen = new Map<string, Problem>();
  for (const problem of problems) {
    const message = problem.message.replace(/ for Action::"[^"]*"/, '');
    seen.set(JSON.stringify([problem.line, problem.column, message]), { ...problem, message });
  }
  return [...seen.values()];
}

function encodingProblems(name: string, bytes: Buffer): readonly Problem[] {
  const text = bytes.toString('utf8');
  if (Buffer.from(text, 'utf8').equals(bytes)) return [];
  const encoded = Buffer.from(text, 'utf8');
  const first = bytes.findIndex((byte, index) => byte !== encoded[index]);
  return [error(name, positionAt(bytes, Math.max(first, 0)), 'The file is not UTF-8 from here on. Save it as UTF-8.')];
}
