import { pipeline } from 'node:stream/promises';
import { Readable } from 'node:stream';
import pg from 'pg';
import { from as copyFrom } from 'pg-copy-streams';
import { copyChunks, type Database, type Listener, type Queryable, type Statement } from './database.ts';

/** Connections of the hot path: pipelined, prepared, no transactions on them. Two, so that one slow statement does not hold up all. */
const HOT_CONNECTIONS = 2;
/** Connections for transactions, migrations and loading. */
const POOL_CONNECTIONS_MAX = 4;
const CONNECT_TIMEOUT_MS = 5_000;
/** A statement of a transaction that is not answered by then is given up with its connection, which may be cut without a sign. */
const TRANSACTION_STATEMENT_MS_MAX = 600_000;
/**
 * A commit that the server says is done survives its end, whatever the server's own default is. It is set once connected and not in the start of the
 * connection, whose `options` a URL may bring itself, in place of ours.
 */
const DURABLE = 'SET synchronous_commit = on';
/** The server ends a statement of the hot path; when it does not say so this much later, its connection is given up. */
const UNANSWERED_MS = 1_000;

/** Opens a PostgreSQL server by URL. Rejects when it does not answer within 5 s, without repeating the URL (it may hold a password). */
export async function openPostgres(url: string, statementTimeoutMs: number): Promise<Database> {
  const settings = { connectionString: url, connectionTimeoutMillis: CONNECT_TIMEOUT_MS, application_name: 'lien-thong', keepAlive: true };
  const pool = new pg.Pool({
    ...settings,
    max: POOL_CONNECTIONS_MAX,
    query_timeout: TRANSACTION_STATEMENT_MS_MAX,
    // oxlint-disable-next-line typescript/no-misused-promises -- it is waited for before the connection is handed out, which its type does not say
    onConnect: async (client) => client.query(DURABLE),
  });
  // An idle connection that the server closes emits an error on the pool; the next use opens another.
  pool.on('error', () => undefined);
  // One that is in use rejects the statement that is under way; between two of them its error would be nobody's, and end the process.
  pool.on('connect', (client) => client.on('error', () => undefined));
  const hot = Array.from(
    { length: HOT_CONNECTIONS },
    () =>
      new Connection({
        ...settings,
        pipeline: true,
        statement_timeout: statementTimeoutMs,
        query_timeout: statementTimeoutMs + UNANSWERED_MS,
      }),
  );
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
    const connection = hot[next] as Connection;
    return connection.query<Row>(statement, values);
  };
  return {
    kind: 'postgres',
    foundation: { kind: 'postgres', url },
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
        // A transaction in which a statement failed is rolled back by COMMIT too, which says so and is no error.
        const { command } = await client.query('COMMIT');
        if (command !== 'COMMIT') throw new Error('A statement of this transaction failed, so that nothing of it stands.');
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
    session({ timeoutMs }) {
      const own = new Connection({ ...settings, pipeline: true, statement_timeout: timeoutMs, query_timeout: timeoutMs });
      return {
        query: async <Row extends object>(statement: Statement, values?: readonly unknown[]) => {
          statements += 1;
          return own.query<Row>(statement, values);
        },
        [Symbol.asyncDispose]: async () => own[Symbol.asyncDispose](),
      };
    },
    async listen(channel, notified) {
      let connects = 0;
      const listening = new Connection({ ...settings, statement_timeout: statementTimeoutMs }, async (client) => {
        client.on('notification', ({ payload = '' }) => notified(payload));
        await client.query(`LISTEN ${client.escapeIdentifier(channel)}`);
        connects += 1;
        // What was missed meanwhile counts as one notice.
        if (connects > 1) notified('');
      });
      await listening.query({ text: 'SELECT 1' });
      return listening;
    },
    async [Symbol.asyncDispose]() {
      await Promise.all(hot.map(async (connection) => connection[Symbol.asyncDispose]()));
      await pool.end();
    },
  };
}

/**
 * One client that is replaced when it breaks, and with `pipeline` takes statements while others are under way. Statements in flight when it breaks
 * reject; the next one connects anew, and `prepare` comes before it.
 */
class Connection implements Listener {
  readonly #settings: pg.ClientConfig;
  readonly #prepare: (client: pg.Client) => Promise<void>;
  #client: Promise<pg.Client> | undefined;
  #ended = false;

  constructor(settings: pg.ClientConfig, prepare: (client: pg.Client) => Promise<void> = async () => undefined) {
    this.#settings = settings;
    this.#prepare = prepare;
  }

  async query<Row extends object>(statement: Statement, values?: readonly unknown[]): Promise<readonly Row[]> {
    if (this.#ended) throw new Error('The connection was let go of.');
    const client = await (this.#client ?? this.#connect());
    return (await client.query<Row>({ ...statement, values: values as unknown[] })).rows;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#ended = true;
    const client = this.#client;
    this.#client = undefined;
    await client?.then(
      async (open) => open.end(),
      () => undefined,
    );
  }

  async #connect(): Promise<pg.Client> {
    const client = new pg.Client(this.#settings);
    const connecting = this.#open(client);
    this.#client = connecting;
    // A client that broke tells of it more than once, and by then another may be in its place, which would be left open and forgotten.
    const forget = (): void => {
      if (this.#client === connecting) this.#client = undefined;
    };
    client.on('error', forget);
    client.on('end', forget);
    connecting.catch(() => {
      forget();
      void client.end().catch(() => undefined);
    });
    return connecting;
  }

  async #open(client: pg.Client): Promise<pg.Client> {
    await client.connect();
    await client.query(DURABLE);
    await this.#prepare(client);
    return client;
  }
}
