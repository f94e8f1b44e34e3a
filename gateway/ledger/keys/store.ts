import type { Queryable, Statement } from '../../../platform/database.ts';

export interface KeyRow {
  readonly period: string;
  /** Undefined once it is destroyed. */
  readonly wrapped: Buffer | undefined;
}

const ADD: Statement = {
  name: 'ledger-key-add',
  text: 'INSERT INTO ledger_pseudonym_keys (period, wrapped, created_at) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING',
};

/** Keeps a key for a period, unless there is one. */
export async function addKey(database: Queryable, period: string, wrapped: Buffer, at: Date): Promise<void> {
  await database.query(ADD, [period, wrapped, at]);
}

const READ: Statement = {
  name: 'ledger-keys',
  text: 'SELECT period, wrapped FROM ledger_pseudonym_keys WHERE $1::text IS NULL OR period = $1 ORDER BY period',
};

/** The key of a period, or all of them. */
export async function readKeys(database: Queryable, period?: string): Promise<readonly KeyRow[]> {
  const rows = await database.query<{ period: string; wrapped: Uint8Array | null }>(READ, [period ?? null]);
  return rows.map(({ period, wrapped }) => ({ period, wrapped: wrapped === null ? undefined : Buffer.from(wrapped) }));
}

const DESTROY: Statement = {
  name: 'ledger-keys-destroy',
  text: `UPDATE ledger_pseudonym_keys SET wrapped = NULL, destroyed_at = $2 WHERE period < $1 AND wrapped IS NOT NULL RETURNING period`,
};

/** Destroys the keys of periods before one; gives those that were destroyed. */
export async function destroyKeys(tx: Queryable, before: string, at: Date): Promise<readonly string[]> {
  return (await tx.query<{ period: string }>(DESTROY, [before, at])).map(({ period }) => period).toSorted();
}
