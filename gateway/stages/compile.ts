import { isObjectType, Kind, parse, type GraphQLSchema } from 'graphql';
import type { LRUCache } from 'lru-cache';
import type { Classification } from '../../platform/classification.ts';
import { coordinatesOf } from '../../platform/coordinates.ts';
import type { CoordinateUse } from '../../platform/grant.ts';
import type { Limits } from '../config.ts';
import type { Graph, SubgraphPart } from '../graph.ts';
import { compileExecution, type CompiledExecution } from '../execution/run.ts';
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
}

/**
 * Prepares a plan for execution: each fetch's coordinates are read out of the text that will be sent and each must be released or be an
 * input of something released, else nothing is sent at all. The pruner and the planner together should make that impossible; this holds
 * them to it.
 */
export function compile(planned: Planned, parts: CompileParts): Prepared {
  const { pruned } = planned;
  const { document, shape, refusals, refusesAll, bases, decided } = pruned;
  const execution =
    document &&
    compileExecution({
      graph: parts.graph,
      plan: planned.plan,
      document,
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
      const subgraph = parts.graph.subgraphs.get(fetch.subgraph);
      if (!subgraph) throw new Error(`The plan names the unknown subgraph ${fetch.subgraph}.`);
      const uses = usesOf(fetch.operation, subgraph, pruned, allowedInputs, parts.graph.classification);
      for (const [coordinate, use] of Object.entries(uses)) if (use === 'input') inputs.add(coordinate);
      grants.push(grantSource(issuer, decided.admitted.caller, decided.policyVersion, fetch, uses));
    }
  }
  return {
    kind: 'prepared',
    execution,
    refusals,
    refusesAll,
    size: pruned.size,
    bases,
    policyVersion: decided.policyVersion,
    grants,
    inputs,
    expiresAtMs: decided.expiresAtMs(),
  };
}

function usesOf(
  operation: string,
  subgraph: SubgraphPart,
  pruned: Pruned,
  allowedInputs: ReadonlySet<string>,
  classification: Classification,
): Record<string, CoordinateUse> {
  const uses: Record<string, CoordinateUse> = {};
  for (const coordinate of coordinatesOf(subgraph.schema, parse(operation, { noLocation: true }))) {
    if (isKeyOfPerson(coordinate, classification)) {
      // INVARIANT: a register tells whether a person exists only where the key itself is released by law.
      uses[coordinate] = existenceReleased(coordinate, pruned.decided) ? 'released' : 'input';
    } else if (pruned.released.has(coordinate)) {
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

/** Keys of all entities, and what `@requires` needs of the fields that are released (`join__field(requires:)`). */
function inputsOf(pruned: Pruned, graph: Graph): ReadonlySet<string> {
  const inputs = new Set<string>();
  for (const keys of graph.classification.keys.values()) for (const key of keys) inputs.add(key);
  for (const coordinate of pruned.released) for (const required of requirementsOf(graph, coordinate)) inputs.add(required);
  return inputs;
}

function requirementsOf(graph: Graph, coordinate: string): ReadonlySet<string> {
  let requirements = REQUIREMENTS.get(graph.supergraph.supergraphSchema);
  if (!requirements) {
    requirements = readRequirements(graph.supergraph.supergraphSchema);
    REQUIREMENTS.set(graph.supergraph.supergraphSchema, requirements);
  }
  return requirements.get(coordinate) ?? NONE;
}

const NONE: ReadonlySet<string> = new Set();
const REQUIREMENTS = new WeakMap<GraphQLSchema, ReadonlyMap<string, ReadonlySet<string>>>();

/** What each field's `@requires` names, nested fields included, by coordinate. */
function readRequirements(supergraph: GraphQLSchema): ReadonlyMap<string, ReadonlySet<string>> {
  const requirements = new Map<string, Set<string>>();
  for (const type of Object.values(supergraph.getTypeMap())) {
    if (!isObjectType(type)) continue;
    for (const field of Object.values(type.getFields())) {
      for (const directive of field.astNode?.directives ?? []) {
        const requires = directive.arguments?.find((argument) => argument.name.value === 'requires')?.value;
        if (directive.name.value !== 'join__field' || requires?.kind !== Kind.STRING) continue;
        const coordinate = `${type.name}.${field.name}`;
        const found = requirements.get(coordinate) ?? new Set<string>();
        const fragment = parse(`fragment required on ${type.name} { ${requires.value} }`, { noLocation: true });
        for (const required of coordinatesOf(supergraph, fragment)) found.add(required);
        requirements.set(coordinate, found);
      }
    }
  }
  return requirements;
}
