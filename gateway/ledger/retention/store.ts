import type { Queryable, Statement } from '../../../platform/database.ts';

/** Whether this transaction is the one that may prune now. */
export async function tryLock(tx: Queryable): Promise<boolean> {
  const [row] = await tx.query<{ locked: boolean }>({ text: 'SELECT pg_try_advisory_xact_lock(4711007) AS locked' });
  return row?.locked === true;
}

const MONTHS: Statement = {
  text: `SELECT replace(right(relname, 7), '_', '-') AS month FROM pg_inherits JOIN pg_class ON pg_class.oid = inhrelid
         WHERE inhparent = 'ledger_records'::regclass ORDER BY relname`,
};

/** Months that there are partitions of, the oldest first, like 2026-11. */
export async function readMonths(tx: Queryable): Promise<readonly string[]> {
  return (await tx.query<{ month: string }>(MONTHS)).map(({ month }) => month);
}

/** What goes with a month. */
export interface MonthSum {
  readonly records: number;
  /** Records that are not in the tree yet: their bodies are all that proves them. */
  readonly unmerged: number;
  /** Index in the tree after the last of them. */
  readonly below: number;
}

const SUM: Statement = {
  text: `WITH part AS (
           SELECT chain, count(*) AS records, max(sequence) AS last FROM ledger_records WHERE at >= $1 AND at < $2 GROUP BY chain
         )
         SELECT coalesce(sum(records), 0)::float8 AS records,
           count(*) FILTER (WHERE merged IS NULL OR last > merged)::int AS unmerged,
           coalesce(max((SELECT first + last - sequence + 1 FROM ledger_runs WHERE ledger_runs.chain = part.chain AND sequence <= last
                         ORDER BY sequence DESC LIMIT 1)), 0)::float8 AS below
         FROM part LEFT JOIN ledger_chains ON ledger_chains.id = part.chain`,
};

export async function readMonthSum(tx: Queryable, begins: Date, ends: Date): Promise<MonthSum> {
  const [row] = await tx.query<MonthSum>(SUM, [begins, ends]);
  return row ?? { records: 0, unmerged: 0, below: 0 };
}

const BEFORE: Statement = {
  text: `SELECT (head::jsonb->'details'->>'below')::float8 AS below, (head::jsonb->'details'->>'bodies')::float8 AS bodies FROM ledger_records
         WHERE kind = 'administration' AND head::jsonb->>'action' = 'ledger.pruned' ORDER BY at DESC, sequence DESC LIMIT 1`,
};

/** What was pruned until now, in all. */
export async function readPruned(tx: Queryable): Promise<{ readonly below: number; readonly bodies: number }> {
  const [row] = await tx.query<{ below: number; bodies: number }>(BEFORE);
  return row ?? { below: 0, bodies: 0 };
}

/** Takes away the bodies of a month. Its leaves stay in the tree. */
export async function dropMonth(tx: Queryable, month: string): Promise<void> {
  if (!/^\d{4}-\d{2}$/.test(month)) throw new Error('A month is like 2026-11.');
  for (const table of ['ledger_records', 'ledger_persons']) await tx.query({ text: `DROP TABLE ${table}_${month.replace('-', '_')}` });
}
