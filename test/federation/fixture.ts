import { composeServices } from '@apollo/composition';
import { ApolloGateway } from '@apollo/gateway';
import { ApolloServer } from '@apollo/server';
import { startStandaloneServer } from '@apollo/server/standalone';
import { buildSchema, graphql, parse, type FormattedExecutionResult, type GraphQLSchema } from 'graphql';
import { apiSdlOf } from '../../schema/compose.ts';
import { media } from './fixtures/media.ts';
import { shop } from './fixtures/shop.ts';
import { travel } from './fixtures/travel.ts';
import { serveSubgraph, serveWhole, type Fields, type Fixture } from './world.ts';

export const FIXTURES = { shop, media, travel } as const satisfies Record<string, Fixture>;
export type FixtureName = keyof typeof FIXTURES;
export const FIXTURE_NAMES = Object.keys(FIXTURES) as readonly FixtureName[];

/** One request that a subgraph got. */
export interface SubgraphRequest {
  readonly subgraph: string;
  readonly query: string;
  readonly variables: Fields;
}

export interface RunningFixture extends AsyncDisposable {
  /** With the subgraphs' real addresses. */
  readonly supergraphSdl: string;
  readonly urls: Readonly<Record<string, string>>;
  /** Every GraphQL request so far, in order of arrival. Empty it between documents to count. */
  readonly subgraphRequests: SubgraphRequest[];
  readonly close: () => Promise<void>;
}

/** Starts each subgraph of the fixture on a free port of 127.0.0.1, with rows of its own, and composes them. */
export async function startFixture(name: FixtureName): Promise<RunningFixture> {
  const fixture = FIXTURES[name];
  const rows = fixture.rows();
  const subgraphRequests: SubgraphRequest[] = [];
  const started = await Promise.all(
    Object.keys(fixture.subgraphs).map(async (subgraph) => {
      const server = new ApolloServer({
        ...serveSubgraph(fixture, rows, subgraph),
        logger: SILENT,
        stopOnTerminationSignals: false,
        plugins: [
          {
            requestDidStart: async ({ request }) => {
              subgraphRequests.push({ subgraph, query: request.query ?? '', variables: request.variables ?? {} });
            },
          },
        ],
      });
      const { url } = await startStandaloneServer(server, { listen: { host: '127.0.0.1', port: 0 } });
      return { subgraph, url, server };
    }),
  );
  const urls = Object.fromEntries(started.map(({ subgraph, url }) => [subgraph, url]));
  const close = async (): Promise<void> => {
    await Promise.all(started.map(({ server }) => server.stop()));
  };
  return { supergraphSdl: compose(fixture, urls), urls, subgraphRequests, close, [Symbol.asyncDispose]: close };
}

export interface Answering {
  readonly execute: (document: string, variables?: Fields, operationName?: string) => Promise<FormattedExecutionResult>;
}

/** Plain Apollo Server and Apollo Gateway on a supergraph, over HTTP at `url` and in process. */
export async function plainApollo(supergraphSdl: string): Promise<Answering & AsyncDisposable & { readonly url: string }> {
  const server = new ApolloServer({
    gateway: new ApolloGateway({ supergraphSdl, logger: SILENT }),
    logger: SILENT,
    stopOnTerminationSignals: false,
  });
  const { url } = await startStandaloneServer(server, { listen: { host: '127.0.0.1', port: 0 } });
  return {
    url,
    execute: async (document, variables = {}, operationName) => {
      const request = { query: document, variables, ...(operationName === undefined ? {} : { operationName }) };
      const { body } = await server.executeOperation(request);
      if (body.kind !== 'single') throw new Error('Apollo Gateway answered incrementally.');
      return body.singleResult;
    },
    [Symbol.asyncDispose]: async () => server.stop(),
  };
}

/** The fixture as a single graph executed by graphql-js, with rows of its own: what every gateway should answer. */
export function monolith(name: FixtureName): Answering & { readonly schema: GraphQLSchema } {
  const fixture = FIXTURES[name];
  const api = buildSchema(apiSdlOf(compose(fixture, {})), { assumeValidSDL: true });
  const { schema, fieldResolver } = serveWhole(fixture, fixture.rows(), api);
  return {
    schema,
    execute: async (source, variables = {}, operationName) => {
      const result = await graphql({
        schema,
        source,
        variableValues: variables,
        fieldResolver,
        ...(operationName === undefined ? {} : { operationName }),
      });
      // Null prototypes and class instances go, as they would over HTTP.
      return JSON.parse(JSON.stringify(result)) as FormattedExecutionResult;
    },
  };
}

function compose(fixture: Fixture, urls: Readonly<Record<string, string>>): string {
  const services = Object.entries(fixture.subgraphs).map(([name, sdl]) => ({
    name,
    url: urls[name] ?? `http://${name}.invalid/graphql`,
    typeDefs: parse(sdl),
  }));
  const { supergraphSdl, errors } = composeServices(services);
  if (supergraphSdl === undefined) throw new Error(errors.map(({ message }) => message).join('\n'));
  return supergraphSdl;
}

const SILENT = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
