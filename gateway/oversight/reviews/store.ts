import type { Queryable, Statement } from '../../../platform/database.ts';

export interface ReviewRow {
  readonly number: number;
  readonly record: string;
  readonly at: Date;
  readonly application: string;
  readonly agency: string;
  readonly officer: string;
  readonly caseReference: string;
  readonly people: number;
  readonly dueAt: Date;
  readonly reviewedAt: Date | null;
  readonly reviewer: string | null;
  readonly verdict: string | null;
  readonly note: string | null;
}

const COLUMNS = `number::float8 AS number, record::text, at, application, agency, officer, case_reference AS "caseReference", people, due_at AS "dueAt",
         reviewed_at AS "reviewedAt", reviewer, verdict, note`;

const READ: Statement = {
  name: 'oversight-reviews',
  text: `SELECT ${COLUMNS} FROM oversight_reviews WHERE number < $1 AND ($3::boolean IS NULL OR (reviewed_at IS NULL) = $3)
         AND ($4::text IS NULL OR agency = $4) ORDER BY number DESC LIMIT $2`,
};

/** Emergencies before a number, the newest first; `waiting` only those that are, or only those that are not; of one agency, or of all. */
export async function readReviews(
  database: Queryable,
  before: number,
  count: number,
  { waiting, agency }: { readonly waiting: boolean | undefined; readonly agency: string | undefined },
): Promise<readonly ReviewRow[]> {
  return database.query<ReviewRow>(READ, [before, count, waiting ?? null, agency ?? null]);
}

const ONE: Statement = { name: 'oversight-review', text: `SELECT ${COLUMNS} FROM oversight_reviews WHERE record = $1::uuid FOR UPDATE` };

export async function lockReview(tx: Queryable, record: string): Promise<ReviewRow | undefined> {
  const [row] = await tx.query<ReviewRow>(ONE, [record]);
  return row;
}

const REVIEW: Statement = {
  name: 'oversight-review-done',
  text: 'UPDATE oversight_reviews SET reviewed_at = $2, reviewer = $3, verdict = $4, note = $5 WHERE record = $1::uuid',
};

export async function noteReview(
  tx: Queryable,
  record: string,
  { at, reviewer, verdict, note }: { readonly at: Date; readonly reviewer: string; readonly verdict: string; readonly note: string },
): Promise<void> {
  await tx.query(REVIEW, [record, at, reviewer, verdict, note]);
}

const OVERDUE: Statement = {
  name: 'oversight-reviews-overdue',
  text: `SELECT count(*)::float8 AS waiting, count(*) FILTER (WHERE due_at < $1)::float8 AS overdue FROM oversight_reviews WHERE reviewed_at IS NULL`,
};

/** How many emergencies wait for their review, and how many of them for too long. */
export async function countWaiting(database: Queryable, now: Date): Promise<{ readonly waiting: number; readonly overdue: number }> {
  const [row] = await database.query<{ waiting: number; overdue: number }>(OVERDUE, [now]);
  return row ?? { waiting: 0, overdue: 0 };
}
