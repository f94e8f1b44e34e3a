import type { Queryable, Statement } from '../../platform/database.ts';
import { timeOfRecordId, type Entry, type Sealed } from './entry.ts';
import type { LedgerRecord, PersonsEntry } from './events.ts';

// Texts of a group come as one value each, joined by line feeds, which JSON never holds; hashes as one value of 32 bytes each. Arrays of the
// driver's would have every text escaped twice.
const APPEND: Statement = {
  name: 'ledger-append',
  text: `WITH entry AS MATERIALIZED (
           SELECT at::timestamptz, id::uuid, kind, nullif(application, '') AS application, head, persons, first, people, n::int
           FROM unnest(string_to_array($3, E'\\n'), string_to_array($4, E'\\n'), string_to_array($5, E'\\n'), string_to_array($6, E'\\n'),
                       string_to_array($7, E'\\n'), string_to_array($8, E'\\n'), $9::int[], $10::int[])
             WITH ORDINALITY AS given (at, id, kind, application, head, persons, first, people, n)
         ), person AS (
           INSERT INTO ledger_persons (pseudonym, at, id)
           SELECT substr($11::bytea, k * 16 + 1, 16), at, id FROM entry, generate_series(first, first + people - 1) AS k
         )
         INSERT INTO ledger_records (at, id, chain, sequence, kind, application, leaf, chain_hash, salt, head, persons)
         SELECT at, id, $1::int, $2::bigint + n, kind, application, substr($12::bytea, n * 32 - 31, 32), substr($13::bytea, n * 32 - 31, 32),
                substr($14::bytea, n * 16 - 15, 16), head, persons
         FROM entry`,
};

/** Writes records of one chain that follow each other, in one statement; committed when the promise resolves. */
export async function appendRecords(database: Queryable, chain: number, records: readonly Sealed[]): Promise<void> {
  const [first] = records;
  if (first === undefined) return;
  const people = records.map(({ entry }) => pseudonymsOf(entry));
  let before = 0;
  const firsts = people.map((some) => (before += some.length) - some.length);
  const lines = (text: (record: Sealed) => string): string => records.map(text).join('\n');
  const bytes = (hex: (record: Sealed) => string): Buffer => Buffer.from(records.map(hex).join(''), 'hex');
  await database.query(APPEND, [
    chain,
    first.sequence - 1,
    lines(({ entry }) => new Date(entry.atMs).toISOString()),
    lines(({ entry }) => entry.id),
    lines(({ entry }) => entry.kind),
    lines(({ entry }) => entry.application ?? ''),
    lines(({ head }) => head),
    lines(({ persons }) => persons),
    firsts,
    people.map((some) => some.length),
    Buffer.from(people.flat().join(''), 'hex'),
    bytes(({ leaf }) => leaf),
    bytes(({ chainHash }) => chainHash),
    bytes(({ salt }) => salt),
  ]);
}

/** Everybody once. */
function pseudonymsOf({ persons, mayRepeat }: Entry): readonly string[] {
  const all = persons.length === 1 ? (persons[0]?.pseudonyms ?? []) : persons.flatMap(({ pseudonyms }) => pseudonyms);
  return mayRepeat ? [...new Set(all)] : all;
}

const OPEN_CHAIN: Statement = {
  name: 'ledger-chain-open',
  text: `INSERT INTO ledger_chains (writer, epoch, opened_at, merged_hash)
         SELECT $1, coalesce(max(epoch), 0) + 1, $2, '' FROM ledger_chains WHERE writer = $1
         ON CONFLICT DO NOTHING RETURNING id, epoch`,
};

/** Begins a chain of a writer, with an epoch that it never had; undefined when another process took it in the same moment. */
export async function openChain(
  database: Queryable,
  writer: string,
  at: Date,
): Promise<{ readonly id: number; readonly epoch: number } | undefined> {
  const [row] = await database.query<{ id: number; epoch: number }>(OPEN_CHAIN, [writer, at]);
  return row;
}

/** A record as it stands in the database. */
export interface RecordRow {
  readonly id: string;
  readonly at: Date;
  readonly chain: number;
  readonly sequence: number;
  readonly head: string;
  readonly persons: string;
}

const COLUMNS = 'id::text, at, chain, sequence::float8 AS sequence, head, persons';

/** The record that a row holds. */
export function recordOf({ head, persons }: Pick<RecordRow, 'head' | 'persons'>): LedgerRecord {
  const record: unknown = { ...(JSON.parse(head) as object), persons: JSON.parse(persons) as PersonsEntry[] };
  return record as LedgerRecord;
}

const OF_PERSON: Statement = {
  name: 'ledger-of-person',
  text: `SELECT found.at, found.id::text AS id
         FROM unnest($1::text[], $2::timestamptz[], $3::timestamptz[]) AS span (pseudonym, begins, ends)
         CROSS JOIN LATERAL (
           SELECT at, id FROM ledger_persons
           WHERE pseudonym = decode(span.pseudonym, 'hex') AND at >= span.begins AND at < span.ends AND (at, id) < ($4::timestamptz, $5::uuid)
           ORDER BY at DESC, id DESC LIMIT $6
         ) AS found
         ORDER BY found.at DESC, found.id DESC LIMIT $6`,
};

/** A person under one key of pseudonyms. */
export interface PersonSpan {
  /** 32 hex digits. */
  readonly pseudonym: string;
  /** The period of the key: from, and before. */
  readonly begins: Date;
  readonly ends: Date;
}

/** Ids of the records about a person, the newest first: one scan of an index in each period. `before` is the last id that was seen. */
export async function readIdsOfPerson(
  database: Queryable,
  spans: readonly PersonSpan[],
  countMax: number,
  before?: string,
): Promise<readonly { readonly at: Date; readonly id: string }[]> {
  const beforeMs = before === undefined ? undefined : timeOfRecordId(before);
  return database.query<{ at: Date; id: string }>(OF_PERSON, [
    spans.map(({ pseudonym }) => pseudonym),
    spans.map(({ begins }) => begins),
    spans.map(({ ends }) => ends),
    beforeMs === undefined ? 'infinity' : new Date(beforeMs),
    before ?? 'ffffffff-ffff-ffff-ffff-ffffffffffff',
    countMax,
  ]);
}

const BY_IDS: Statement = {
  name: 'ledger-by-ids',
  text: `SELECT ${COLUMNS} FROM ledger_records
         WHERE (at, id) IN (SELECT * FROM unnest($1::timestamptz[], $2::uuid[])) ORDER BY at DESC, id DESC`,
};

/** Records by their ids, the newest first; those that are gone are left out. */
export async function readRecords(
  database: Queryable,
  ids: readonly { readonly at: Date; readonly id: string }[],
): Promise<readonly LedgerRecord[]> {
  const rows = await database.query<RecordRow>(BY_IDS, [ids.map(({ at }) => at), ids.map(({ id }) => id)]);
  return rows.map(recordOf);
}

const OF_APPLICATION: Statement = {
  name: 'ledger-of-application',
  text: `SELECT ${COLUMNS} FROM ledger_records
         WHERE application = $1 AND at >= $2 AND at < $3 AND (at, id) > ($4::timestamptz, $5::uuid) ORDER BY at, id LIMIT $6`,
};

/** Records of an application in a span of time, the oldest first. `after` is the last id that was seen. */
export async function readOfApplication(
  database: Queryable,
  about: { readonly application: string; readonly from: Date; readonly to: Date; readonly after?: string },
  countMax: number,
): Promise<readonly LedgerRecord[]> {
  const { application, from, to, after } = about;
  const afterMs = after === undefined ? undefined : timeOfRecordId(after);
  const rows = await database.query<RecordRow>(OF_APPLICATION, [
    application,
    from,
    to,
    afterMs === undefined ? '-infinity' : new Date(afterMs),
    after ?? '00000000-0000-0000-0000-000000000000',
    countMax,
  ]);
  return rows.map(recordOf);
}

const PARTITION = (month: string, from: string, to: string): readonly Statement[] =>
  ['ledger_records', 'ledger_persons'].map((table) => ({
    text: `CREATE TABLE IF NOT EXISTS ${table}_${month.replace('-', '_')} PARTITION OF ${table} FOR VALUES FROM ('${from}') TO ('${to}')`,
  }));

/** Makes the partitions of a month, like 2026-11, where they are missing. */
export async function createPartitions(tx: Queryable, month: string, from: Date, to: Date): Promise<void> {
  // Gateways that start together make them one after the other.
  await tx.query({ text: 'SELECT pg_advisory_xact_lock(4711005)' });
  for (const statement of PARTITION(month, from.toISOString(), to.toISOString())) await tx.query(statement);
}

/** The setting that decides whether a commit survives a power cut; PGlite reports one and does not keep it (README). */
export async function readFsync(database: Queryable): Promise<string> {
  const [row] = await database.query<{ fsync: string }>({ text: 'SHOW fsync' });
  return row?.fsync ?? 'unknown';
}

/** Proves that the database answers. */
export async function ping(database: Queryable): Promise<void> {
  await database.query(PING);
}

const PING: Statement = { name: 'ledger-ping', text: 'SELECT 1' };
