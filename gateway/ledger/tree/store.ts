import type { Queryable, Statement } from '../../../platform/database.ts';

const TRY_LOCK: Statement = { name: 'ledger-sequencer-lock', text: 'SELECT pg_try_advisory_xact_lock(4711006) AS locked' };

/** Whether this transaction is the one that may sequence now; it stays so until it ends. */
export async function tryLock(tx: Queryable): Promise<boolean> {
  const [row] = await tx.query<{ locked: boolean }>(TRY_LOCK);
  return row?.locked === true;
}

/** A chain as far as the tree holds it. */
export interface ChainRow {
  readonly id: number;
  readonly writer: string;
  readonly epoch: number;
  readonly openedAt: Date;
  readonly merged: number;
  /** Hex; empty before the first. */
  readonly mergedHash: string;
}

const CHAIN_COLUMNS = `id, writer, epoch, opened_at AS "openedAt", merged::float8 AS merged, encode(merged_hash, 'hex') AS "mergedHash"`;

const OPEN_CHAINS: Statement = {
  name: 'ledger-chains-open',
  text: `SELECT ${CHAIN_COLUMNS} FROM ledger_chains WHERE closed_at IS NULL ORDER BY id`,
};

/** Chains that somebody may still write. */
export async function readOpenChains(tx: Queryable): Promise<readonly ChainRow[]> {
  return tx.query<ChainRow>(OPEN_CHAINS);
}

const CHAINS: Statement = { name: 'ledger-chains', text: `SELECT ${CHAIN_COLUMNS} FROM ledger_chains ORDER BY id` };

export async function readChains(database: Queryable): Promise<readonly ChainRow[]> {
  return database.query<ChainRow>(CHAINS);
}

/** Leaves that are not in the tree yet. */
export interface UnmergedLeaves {
  readonly first: number;
  readonly count: number;
  readonly leaves: Buffer;
  /** The chain's hash after the last. */
  readonly hash: string;
  readonly lastAt: Date;
}

const UNMERGED: Statement = {
  name: 'ledger-unmerged',
  text: `SELECT min(sequence)::float8 AS first, count(*)::int AS count, string_agg(leaf, ''::bytea ORDER BY sequence) AS leaves,
           encode((array_agg(chain_hash ORDER BY sequence DESC))[1], 'hex') AS hash, max(at) AS "lastAt"
         FROM (SELECT sequence, leaf, chain_hash, at FROM ledger_records WHERE chain = $1 AND sequence > $2 ORDER BY sequence LIMIT $3) AS next`,
};

/** The next leaves of a chain after a sequence; undefined when there are none. */
export async function readUnmerged(tx: Queryable, chain: number, after: number, countMax: number): Promise<UnmergedLeaves | undefined> {
  const [row] = await tx.query<Omit<UnmergedLeaves, 'leaves'> & { leaves: Uint8Array }>(UNMERGED, [chain, after, countMax]);
  return row === undefined || row.count === 0 ? undefined : { ...row, leaves: Buffer.from(row.leaves) };
}

export interface RunRow {
  readonly first: number;
  readonly chain: number;
  readonly sequence: number;
  readonly count: number;
  readonly leaves: Buffer;
}

const ADD_RUN: Statement = {
  name: 'ledger-run-add',
  text: 'INSERT INTO ledger_runs (first, chain, sequence, count, leaves) VALUES ($1, $2, $3, $4, $5)',
};

const MERGED: Statement = { name: 'ledger-chain-merged', text: 'UPDATE ledger_chains SET merged = $2, merged_hash = $3 WHERE id = $1' };

/** Puts a run of a chain's leaves into the tree. `hash` is the chain's after them, hex. */
export async function addRun(tx: Queryable, run: RunRow, hash: string): Promise<void> {
  await tx.query(ADD_RUN, [run.first, run.chain, run.sequence, run.count, run.leaves]);
  await tx.query(MERGED, [run.chain, run.sequence + run.count - 1, Buffer.from(hash, 'hex')]);
}

const CLOSE: Statement = {
  name: 'ledger-chains-close',
  text: 'UPDATE ledger_chains SET closed_at = $2 WHERE id = ANY($1::int[]) AND closed_at IS NULL',
};

/** Chains that nobody writes any more need not be looked at again. */
export async function closeChains(tx: Queryable, ids: readonly number[], at: Date): Promise<void> {
  await tx.query(CLOSE, [ids, at]);
}

const LAST_WRITTEN: Statement = {
  name: 'ledger-chains-last-written',
  text: `SELECT chain.id, coalesce((SELECT at FROM ledger_records WHERE ledger_records.chain = chain.id ORDER BY sequence DESC LIMIT 1), opened_at) AS at
         FROM ledger_chains AS chain WHERE id = ANY($1::int[])`,
};

/** When each chain was written last, or begun. */
export async function readLastWritten(tx: Queryable, ids: readonly number[]): Promise<ReadonlyMap<number, Date>> {
  const rows = await tx.query<{ id: number; at: Date }>(LAST_WRITTEN, [ids]);
  return new Map(rows.map(({ id, at }) => [id, at]));
}

const ADD_SUBTREES: Statement = {
  name: 'ledger-subtrees-add',
  text: `INSERT INTO ledger_subtrees (level, index, hash)
         SELECT level, index, decode(hash, 'hex') FROM unnest($1::int[], $2::bigint[], $3::text[]) AS node (level, index, hash)`,
};

export interface SubtreeRow {
  readonly level: number;
  readonly index: number;
  /** Hex. */
  readonly hash: string;
}

/** Keeps the hashes of subtrees that became whole. */
export async function addSubtrees(tx: Queryable, rows: readonly SubtreeRow[]): Promise<void> {
  if (rows.length === 0) return;
  await tx.query(ADD_SUBTREES, [rows.map(({ level }) => level), rows.map(({ index }) => index), rows.map(({ hash }) => hash)]);
}

const SUBTREES: Statement = {
  name: 'ledger-subtrees',
  text: `SELECT level, index::float8 AS index, encode(hash, 'hex') AS hash FROM ledger_subtrees WHERE level = $1 AND index >= $2 AND index < $3 ORDER BY index`,
};

export async function readSubtrees(database: Queryable, level: number, from: number, to: number): Promise<readonly SubtreeRow[]> {
  return database.query<SubtreeRow>(SUBTREES, [level, from, to]);
}

const RUNS: Statement = {
  name: 'ledger-runs',
  text: `SELECT first::float8 AS first, chain, sequence::float8 AS sequence, count, leaves FROM ledger_runs
         WHERE first < $2 AND first >= coalesce((SELECT max(first) FROM ledger_runs WHERE first <= $1), 0) ORDER BY first LIMIT $3`,
};

/** Runs that hold leaves `from` to before `to`, in order; the first may begin earlier. */
export async function readRuns(database: Queryable, from: number, to: number, countMax: number): Promise<readonly RunRow[]> {
  const rows = await database.query<Omit<RunRow, 'leaves'> & { leaves: Uint8Array }>(RUNS, [from, to, countMax]);
  return rows.map((row) => ({ ...row, leaves: Buffer.from(row.leaves) }));
}

const RUN_OF: Statement = {
  name: 'ledger-run-of',
  text: `SELECT first::float8 AS first, chain, sequence::float8 AS sequence, count, leaves FROM ledger_runs
         WHERE chain = $1 AND sequence <= $2 ORDER BY sequence DESC LIMIT 1`,
};

/** The run that holds a record of a chain; undefined when it is not in the tree yet. */
export async function readRunOf(database: Queryable, chain: number, sequence: number): Promise<RunRow | undefined> {
  const [row] = await database.query<Omit<RunRow, 'leaves'> & { leaves: Uint8Array }>(RUN_OF, [chain, sequence]);
  return row === undefined || sequence >= row.sequence + row.count ? undefined : { ...row, leaves: Buffer.from(row.leaves) };
}

export interface CheckpointRow {
  readonly size: number;
  readonly at: Date;
  /** Hex. */
  readonly root: string;
  /** Hashes of 32 bytes in hex, joined. */
  readonly edge: string;
  readonly heads: string;
  readonly note: string;
}

const CHECKPOINT_COLUMNS = `size::float8 AS size, at, encode(root, 'hex') AS root, encode(edge, 'hex') AS edge, heads, note`;

const LAST: Statement = {
  name: 'ledger-checkpoint-last',
  text: `SELECT ${CHECKPOINT_COLUMNS} FROM ledger_checkpoints ORDER BY size DESC LIMIT 1`,
};

export async function readLastCheckpoint(database: Queryable): Promise<CheckpointRow | undefined> {
  const [row] = await database.query<CheckpointRow>(LAST);
  return row;
}

const CHECKPOINTS: Statement = {
  name: 'ledger-checkpoints',
  text: `SELECT ${CHECKPOINT_COLUMNS} FROM ledger_checkpoints WHERE size > $1 ORDER BY size LIMIT $2`,
};

/** Checkpoints after a size, in order. */
export async function readCheckpoints(database: Queryable, after: number, countMax: number): Promise<readonly CheckpointRow[]> {
  return database.query<CheckpointRow>(CHECKPOINTS, [after, countMax]);
}

const ADD_CHECKPOINT: Statement = {
  name: 'ledger-checkpoint-add',
  text: `INSERT INTO ledger_checkpoints (size, at, root, edge, heads, note)
         VALUES ($1, $2, decode($3, 'hex'), decode($4, 'hex'), $5, $6)`,
};

export async function addCheckpoint(tx: Queryable, { size, at, root, edge, heads, note }: CheckpointRow): Promise<void> {
  await tx.query(ADD_CHECKPOINT, [size, at, root, edge, heads, note]);
}

const COSIGN: Statement = {
  name: 'ledger-checkpoint-cosign',
  text: 'UPDATE ledger_checkpoints SET note = note || $2 WHERE size = $1 AND position($2 IN note) = 0',
};

/** Adds a witness's signature lines to a checkpoint. */
export async function addCosignature(database: Queryable, size: number, lines: string): Promise<void> {
  await database.query(COSIGN, [size, lines]);
}

export interface ExportedRow {
  readonly sequence: number;
  readonly id: string;
  readonly at: Date;
  readonly kind: string;
  readonly application: string | null;
  /** Hex. */
  readonly leaf: string;
  readonly chainHash: string;
  readonly salt: string;
  readonly head: string;
  readonly persons: string;
}

const RECORDS: Statement = {
  name: 'ledger-records-of-chain',
  text: `SELECT sequence::float8 AS sequence, id::text, at, kind, application, encode(leaf, 'hex') AS leaf,
           encode(chain_hash, 'hex') AS "chainHash", encode(salt, 'hex') AS salt, head, persons
         FROM ledger_records WHERE chain = $1 AND sequence >= $2 AND sequence < $3 ORDER BY sequence, id`,
};

/** Records of a chain as they stand, from a sequence to before another. */
export async function readChainRecords(database: Queryable, chain: number, from: number, to: number): Promise<readonly ExportedRow[]> {
  return database.query<ExportedRow>(RECORDS, [chain, from, to]);
}

const BY_ID: Statement = {
  name: 'ledger-record-by-id',
  text: `SELECT chain, sequence::float8 AS sequence, encode(salt, 'hex') AS salt, head, persons FROM ledger_records WHERE at = $1 AND id = $2::uuid`,
};

/** A record with what its hash is made of. */
export async function readRecordById(
  database: Queryable,
  at: Date,
  id: string,
): Promise<(Pick<ExportedRow, 'sequence' | 'salt' | 'head' | 'persons'> & { readonly chain: number }) | undefined> {
  const [row] = await database.query<Pick<ExportedRow, 'sequence' | 'salt' | 'head' | 'persons'> & { chain: number }>(BY_ID, [at, id]);
  return row;
}

const MERGED_BEFORE: Statement = {
  name: 'ledger-merged-before',
  text: 'SELECT chain, max(sequence + count - 1)::float8 AS merged FROM ledger_runs WHERE first < $1 GROUP BY chain',
};

/** How far each chain is in the tree of a size. */
export async function readMergedBefore(database: Queryable, size: number): Promise<ReadonlyMap<number, number>> {
  const rows = await database.query<{ chain: number; merged: number }>(MERGED_BEFORE, [size]);
  return new Map(rows.map(({ chain, merged }) => [chain, merged]));
}

const BEYOND: Statement = {
  name: 'ledger-records-beyond',
  text: `SELECT DISTINCT chain FROM ledger_records AS record
         WHERE NOT EXISTS (SELECT FROM ledger_chains WHERE id = record.chain)`,
};

/** Chains of records that no row of ledger_chains stands for. */
export async function readStrayChains(database: Queryable): Promise<readonly number[]> {
  return (await database.query<{ chain: number }>(BEYOND)).map(({ chain }) => chain);
}
