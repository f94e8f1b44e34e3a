import { isInterfaceType, OperationTypeNode, parse, type GraphQLSchema } from 'graphql';
import type { LRUCache } from 'lru-cache';
import type { Classification } from '../../platform/classification.ts';
import { coordinatesOf } from '../../platform/coordinates.ts';
import type { CoordinateUse } from '../../platform/grant.ts';
import type { Limits } from '../limits.ts';
import type { Graph, SubgraphPart } from '../graph.ts';
import type { OwnSchema } from '../policy/own-schema.ts';
import { fieldInputs, keyInputs } from '../policy/field-inputs.ts';
import { compileExecution, type CompiledExecution } from '../execution/run.ts';
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
  /** Keys of consents: when all whom the arguments name have given them, nobody need be asked while it runs. Undefined when that cannot be. */
  readonly consentsOfAsked: readonly string[] | undefined;
  /** The answer where access directives left nothing to fetch: they take fields out, and refuse a request only when told to. */
  readonly emptied: Readonly<Record<string, null>> | null | undefined;
  /** Selections that were planned: what keeping it costs. */
  readonly size: number;
  /** Released coordinates with the basis of each. */
  readonly bases: ReadonlyMap<string, string>;
  /** For each basis the texts of law that were relied on. */
  readonly references: ReadonlyMap<string, ReadonlySet<string>>;
  /** Days for which the people concerned are not shown the record. */
  readonly hiddenDays: number;
  readonly policyVersion: string;
  /** How each fetch is sent, by its index in the execution. */
  readonly calls: readonly PreparedCall[];
  /** Coordinates fetched only to find or compute something else. */
  readonly inputs: ReadonlySet<string>;
  readonly expiresAtMs: number;
}

/** One object for all fetches that send the same text under the same grant: so they may share calls. */
export interface PreparedCall {
  /** Subgraph, text and what the grant says of each coordinate. */
  readonly key: string;
  /** Undefined where subgraphs take none. */
  readonly grant: GrantSource | undefined;
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
 * them to it. `own` is what introspection shows the caller; `like` is another execution of the same document for the same decision's key, with
 * which calls may be shared.
 */
export function compile(planned: Planned, parts: CompileParts, own?: OwnSchema, like?: Prepared): Prepared {
  const { pruned } = planned;
  const { complete, shape, refusals, refusesAll, bases, references, hiddenDays, decided } = pruned;
  const execution =
    complete &&
    compileExecution({
      graph: parts.graph,
      introspected: own?.schema,
      plan: planned.plan,
      lookups: planned.lookups,
      people: planned.people,
      pseudonymKey: parts.pseudonymKey,
      document: complete,
      source: decided.admitted.document,
      shape,
      errorsMax: parts.limits.errorsKeptMax,
    });
  const inputs = new Set<string>();
  const calls: PreparedCall[] = [];
  const issuer = parts.grantIssuer;
  const allowedInputs = issuer && inputsOf(pruned, parts.graph);
  const known = new Map(like?.calls.map((call) => [call.key, call]));
  const { fetches = [], mainFetches = 0 } = execution ?? {};
  for (const fetch of fetches) {
    const subgraph = parts.graph.subgraphs.get(fetch.subgraph);
    if (!subgraph) throw new Error(`The plan names the unknown subgraph ${fetch.subgraph}.`);
    const isOfPeople = mainFetches <= fetch.index;
    const uses = allowedInputs && usesOf(fetch.operation, subgraph, pruned, { isOfPeople, inputs: allowedInputs }, parts.graph);
    for (const [coordinate, use] of Object.entries(uses ?? {})) if (use === 'input') inputs.add(coordinate);
    const key = JSON.stringify([fetch.subgraph, fetch.operation, uses]);
    const call = known.get(key) ?? {
      key,
      grant: issuer && uses && grantSource(issuer, decided.admitted.caller, decided.policyVersion, fetch, uses),
    };
    known.set(key, call);
    calls.push(call);
  }
  return {
    kind: 'prepared',
    execution,
    refusals,
    refusesAll,
    consentsOfAsked: consentsOfAsked(pruned),
    emptied: isEmptied(pruned) ? nullsOf(shape) : undefined,
    size: pruned.size,
    bases,
    references,
    hiddenDays,
    policyVersion: decided.policyVersion,
    calls,
    inputs,
    expiresAtMs: Math.min(decided.expiresAtMs(), own?.expiresAtMs ?? Infinity),
  };
}

/**
 * The consents that everything depends on, when all of it is about people whom the arguments name and about nobody else. Whom a record names
 * that law gives is told of it either way.
 */
function consentsOfAsked({ consent, decided }: Pruned): readonly string[] | undefined {
  if (consent === undefined || decided.admitted.operation.operation !== OperationTypeNode.QUERY) return undefined;
  const { places, roots, probes } = consent;
  const isOfOthers = places.some(({ lookup, checks }) => lookup === undefined || checks.length > 0);
  return places.length === 0 || isOfOthers || roots.length + probes.length > 0 ? undefined : [...decided.consentKeys];
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

function usesOf(
  operation: string,
  subgraph: SubgraphPart,
  pruned: Pruned,
  { isOfPeople, inputs: allowedInputs }: { readonly isOfPeople: boolean; readonly inputs: ReadonlySet<string> },
  { classification, supergraph: { supergraphSchema: supergraph } }: Graph,
): Record<string, CoordinateUse> {
  const uses: Record<string, CoordinateUse> = {};
  for (const coordinate of coordinatesOf(subgraph.schema, parse(operation, { noLocation: true }))) {
    const concrete = concreteCoordinates(coordinate, supergraph);
    const ofPersons = concrete.filter((one) => isKeyOfPerson(one, classification));
    if (ofPersons.length > 0) {
      // INVARIANT: a register tells whether a person exists only where the key itself is released by law.
      uses[coordinate] = ofPersons.every((one) => existenceReleased(one, pruned.decided)) ? 'released' : 'input';
    } else if (concrete.some((one) => pruned.released.has(one) || (isOfPeople && pruned.consented.has(one)))) {
      uses[coordinate] = 'released';
    } else if (concrete.some((one) => allowedInputs.has(one))) {
      uses[coordinate] = 'input';
    } else {
      throw new Error(
        `The plan would ask ${subgraph.name} for ${coordinate}, which is neither released nor an input of anything released.`,
      );
    }
  }
  return uses;
}

/**
 * A subgraph that has an interface as an object (`@interfaceObject`) is asked for that object's fields, and what was decided are those of
 * the types behind it: the plan names them before it asks.
 */
function concreteCoordinates(coordinate: string, supergraph: GraphQLSchema): readonly string[] {
  const at = coordinate.indexOf('.');
  const type = supergraph.getType(coordinate.slice(0, at));
  if (!isInterfaceType(type)) return [coordinate];
  return supergraph.getPossibleTypes(type).map(({ name }) => `${name}${coordinate.slice(at)}`);
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
  const { supergraphSchema, directiveNames } = graph.supergraph;
  const inputs = new Set<string>([...pruned.inputs, ...keyInputs(supergraphSchema)]);
  const byField = fieldInputs(supergraphSchema, directiveNames.context);
  for (const coordinate of [...pruned.released, ...pruned.consented]) for (const input of byField.get(coordinate) ?? []) inputs.add(input);
  return inputs;
}
