import { ApolloServer, HeaderMap } from '@apollo/server';
import { ApolloServerPluginCacheControlDisabled } from '@apollo/server/plugin/disabled';
import { ApolloServerPluginLandingPageDisabled, ApolloServerPluginUsageReportingDisabled } from '@apollo/server/plugin/disabled';
import federation, { type Supergraph as FederationSupergraph } from '@apollo/federation-internals';
import apolloGateway from '@apollo/gateway';
import queryPlanner, { type QueryPlan } from '@apollo/query-planner';
import { Kind, parse, print, visit, type ConstArgumentNode, type ConstDirectiveNode, type DocumentNode, type GraphQLSchema } from 'graphql';
import type { Logger } from '../platform/log.ts';

/** The only file that knows Apollo: the supergraph's reading, its planner, and the server that a request passes through. */
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
  return (document, overrides = []) =>
    planner.buildQueryPlan(federation.operationFromDocument(api, parse(document, { noLocation: true })), {
      overrideConditions: new Map(overrides),
    });
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

/** An admitted operation on its way through Apollo Server, and what the stages behind it made of it. */
export interface Passage<Result> {
  readonly text: string;
  readonly operationName: string | undefined;
  readonly execute: () => Promise<Result>;
}

export interface ApolloHost extends AsyncDisposable {
  /** Passes an admitted document through Apollo Server: its plugins see every operation, its executor is the rest of our pipeline. */
  pass<Result extends object>(passage: Passage<Result>): Promise<Result>;
}

/**
 * Starts Apollo Server in gateway mode. ApolloGateway keeps the supergraph's life cycle; the executor it hands to Apollo Server is ours.
 * Parsing and validation are done before (stages/admit.ts), so the document store answers with what was admitted, by SHA-256 of its text.
 */
export async function startApollo(
  supergraphSdl: string,
  documentOf: (sha256: string) => DocumentNode | undefined,
  log: Logger,
): Promise<ApolloHost> {
  const gateway = new OurGateway({ supergraphSdl: withoutSecurityPurpose(supergraphSdl), logger: quiet(log) });
  const server = new ApolloServer<PassageContext>({
    gateway,
    logger: quiet(log),
    persistedQueries: false,
    allowBatchedHttpRequests: false,
    introspection: true,
    includeStacktraceInErrorResponses: false,
    hideSchemaDetailsFromClientErrors: true,
    stopOnTerminationSignals: false,
    documentStore: {
      get: async (key) => documentOf(key.slice(-SHA256_HEX_LENGTH)),
      set: async () => undefined,
      delete: async () => undefined,
    },
    plugins: [
      ApolloServerPluginCacheControlDisabled(),
      ApolloServerPluginLandingPageDisabled(),
      ApolloServerPluginUsageReportingDisabled(),
    ],
  });
  await server.start();
  return {
    async pass<Result extends object>(passage: Passage<Result>): Promise<Result> {
      const outcome: PassageOutcome = { result: undefined, failure: undefined };
      await server.executeOperation(
        {
          query: passage.text,
          ...(passage.operationName === undefined ? {} : { operationName: passage.operationName }),
          http: { method: 'POST', headers: new HeaderMap(), search: '', body: undefined },
        },
        { contextValue: { execute: passage.execute, outcome } },
      );
      if (outcome.failure !== undefined) throw outcome.failure;
      if (outcome.result === undefined) throw new Error('Apollo Server ended an operation without running it.');
      return outcome.result as Result;
    },
    async [Symbol.asyncDispose]() {
      await server.stop();
    },
  };
}

const SHA256_HEX_LENGTH = 64;

/**
 * ApolloGateway refuses links with `for: SECURITY`, since its executor enforces none. Ours does (policy/scopes.ts), and its planner, which
 * reads the whole supergraph, refuses those that it does not know. Without their purpose they are links like others.
 */
function withoutSecurityPurpose(supergraphSdl: string): string {
  if (!supergraphSdl.includes('SECURITY')) return supergraphSdl;
  const without = visit(parse(supergraphSdl, { noLocation: true }), {
    // Only directives on the schema itself have this argument.
    SchemaDefinition: (schema) => ({ ...schema, directives: schema.directives?.map(withoutPurpose) ?? [] }),
    SchemaExtension: (schema) => ({ ...schema, directives: schema.directives?.map(withoutPurpose) ?? [] }),
  });
  return print(without);
}

function withoutPurpose(link: ConstDirectiveNode): ConstDirectiveNode {
  const isPurpose = ({ name, value }: ConstArgumentNode): boolean =>
    name.value === 'for' && value.kind === Kind.ENUM && value.value === 'SECURITY';
  return { ...link, arguments: link.arguments?.filter((argument) => !isPurpose(argument)) ?? [] };
}

interface PassageContext {
  readonly execute: () => Promise<object>;
  /** Apollo Server hands plugins and executor a copy of the context; this stays one object. */
  readonly outcome: PassageOutcome;
}

interface PassageOutcome {
  result: object | undefined;
  failure: Error | undefined;
}

class OurGateway extends apolloGateway.ApolloGateway {
  override async load(options?: Parameters<apolloGateway.ApolloGateway['load']>[0]): ReturnType<apolloGateway.ApolloGateway['load']> {
    const loaded = await super.load(options);
    return {
      schema: loaded.schema,
      executor: async ({ context }) => {
        const { execute, outcome } = context as PassageContext;
        try {
          outcome.result = await execute();
        } catch (error) {
          outcome.failure = error instanceof Error ? error : new Error('A stage failed with something that is no error.', { cause: error });
        }
        return { data: {} };
      },
    };
  }
}

/** Apollo's own messages are for debugging; nothing of them is told to clients. */
function quiet(log: Logger): { debug: Write; info: Write; warn: Write; error: Write } {
  const write: Write = (message) => log.debug({ source: 'apollo' }, String(message));
  return { debug: write, info: write, warn: write, error: (message) => log.error({ source: 'apollo' }, String(message)) };
}
type Write = (message?: unknown) => void;
