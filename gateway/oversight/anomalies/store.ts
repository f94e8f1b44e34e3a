import type { Queryable, Statement } from '../../../platform/database.ts';
import type { AnomalyKind } from '../settings.ts';

/** A day beside its own past. */
export interface DayBeside {
  readonly application: string;
  readonly officer: string;
  readonly purpose: string;
  readonly kind: AnomalyKind;
  readonly seen: number;
  /** Mean of the days in the past that had any request; zero without one. */
  readonly usual: number;
}

const BESIDE: Statement = {
  name: 'oversight-day-beside',
  text: `SELECT today.application, today.officer, today.purpose, kind, seen::float8 AS seen, coalesce(usual, 0)::float8 AS usual
         FROM oversight_days today
         CROSS JOIN LATERAL (
           SELECT avg(people) AS people, avg(misses) AS misses, avg(sequential) AS sequential, avg(unusual_hours) AS unusual_hours,
                  avg(emergencies) AS emergencies
           FROM oversight_days past
           WHERE past.application = today.application AND past.officer = today.officer AND past.purpose = today.purpose
             AND past.day < today.day AND past.day >= today.day - 28
         ) AS past
         CROSS JOIN LATERAL (VALUES
           ('people', today.people, past.people), ('misses', today.misses, past.misses), ('sequential', today.sequential, past.sequential),
           ('unusual-hours', today.unusual_hours, past.unusual_hours), ('emergencies', today.emergencies, past.emergencies)
         ) AS value (kind, seen, usual)
         WHERE today.day = $1::date AND seen >= (SELECT least FROM unnest($2::text[], $3::bigint[]) AS bound (name, least) WHERE name = kind)`,
};

/** What of a day is at least what is worth looking at, beside what is usual for the same application, officer and purpose. */
export async function readDayBeside(
  database: Queryable,
  day: string,
  least: Readonly<Record<AnomalyKind, number>>,
): Promise<readonly DayBeside[]> {
  return database.query<DayBeside>(BESIDE, [day, Object.keys(least), Object.values(least)]);
}

export interface AnomalyRow extends DayBeside {
  readonly number: number;
  readonly day: string;
  readonly raisedAt: Date;
  readonly bound: number;
}

const RAISE: Statement = {
  name: 'oversight-raise',
  text: `INSERT INTO oversight_anomalies AS known (day, kind, application, officer, purpose, raised_at, seen, usual, bound)
         VALUES ($1::date, $2, $3, $4, $5, $6, $7, $8, $9)
         ON CONFLICT (day, kind, application, officer, purpose) DO UPDATE SET seen = greatest(known.seen, excluded.seen)
         RETURNING (xmax = 0) AS is_new`,
};

/** Notes an anomaly; whether it is the first time that day. */
export async function raise(tx: Queryable, day: string, at: Date, row: DayBeside & { readonly bound: number }): Promise<boolean> {
  const { kind, application, officer, purpose, seen, usual, bound } = row;
  const [raised] = await tx.query<{ is_new: boolean }>(RAISE, [day, kind, application, officer, purpose, at, seen, usual, bound]);
  return raised?.is_new === true;
}

const READ: Statement = {
  name: 'oversight-anomalies',
  text: `SELECT number::float8 AS number, day::text, kind, application, officer, purpose, raised_at AS "raisedAt", seen::float8 AS seen, usual, bound
         FROM oversight_anomalies WHERE number < $1 AND ($3::text[] IS NULL OR application = ANY ($3)) ORDER BY number DESC LIMIT $2`,
};

/** Anomalies before a number, the newest first; of these applications, or of all. */
export async function readAnomalies(
  database: Queryable,
  before: number,
  count: number,
  applications: readonly string[] | undefined,
): Promise<readonly AnomalyRow[]> {
  return database.query<AnomalyRow>(READ, [before, count, applications ?? null]);
}
