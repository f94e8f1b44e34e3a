import assert from 'node:assert';
import type { Queryable, Statement } from '../platform/database.ts';

/** SQL that every register has: which grants it has served, and whether its data is synthetic. */
export interface GrantSeen {
  readonly grantId: string;
  readonly application: string;
  readonly firstSeen: string;
}

/** Keeps grants that are new, in one statement; those known already stay as they are. */
export async function insertGrantsSeen(on: Queryable, grants: readonly GrantSeen[]): Promise<void> {
  await on.query(INSERT_GRANTS_SEEN, [
    grants.map((grant) => grant.grantId),
    grants.map((grant) => grant.application),
    grants.map((grant) => grant.firstSeen),
  ]);
}

export interface SyntheticStamp {
  readonly seed: string;
  readonly size: number;
  /** False while a load is running, or after it was cut off. */
  readonly complete: boolean;
}

/** The stamp of a synthetic population; undefined when there is none, so that whatever stands here is real. */
export async function findSyntheticStamp(on: Queryable): Promise<SyntheticStamp | undefined> {
  const [stamp] = await on.query<SyntheticStamp>({
    text: `SELECT seed, size, loaded_at IS NOT NULL AS complete FROM register_stamp WHERE kind = 'synthetic'`,
  });
  return stamp;
}

/** Stamps the register as synthetic before its first row, so that a load cut off is known for what it is. */
export async function beginSyntheticStamp(on: Queryable, seed: string, size: number): Promise<void> {
  await on.query(
    {
      text: `INSERT INTO register_stamp (kind, seed, size) VALUES ('synthetic', $1, $2)
        ON CONFLICT (kind) DO UPDATE SET seed = excluded.seed, size = excluded.size, loaded_at = NULL`,
    },
    [seed, size],
  );
}

/** Says that the load is complete. */
export async function completeSyntheticStamp(on: Queryable): Promise<void> {
  await on.query({ text: `UPDATE register_stamp SET loaded_at = now() WHERE kind = 'synthetic'` });
}

/** Whether any of the tables holds a row. */
export async function hasRows(on: Queryable, tables: readonly string[]): Promise<boolean> {
  const [row] = await on.query<{ found: boolean }>({
    text: `SELECT ${tables.map((table) => `EXISTS (SELECT 1 FROM ${identifier(table)})`).join(' OR ')} AS found`,
  });
  return row?.found === true;
}

/** Empties the tables together. */
export async function emptyTables(on: Queryable, tables: readonly string[]): Promise<void> {
  await on.query({ text: `TRUNCATE ${tables.map(identifier).join(', ')}` });
}

/** Lets the planner know what has been loaded. */
export async function analyseTables(on: Queryable, tables: readonly string[]): Promise<void> {
  await on.query({ text: `ANALYZE ${tables.map(identifier).join(', ')}` });
}

/** Proves that the database answers. */
export async function ping(on: Queryable): Promise<void> {
  await on.query(PING);
}

function identifier(name: string): string {
  assert(/^[a-z_]+$/.test(name), 'A table has a plain lower-case name.');
  return name;
}

const PING: Statement = { name: 'ping', text: 'SELECT 1' };

const INSERT_GRANTS_SEEN: Statement = {
  name: 'insert-grants-seen',
  text: `INSERT INTO grants_seen (grant_id, application, first_seen)
    SELECT * FROM unnest($1::text[], $2::text[], $3::timestamptz[]) ON CONFLICT (grant_id) DO NOTHING`,
};
