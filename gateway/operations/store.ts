import type { Queryable, Statement as Sql } from '../../platform/database.ts';
import type { SignedRow } from '../rules/signature.ts';
import type { OperationStep } from './statement.ts';

/** Told whenever a step was taken. */
export const OPERATIONS_CHANNEL = 'approved_operations';

/** A step as it stands in the table, not yet believed. */
export interface OperationStepRow extends SignedRow {
  readonly number: number;
  readonly kind: OperationStep;
  /** Address of the content. */
  readonly operation: string;
  readonly at: Date;
}

/** Whoever takes a step does so alone; the lock is the transaction's. */
export async function lockOperations(tx: Queryable): Promise<void> {
  await tx.query({ text: 'SELECT pg_advisory_xact_lock(4711090)' });
}

const INSERT_CONTENT: Sql = {
  text: 'INSERT INTO operation_contents (address, content, created_at) VALUES ($1, $2, $3) ON CONFLICT (address) DO NOTHING',
};
const INSERT_REPORT: Sql = { text: 'INSERT INTO operation_reports (hash, report) VALUES ($1, $2) ON CONFLICT (hash) DO NOTHING' };

/** Keeps what is proposed and what the check said of it, each under the hash of its text. */
export async function insertProposed(
  tx: Queryable,
  {
    address,
    content,
    report,
    reportHash,
    at,
  }: Readonly<Record<'address' | 'content' | 'report' | 'reportHash', string>> & { readonly at: Date },
): Promise<void> {
  await tx.query(INSERT_CONTENT, [address, content, at]);
  await tx.query(INSERT_REPORT, [reportHash, report]);
}

const INSERT_STEP: Sql = {
  text: `INSERT INTO operation_steps (hash, kind, operation, at, statement, key_id, signature) VALUES ($1, $2, $3, $4, $5, $6, $7)
         ON CONFLICT (hash) DO NOTHING RETURNING number`,
};

/** Adds a step and tells every gateway. False when the very same statement stands there already. */
export async function insertStep(tx: Queryable, step: Omit<OperationStepRow, 'number'>): Promise<boolean> {
  const { hash, kind, operation, at, statement, key_id, signature } = step;
  const isNew = (await tx.query(INSERT_STEP, [hash, kind, operation, at, statement, key_id, signature])).length === 1;
  if (isNew) await tx.query({ text: 'SELECT pg_notify($1, $2)' }, [OPERATIONS_CHANNEL, operation]);
  return isNew;
}

const COLUMNS = 'number::int AS number, hash, kind, operation, at, statement, key_id, signature';

const READ_STEPS: Sql = { text: `SELECT ${COLUMNS} FROM operation_steps WHERE number > $1 ORDER BY number LIMIT $2` };

/** Steps after a number, in order. */
export async function readSteps(database: Queryable, afterNumber: number, countMax: number): Promise<readonly OperationStepRow[]> {
  return database.query<OperationStepRow>(READ_STEPS, [afterNumber, countMax]);
}

/** The steps of one operation, in order. */
export async function readStepsOf(database: Queryable, address: string): Promise<readonly OperationStepRow[]> {
  const text = `SELECT ${COLUMNS} FROM operation_steps WHERE operation = $1 ORDER BY number`;
  return database.query<OperationStepRow>({ text }, [address]);
}

const LAST_STEP: Sql = { name: 'operations-last-step', text: 'SELECT coalesce(max(number), 0)::int AS number FROM operation_steps' };

/** Number of the last step; 0 when there is none. */
export async function readLastStep(database: Queryable): Promise<number> {
  return (await database.query<{ number: number }>(LAST_STEP))[0]?.number ?? 0;
}

/** The text of a content; undefined when there is none. */
export async function readContentText(database: Queryable, address: string): Promise<string | undefined> {
  const text = 'SELECT content FROM operation_contents WHERE address = $1';
  return (await database.query<{ content: string }>({ text }, [address]))[0]?.content;
}

/** The text of a report; undefined when there is none. */
export async function readReportText(database: Queryable, hash: string): Promise<string | undefined> {
  const text = 'SELECT report FROM operation_reports WHERE hash = $1';
  return (await database.query<{ report: string }>({ text }, [hash]))[0]?.report;
}

/** What was last noted of each approved proposal: the reason why it lapsed, or null where it has come back. */
export async function readLapses(database: Queryable): Promise<ReadonlyMap<string, string | null>> {
  const text = 'SELECT DISTINCT ON (proposal) proposal, reason FROM operation_lapses ORDER BY proposal, number DESC';
  const rows = await database.query<{ proposal: string; reason: string | null }>({ text });
  return new Map(rows.map(({ proposal, reason }) => [proposal, reason]));
}

const INSERT_LAPSE: Sql = { text: 'INSERT INTO operation_lapses (proposal, at, policy_version, reason) VALUES ($1, $2, $3, $4)' };

/** Notes that a proposal lapsed, or came back. */
export async function insertLapse(
  tx: Queryable,
  {
    proposal,
    at,
    policyVersion,
    reason,
  }: { readonly proposal: string; readonly at: Date; readonly policyVersion: string; readonly reason: string | null },
): Promise<void> {
  await tx.query(INSERT_LAPSE, [proposal, at, policyVersion, reason]);
}
