import type { Database } from '../platform/database.ts';
import type { Logger } from '../platform/log.ts';
import { forgetProbes } from './probes/store.ts';
import type { Days } from './quota/day.ts';
import { forgetQuotas } from './quota/store.ts';

/** Days that are kept behind today: gateways whose clocks differ, and days of zones that begin later, are still within one of them. */
const KEPT_DAYS = 2;
const DAY_MS = 86_400_000;
const INTERVAL_MS = 3_600_000;
/** Rows of one statement, so that none takes longer than a statement may. */
const ROWS_AT_ONCE = 10_000;

export interface PastDaysParts {
  readonly database: Database;
  readonly days: Days;
  readonly clock: () => number;
  readonly log: Logger;
}

/**
 * Lets go of what counts for one day only, bounded questions and quotas, when the day is over: of the questions a table would stay behind that
 * says who asked about whom. Rejects when the database does; what was let go of until then stays so.
 */
export async function forgetPastDays({ database, days, clock }: Omit<PastDaysParts, 'log'>): Promise<void> {
  const before = days.at(clock() - KEPT_DAYS * DAY_MS);
  for (const forget of [forgetProbes, forgetQuotas]) {
    for (let gone = ROWS_AT_ONCE; gone === ROWS_AT_ONCE;) gone = await forget(database, before, ROWS_AT_ONCE);
  }
}

/** Does so now and every hour. */
export function startForgettingPastDays({ log, ...parts }: PastDaysParts): AsyncDisposable {
  let last: Promise<void> = Promise.resolve();
  const run = (): void => {
    last = forgetPastDays(parts).catch((error: unknown) => {
      log.error({ err: error }, 'what counted for past days could not be let go of; it is tried again in an hour');
    });
  };
  const timer = setInterval(run, INTERVAL_MS);
  timer.unref();
  run();
  return {
    async [Symbol.asyncDispose]() {
      clearInterval(timer);
      await last;
    },
  };
}
