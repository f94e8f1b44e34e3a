import { composeServices } from '@apollo/composition';
import { execute, parse, print, type DocumentNode, type GraphQLSchema } from 'graphql';
import { createPlanner, type PlanDocument, type QueryPlan } from '../../gateway/apollo.ts';
import { LIMITS } from '../../gateway/limits.ts';
import type { SubgraphOutcome } from '../../gateway/execution/reply.ts';
import type { CallSubgraph, FetchPart } from '../../gateway/execution/plan-run.ts';
import { withoutIntrospection } from '../../gateway/execution/introspection.ts';
import { compileExecution, type CompiledExecution, type ExecutionResult } from '../../gateway/execution/run.ts';
import type { Site } from '../../gateway/execution/shape.ts';
import { loadGraph, type Graph } from '../../gateway/graph.ts';
import type { Policies } from '../../gateway/policy/decision.ts';
import { OPEN_POLICIES, openClassification } from '../../gateway/policy/open.ts';
import type { Caller, GatewayRequest } from '../../gateway/request.ts';
import { admit, createDocumentCache, type Admitted } from '../../gateway/stages/admit.ts';
import { decide, withConditionsDecided } from '../../gateway/stages/decide.ts';
import { prune, type Pruned } from '../../gateway/stages/prune.ts';
import { serveSubgraph, type Fixture } from '../federation/world.ts';

/** A supergraph with its planner, executed in this process: no HTTP, no server, the stages called one by one. */
export interface InProcess {
  readonly graph: Graph;
  readonly planDocument: PlanDocument;
}

export interface Executable {
  readonly admitted: Admitted;
  readonly pruned: Pruned;
  readonly plan: QueryPlan;
  readonly compiled: CompiledExecution;
}

/** The link by which a subgraph says which version of Federation it speaks and what it takes of it. */
export const fed2 = (version: string, names: string): string =>
  `extend schema @link(url: "https://specs.apollo.dev/federation/${version}", import: [${names}])`;

/** Composes subgraphs and loads the supergraph as `--open` does. */
export function inProcess(subgraphs: Readonly<Record<string, string>>): InProcess {
  const services = Object.entries(subgraphs).map(([name, sdl]) => ({ name, url: `http://${name}.invalid/graphql`, typeDefs: parse(sdl) }));
  const { supergraphSdl, errors } = composeServices(services);
  if (supergraphSdl === undefined) throw new Error(errors.map(({ message }) => message).join('\n'));
  return inProcessOf(supergraphSdl);
}

export function inProcessOf(supergraphSdl: string): InProcess {
  const loaded = loadGraph(supergraphSdl, { ourScalars: false });
  return { graph: { ...loaded, classification: openClassification(loaded.apiSchema) }, planDocument: createPlanner(supergraphSdl) };
}

/** Takes a document through admission, decisions (by default they allow all), pruning, planning and compiling. Throws when it is refused. */
export function prepare(
  { graph, planDocument }: InProcess,
  query: string,
  variables: Readonly<Record<string, unknown>> = {},
  policies: Policies = OPEN_POLICIES,
): Executable {
  const request = { body: { query, variables } } as unknown as GatewayRequest;
  const received = admit(request, {} as Caller, { graph, limits: LIMITS, documents: createDocumentCache(LIMITS) });
  if (received.kind === 'refusal') throw new Error(`Refused: ${JSON.stringify(received.errors)} ${query}`);
  const admitted = withConditionsDecided(received);
  const decided = decide(admitted, { classification: graph.classification, policies, consentKey: () => undefined });
  const pruned = prune(decided, { apiSchema: graph.apiSchema, classification: graph.classification });
  if (pruned.complete === undefined) return { admitted, pruned, plan: { kind: 'QueryPlan' }, compiled: NOTHING };
  const fetched = pruned.document && withoutIntrospection(pruned.document);
  const plan = fetched === undefined ? ({ kind: 'QueryPlan' } as const) : planned(planDocument, print(fetched));
  return { admitted, pruned, plan, compiled: compileExecution(compileInput(graph, plan, pruned.complete, admitted.document, pruned)) };
}

/** Apollo's planner threw on a document that is valid. */
export class PlannerFailure extends Error {
  override readonly name = 'PlannerFailure';
}

function planned(planDocument: PlanDocument, document: string): QueryPlan {
  try {
    return planDocument(document);
  } catch (error) {
    throw new PlannerFailure(document, { cause: error });
  }
}

/** Everything is skipped. */
const NOTHING: CompiledExecution = {
  fetches: [],
  mainFetches: 0,
  dependsOnConsent: false,
  run: async () => ({ data: {}, errors: [], untold: 0, consentMissing: false }),
};

function compileInput(graph: Graph, plan: QueryPlan, document: DocumentNode, source: DocumentNode, pruned: Pruned) {
  return { graph, plan, document, source, shape: pruned.shape, errorsMax: 100 };
}

export interface Ran extends ExecutionResult {
  readonly distrusted: readonly string[];
  readonly seen: readonly (readonly [string, Site])[];
}

/** Runs a prepared document; what comes back is what a client would read. */
export async function run({ compiled, admitted }: Executable, call: CallSubgraph, options: { passMessages?: boolean } = {}): Promise<Ran> {
  const distrusted: string[] = [];
  const seen: (readonly [string, Site])[] = [];
  const result = await compiled.run({
    variables: admitted.variables,
    call,
    seen: (idNumber, site) => void seen.push([idNumber, site]),
    distrusted: ({ subgraph }, why) => void distrusted.push(`${subgraph}: ${why}`),
    passMessages: options.passMessages ?? true,
    agency: 'open',
    consents: undefined,
  });
  return { ...(JSON.parse(JSON.stringify(result)) as ExecutionResult), distrusted, seen };
}

/** Subgraphs of a fixture with rows of their own, executed by graphql-js and answering as over HTTP. */
export function fixtureSubgraphs(fixture: Fixture): { readonly call: CallSubgraph; readonly calls: FetchPart[] } {
  const rows = fixture.rows();
  const served = new Map(Object.keys(fixture.subgraphs).map((name) => [name, serveSubgraph(fixture, rows, name)]));
  const calls: FetchPart[] = [];
  return {
    calls,
    call: async (fetch, variables) => {
      calls.push(fetch);
      const subgraph = served.get(fetch.subgraph);
      if (!subgraph) throw new Error(`No subgraph ${fetch.subgraph}.`);
      return answerOf(subgraph.schema, fetch, variables, subgraph.fieldResolver);
    },
  };
}

/** One call answered by graphql-js, its variables and its answer passed through JSON. */
export async function answerOf(
  schema: GraphQLSchema,
  fetch: FetchPart,
  variables: Readonly<Record<string, unknown>>,
  fieldResolver?: NonNullable<Parameters<typeof execute>[0]['fieldResolver']>,
): Promise<SubgraphOutcome> {
  const result = await execute({
    schema,
    document: parse(fetch.operation),
    variableValues: JSON.parse(JSON.stringify(variables)) as Record<string, unknown>,
    ...(fieldResolver === undefined ? {} : { fieldResolver }),
  });
  const { data = null, errors = [] } = JSON.parse(JSON.stringify(result)) as {
    data?: Record<string, unknown> | null;
    errors?: { message: string }[];
  };
  return { kind: 'answered', data, errors };
}
