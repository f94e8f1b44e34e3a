import type { Queryable } from '../../platform/database.ts';
import type { Logger } from '../../platform/log.ts';
import type { Limits } from '../limits.ts';
import type { Metrics } from '../metrics.ts';
import type { LedgerRecord } from './record.ts';
import { appendRecords } from './store.ts';

/** Takes records and says when each is durable. */
export interface Recorder extends AsyncDisposable {
  /** True once the record is committed; false when it could not be, and then nothing of its answer may leave. */
  record(record: LedgerRecord): Promise<boolean>;
  /** Whether the last group could be written; readiness shows it. */
  readonly healthy: boolean;
}

interface Waiting {
  readonly record: LedgerRecord;
  readonly settle: (durable: boolean) => void;
}

export interface RecorderParts {
  readonly database: Queryable;
  readonly limits: Limits;
  readonly metrics: Metrics;
  readonly log: Logger;
}

/**
 * Group commit: while one INSERT is under way, records gather for the next, so that concurrent requests share its wait and an idle
 * gateway adds none. INVARIANT: `settle(true)` only after the statement's promise resolved.
 */
export function createRecorder({ database, limits, metrics, log }: RecorderParts): Recorder {
  const queue: Waiting[] = [];
  let writing: Promise<void> | undefined;
  let healthy = true;

  const write = async (): Promise<void> => {
    while (queue.length > 0) {
      const group = queue.splice(0, limits.recordGroupMax);
      const startedAt = performance.now();
      const durable = await commit(group.map((waiting) => waiting.record));
      healthy = durable;
      if (durable) metrics.recordsWritten(group.length, (performance.now() - startedAt) / 1000);
      else metrics.recordsFailed(group.length);
      metrics.recordsWaiting(queue.length);
      for (const waiting of group) waiting.settle(durable);
    }
    writing = undefined;
  };

  const commit = async (records: readonly LedgerRecord[]): Promise<boolean> => {
    let timer: NodeJS.Timeout | undefined;
    const deadline = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Error(`Not written within ${limits.recordTimeoutMs} ms.`)), limits.recordTimeoutMs);
    });
    try {
      // A group that comes through after the deadline is in the ledger without an answer, which is the safe side.
      await Promise.race([appendRecords(database, records), deadline]);
      return true;
    } catch (error) {
      log.error({ error, records: records.length }, 'records could not be written; their requests are not answered');
      return false;
    } finally {
      clearTimeout(timer);
    }
  };

  return {
    get healthy() {
      return healthy;
    },
    async record(record) {
      if (queue.length >= limits.recordQueueMax) return false;
      return new Promise((settle) => {
        queue.push({ record, settle });
        metrics.recordsWaiting(queue.length);
        writing ??= write();
      });
    },
    async [Symbol.asyncDispose]() {
      await writing;
    },
  };
}
