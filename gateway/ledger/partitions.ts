import type { Database } from '../../platform/database.ts';
import { monthOf, type Month } from './months.ts';
import { createPartitions } from './store.ts';

/** Months that partitions are made ahead for. */
const MONTHS_AHEAD = 2;

/** The partitions that records go into. */
export interface Partitions {
  /** Makes this month's and the next ones'. */
  ahead(nowMs: number): Promise<void>;
  /** Undefined when the partition of the moment is there, else a promise that it will be. */
  ensure(atMs: number): Promise<void> | undefined;
}

/** Remembers which partitions are there, so that asking costs nothing. */
export function createLedgerPartitions(database: Database): Partitions {
  const made = new Set<string>();
  let latest: Month | undefined;

  const make = async (month: Month): Promise<void> => {
    if (!made.has(month.name)) await database.transaction(async (tx) => createPartitions(tx, month.name, month.begins, month.ends));
    made.add(month.name);
  };

  return {
    async ahead(nowMs) {
      for (let offset = 0; offset <= MONTHS_AHEAD; offset += 1) await make(monthOf(nowMs, offset));
    },
    ensure(atMs) {
      if (latest !== undefined && atMs >= latest.begins.getTime() && atMs < latest.ends.getTime()) return undefined;
      const month = monthOf(atMs);
      if (!made.has(month.name)) return make(month);
      latest = month;
      return undefined;
    },
  };
}
