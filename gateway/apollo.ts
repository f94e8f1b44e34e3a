import federation, { type Supergraph as FederationSupergraph } from '@apollo/federation-internals';
import queryPlanner, { type QueryPlan } from '@apollo/query-planner';
import { parse, type GraphQLSchema } from 'graphql';
import { createLiteralKeeper } from './execution/exact-literals.ts';
import { fetchesOf } from './execution/plan-nodes.ts';

/** What we take of Apollo's federation: the supergraph's reading and its planner. Threads read it too, so the server is in apollo-server.ts. */
export type { QueryPlan } from '@apollo/query-planner';
export type PlanNode = NonNullable<QueryPlan['node']>;

export interface Supergraph {
  readonly sdl: string;
  readonly apiSchema: GraphQLSchema;
  readonly subgraphs: readonly { readonly name: string; readonly url: string; readonly schema: GraphQLSchema }[];
  /** The supergraph as graphql-js sees it, `@inaccessible` elements and the join directives included. */
  readonly supergraphSchema: GraphQLSchema;
  /** What directives of linked specifications are called in it, whatever the links import and rename; undefined where they are not linked. */
  readonly directiveNames: Readonly<Record<'authenticated' | 'requiresScopes' | 'policy' | 'context', string | undefined>>;
}

/** Reads a Federation 2 supergraph, security and context links included. Throws with the reason when it is none. */
export function loadSupergraph(sdl: string): Supergraph {
  const supergraph = build(sdl);
  const urls = new Map(supergraph.subgraphsMetadata().map((subgraph) => [subgraph.name, subgraph.url]));
  const nameOf = (directive: string): string | undefined =>
    supergraph.schema.coreFeatures?.getByIdentity(`https://specs.apollo.dev/${directive}`)?.directiveNameInSchema(directive);
  return {
    sdl,
    apiSchema: supergraph.apiSchema().toGraphQLJSSchema(),
    supergraphSchema: supergraph.schema.toGraphQLJSSchema(),
    directiveNames: {
      authenticated: nameOf('authenticated'),
      requiresScopes: nameOf('requiresScopes'),
      policy: nameOf('policy'),
      context: nameOf('context'),
    },
    subgraphs: supergraph
      .subgraphs()
      .values()
      .map(({ name, schema }) => ({ name, url: urls.get(name) ?? '', schema: schema.toGraphQLJSSchema() })),
  };
}

/** Plans a document; `overrides` has the value of every label of `@override(label:)` in the supergraph. */
export type PlanDocument = (document: string, overrides?: Overrides) => QueryPlan;
export type Overrides = readonly (readonly [label: string, isOn: boolean])[];

/** A planner for one supergraph. Synchronous and possibly slow: it belongs into a worker (execution/planner.ts). */
export function createPlanner(sdl: string): PlanDocument {
  const supergraph = build(sdl);
  const api = supergraph.apiSchema();
  const planner = new queryPlanner.QueryPlanner(supergraph, { typeConditionedFetching: true });
  const keepLiterals = createLiteralKeeper(api.toGraphQLJSSchema());
  return (text, overrides = []) => {
    const { document, restore } = keepLiterals(parse(text, { noLocation: true }));
    const plan = planner.buildQueryPlan(federation.operationFromDocument(api, document), { overrideConditions: new Map(overrides) });
    if (restore !== undefined) for (const fetch of fetchesOf(plan.node)) fetch.operation = restore(fetch.operation);
    return plan;
  };
}

function build(sdl: string): FederationSupergraph {
  return federation.Supergraph.build(sdl, { supportedFeatures: federation.ROUTER_SUPPORTED_SUPERGRAPH_FEATURES });
}

/** What a subgraph answered (GraphQL specification, 7.1). */
export interface SubgraphReply {
  readonly data: Record<string, unknown> | null;
  readonly errors: readonly SubgraphError[];
}
export interface SubgraphError {
  readonly message: string;
  readonly path?: readonly (string | number)[] | undefined;
  readonly extensions?: Readonly<Record<string, unknown>> | undefined;
}
