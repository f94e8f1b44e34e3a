import type { Queryable, Statement } from '../../../platform/database.ts';
import type { LedgerRecord } from '../../ledger/events.ts';
import { recordOf } from '../../ledger/store.ts';
import type { Rollup } from './rollup.ts';

export interface BehindRow {
  readonly chain: number;
  readonly sequence: number;
  readonly at: Date;
}

const BEHIND: Statement = {
  name: 'oversight-behind',
  text: `SELECT chain.id AS chain, coalesce(followed.sequence, 0)::float8 AS sequence, coalesce(followed.at, chain.opened_at) AS at
         FROM ledger_chains chain LEFT JOIN oversight_followed followed ON followed.chain = chain.id
         WHERE chain.closed_at IS NULL OR coalesce(followed.sequence, 0) < chain.merged ORDER BY chain.id`,
};

/** Chains that may have records which were not followed yet. */
export async function readBehind(database: Queryable): Promise<readonly BehindRow[]> {
  return database.query<BehindRow>(BEHIND);
}

const NEXT: Statement = {
  name: 'oversight-next',
  text: `SELECT sequence::float8 AS sequence, at, head, persons FROM ledger_records
         WHERE chain = $1 AND sequence > $2 AND at >= $3 ORDER BY sequence LIMIT $4`,
};

/** Clocks of gateways are set back by less. */
const CLOCK_BACK_MS = 86_400_000;

/** The next records of a chain. What retention pruned has no body and is left out. */
export async function readNext(
  database: Queryable,
  { chain, sequence, at }: BehindRow,
  count: number,
): Promise<readonly { readonly sequence: number; readonly at: Date; readonly record: LedgerRecord }[]> {
  const from = new Date(at.getTime() - CLOCK_BACK_MS);
  const rows = await database.query<{ sequence: number; at: Date; head: string; persons: string }>(NEXT, [chain, sequence, from, count]);
  return rows.map((row) => ({ sequence: row.sequence, at: row.at, record: recordOf(row) }));
}

const BEGIN: Statement = {
  name: 'oversight-begin',
  text: 'INSERT INTO oversight_followed (chain, sequence, at) VALUES ($1, 0, $2) ON CONFLICT DO NOTHING',
};
const ADVANCE: Statement = {
  name: 'oversight-advance',
  text: 'UPDATE oversight_followed SET sequence = $3, at = $4 WHERE chain = $1 AND sequence = $2 RETURNING chain',
};

/** Moves on in a chain; false when another gateway did. */
export async function advance(tx: Queryable, from: BehindRow, to: { readonly sequence: number; readonly at: Date }): Promise<boolean> {
  if (from.sequence === 0) await tx.query(BEGIN, [from.chain, from.at]);
  const rows = await tx.query<{ chain: number }>(ADVANCE, [from.chain, from.sequence, to.sequence, to.at]);
  return rows.length === 1;
}

const HOURS: Statement = {
  name: 'oversight-hours',
  text: `INSERT INTO oversight_hours AS known (hour, application, agency, purpose, outcome, code, requests, emergencies)
         SELECT * FROM unnest($1::timestamptz[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::bigint[], $8::bigint[])
         ORDER BY 1, 2, 3, 4, 5, 6
         ON CONFLICT (hour, application, agency, purpose, outcome, code) DO UPDATE
         SET requests = known.requests + excluded.requests, emergencies = known.emergencies + excluded.emergencies`,
};

// Who is new on the day, and the day's counts with them.
const DAYS: Statement = {
  name: 'oversight-days',
  text: `WITH given AS (
           SELECT * FROM unnest($1::date[], $2::text[], $3::text[], $4::text[], $5::bigint[], $6::bigint[], $7::bigint[], $8::bigint[], $9::text[])
             AS row (day, application, officer, purpose, requests, misses, emergencies, unusual_hours, people)
         ), fresh AS (
           INSERT INTO oversight_people (day, application, officer, purpose, pseudonym)
           SELECT day, application, officer, purpose, decode(pseudonym, 'hex')
           FROM given, unnest(string_to_array(nullif(people, ''), ',')) AS pseudonym
           ORDER BY 1, 2, 3, 4, 5
           ON CONFLICT DO NOTHING RETURNING day, application, officer, purpose
         ), counted AS (SELECT day, application, officer, purpose, count(*) AS people FROM fresh GROUP BY 1, 2, 3, 4)
         INSERT INTO oversight_days AS known
           (day, application, officer, purpose, requests, people, misses, emergencies, unusual_hours, sequential)
         SELECT day, application, officer, purpose, requests, coalesce(counted.people, 0), misses, emergencies, unusual_hours, 0
         FROM given LEFT JOIN counted USING (day, application, officer, purpose) ORDER BY 1, 2, 3, 4
         ON CONFLICT (application, officer, purpose, day) DO UPDATE SET
           requests = known.requests + excluded.requests, people = known.people + excluded.people, misses = known.misses + excluded.misses,
           emergencies = known.emergencies + excluded.emergencies, unusual_hours = known.unusual_hours + excluded.unusual_hours`,
};

const EMERGENCIES: Statement = {
  name: 'oversight-emergencies',
  text: `INSERT INTO oversight_reviews (record, at, application, agency, officer, case_reference, people, due_at)
         SELECT record, at, application, agency, officer, case_reference, people, at + make_interval(secs => $8)
         FROM unnest($1::uuid[], $2::timestamptz[], $3::text[], $4::text[], $5::text[], $6::text[], $7::int[])
           AS row (record, at, application, agency, officer, case_reference, people)
         ON CONFLICT DO NOTHING`,
};

const GRANTS: Statement = {
  name: 'oversight-grants',
  text: `INSERT INTO oversight_grants (grant_id, at) SELECT * FROM unnest($1::text[], $2::timestamptz[]) ORDER BY 1 ON CONFLICT DO NOTHING`,
};

/** Adds what a run of records comes to. `reviewSeconds` is the time that somebody has for reviewing an emergency. */
export async function addRollup(tx: Queryable, { hours, days, emergencies, grants }: Rollup, reviewSeconds: number): Promise<void> {
  if (hours.length > 0) {
    await tx.query(HOURS, [
      hours.map(({ hour }) => hour),
      hours.map(({ application }) => application),
      hours.map(({ agency }) => agency),
      hours.map(({ purpose }) => purpose),
      hours.map(({ outcome }) => outcome),
      hours.map(({ code }) => code),
      hours.map(({ requests }) => requests),
      hours.map((row) => row.emergencies),
    ]);
  }
  if (days.length > 0) {
    await tx.query(DAYS, [
      days.map(({ day }) => day),
      days.map(({ application }) => application),
      days.map(({ officer }) => officer),
      days.map(({ purpose }) => purpose),
      days.map(({ requests }) => requests),
      days.map(({ misses }) => misses),
      days.map((row) => row.emergencies),
      days.map(({ unusualHours }) => unusualHours),
      days.map(({ pseudonyms }) => [...pseudonyms].join(',')),
    ]);
  }
  if (emergencies.length > 0) {
    await tx.query(EMERGENCIES, [
      emergencies.map(({ record }) => record),
      emergencies.map(({ at }) => at),
      emergencies.map(({ application }) => application),
      emergencies.map(({ agency }) => agency),
      emergencies.map(({ officer }) => officer),
      emergencies.map(({ caseReference }) => caseReference),
      emergencies.map(({ people }) => people),
      reviewSeconds,
    ]);
  }
  if (grants.length > 0) {
    await tx.query(GRANTS, [grants.map(({ id }) => id), grants.map(({ at }) => at)]);
  }
}

const FORGET_PEOPLE: Statement = { name: 'oversight-forget-people', text: 'DELETE FROM oversight_people WHERE day < $1::date' };
const FORGET_GRANTS: Statement = { name: 'oversight-forget-grants', text: 'DELETE FROM oversight_grants WHERE at < $1' };

/** Lets go of what is not looked at any more. */
export async function forget(database: Queryable, peopleBefore: string, grantsBefore: Date): Promise<void> {
  await database.query(FORGET_PEOPLE, [peopleBefore]);
  await database.query(FORGET_GRANTS, [grantsBefore]);
}

const PULSE: Statement = {
  name: 'oversight-pulse',
  text: `INSERT INTO oversight_pulse AS known (hour, kind, subject, name, count, milliseconds)
         SELECT * FROM unnest($1::timestamptz[], $2::text[], $3::text[], $4::text[], $5::bigint[], $6::float8[]) ORDER BY 1, 2, 3, 4
         ON CONFLICT (hour, kind, subject, name) DO UPDATE
         SET count = known.count + excluded.count, milliseconds = known.milliseconds + excluded.milliseconds`,
};

export interface PulseRow {
  readonly hour: string;
  readonly kind: 'latency' | 'register' | 'refused';
  readonly subject: string;
  readonly name: string;
  count: number;
  milliseconds: number;
}

/** Adds what a gateway saw of its own work. */
export async function addPulse(database: Queryable, rows: readonly PulseRow[]): Promise<void> {
  await database.query(PULSE, [
    rows.map(({ hour }) => hour),
    rows.map(({ kind }) => kind),
    rows.map(({ subject }) => subject),
    rows.map(({ name }) => name),
    rows.map(({ count }) => count),
    rows.map(({ milliseconds }) => milliseconds),
  ]);
}

const SEQUENTIAL: Statement = {
  name: 'oversight-sequential',
  text: `INSERT INTO oversight_days AS known
           (day, application, officer, purpose, requests, people, misses, emergencies, unusual_hours, sequential)
         SELECT $1::date, application, '', '', 0, 0, 0, 0, 0, seen FROM unnest($2::text[], $3::bigint[]) AS row (application, seen) ORDER BY 2
         ON CONFLICT (application, officer, purpose, day) DO UPDATE SET sequential = known.sequential + excluded.sequential`,
};

/** Adds how often neighbouring numbers were asked for. */
export async function addSequential(database: Queryable, day: string, seen: ReadonlyMap<string, number>): Promise<void> {
  await database.query(SEQUENTIAL, [day, [...seen.keys()], [...seen.values()]]);
}
