import { composeServices } from '@apollo/composition';
import { ApolloServer } from '@apollo/server';
import { startStandaloneServer } from '@apollo/server/standalone';
import { buildSubgraphSchema } from '@apollo/subgraph';
import { parse } from 'graphql';
import { expect, test } from 'vitest';
import { readConfig } from '../../gateway/config.ts';
import { startOpenGateway } from './open-gateway.ts';

const SDL = `
  extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key", { name: "@cost", as: "@weighs" }, "@listSize"])
  type Query {
    films(first: Int, last: Int): Films @listSize(slicingArguments: ["first", "last"], sizedFields: ["edges"])
    byTitles(titles: [String!]!, first: Int): [Film] @listSize(slicingArguments: ["first"])
  }
  type Films { edges: [Edge!]! }
  type Edge { node: Film! }
  type Film @key(fields: "title") { title: String! @weighs(weight: 3) }
`;

const SILENT = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

/** A subgraph with costs that has as many films as it is asked for, its requests, and a supergraph of it alone. */
async function startFilms() {
  const requests: string[] = [];
  const resolvers = {
    Query: {
      films: (_: unknown, { first }: { first: number }) => ({
        edges: Array.from({ length: first }, (__, index) => ({ node: { title: `film ${index}` } })),
      }),
      byTitles: (_: unknown, { titles }: { titles: readonly string[] }) => titles.map((title) => ({ title })),
    },
  };
  const server = new ApolloServer({
    schema: buildSubgraphSchema([{ typeDefs: parse(SDL), resolvers }]),
    logger: SILENT,
    stopOnTerminationSignals: false,
    plugins: [{ requestDidStart: async ({ request }) => void requests.push(request.query ?? '') }],
  });
  const { url } = await startStandaloneServer(server, { listen: { host: '127.0.0.1', port: 0 } });
  const { supergraphSdl = '' } = composeServices([{ name: 'films', url, typeDefs: parse(SDL) }]);
  return { supergraphSdl, requests, [Symbol.asyncDispose]: () => server.stop() };
}

async function post(url: string, query: string, variables: Readonly<Record<string, unknown>> = {}) {
  const response = await fetch(`${url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'application/graphql-response+json' },
    body: JSON.stringify({ query, variables }),
  });
  const body = (await response.json()) as {
    readonly data?: Readonly<Record<string, unknown>>;
    readonly errors?: readonly { readonly message: string; readonly extensions: { readonly code: string } }[];
  };
  return { status: response.status, body };
}

// Films 1, and 1 for each edge, 1 for each node and 3 for its title.
const FILMS = 'query ($n: Int, $title: Boolean = true) { films(first: $n) { edges { node { title @include(if: $title) __typename } } } }';

test('refuses what costs more than the maximum before any subgraph is asked, and answers what costs as much', async () => {
  await using films = await startFilms();
  await using gateway = await startOpenGateway(films.supergraphSdl, { operationCostMax: 51 });

  const refused = await post(gateway.url, FILMS, { n: 11 });
  expect(refused.status).toBe(413);
  expect(refused.body).not.toHaveProperty('data');
  expect(refused.body.errors).toEqual([
    {
      message: 'By the weights and list sizes of the schema the operation costs 56; it may cost 51. Ask for less at a time.',
      extensions: { code: 'OPERATION_TOO_LARGE' },
    },
  ]);
  expect(films.requests).toEqual([]);

  const answered = await post(gateway.url, FILMS, { n: 10 });
  expect(answered.status).toBe(200);
  expect(answered.body.errors).toBeUndefined();
  expect(answered.body.data).toHaveProperty('films.edges.length', 10);
  expect(films.requests).toHaveLength(1);

  // The same document for the same variables but the condition, under which there are no titles to weigh.
  expect((await post(gateway.url, FILMS, { n: 11, title: false })).status).toBe(200);
  expect((await post(gateway.url, FILMS, { n: 11 })).status).toBe(413);
});

test('tells a client that gives no slicing argument where one is required', async () => {
  await using films = await startFilms();
  await using gateway = await startOpenGateway(films.supergraphSdl);
  const { status, body } = await post(gateway.url, '{ films { edges { node { title } } } }');
  expect(status).toBe(400);
  expect(body.errors?.[0]?.extensions.code).toBe('BAD_USER_INPUT');
  expect(body.errors?.[0]?.message).toBe('Query.films takes exactly one of these arguments: first, last. Give one of them.');
  expect(films.requests).toEqual([]);
});

test('takes a supergraph whose sizes are lengths of lists, which Apollo Router reads and the library that plans does not', async () => {
  await using films = await startFilms();
  const supergraphSdl = films.supergraphSdl.replace('slicingArguments: ["first"])', 'slicingArguments: ["titles"])');
  await using gateway = await startOpenGateway(supergraphSdl, { operationCostMax: 8 });
  const document = 'query ($titles: [String!]!) { byTitles(titles: $titles) { title } }';
  expect((await post(gateway.url, document, { titles: ['a', 'b'] })).body).toEqual({
    data: { byTitles: [{ title: 'a' }, { title: 'b' }] },
  });
  expect((await post(gateway.url, document, { titles: ['a', 'b', 'c'] })).status).toBe(413);
});

test('takes a cost of up to 10000, unless it is set otherwise', async () => {
  await using films = await startFilms();
  await using gateway = await startOpenGateway(films.supergraphSdl);
  expect((await post(gateway.url, FILMS, { n: 1_999 })).status).toBe(200);
  expect((await post(gateway.url, FILMS, { n: 2_000 })).status).toBe(413);
  const { limits } = readConfig(['--open', '--supergraph', 'supergraph.graphql'], { OPERATION_COST_MAX: '500' });
  expect(limits.operationCostMax).toBe(500);
});
