import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { PGlite } from '@electric-sql/pglite';

/**
 * One thin database with two drivers: PostgreSQL by URL, and PGlite (PostgreSQL in process) where no URL is given. Same SQL, same
 * migrations. SQL itself stands only in `store.ts` files. What PostgreSQL says is committed survives its end, on every connection.
 */
export interface Database extends Queryable, AsyncDisposable {
  readonly kind: 'postgres' | 'pglite';
  /**
   * Runs `work` in one transaction on a connection of its own; commits when it resolves, rolls back when it rejects. What it resolves with stands:
   * after a statement that failed it rejects, whatever `work` made of that.
   */
  transaction<T>(work: (tx: Queryable) => Promise<T>): Promise<T>;
  /** Loads rows given as PostgreSQL COPY text (tab-separated, `\N` for null, see `copyLine`). Returns when they are committed. */
  copyIn(table: string, columns: readonly string[], lines: Iterable<string>): Promise<void>;
  /**
   * Calls `notified` with the payload of each NOTIFY on the channel, and with none whenever some may have been missed because the connection broke. What comes back has
   * the connection that listens, for looking whether anything was missed: it is no part of the hot path and not counted in `statements`.
   */
  listen(channel: string, notified: (payload: string) => void): Promise<Listener>;
  /** How many statements `query` has been given since the start; tests count with it, metrics show it. */
  readonly statements: number;
  /** A connection that is shared with nobody and waits for nobody; the embedded database has only the one. */
  session(options: SessionOptions): Session;
  /**
   * What a library that brings its own SQL works on (jobs): connections of its own, or the embedded database itself, which stays its opener's to
   * close. Undefined where something stands before a database.
   */
  readonly foundation?: Foundation | undefined;
}

export type Foundation = { readonly kind: 'postgres'; readonly url: string } | { readonly kind: 'pglite'; readonly lite: PGlite };

export interface SessionOptions {
  /** A statement that is not answered by then rejects, and the connection is given up for a new one: it may be cut without a sign. */
  readonly timeoutMs: number;
}

/** One connection. It connects when it is first used, and anew when it has broken. */
export interface Session extends Queryable, AsyncDisposable {}

export interface Listener extends Queryable, AsyncDisposable {}

export interface Queryable {
  /** Runs one statement. A named statement is prepared once per connection. Rejects with the driver's error. */
  query<Row extends object>(statement: Statement, values?: readonly unknown[]): Promise<readonly Row[]>;
}

/** Frozen SQL text; `name` makes it a prepared statement and must be unique to the text. Parameters are always `$1`, `$2`, … */
export interface Statement {
  readonly name?: string;
  readonly text: string;
}

export interface DatabaseOptions {
  /** `postgres://…`; without it the embedded database at `directory`, or in memory when that is missing too. */
  readonly url?: string | undefined;
  readonly directory?: string | undefined;
  /** Bound on one statement of the hot path. */
  readonly statementTimeoutMs: number;
}

/** Opens the database and proves that it answers. Rejects with a sentence that says which setting to look at. */
export async function openDatabase(options: DatabaseOptions): Promise<Database> {
  if (options.url !== undefined) {
    const { openPostgres } = await import('./database-postgres.ts');
    return openPostgres(options.url, options.statementTimeoutMs);
  }
  const { openPglite } = await import('./database-pglite.ts');
  return openPglite(options.directory);
}

/** Applies the `NNN_name.sql` files of a folder that the database has not seen, in order, each in a transaction of its own. */
export async function migrate(database: Database, directory: string): Promise<void> {
  await database.transaction(async (tx) => {
    // Two replicas may start at once; the lock is the transaction's and the second finds the work done.
    await tx.query({ text: 'SELECT pg_advisory_xact_lock(4711001)' });
    await tx.query({
      text: 'CREATE TABLE IF NOT EXISTS schema_migrations (name text PRIMARY KEY, applied_at timestamptz NOT NULL DEFAULT now())',
    });
    const seen = new Set((await tx.query<{ name: string }>({ text: 'SELECT name FROM schema_migrations' })).map((row) => row.name));
    const files = (await readdir(directory)).filter((file) => file.endsWith('.sql')).toSorted();
    for (const file of files) {
      if (seen.has(file)) continue;
      const text = await readFile(join(directory, file), 'utf8');
      for (const statement of text.split(/;\s*$/m)) if (statement.trim() !== '') await tx.query({ text: statement });
      await tx.query({ text: 'INSERT INTO schema_migrations (name) VALUES ($1)' }, [file]);
    }
  });
}

/** One row in COPY's text format (PostgreSQL manual, COPY, "Text Format"). */
export function copyLine(values: readonly (string | number | boolean | null)[]): string {
  return `${values.map(copyField).join('\t')}\n`;
}

function copyField(value: string | number | boolean | null): string {
  if (value === null) return '\\N';
  return String(value).replace(/[\\\t\n\r]/g, (character) => COPY_ESCAPES[character] ?? character);
}

const COPY_ESCAPES: Readonly<Record<string, string>> = { '\\': '\\\\', '\t': '\\t', '\n': '\\n', '\r': '\\r' };

/** COPY's input in pieces of about 64 KiB, so that a million rows never stand in memory at once. */
export function* copyChunks(lines: Iterable<string>): Generator<string> {
  let chunk = '';
  for (const line of lines) {
    chunk += line;
    if (chunk.length >= 65_536) {
      yield chunk;
      chunk = '';
    }
  }
  if (chunk !== '') yield chunk;
}
