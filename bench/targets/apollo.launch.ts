import { readFileSync } from 'node:fs';
import { ApolloGateway, RemoteGraphQLDataSource } from '@apollo/gateway';
import { ApolloServer } from '@apollo/server';
import { startStandaloneServer } from '@apollo/server/standalone';
import { Pool } from 'undici';
import { SUBGRAPH_CONNECTIONS_MAX } from './target.ts';

// Entry file of both Apollo targets: the standalone server in production mode, introspection off, no reporting.

type DataSourceOptions = Parameters<RemoteGraphQLDataSource['process']>[0];
type DataSourceReply = Awaited<ReturnType<RemoteGraphQLDataSource['process']>>;

/** What a user who minds the cost of the default fetcher writes: the same calls over kept connections, without hooks. */
class PooledDataSource extends RemoteGraphQLDataSource {
  readonly #pool: Pool;
  readonly #path: string;

  constructor(url: string) {
    super({ url });
    const { origin, pathname } = new URL(url);
    this.#pool = new Pool(origin, { connections: SUBGRAPH_CONNECTIONS_MAX });
    this.#path = pathname;
  }

  override async process({ request }: DataSourceOptions): Promise<DataSourceReply> {
    const { query, variables, operationName } = request;
    const { statusCode, body } = await this.#pool.request({
      path: this.#path,
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ query, variables, operationName }),
    });
    if (statusCode !== 200) throw new Error(`A subgraph answered with ${statusCode}.`);
    return (await body.json()) as DataSourceReply;
  }
}

const silent = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };
const gateway = new ApolloGateway({
  supergraphSdl: readFileSync(process.env['SUPERGRAPH'] ?? '', 'utf8'),
  logger: silent,
  ...(process.env['DATA_SOURCE'] === 'undici' && { buildService: ({ url = '' }) => new PooledDataSource(url) }),
});
const server = new ApolloServer({ gateway, logger: silent, introspection: false, includeStacktraceInErrorResponses: false });
await startStandaloneServer(server, { listen: { host: '127.0.0.1', port: Number(process.env['PORT']) } });
