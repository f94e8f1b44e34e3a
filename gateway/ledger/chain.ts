import type { Queryable } from '../../platform/database.ts';
import { chainStart, seal, type Entry, type Sealed } from './entry.ts';
import { appendRecords, openChain } from './store.ts';

/** Writers that take the same epoch at the same moment try again; this often. */
const OPEN_ATTEMPTS_MAX = 20;

/** A chain is left after this long without a record, so that the sequencer need not look at the chains of gateways that are gone. */
export const CHAIN_IDLE_MS = 1_800_000;

/** Where a chain stands. Whoever writes it holds it in memory alone: nobody else may write it. */
export interface Chain {
  readonly id: number;
  readonly writer: string;
  readonly epoch: number;
  /** Of the last record. */
  readonly sequence: number;
  readonly hash: string;
  readonly writtenAtMs: number;
}

/** Begins a chain of the writer. */
export async function beginChain(database: Queryable, writer: string, nowMs: number): Promise<Chain> {
  for (let attempt = 0; attempt < OPEN_ATTEMPTS_MAX; attempt += 1) {
    const opened = await openChain(database, writer, new Date(nowMs));
    if (opened) return { ...opened, writer, sequence: 0, hash: chainStart(writer, opened.epoch), writtenAtMs: nowMs };
  }
  throw new Error('No chain of the ledger could be begun: too many processes begin one under the same name. Give each its own WRITER.');
}

/** A group that has its places in the chain and is written by one statement. */
export interface Group {
  readonly sealed: readonly Sealed[];
  /** Where the chain stands once it is written. */
  readonly chain: Chain;
}

/** Gives entries their places at the end of the chain. Nothing is written yet. */
export function extend(chain: Chain, entries: readonly Entry[], nowMs: number): Group {
  const sealed: Sealed[] = [];
  let { sequence, hash } = chain;
  for (const entry of entries) {
    sequence += 1;
    const one = seal(entry, { writer: chain.writer, epoch: chain.epoch, sequence }, hash);
    hash = one.chainHash;
    sealed.push(one);
  }
  return { sealed, chain: { ...chain, sequence, hash, writtenAtMs: nowMs } };
}

/** Writes a group; it stands when the promise resolves. When it rejects nobody knows, and the chain must not be written further. */
export async function write(database: Queryable, { sealed, chain }: Group): Promise<void> {
  await appendRecords(database, chain.id, sealed);
}
