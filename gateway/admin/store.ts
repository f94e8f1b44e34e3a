import type { Queryable, Statement } from '../../platform/database.ts';

/** A row of `admin_events`. */
export interface EventRow {
  readonly kind: string;
  readonly actor: string;
  readonly person: string;
  readonly login: string;
  readonly at: Date;
  readonly subject: string;
  readonly body: Readonly<Record<string, unknown>>;
  readonly hash: string;
}

const INSERT: Statement = {
  name: 'admin-event-insert',
  text: `INSERT INTO admin_events (at, kind, actor, person, login, subject, body, hash) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
};

/** Writes one event down. */
export async function insertEvent(database: Queryable, { at, kind, actor, person, login, subject, body, hash }: EventRow): Promise<void> {
  await database.query(INSERT, [at, kind, actor, person, login, subject, JSON.stringify(body), hash]);
}

const READ: Statement = {
  name: 'admin-events-read',
  text: `SELECT number::int AS number, at, kind, actor, person, login, subject, body, hash FROM admin_events
         WHERE number < $1 ORDER BY number DESC LIMIT $2`,
};

/** Events before a number, the newest first. */
export async function readEvents(
  database: Queryable,
  before: number,
  count: number,
): Promise<readonly (EventRow & { readonly number: number })[]> {
  return database.query(READ, [before, count]);
}

const UNFED: Statement = {
  name: 'admin-events-unfed',
  text: `SELECT number::int AS number, at, kind, actor, person, login, subject, body, hash FROM admin_events
         WHERE ledger_record IS NULL ORDER BY number LIMIT $1 FOR UPDATE SKIP LOCKED`,
};

/** Events that are not in the ledger yet, the oldest first; nobody else gets them while the transaction lasts. */
export async function takeUnfed(tx: Queryable, count: number): Promise<readonly (EventRow & { readonly number: number })[]> {
  return tx.query(UNFED, [count]);
}

const FED: Statement = {
  name: 'admin-events-fed',
  text: `UPDATE admin_events SET ledger_record = fed.record FROM unnest($1::bigint[], $2::uuid[]) AS fed (number, record)
         WHERE admin_events.number = fed.number`,
};

/** Notes the ledger's record of each event. */
export async function markFed(tx: Queryable, fed: readonly { readonly number: number; readonly record: string }[]): Promise<void> {
  await tx.query(FED, [fed.map(({ number }) => number), fed.map(({ record }) => record)]);
}
