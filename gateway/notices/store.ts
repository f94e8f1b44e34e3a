import type { Queryable, Statement } from '../../platform/database.ts';

export interface NoticeRow {
  readonly id: string;
  readonly kind: string;
  readonly idNumber: string;
  readonly createdAt: Date;
  readonly body: Readonly<Record<string, unknown>>;
  readonly attempts: number;
}

const INSERT: Statement = {
  name: 'notices-insert',
  text: `INSERT INTO notices (id, kind, id_number, created_at, body, next_at)
         SELECT id, $1, id_number, $2, $3::jsonb, $4 FROM unnest($5::uuid[], $6::text[]) AS row (id, id_number)`,
};

/** Writes what people are owed a message about. Durable when the promise resolves. */
export async function insertNotices(
  database: Queryable,
  notice: { readonly kind: string; readonly at: Date; readonly sendAt: Date; readonly body: object },
  people: readonly { readonly id: string; readonly idNumber: string }[],
): Promise<void> {
  const { kind, at, sendAt, body } = notice;
  await database.query(INSERT, [
    kind,
    at,
    JSON.stringify(body),
    sendAt,
    people.map(({ id }) => id),
    people.map(({ idNumber }) => idNumber),
  ]);
}

// Consents that operators gave are owed a message since their own transaction; here each becomes one that is sent.
const TAKE_CONSENTS: Statement = {
  name: 'notices-take-consents',
  text: `WITH taken AS (
           UPDATE consent_notices SET notice = gen_random_uuid() WHERE (consent_id, created_at) IN (
             SELECT consent_id, created_at FROM consent_notices WHERE notice IS NULL AND sent_at IS NULL
             ORDER BY created_at LIMIT $2 FOR UPDATE SKIP LOCKED)
           RETURNING consent_id, created_at, notice
         )
         INSERT INTO notices (id, kind, id_number, created_at, body, next_at)
         SELECT taken.notice, 'consent.given', consents.id_number, taken.created_at,
           jsonb_build_object('consent', consents.id, 'agency', consents.agency, 'purpose', consents.purpose, 'notice', consents.body->'notice'), $1
         FROM taken JOIN consents ON consents.id = taken.consent_id`,
};

export async function takeConsentNotices(database: Queryable, now: Date, count: number): Promise<void> {
  await database.query(TAKE_CONSENTS, [now, count]);
}

// Whoever takes one has it until it is due again: a gateway that ends meanwhile leaves it to the others.
const TAKE: Statement = {
  name: 'notices-take',
  text: `UPDATE notices SET attempts = attempts + 1,
           next_at = $1::timestamptz + least(interval '1 hour', interval '10 seconds' * power(2, least(attempts, 10)))
         WHERE id IN (SELECT id FROM notices WHERE sent_at IS NULL AND next_at <= $1 ORDER BY next_at LIMIT $2 FOR UPDATE SKIP LOCKED)
         RETURNING id::text, kind, id_number AS "idNumber", created_at AS "createdAt", body, attempts`,
};

/** Takes what is due. What is not marked as sent is due again later and later, at most an hour apart. */
export async function takeNotices(database: Queryable, now: Date, count: number): Promise<readonly NoticeRow[]> {
  return database.query<NoticeRow>(TAKE, [now, count]);
}

const SENT: Statement = {
  name: 'notices-sent',
  text: `WITH sent AS (UPDATE notices SET sent_at = $2, id_number = NULL WHERE id = $1::uuid RETURNING id)
         UPDATE consent_notices SET sent_at = $2 WHERE notice IN (SELECT id FROM sent)`,
};

/** It was taken by who delivers it: whose it was is not kept longer. */
export async function markSent(database: Queryable, id: string, at: Date): Promise<void> {
  await database.query(SENT, [id, at]);
}

const WAITING: Statement = { name: 'notices-waiting', text: 'SELECT count(*)::float8 AS waiting FROM notices WHERE sent_at IS NULL' };

export async function countNotices(database: Queryable): Promise<number> {
  const [row] = await database.query<{ waiting: number }>(WAITING);
  return row?.waiting ?? 0;
}
