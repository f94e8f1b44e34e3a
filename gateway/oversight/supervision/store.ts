import type { Queryable, Statement } from '../../../platform/database.ts';

export interface BucketRow {
  readonly bucket: Date;
  readonly agency: string;
  readonly application: string;
  readonly answered: number;
  readonly refused: number;
  readonly emergencies: number;
}

export interface Span {
  readonly from: Date;
  /** Before. */
  readonly to: Date;
  readonly unit: 'hour' | 'day';
  readonly timeZone: string;
}

const BUCKETS: Statement = {
  name: 'supervision-buckets',
  text: `SELECT date_trunc($3, hour, $4) AS bucket, agency, application,
           coalesce(sum(requests) FILTER (WHERE outcome = 'answered'), 0)::float8 AS answered,
           coalesce(sum(requests) FILTER (WHERE outcome = 'refused'), 0)::float8 AS refused,
           coalesce(sum(emergencies) FILTER (WHERE outcome <> 'withheld'), 0)::float8 AS emergencies
         FROM oversight_hours WHERE hour >= $1 AND hour < $2 GROUP BY 1, 2, 3
         HAVING (date_trunc($3, hour, $4), application) < ($5::timestamptz, $6) ORDER BY 1 DESC, 3 DESC LIMIT $7`,
};

/** Sums of applications in buckets of time, the newest first, before a place. */
export async function readBuckets(
  database: Queryable,
  { from, to, unit, timeZone }: Span,
  before: { readonly bucket: Date | 'infinity'; readonly application: string },
  count: number,
): Promise<readonly BucketRow[]> {
  const values = [from, to, unit, timeZone, before.bucket, before.application, count];
  return database.query<BucketRow>(BUCKETS, values);
}

export interface CodeRow {
  readonly outcome: string;
  readonly code: string;
  readonly requests: number;
}

const CODES: Statement = {
  name: 'supervision-codes',
  text: `SELECT outcome, code, sum(requests)::float8 AS requests FROM oversight_hours
         WHERE hour >= $1 AND hour < $2 AND outcome <> 'answered' GROUP BY 1, 2
         UNION ALL
         SELECT 'unknown-caller', name, sum(count)::float8 FROM oversight_pulse
         WHERE hour >= $1 AND hour < $2 AND kind = 'refused' GROUP BY 2 ORDER BY 3 DESC LIMIT 200`,
};

/** Requests by the code that refused them, or a field of them. */
export async function readCodes(database: Queryable, { from, to }: Pick<Span, 'from' | 'to'>): Promise<readonly CodeRow[]> {
  return database.query<CodeRow>(CODES, [from, to]);
}

export interface PeopleRow {
  readonly day: string;
  readonly application: string;
  readonly people: number;
}

const PEOPLE: Statement = {
  name: 'supervision-people',
  text: `SELECT day::text, application, people::float8 AS people FROM oversight_days
         WHERE day >= $1::date AND day <= $2::date AND officer = '' AND purpose = '' ORDER BY day DESC, application LIMIT 10000`,
};

/** Distinct people of each application and day. */
export async function readPeople(database: Queryable, fromDay: string, toDay: string): Promise<readonly PeopleRow[]> {
  return database.query<PeopleRow>(PEOPLE, [fromDay, toDay]);
}

export interface PulseSum {
  readonly kind: string;
  readonly subject: string;
  readonly name: string;
  readonly count: number;
  readonly milliseconds: number;
}

const PULSE: Statement = {
  name: 'supervision-pulse',
  text: `SELECT kind, subject, name, sum(count)::float8 AS count, sum(milliseconds) AS milliseconds FROM oversight_pulse
         WHERE hour >= $1 AND hour < $2 AND kind <> 'refused' GROUP BY 1, 2, 3`,
};

/** Times of answers and calls of registers. */
export async function readPulse(database: Queryable, { from, to }: Pick<Span, 'from' | 'to'>): Promise<readonly PulseSum[]> {
  return database.query<PulseSum>(PULSE, [from, to]);
}
