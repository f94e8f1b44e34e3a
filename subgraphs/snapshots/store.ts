import assert from 'node:assert';
import { SNAPSHOT_NAME } from '../../platform/grant.ts';
import type { Queryable, Statement } from '../../platform/database.ts';

/** SQL of snapshots: copies of the register's tables in a schema of their own, with a list of the register's people. */
export interface Snapshot {
  /** The month in which it was taken, like 2026-11. */
  readonly name: string;
  /** ISO 8601, UTC. */
  readonly takenAt: string;
  readonly day: string;
  readonly people: number;
}

const COLUMNS = `name, to_char(taken_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') AS "takenAt", day::text, people`;
const FIND: Statement = { name: 'snapshot-find', text: `SELECT ${COLUMNS} FROM register_snapshots WHERE name = $1` };

export async function findSnapshot(on: Queryable, name: string): Promise<Snapshot | undefined> {
  const [row] = await on.query<Snapshot>(FIND, [name]);
  return row;
}

const PAGE_OF = (name: string): Statement => ({
  text: `SELECT id_number AS "idNumber" FROM ${schemaOf(name)}.population WHERE ordinal BETWEEN $1::int AND $2::int ORDER BY ordinal`,
});

/** ID numbers of the ordinals from `from` to `to`, both included, ascending. */
export async function readPopulation(on: Queryable, name: string, from: number, to: number): Promise<readonly string[]> {
  const rows = await on.query<{ idNumber: string }>(PAGE_OF(name), [from, to]);
  return rows.map(({ idNumber }) => idNumber);
}

/**
 * One view of the whole register, for one taker at a time. The lock comes first: it waits without fixing the view, so that whoever waited
 * sees the snapshot that was taken meanwhile (PostgreSQL manual, LOCK, "Description").
 */
export async function beginTaking(tx: Queryable): Promise<void> {
  await tx.query({ text: 'SET TRANSACTION ISOLATION LEVEL REPEATABLE READ' });
  await tx.query({ text: 'LOCK TABLE register_snapshots IN SHARE ROW EXCLUSIVE MODE' });
}

/** Tables of the service itself, which hold no register data. */
const OWN_TABLES = ['schema_migrations', 'grants_seen', 'register_stamp', 'register_ceilings', 'register_snapshots'];
const TABLES: Statement = {
  text: `SELECT relname AS "table" FROM pg_class WHERE relnamespace = current_schema()::regnamespace AND relkind IN ('r', 'p')
    AND NOT relispartition AND relname <> ALL ($1::text[]) ORDER BY relname`,
};

const KEYS: Statement = {
  text: `SELECT pg_get_constraintdef(oid) AS key FROM pg_constraint
    WHERE conrelid = (SELECT oid FROM pg_class WHERE relnamespace = current_schema()::regnamespace AND relname = $1)
      AND contype IN ('p', 'u') ORDER BY contype`,
};

/**
 * Copies every table of the register in the order of people, so that what is read together lies together; then gives it the
 * keys, by which hot statements go: filling a table first and indexing it afterwards is quicker (PostgreSQL manual, "Populating a Database").
 */
export async function copyTables(tx: Queryable, name: string): Promise<void> {
  const schema = schemaOf(name);
  await tx.query({ text: `CREATE SCHEMA ${schema}` });
  for (const { table } of await tx.query<{ table: string }>(TABLES, [OWN_TABLES])) {
    const copy = `${schema}.${identifier(table)}`;
    await tx.query({ text: `CREATE TABLE ${copy} AS SELECT * FROM ${identifier(table)} ORDER BY id_number` });
    for (const { key } of await tx.query<{ key: string }>(KEYS, [table])) await tx.query({ text: `ALTER TABLE ${copy} ADD ${key}` });
    await tx.query({ text: `ANALYZE ${copy}` });
  }
}

/** Gives the register's people their ordinals, from 1 on without a gap, in the order of their ID numbers. Returns how many they are. */
export async function numberPeople(tx: Queryable, name: string, people: Statement, day: string): Promise<number> {
  const table = `${schemaOf(name)}.population`;
  await tx.query({ text: `CREATE TABLE ${table} (ordinal integer PRIMARY KEY, id_number text COLLATE "C" NOT NULL)` });
  await tx.query(
    {
      text: `INSERT INTO ${table} SELECT row_number() OVER (ORDER BY id_number COLLATE "C"), id_number FROM (${people.text}) AS people
        ORDER BY 1`,
    },
    [day],
  );
  await tx.query({ text: `ANALYZE ${table}` });
  const [row] = await tx.query<{ people: number }>({ text: `SELECT count(*)::int AS people FROM ${table}` });
  return row?.people ?? 0;
}

/** Says that a snapshot is there. */
export async function insertSnapshot(tx: Queryable, { name, takenAt, day, people }: Snapshot): Promise<void> {
  await tx.query({ text: 'INSERT INTO register_snapshots (name, taken_at, day, people) VALUES ($1, $2, $3, $4)' }, [
    name,
    takenAt,
    day,
    people,
  ]);
}

/** Drops all snapshots but so many of the newest; gives the names of those dropped. */
export async function dropOldest(tx: Queryable, keptMax: number): Promise<readonly string[]> {
  const old = await tx.query<{ name: string }>(
    {
      text: 'DELETE FROM register_snapshots WHERE name IN (SELECT name FROM register_snapshots ORDER BY name DESC OFFSET $1) RETURNING name',
    },
    [keptMax],
  );
  for (const { name } of old) await tx.query({ text: `DROP SCHEMA ${schemaOf(name)} CASCADE` });
  return old.map(({ name }) => name);
}

const READ: Statement = {
  name: 'snapshot-read',
  text: `SELECT set_config('search_path', $1, true), set_config('statement_timeout', $2, true), set_config('transaction_read_only', 'on', true)`,
};

/**
 * Lets the rest of a transaction read a snapshot. INVARIANT: the live tables are not on the path, so that a table which the snapshot lacks is
 * an error and never the live one. A prepared statement is planned anew when the path has changed (PostgreSQL, `plancache.c`).
 */
export async function readFrom(tx: Queryable, name: string, timeoutMs: number): Promise<void> {
  await tx.query(READ, [schemaOf(name), String(timeoutMs)]);
}

function schemaOf(name: string): string {
  assert(SNAPSHOT_NAME.test(name), 'A snapshot has the name of a month.');
  return `snapshot_${name.replace('-', '_')}`;
}

function identifier(name: string): string {
  assert(/^[a-z_][a-z0-9_]*$/.test(name), 'A table has a plain lower-case name.');
  return name;
}
