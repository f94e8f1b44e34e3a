import assert from 'node:assert';
import type { SignedCeiling } from '../platform/ceiling.ts';
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

const READ_GRANTS_SEEN: Statement = {
  name: 'read-grants-seen',
  text: `SELECT grant_id AS "grantId", application, to_char(first_seen AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS at
    FROM grants_seen WHERE (first_seen, grant_id) > ($1::timestamptz, $2) ORDER BY first_seen, grant_id LIMIT $3`,
};

/** Grants served after a place, in the order of time. */
export async function readGrantsSeen(
  on: Queryable,
  after: { readonly at: string; readonly grantId: string },
  count: number,
): Promise<readonly { readonly grantId: string; readonly application: string; readonly at: string }[]> {
  return on.query(READ_GRANTS_SEEN, [after.at, after.grantId, count]);
}

const FORGET_GRANTS_SEEN: Statement = { name: 'forget-grants-seen', text: 'DELETE FROM grants_seen WHERE first_seen < $1::timestamptz' };

/** Lets go of grants that were served before a moment. */
export async function forgetGrantsSeen(on: Queryable, before: string): Promise<void> {
  await on.query(FORGET_GRANTS_SEEN, [before]);
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

/** The last ceiling that was taken; undefined while the register has its own. */
export async function findCeiling(on: Queryable): Promise<SignedCeiling | undefined> {
  const [row] = await on.query<SignedCeiling>({
    text: 'SELECT statement, signatures FROM register_ceilings ORDER BY version DESC LIMIT 1',
  });
  return row;
}

/** Keeps a ceiling. Two gateways may bring the same. */
export async function insertCeiling(on: Queryable, version: number, { statement, signatures }: SignedCeiling): Promise<void> {
  await on.query(
    { text: 'INSERT INTO register_ceilings (version, statement, signatures) VALUES ($1, $2, $3::jsonb) ON CONFLICT (version) DO NOTHING' },
    [version, statement, JSON.stringify(signatures)],
  );
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
