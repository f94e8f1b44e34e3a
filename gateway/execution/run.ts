import { Kind, type DocumentNode, type OperationDefinitionNode } from 'graphql';
import type { QueryPlan } from '../apollo.ts';
import type { ClientError } from '../errors.ts';
import type { Graph } from '../graph.ts';
import { compileAnswer } from './answer-compile.ts';
import { placeOf } from './answer-place.ts';
import { completeObject, Walk, type AnswerObject } from './complete.ts';
import type { Data } from './data.ts';
import { Failures } from './failures.ts';
import { compileIntrospection } from './introspection.ts';
import type { Asked } from './merge.ts';
import { compilePlan } from './plan-compile.ts';
import type { CallSubgraph, Distrusted, FetchPart, Run } from './plan-run.ts';
import type { PersonSeen, Shape } from './shape.ts';
import { repeatedFetches, shareCalls } from './share-calls.ts';
import { typeNamesOf } from './type-names.ts';

export interface ExecutionSource {
  readonly graph: Graph;
  readonly plan: QueryPlan;
  /** The pruned operation, for which the plan was made. */
  readonly document: DocumentNode;
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
}

export interface ExecutionResult {
  /** Null when a null that its place does not take went all the way up. */
  readonly data: Record<string, unknown> | null;
  readonly errors: readonly ClientError[];
}

/**
 * Compiles a plan and the client's document into an execution that looks nothing up in a schema. Throws when the plan has what this
 * gateway does not serve (`@defer`, subscriptions).
 */
export function compileExecution({ graph, plan, document, source, shape, errorsMax }: ExecutionSource): CompiledExecution {
  const operation = operationOf(document);
  const rootType = graph.apiSchema.getRootType(operation.operation);
  if (!rootType) throw new Error('An operation that was planned has a root type.');
  const types = typeNamesOf(graph.supergraph.supergraphSchema);
  const { step, fetches } = compilePlan(plan, types);
  const repeated = repeatedFetches(fetches);
  const introspect = compileIntrospection(graph.apiSchema, operation, source);
  const answer = compileAnswer(shape, operation.selectionSet, rootType, { apiSchema: graph.apiSchema, types });

  return {
    fetches,
    async run({ variables, call, seen, distrusted, passMessages }) {
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
      if (underWay !== undefined) await underWay;
      const walk = new Walk(seen, errorsMax);
      const data = completeObject(answer, root, walk) ?? null;
      return { data, errors: failures.with(walk.issues) };
    },
  };
}

/** Fields that the client asked for are named; where a fetch was only for inputs of others, the object that they are of. */
function tellUnavailable(answer: AnswerObject, failures: Failures, dataPath: readonly (string | number)[], asked: Asked): void {
  const places = asked.fields.map(({ key }) => placeOf(answer, [...dataPath, key.name])).filter(({ isWhole }) => isWhole);
  if (places.length === 0) failures.unavailable(placeOf(answer, dataPath).path);
  for (const { path } of places) failures.unavailable(path);
}

function operationOf(document: DocumentNode): OperationDefinitionNode {
  const operation = document.definitions.find((definition) => definition.kind === Kind.OPERATION_DEFINITION);
  if (!operation) throw new Error('A planned document has an operation.');
  return operation;
}
