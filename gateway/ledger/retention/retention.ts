import type { Logger } from '../../../platform/log.ts';
import type { EventLedger } from '../recording.ts';
import { destroyKeys } from '../keys/store.ts';
import { monthNamed, monthOf } from '../months.ts';
import { dropMonth, readMonths, readMonthSum, readPruned, tryLock } from './store.ts';

/** Bodies are kept at least this long, whatever is configured: whoever was looked up must be able to find out. */
export const RETENTION_MONTHS_MIN = 6;

export interface RetentionParts {
  readonly events: EventLedger;
  /** Whole months that bodies are kept after their own. */
  readonly months: number;
  readonly clock: () => number;
}

/**
 * Takes away the bodies of months that are over for longer than they are kept, and destroys the keys of their pseudonyms. Leaves stay, and
 * the ledger says itself what was taken, so that everything still verifies. A month of which something is not in the tree yet stays whole.
 * Gives the months.
 */
export async function prune({ events, months, clock }: RetentionParts): Promise<readonly string[]> {
  const nowMs = clock();
  const kept = Math.max(months, RETENTION_MONTHS_MIN);
  const before = monthOf(nowMs, -kept).begins;
  const make = await events.entriesAt(nowMs);
  return events.together(async (tx) => {
    if (!(await tryLock(tx))) return { result: [], entries: [] };
    let { below, bodies } = await readPruned(tx);
    const pruned: string[] = [];
    for (const name of await readMonths(tx)) {
      const month = monthNamed(name);
      if (!month || month.ends > before) break;
      const sum = await readMonthSum(tx, month.begins, month.ends);
      if (sum.unmerged > 0) break;
      bodies += sum.records;
      below = Math.max(below, sum.below);
      await dropMonth(tx, name);
      pruned.push(name);
    }
    const last = pruned.at(-1);
    if (last === undefined) return { result: [], entries: [] };
    const keptFrom = monthOf(Date.parse(`${last}-01T00:00:00Z`), 1);
    const destroyed = await destroyKeys(tx, keptFrom.name, new Date(nowMs));
    const details = {
      months: pruned.join(' '),
      before: keptFrom.begins.toISOString(),
      below: String(below),
      bodies: String(bodies),
      keys: destroyed.join(' '),
    };
    const entry = make({ kind: 'administration', action: 'ledger.pruned', actor: 'gateway', case: null, second: null, details });
    return { result: pruned, entries: [entry] };
  });
}

const INTERVAL_MS = 6 * 3_600_000;

/** Prunes now and then, and makes the partitions of the next months. */
export function startRetention(parts: RetentionParts, ahead: (nowMs: number) => Promise<void>, log: Logger): AsyncDisposable {
  let last: Promise<void> = Promise.resolve();
  const run = async (): Promise<void> => {
    try {
      await ahead(parts.clock());
      const months = await prune(parts);
      if (months.length > 0) log.info({ months }, 'the bodies of old records were taken away');
    } catch (error) {
      log.error({ err: error }, 'retention failed and is tried again');
    }
  };
  const timer = setInterval(() => {
    last = run();
  }, INTERVAL_MS);
  timer.unref();
  last = run();
  return {
    async [Symbol.asyncDispose]() {
      clearInterval(timer);
      await last;
    },
  };
}
