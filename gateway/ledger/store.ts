import type { Queryable, Statement } from '../../platform/database.ts';
import type { LedgerRecord } from './record.ts';

const APPEND: Statement = {
  name: 'ledger-append',
  text: `INSERT INTO records (id, application, body)
         SELECT (entry->>'id')::uuid, entry->>'application', entry FROM jsonb_array_elements($1::jsonb) AS entry`,
};

/** Writes records in one statement; committed when the promise resolves. */
export async function appendRecords(database: Queryable, records: readonly LedgerRecord[]): Promise<void> {
  await database.query(APPEND, [JSON.stringify(records)]);
}

const READ: Statement = { name: 'ledger-read', text: 'SELECT body FROM records WHERE id = $1' };

/** One record by its id, undefined when there is none. */
export async function readRecord(database: Queryable, id: string): Promise<LedgerRecord | undefined> {
  const [row] = await database.query<{ body: LedgerRecord }>(READ, [id]);
  return row?.body;
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
