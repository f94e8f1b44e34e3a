import { Kind, type DocumentNode, type OperationDefinitionNode, type GraphQLSchema } from 'graphql';
import type { QueryPlan } from '../apollo.ts';
import type { RequestConsents } from '../consent/request.ts';
import type { ClientError } from '../errors.ts';
import type { Graph } from '../graph.ts';
import { compileAnswer } from './answer-compile.ts';
import { placeOf } from './answer-place.ts';
import { completeObject, Walk, type AnswerObject } from './complete.ts';
import type { Data } from './data.ts';
import { Failures } from './failures.ts';
import { compileIntrospection } from './introspection.ts';
import type { Asked } from './merge.ts';
import { compilePeople, type PlannedRounds } from './people-compile.ts';
import { runPeople } from './people-run.ts';
import { idOf, visitAt } from './people-ways.ts';
import { withLookups } from './lookup-run.ts';
import type { Lookup } from './lookups.ts';
import { compilePlan } from './plan-compile.ts';
import type { CallSubgraph, Distrusted, FetchPart, Run } from './plan-run.ts';
import { variantOf } from './sites.ts';
import type { PersonSeen, Shape, Site } from './shape.ts';
import { repeatedFetches, shareCalls } from './share-calls.ts';
import { typeNamesOf } from './type-names.ts';

export interface ExecutionSource {
  readonly graph: Graph;
  readonly plan: QueryPlan;
  /** Roots that the plan takes as people whose keys are known. */
  readonly lookups?: readonly Lookup[];
  /** The pruned operation with what depends on consent. */
  readonly document: DocumentNode;
  /** What depends on the consent of people, planned; undefined when nothing does. */
  readonly people?: PlannedRounds | undefined;
  readonly pseudonymKey?: Buffer | undefined;
  /** What introspection shows; everything without it. */
  readonly introspected?: GraphQLSchema | undefined;
  /** The client's own document: introspection may spread its fragments. */
  readonly source: DocumentNode;
  /** The client's document with what became of each field (stages/prune.ts). */
  readonly shape: Shape;
  /** Errors kept of one execution. */
  readonly errorsMax: number;
}

/** A plan with its answer, compiled once for a prepared execution and run for every request alike. Keeps nothing of a request. */
export interface CompiledExecution {
  /** Every fetch of the plan; `index` is its place here. */
  readonly fetches: readonly FetchPart[];
  /** How many of them are of the plan of what law gives; the others are for people who consented. */
  readonly mainFetches: number;
  /** People are asked for consent while it runs. */
  readonly dependsOnConsent: boolean;
  run(request: ExecutionRequest): Promise<ExecutionResult>;
}

export interface ExecutionRequest {
  /** Coerced, with their defaults. */
  readonly variables: Readonly<Record<string, unknown>>;
  readonly call: CallSubgraph;
  /** Told of everybody whose object stands in the answer. */
  readonly seen: PersonSeen;
  readonly distrusted: Distrusted;
  /** Under `--open` subgraph messages are passed on; everywhere else they are masked. */
  readonly passMessages: boolean;
  readonly agency: string;
  /** Undefined where nobody is asked for consent; nothing that depends on it may then have been compiled. */
  readonly consents: RequestConsents | undefined;
}

export interface ExecutionResult {
  /** Null when a null that its place does not take went all the way up. */
  readonly data: Record<string, unknown> | null;
  readonly errors: readonly ClientError[];
  /** Values withheld for want of consent that `errors` has no room for. */
  readonly untold: number;
  /** Something was withheld for want of consent. */
  readonly consentMissing: boolean;
}

/**
 * Compiles a plan and the client's document into an execution that looks nothing up in a schema. Throws when the plan has what this
 * gateway does not serve (`@defer`, subscriptions).
 */
export function compileExecution(executionSource: ExecutionSource): CompiledExecution {
  const { graph, plan, document, source, shape, errorsMax, pseudonymKey, lookups = [] } = executionSource;
  const operation = operationOf(document);
  const rootType = graph.apiSchema.getRootType(operation.operation);
  if (!rootType) throw new Error('An operation that was planned has a root type.');
  const types = typeNamesOf(graph.supergraph.supergraphSchema);
  const fetches: FetchPart[] = [];
  const planned = compilePlan(plan, types, fetches, lookups);
  const step = withLookups(planned.step, lookups, planned.peopleKeys);
  const mainFetches = fetches.length;
  const query = graph.apiSchema.getQueryType();
  const people = executionSource.people && query ? compilePeople(executionSource.people, query, types, fetches) : undefined;
  const repeated = repeatedFetches(fetches);
  const introspect = compileIntrospection(executionSource.introspected ?? graph.apiSchema, operation, source);
  const answer = compileAnswer(shape, operation.selectionSet, rootType, { apiSchema: graph.apiSchema, types, pseudonymKey });

  return {
    fetches,
    mainFetches,
    dependsOnConsent: people?.dependsOnConsent === true,
    async run({ variables, call, seen, distrusted, passMessages, agency, consents }) {
      const failures = new Failures({ passMessages, errorsMax });
      const root: Data = { ...introspect?.(variables) };
      const run: Run = {
        root,
        variables,
        call: shareCalls(call, repeated),
        distrusted,
        tell: (error, dataPath) => failures.told(error, placeOf(answer, dataPath)),
        tellUnavailable: (dataPath, asked) => tellUnavailable(answer, failures, dataPath, asked),
      };
      const underWay = step?.(run);
      if (people?.dependsOnConsent !== true) await underWay;
      else if (consents === undefined) throw new Error('What depends on consent is not run without anybody to ask for it.');
      else await runPeople(people, consents, run, underWay);
      const isGiven = (id: string, key: string): boolean => consents?.state(id, key) === 'given';
      const seenAs = (id: string, site: Site): void =>
        seen(
          id,
          variantOf(site, (key) => isGiven(id, key)),
        );
      const walk = new Walk({ seen: seenAs, agency, consents: isGiven }, errorsMax);
      const data = completeObject(answer, root, walk) ?? null;
      for (const { way, site } of people?.named ?? []) visitAt(root, way, (person) => tellNamed(person, site, seen));
      const consentMissing = walk.issues.some(({ kind }) => kind.startsWith('consent'));
      return { data, errors: failures.with(walk.issues), untold: walk.untold, consentMissing };
    },
  };
}

/** Fields that the client asked for are named; where a fetch was only for inputs of others, the object that they are of. */
function tellUnavailable(answer: AnswerObject, failures: Failures, dataPath: readonly (string | number)[], asked: Asked): void {
  const places = asked.fields.map(({ key }) => placeOf(answer, [...dataPath, key.name])).filter(({ isWhole }) => isWhole);
  if (places.length === 0) failures.unavailable(placeOf(answer, dataPath).path);
  for (const { path } of places) failures.unavailable(path);
}

function tellNamed(person: Data, site: Site, seen: PersonSeen): void {
  const id = idOf(person);
  if (id !== undefined) seen(id, site);
}

function operationOf(document: DocumentNode): OperationDefinitionNode {
  const operation = document.definitions.find((definition) => definition.kind === Kind.OPERATION_DEFINITION);
  if (!operation) throw new Error('A planned document has an operation.');
  return operation;
}
