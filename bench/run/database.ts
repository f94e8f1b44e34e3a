import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { LOAD_CORE, pin } from './processes.ts';

/** The server that the bench may make databases on. */
export const BENCH_DATABASE_URL =
  process.env['BENCH_DATABASE_URL'] ?? process.env['TEST_DATABASE_URL'] ?? 'postgres://postgres@127.0.0.1:5432/postgres';

export interface BenchDatabase extends AsyncDisposable {
  readonly url: string;
  /** Moves the server processes of this database's connections to the load's core, where the server is on this machine and we may. */
  readonly pinBackends: () => Promise<void>;
  /** What it takes on disk, bytes. */
  readonly sizeBytes: () => Promise<number>;
}

const CONNECT_TIMEOUT_MS = 3_000;

/** Makes a database with a name of its own and drops it, and only it, at the end. Rejects with a sentence when no server answers. */
export async function openBenchDatabase(): Promise<BenchDatabase> {
  const name = `lt_bench_${randomBytes(8).toString('hex')}`;
  const admin = new pg.Client({ connectionString: BENCH_DATABASE_URL, connectionTimeoutMillis: CONNECT_TIMEOUT_MS });
  try {
    await admin.connect();
    await admin.query(`CREATE DATABASE ${name}`);
  } catch (cause) {
    throw new Error('PostgreSQL does not answer, or does not let this user make a database. Set BENCH_DATABASE_URL.', { cause });
  }
  const url = new URL(BENCH_DATABASE_URL);
  url.pathname = `/${name}`;
  const pinned = new Set<number>();
  return {
    url: url.href,
    async pinBackends() {
      const { rows } = await admin.query<{ pid: number }>('SELECT pid FROM pg_stat_activity WHERE datname = $1', [name]);
      for (const { pid } of rows) {
        if (pinned.has(pid)) continue;
        pinned.add(pid);
        // A server on another machine, or one that belongs to somebody else, is left as it is.
        await pin(pid, LOAD_CORE).catch(() => undefined);
      }
    },
    async sizeBytes() {
      const { rows } = await admin.query<{ bytes: string }>('SELECT pg_database_size($1) AS bytes', [name]);
      return Number(rows[0]?.bytes ?? 0);
    },
    async [Symbol.asyncDispose]() {
      await admin.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
      await admin.end();
    },
  };
}
