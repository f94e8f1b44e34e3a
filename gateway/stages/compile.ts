import { OperationTypeNode, parse } from 'graphql';
import type { LRUCache } from 'lru-cache';
import type { Classification } from '../../platform/classification.ts';
import { coordinatesOf } from '../../platform/coordinates.ts';
import type { CoordinateUse } from '../../platform/grant.ts';
import type { Limits } from '../limits.ts';
import type { Graph, SubgraphPart } from '../graph.ts';
import { fieldInputs } from '../policy/field-inputs.ts';
import { compileExecution, type CompiledExecution } from '../execution/run.ts';
import { PEOPLE_SUBGRAPH } from '../execution/people-roots.ts';
import type { Shape } from '../execution/shape.ts';
import { grantSource, type GrantIssuer, type GrantSource } from '../execution/grants.ts';
import type { Decided } from './decide.ts';
import type { Planned } from './plan.ts';
import type { FieldRefusal, Pruned } from './prune.ts';

/**
 * Everything about a document and a decision that does not depend on the person: made once, run for every request alike. It keeps
 * nothing of the request that it was first made for.
 */
export interface Prepared {
  readonly kind: 'prepared';
  /** Undefined when nothing was left to fetch. */
  readonly execution: CompiledExecution | undefined;
  readonly refusals: readonly FieldRefusal[];
  readonly refusesAll: boolean;
  /** People are asked for consent while it runs. */
  readonly dependsOnConsent: boolean;
  /** Keys of consents: when all whom the arguments name have given them, nobody need be asked while it runs. Undefined when that cannot be. */
  readonly consentsOfAsked: readonly string[] | undefined;
  /** The answer where access directives left nothing to fetch: they take fields out, and refuse a request only when told to. */
  readonly emptied: Readonly<Record<string, null>> | null | undefined;
  /** Selections that were planned: what keeping it costs. */
  readonly size: number;
  /** Released coordinates with the basis of each. */
  readonly bases: ReadonlyMap<string, string>;
  readonly policyVersion: string;
  /** The grant that goes with each call of a fetch, by the fetch's index in the execution. Empty where subgraphs take none. */
  readonly grants: readonly GrantSource[];
  /** Coordinates fetched only to find or compute something else. */
  readonly inputs: ReadonlySet<string>;
  readonly expiresAtMs: number;
}

export type PreparedCache = LRUCache<string, Prepared>;

export interface CompileParts {
  readonly graph: Graph;
  /** Undefined where subgraphs take no grants (`--open`). */
  readonly grantIssuer: GrantIssuer | undefined;
  readonly limits: Limits;
  /** Makes the pseudonyms that agencies get; undefined where nothing is transformed. */
  readonly pseudonymKey: Buffer | undefined;
}

/**
 * Prepares a plan for execution: each fetch's coordinates are read out of the text that will be sent and each must be released or be an
 * input of something released, else nothing is sent at all. The pruner and the planner together should make that impossible; this holds
 * them to it.
 */
export function compile(planned: Planned, parts: CompileParts): Prepared {
  const { pruned } = planned;
  const { complete, shape, refusals, refusesAll, bases, decided } = pruned;
  const execution =
    complete &&
    compileExecution({
      graph: parts.graph,
      plan: planned.plan,
      people: planned.people,
      pseudonymKey: parts.pseudonymKey,
      document: complete,
      source: decided.admitted.document,
      shape,
      errorsMax: parts.limits.errorsKeptMax,
    });
  const inputs = new Set<string>();
  const grants: GrantSource[] = [];
  const issuer = parts.grantIssuer;
  if (issuer && execution) {
    const allowedInputs = inputsOf(pruned, parts.graph);
    for (const fetch of execution.fetches) {
      if (fetch.subgraph === PEOPLE_SUBGRAPH) {
        // It is answered by the executor itself.
        grants.push(noGrant);
        continue;
      }
      const subgraph = parts.graph.subgraphs.get(fetch.subgraph);
      if (!subgraph) throw new Error(`The plan names the unknown subgraph ${fetch.subgraph}.`);
      const isOfPeople = execution.mainFetches <= fetch.index;
      const uses = usesOf(fetch.operation, subgraph, pruned, { isOfPeople, inputs: allowedInputs }, parts.graph.classification);
      for (const [coordinate, use] of Object.entries(uses)) if (use === 'input') inputs.add(coordinate);
      grants.push(grantSource(issuer, decided.admitted.caller, decided.policyVersion, fetch, uses));
    }
  }
  return {
    kind: 'prepared',
    execution,
    refusals,
    refusesAll,
    dependsOnConsent: planned.people !== undefined,
    consentsOfAsked: consentsOfAsked(pruned),
    emptied: isEmptied(pruned) ? nullsOf(shape) : undefined,
    size: pruned.size,
    bases,
    policyVersion: decided.policyVersion,
    grants,
    inputs,
    expiresAtMs: decided.expiresAtMs(),
  };
}

/** The consents that everything depends on, when all of it is about people whom the arguments name and about nobody else. */
function consentsOfAsked({ consent, decided }: Pruned): readonly string[] | undefined {
  if (consent === undefined || decided.admitted.operation.operation !== OperationTypeNode.QUERY) return undefined;
  const { places, roots, named, probes } = consent;
  const isOfOthers = places.some(({ lookup, checks }) => lookup === undefined || checks.length > 0);
  return isOfOthers || roots.length + named.length + probes.length > 0 ? undefined : [...decided.consentKeys];
}

/** A mutation that nothing is left of does not run, and so must not be answered as if it had. */
function isEmptied({ complete, refusals, decided }: Pruned): boolean {
  const isQuery = decided.admitted.operation.operation === OperationTypeNode.QUERY;
  return complete === undefined && isQuery && refusals.some(({ code }) => code === 'UNAUTHORIZED_FIELD_OR_TYPE');
}

/** Every root field as null, or nothing at all where one may not be null. */
function nullsOf({ fields }: Shape): Readonly<Record<string, null>> | null {
  if (fields.some(({ nonNull }) => nonNull)) return null;
  return Object.fromEntries(fields.map(({ responseKey }) => [responseKey, null]));
}

const noGrant: GrantSource = async () => {
  throw new Error('No subgraph is asked for people as such.');
};

function usesOf(
  operation: string,
  subgraph: SubgraphPart,
  pruned: Pruned,
  { isOfPeople, inputs: allowedInputs }: { readonly isOfPeople: boolean; readonly inputs: ReadonlySet<string> },
  classification: Classification,
): Record<string, CoordinateUse> {
  const uses: Record<string, CoordinateUse> = {};
  for (const coordinate of coordinatesOf(subgraph.schema, parse(operation, { noLocation: true }))) {
    if (isKeyOfPerson(coordinate, classification)) {
      // INVARIANT: a register tells whether a person exists only where the key itself is released by law.
      uses[coordinate] = existenceReleased(coordinate, pruned.decided) ? 'released' : 'input';
    } else if (pruned.released.has(coordinate) || (isOfPeople && pruned.consented.has(coordinate))) {
      uses[coordinate] = 'released';
    } else if (allowedInputs.has(coordinate)) {
      uses[coordinate] = 'input';
    } else {
      throw new Error(
        `The plan would ask ${subgraph.name} for ${coordinate}, which is neither released nor an input of anything released.`,
      );
    }
  }
  return uses;
}

function isKeyOfPerson(coordinate: string, classification: Classification): boolean {
  const [type = '', field] = coordinate.split('.');
  return classification.subjects.get(type)?.key === field;
}

function existenceReleased(coordinate: string, decided: Decided): boolean {
  return decided.existenceOf(coordinate.slice(0, coordinate.indexOf('.')));
}

/** Keys of all entities, and what `@requires` and `@fromContext` need of the fields that are released. */
function inputsOf(pruned: Pruned, graph: Graph): ReadonlySet<string> {
  const inputs = new Set<string>(pruned.inputs);
  for (const keys of graph.classification.keys.values()) for (const key of keys) inputs.add(key);
  const { supergraphSchema, directiveNames } = graph.supergraph;
  const byField = fieldInputs(supergraphSchema, directiveNames.context);
  for (const coordinate of [...pruned.released, ...pruned.consented]) for (const input of byField.get(coordinate) ?? []) inputs.add(input);
  return inputs;
}
