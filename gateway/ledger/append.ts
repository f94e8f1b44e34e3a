import type { KeyObject } from 'node:crypto';
import type { Database, Queryable, Session } from '../../platform/database.ts';
import type { Logger } from '../../platform/log.ts';
import type { Limits } from '../limits.ts';
import type { Metrics } from '../metrics.ts';
import { beginChain, CHAIN_IDLE_MS, extend, write, type Chain } from './chain.ts';
import type { Entry } from './entry.ts';
import { createLedgerPartitions } from './partitions.ts';
import { receiptsOf } from './receipt.ts';

/** A record that is durable. */
export interface Written {
  readonly id: string;
  /** What its client keeps as a proof (receipt.ts). */
  readonly receipt: string;
}

/** Takes records and says when each is durable. */
export interface Recorder extends AsyncDisposable {
  /** Resolves once the record is committed; with undefined when it could not be, and then nothing of its answer may leave. */
  record(entry: Entry): Promise<Written | undefined>;
  /**
   * Runs `work` in one transaction together with the records of what it did: both stand or neither does. Rejects when it could not be known
   * to stand.
   */
  together<Result>(work: (tx: Queryable) => Promise<{ readonly result: Result; readonly entries: readonly Entry[] }>): Promise<Result>;
  /**
   * Whether records can be written: the last group could be. Else it is tried, for whoever asks next: readiness shows it, and a gateway that is not
   * ready is sent no request by which it could find out.
   */
  canRecord(): boolean;
}

interface Waiting {
  readonly entry: Entry;
  readonly settle: (written: Written | undefined) => void;
}

export interface RecorderParts {
  readonly database: Database;
  /** Name of this gateway in the ledger. */
  readonly writer: string;
  /** Signs receipts. */
  readonly receiptKey: KeyObject;
  readonly limits: Limits;
  readonly metrics: Metrics;
  readonly log: Logger;
  readonly clock: () => number;
}

/**
 * Group commit: while one INSERT is under way, records gather for the next, so that concurrent requests share its wait and an idle
 * gateway adds none. It has a connection of its own, and never two groups under way: a chain has no gaps.
 * INVARIANT: a record's promise resolves with a receipt only after its statement's promise resolved.
 */
export function createRecorder(parts: RecorderParts): Recorder {
  const { database, writer, receiptKey, limits, metrics, log, clock } = parts;
  const session: Session = database.session({ timeoutMs: limits.recordTimeoutMs });
  const partitions = createLedgerPartitions(database);
  const queue: Waiting[] = [];
  let writing: Promise<void> | undefined;
  let healthy = true;
  let chain: Chain | undefined;

  const current = async (known: Chain | undefined, on: Queryable): Promise<Chain> => {
    const nowMs = clock();
    return known === undefined || Math.abs(nowMs - known.writtenAtMs) > CHAIN_IDLE_MS ? beginChain(on, writer, nowMs) : known;
  };

  const commit = async (entries: readonly Entry[]): Promise<readonly Written[] | undefined> => {
    try {
      for (const { atMs } of entries) await partitions.ensure(atMs);
      const group = extend(await current(chain, session), entries, clock());
      // Whatever happens while it is written, what was before it must not be written to again.
      chain = undefined;
      await write(session, group);
      ({ chain } = group);
      return receiptsOf(group.sealed, group.chain, receiptKey).map((receipt, index) => ({ id: entries[index]?.id ?? '', receipt }));
    } catch (error) {
      // The group may stand without an answer, which is the safe side. The next one begins a chain of its own.
      chain = undefined;
      log.error({ error, records: entries.length }, 'records could not be written; their requests are not answered');
      return undefined;
    }
  };

  /** Begins a chain, which is a write like that of a record. */
  const tryWriting = async (): Promise<true | undefined> => {
    try {
      await partitions.ensure(clock());
      chain = await beginChain(session, writer, clock());
      return true;
    } catch (error) {
      log.warn({ error }, 'records still cannot be written');
      return undefined;
    }
  };

  const writeAll = async (tries = false): Promise<void> => {
    if (tries) healthy = (await within(tryWriting(), limits.recordTimeoutMs)) === true;
    while (queue.length > 0) {
      const group = queue.splice(0, groupSize(queue.length, limits));
      const startedAt = performance.now();
      const written = await within(commit(group.map(({ entry }) => entry)), limits.recordTimeoutMs);
      healthy = written !== undefined;
      if (healthy) metrics.recordsWritten(group.length, (performance.now() - startedAt) / 1000);
      else metrics.recordsFailed(group.length);
      metrics.recordsWaiting(queue.length);
      for (const [index, waiting] of group.entries()) waiting.settle(written?.[index]);
    }
    writing = undefined;
  };

  const transactions = createTransactions(parts, partitions, current);

  return {
    canRecord() {
      if (!healthy) writing ??= writeAll(true);
      return healthy;
    },
    async record(entry) {
      // While nothing can be written few wait, so that the others are told at once.
      if (queue.length >= (healthy ? limits.recordQueueMax : limits.recordQueueUnhealthyMax)) return undefined;
      return new Promise((settle) => {
        queue.push({ entry, settle });
        metrics.recordsWaiting(queue.length);
        writing ??= writeAll();
      });
    },
    together: transactions,
    async [Symbol.asyncDispose]() {
      await writing;
      await session[Symbol.asyncDispose]();
    },
  };
}

/** So many waiting records are always one group: a statement costs what some records do. */
const WHOLE_MAX = 16;

/**
 * Of many that wait half are written at once. All together they would be answered together, come again together and wait together, so that the
 * gateway rests while the database writes and the database while the gateway works.
 */
function groupSize(waiting: number, { recordGroupMax }: Limits): number {
  return Math.min(Math.max(WHOLE_MAX, Math.ceil(waiting / 2)), recordGroupMax);
}

/** Records that stand together with what they are about have a chain of their own, written by one transaction after the other. */
function createTransactions(
  { database, clock }: RecorderParts,
  partitions: ReturnType<typeof createLedgerPartitions>,
  current: (known: Chain | undefined, on: Queryable) => Promise<Chain>,
): Recorder['together'] {
  let chain: Chain | undefined;
  let last: Promise<unknown> = Promise.resolve();

  const run: Recorder['together'] = async (work) => {
    await partitions.ensure(clock());
    const known = chain;
    chain = undefined;
    const { result, next } = await database.transaction(async (tx) => {
      const { result, entries } = await work(tx);
      if (entries.length === 0) return { result, next: known };
      const group = extend(await current(known, tx), entries, clock());
      await write(tx, group);
      return { result, next: group.chain };
    });
    chain = next;
    return result;
  };

  return async (work) => {
    const running = last.then(async () => run(work));
    last = running.catch(() => undefined);
    return running;
  };
}

/** What a promise gives, or undefined when it takes too long: a database that neither answers nor fails. */
async function within<Result>(promise: Promise<Result>, timeoutMs: number): Promise<Result | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const deadline = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), timeoutMs);
  });
  try {
    return await Promise.race([promise, deadline]);
  } finally {
    clearTimeout(timer);
  }
}
