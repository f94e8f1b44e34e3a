import type { Queryable } from '../../../platform/database.ts';
import type { ChainRow, ExportedRow, RunRow } from '../tree/store.ts';
import * as store from '../tree/store.ts';

/**
 * A ledger as lines of JSON: what `verify` checks without database or gateway. First the keys; then, in the order of the tree, each run of
 * leaves with its records, and each checkpoint where it was made; a chain is told before its first run. At the end what no checkpoint covers.
 */
export type ExportLine =
  | { readonly type: 'ledger'; readonly version: 1; readonly key: string; readonly witnesses: readonly string[] }
  | { readonly type: 'chain'; readonly chain: number; readonly writer: string; readonly epoch: number }
  /** `leaves` is base64. */
  | { readonly type: 'run'; readonly first: number; readonly chain: number; readonly sequence: number; readonly leaves: string }
  | RecordLine
  | { readonly type: 'checkpoint'; readonly size: number; readonly root: string; readonly heads: string; readonly note: string };

export interface RecordLine {
  /** `tail`: it is not in the tree yet. */
  readonly type: 'record' | 'tail';
  readonly chain: number;
  readonly sequence: number;
  readonly id: string;
  readonly at: string;
  readonly kind: string;
  readonly application: string | null;
  readonly leaf: string;
  readonly chainHash: string;
  readonly salt: string;
  readonly head: string;
  readonly persons: string;
}

/** What the export says of keys; whoever checks had better know them from elsewhere. */
export interface ExportKeys {
  readonly key: string;
  readonly witnesses: readonly string[];
}

export interface ExportPage {
  readonly lines: readonly string[];
  /** Where the next page begins; undefined after the last. */
  readonly next: number | undefined;
}

/** A page ends after this many records. */
const PAGE_RECORDS_MAX = 1_000;
const RUNS_READ_MAX = 100;
/** Records of the tail read at once. */
const TAIL_READ_MAX = 1_000;

/**
 * One page of an export, from a leaf on; 0 begins. Nothing that was exported changes later, so that no snapshot is held: a page tells what is
 * there when it is read.
 */
export async function exportPage(database: Queryable, from: number, keys: ExportKeys): Promise<ExportPage> {
  const lines: string[] = from === 0 ? [line({ type: 'ledger', version: 1, ...keys })] : [];
  const chains = new Map((await store.readChains(database)).map((chain) => [chain.id, chain]));
  const runs = (await store.readRuns(database, from, Number.MAX_SAFE_INTEGER, RUNS_READ_MAX)).filter(({ first }) => first >= from);
  if (runs.length === 0) {
    await addTail(database, from, chains, lines);
    return { lines, next: undefined };
  }
  let checkpoints = await store.readCheckpoints(database, from, RUNS_READ_MAX);
  let next = from;
  let records = 0;
  for (const run of runs) {
    if (run.sequence === 1) addChain(chains.get(run.chain), lines);
    lines.push(line({ type: 'run', first: run.first, chain: run.chain, sequence: run.sequence, leaves: run.leaves.toString('base64') }));
    records += await addRecords(database, run, lines);
    next = run.first + run.count;
    const [checkpoint] = checkpoints;
    if (checkpoint !== undefined && checkpoint.size <= next) {
      const { size, root, heads, note } = checkpoint;
      lines.push(line({ type: 'checkpoint', size, root, heads, note }));
      checkpoints = checkpoints.slice(1);
    }
    if (records >= PAGE_RECORDS_MAX) break;
  }
  return { lines, next };
}

async function addRecords(database: Queryable, { chain, sequence, count }: RunRow, lines: string[]): Promise<number> {
  const rows = await store.readChainRecords(database, chain, sequence, sequence + count);
  for (const row of rows) lines.push(line(recordLine('record', chain, row)));
  return rows.length;
}

/** What no run holds, chain by chain; records of chains that do not exist stand there too. */
async function addTail(database: Queryable, from: number, chains: ReadonlyMap<number, ChainRow>, lines: string[]): Promise<void> {
  const merged = await store.readMergedBefore(database, from);
  const strays = await store.readStrayChains(database);
  for (const chain of [...chains.keys(), ...strays]) {
    let after = merged.get(chain) ?? 0;
    for (;;) {
      const rows = await store.readChainRecords(database, chain, after + 1, after + 1 + TAIL_READ_MAX);
      if (rows.length > 0 && after === 0) addChain(chains.get(chain), lines);
      for (const row of rows) lines.push(line(recordLine('tail', chain, row)));
      after = rows.at(-1)?.sequence ?? after;
      if (rows.length < TAIL_READ_MAX) break;
    }
  }
}

function addChain(chain: ChainRow | undefined, lines: string[]): void {
  if (chain) lines.push(line({ type: 'chain', chain: chain.id, writer: chain.writer, epoch: chain.epoch }));
}

function recordLine(type: RecordLine['type'], chain: number, row: ExportedRow): RecordLine {
  const { sequence, id, at, kind, application, leaf, chainHash, salt, head, persons } = row;
  return { type, chain, sequence, id, at: at.toISOString(), kind, application, leaf, chainHash, salt, head, persons };
}

function line(value: ExportLine): string {
  return JSON.stringify(value);
}
