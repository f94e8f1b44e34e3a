import { pipeline } from 'node:stream/promises';
import { Readable } from 'node:stream';
import pg from 'pg';
import { from as copyFrom } from 'pg-copy-streams';
import { copyChunks, type Database, type Queryable, type Statement } from './database.ts';

/** Connections of the hot path: pipelined, prepared, no transactions on them. Two, so that one slow statement does not hold up all. */
const HOT_CONNECTIONS = 2;
/** Connections for transactions, migrations and loading. */
const POOL_CONNECTIONS_MAX = 4;
const CONNECT_TIMEOUT_MS = 5_000;

/** Opens a PostgreSQL server by URL. Rejects when it does not answer within 5 s, without repeating the URL (it may hold a password). */
export async function openPostgres(url: string, statementTimeoutMs: number): Promise<Database> {
  const settings = { connectionString: url, connectionTimeoutMillis: CONNECT_TIMEOUT_MS, application_name: 'lien-thong' };
  const pool = new pg.Pool({ ...settings, max: POOL_CONNECTIONS_MAX });
  // An idle connection that the server closes emits an error on the pool; the next use opens another.
  pool.on('error', () => undefined);
  const hot = Array.from({ length: HOT_CONNECTIONS }, () => new HotConnection({ ...settings, statement_timeout: statementTimeoutMs }));
  let statements = 0;
  let next = 0;
  try {
    await pool.query('SELECT 1');
  } catch (cause) {
    await pool.end();
    throw new Error('PostgreSQL does not answer. Check the …_DATABASE_URL setting and that the server runs and lets this user in.', {
      cause,
    });
  }
  const query: Queryable['query'] = async <Row extends object>(statement: Statement, values?: readonly unknown[]) => {
    statements += 1;
    next = (next + 1) % HOT_CONNECTIONS;
    const connection = hot[next] as HotConnection;
    return connection.query<Row>(statement, values);
  };
  return {
    kind: 'postgres',
    query,
    get statements() {
      return statements;
    },
    async transaction(work) {
      const client = await pool.connect();
      try {
        await client.query('BEGIN');
        const result = await work({
          query: async <Row extends object>(statement: Statement, values?: readonly unknown[]) => {
            statements += 1;
            return (await client.query<Row>({ ...statement, values: values as unknown[] })).rows;
          },
        });
        await client.query('COMMIT');
        client.release();
        return result;
      } catch (error) {
        // A connection whose state is unknown is not handed out again.
        await client.query('ROLLBACK').then(
          () => client.release(),
          () => client.release(true),
        );
        throw error;
      }
    },
    async copyIn(table, columns, lines) {
      const client = await pool.connect();
      try {
        const into = client.query(copyFrom(`COPY ${table} (${columns.join(', ')}) FROM STDIN`));
        await pipeline(Readable.from(copyChunks(lines)), into);
        client.release();
      } catch (error) {
        client.release(true);
        throw error;
      }
    },
    async [Symbol.asyncDispose]() {
      await Promise.all(hot.map(async (connection) => connection.end()));
      await pool.end();
    },
  };
}

/** One pipelined client that is replaced when it breaks. Statements in flight when it breaks reject; the next one connects anew. */
class HotConnection {
  readonly #settings: pg.ClientConfig;
  #client: Promise<pg.Client> | undefined;

  constructor(settings: pg.ClientConfig) {
    this.#settings = settings;
  }

  async query<Row extends object>(statement: Statement, values?: readonly unknown[]): Promise<readonly Row[]> {
    const client = await (this.#client ??= this.#connect());
    return (await client.query<Row>({ ...statement, values: values as unknown[] })).rows;
  }

  async end(): Promise<void> {
    const client = this.#client;
    this.#client = undefined;
    await client?.then(
      async (open) => open.end(),
      () => undefined,
    );
  }

  async #connect(): Promise<pg.Client> {
    const client = new pg.Client({ ...this.#settings, pipeline: true });
    const forget = (): void => {
      this.#client = undefined;
    };
    client.on('error', forget);
    client.on('end', forget);
    try {
      await client.connect();
    } catch (error) {
      forget();
      throw error;
    }
    return client;
  }
}
