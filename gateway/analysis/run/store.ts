import type { Queryable, Statement } from '../../../platform/database.ts';
import type { NewRun, Run, RunState } from './model.ts';

/** Channel on which gateways tell each other that something became of a run. */
export const RUNS_CHANNEL = 'analysis_runs';

const COLUMNS = `id, number::float8 AS number, analysis, address, question, policy_version AS "policyVersion", schema_version AS "schemaVersion",
  register, snapshot, taken_at AS "takenAt", day, people::float8 AS people, people_per_range AS "peoplePerRange", people_done::float8 AS "peopleDone",
  analyst, person, state, reason, created_at AS "createdAt", started_at AS "startedAt", ended_at AS "endedAt", checker, checked_at AS "checkedAt"`;

const INSERT: Statement = {
  text: `INSERT INTO analysis_runs (id, analysis, address, question, policy_version, schema_version, register, snapshot, taken_at, day,
           people, people_per_range, analyst, person, created_at, state)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, 'running')`,
};

/** Writes a new run down. */
export async function insertRun(tx: Queryable, run: NewRun): Promise<void> {
  await tx.query(INSERT, [
    run.id,
    run.analysis,
    run.address,
    JSON.stringify(run.question),
    run.policyVersion,
    run.schemaVersion,
    run.register,
    run.snapshot,
    run.takenAt,
    run.day,
    run.people,
    run.peoplePerRange,
    run.analyst,
    run.person,
    run.createdAt,
  ]);
}

const READ: Statement = { name: 'analysis-run', text: `SELECT ${COLUMNS} FROM analysis_runs WHERE id = $1` };

export async function readRun(database: Queryable, id: string): Promise<Run | undefined> {
  return (await database.query<Run>(READ, [id]))[0];
}

const LIST: Statement = {
  name: 'analysis-runs',
  text: `SELECT ${COLUMNS} FROM analysis_runs WHERE number < $1 AND ($2::text IS NULL OR analysis = $2) ORDER BY number DESC LIMIT $3`,
};

/** Runs before a number, the newest first; of one analysis or of all. */
export async function readRuns(database: Queryable, before: number, analysis: string | null, count: number): Promise<readonly Run[]> {
  return database.query<Run>(LIST, [before, analysis, count]);
}

const UNDER_WAY: Statement = {
  name: 'analysis-runs-under-way',
  text: "SELECT count(*)::int AS count FROM analysis_runs WHERE state IN ('running', 'paused')",
};

export async function countUnderWay(database: Queryable): Promise<number> {
  return (await database.query<{ count: number }>(UNDER_WAY))[0]?.count ?? 0;
}

const LOCK: Statement = { text: `SELECT ${COLUMNS} FROM analysis_runs WHERE id = $1 FOR UPDATE` };

/** The run, which nobody else changes before the transaction ends. */
async function lockRun(tx: Queryable, id: string): Promise<Run | undefined> {
  return (await tx.query<Run>(LOCK, [id]))[0];
}

const PARTIAL: Statement = {
  text: `INSERT INTO analysis_partials (run, first_ordinal, people, sealed, counted_at) VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT DO NOTHING RETURNING people`,
};
const PROGRESS: Statement = {
  text: `UPDATE analysis_runs SET people_done = people_done + $2, state = 'running', reason = NULL, started_at = coalesce(started_at, $3)
         WHERE id = $1`,
};

export interface Partial {
  readonly run: string;
  readonly first: number;
  readonly people: number;
  readonly sealed: Buffer;
  readonly at: Date;
}

/**
 * Writes what was counted of a range, with the progress that it is. INVARIANT: both in one transaction, and a range that stands already adds
 * nothing, so that whoever is taken over from counts nobody twice. False when the run is over.
 */
export async function writePartial(tx: Queryable, { run, first, people, sealed, at }: Partial): Promise<boolean> {
  const locked = await lockRun(tx, run);
  if (locked === undefined || (locked.state !== 'running' && locked.state !== 'paused')) return false;
  const [written] = await tx.query<{ people: number }>(PARTIAL, [run, first, people, sealed, at]);
  if (written !== undefined) await tx.query(PROGRESS, [run, people, at]);
  await notifyRuns(tx);
  return true;
}

const HAS_PARTIAL: Statement = {
  name: 'analysis-has-partial',
  text: 'SELECT 1 AS one FROM analysis_partials WHERE run = $1 AND first_ordinal = $2',
};

/** Whether a range was counted already. */
export async function hasPartial(database: Queryable, run: string, first: number): Promise<boolean> {
  return (await database.query(HAS_PARTIAL, [run, first])).length > 0;
}

const PARTIALS: Statement = {
  name: 'analysis-partials',
  text: `SELECT first_ordinal::float8 AS first, sealed FROM analysis_partials WHERE run = $1 AND first_ordinal > $2
         ORDER BY first_ordinal LIMIT $3`,
};

/** Sealed partials behind an ordinal, in order. */
export async function readPartials(
  database: Queryable,
  run: string,
  after: number,
  count: number,
): Promise<readonly { readonly first: number; readonly sealed: Uint8Array }[]> {
  return database.query(PARTIALS, [run, after, count]);
}

const FORGET: Statement = { text: 'DELETE FROM analysis_partials WHERE run = $1' };

/** Forgets what was counted: the run has ended. */
async function deletePartials(tx: Queryable, run: string): Promise<void> {
  await tx.query(FORGET, [run]);
}

const PAUSE: Statement = {
  name: 'analysis-pause',
  text: "UPDATE analysis_runs SET state = 'paused', reason = $2 WHERE id = $1 AND state IN ('running', 'paused') RETURNING id",
};

/** Notes why a run does not go on; false when it is over. */
export async function pauseRun(database: Queryable, id: string, reason: string): Promise<boolean> {
  const isPaused = (await database.query(PAUSE, [id, reason])).length > 0;
  if (isPaused) await notifyRuns(database);
  return isPaused;
}

const END: Statement = {
  text: `UPDATE analysis_runs SET state = $2, reason = $3, ended_at = $4 WHERE id = $1 AND state IN ('running', 'paused') RETURNING id`,
};

/** Ends a run that is under way; false when it is not, and then nothing changed. */
export async function endRun(tx: Queryable, id: string, state: RunState, reason: string | null, at: Date): Promise<boolean> {
  if ((await tx.query(END, [id, state, reason, at])).length === 0) return false;
  await deletePartials(tx, id);
  await notifyRuns(tx);
  return true;
}

const DECIDE: Statement = {
  text: `UPDATE analysis_runs SET state = $2, reason = $3, checker = $4, checked_at = $5 WHERE id = $1 AND state = 'held' RETURNING id`,
};

/** What a second checker decides; false when somebody has decided before. */
export async function decideRun(
  tx: Queryable,
  id: string,
  decision: { readonly state: 'released' | 'withheld'; readonly reason: string | null; readonly checker: string; readonly at: Date },
): Promise<boolean> {
  const { state, reason, checker, at } = decision;
  if ((await tx.query(DECIDE, [id, state, reason, checker, at])).length === 0) return false;
  await notifyRuns(tx);
  return true;
}

const RESULT: Statement = { text: 'INSERT INTO analysis_results (run, body, checksum, counted_mac) VALUES ($1, $2, $3, $4)' };

export interface StoredResult {
  /** JSON. */
  readonly body: string;
  /** SHA-256 of the body, hex. */
  readonly checksum: string;
  readonly countedMac: string;
}

export async function insertResult(tx: Queryable, run: string, { body, checksum, countedMac }: StoredResult): Promise<void> {
  await tx.query(RESULT, [run, body, checksum, countedMac]);
}

const READ_RESULT: Statement = {
  name: 'analysis-result',
  text: 'SELECT body, checksum, counted_mac AS "countedMac" FROM analysis_results WHERE run = $1',
};

export async function readResult(database: Queryable, run: string): Promise<StoredResult | undefined> {
  return (await database.query<StoredResult>(READ_RESULT, [run]))[0];
}

const RECENT: Statement = {
  name: 'analysis-recent',
  text: 'SELECT coalesce(sum(people), 0)::float8 AS people FROM analysis_partials WHERE run = $1 AND counted_at > $2',
};

/** People counted since a moment. */
export async function countRecent(database: Queryable, run: string, since: Date): Promise<number> {
  return (await database.query<{ people: number }>(RECENT, [run, since]))[0]?.people ?? 0;
}

const NOTIFY: Statement = { name: 'analysis-notify', text: 'SELECT pg_notify($1, $2)' };

/** Tells every gateway that something became of a run, when the transaction commits. */
export async function notifyRuns(on: Queryable): Promise<void> {
  await on.query(NOTIFY, [RUNS_CHANNEL, '']);
}
