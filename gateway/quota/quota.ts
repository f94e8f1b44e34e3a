import type { Database } from '../../platform/database.ts';
import type { Logger } from '../../platform/log.ts';
import type { Days } from './day.ts';
import { giveQuotaBack, takeQuota } from './store.ts';

/** People taken ahead at most, so that a busy application needs a statement for a thousand people and not for each. */
const AHEAD_MAX = 1_000;
/** What was taken ahead is given back when nobody wanted it for so long. */
const IDLE_MS = 1_000;

export interface Quotas extends AsyncDisposable {
  /**
   * Takes people of an application's quota of the day. False when that many are not left, and then none is taken. Rejects when it cannot be
   * counted.
   */
  take(application: string, peoplePerDay: number, people: number): Promise<boolean>;
  /** Whole seconds until the quota begins anew. */
  secondsLeft(): number;
}

interface Waiting {
  readonly people: number;
  readonly settle: (taken: boolean) => void;
  readonly fail: (error: unknown) => void;
}

/** What this gateway holds of an application's quota. */
interface Held {
  readonly day: string;
  /** Taken from the database and not used. */
  left: number;
  max: number;
  readonly waiting: Waiting[];
  asking: Promise<void> | undefined;
  idle: NodeJS.Timeout | undefined;
}

/**
 * Quotas of people a day, counted in the database for all gateways together. Requests that arrive while a statement is under way share the
 * next, and while much is left a little is taken ahead, for which no statement is needed.
 * INVARIANT: nobody is served whom the database has not counted. A gateway that is killed leaves what it held counted, which is the safe side.
 */
export function createQuotas({
  database,
  days,
  clock,
  log,
}: {
  readonly database: Database;
  readonly days: Days;
  readonly clock: () => number;
  readonly log: Logger;
}): Quotas {
  const applications = new Map<string, Held>();

  const heldOf = (application: string, max: number): Held => {
    const day = days.at(clock());
    let held = applications.get(application);
    if (held?.day !== day) {
      // What is left of yesterday is worth nothing today.
      clearTimeout(held?.idle);
      held = { day, left: 0, max, waiting: [], asking: undefined, idle: undefined };
      applications.set(application, held);
    }
    held.max = max;
    return held;
  };

  const take = async (application: string, held: Held, wanted: number): Promise<{ readonly isGiven: boolean; readonly rest: number }> => {
    const { day, max } = held;
    const { given, taken } = await takeQuota(database, { day, application, wanted, max, ahead: AHEAD_MAX });
    held.left += given;
    return { isGiven: given > 0, rest: max - taken + held.left };
  };

  const serve = (held: Held, waiting: Waiting): boolean => {
    if (waiting.people > held.left) return false;
    held.left -= waiting.people;
    waiting.settle(true);
    return true;
  };

  const ask = async (application: string, held: Held): Promise<void> => {
    while (held.waiting.length > 0) {
      const group = held.waiting.splice(0);
      try {
        const wanted = group.reduce((sum, { people }) => sum + people, 0);
        const { isGiven, rest } = wanted > held.left ? await take(application, held, wanted - held.left) : { isGiven: true, rest: 0 };
        for (const waiting of group) {
          if (isGiven && serve(held, waiting)) continue;
          // Not all fit: who fits is served in the order of arrival, and nobody holds what others could use.
          if (waiting.people > rest) waiting.settle(false);
          else if (!serve(held, waiting)) {
            await take(application, held, waiting.people - held.left);
            if (!serve(held, waiting)) waiting.settle(false);
          }
        }
      } catch (error) {
        for (const waiting of group) waiting.fail(error);
      }
    }
    held.asking = undefined;
  };

  const giveBack = async (application: string, held: Held): Promise<void> => {
    const { left, day } = held;
    if (left === 0) return;
    held.left = 0;
    // When it fails it stays counted.
    await giveQuotaBack(database, day, application, left).catch((error: unknown) => log.warn({ err: error }, 'a quota was not given back'));
  };

  const watchIdle = (application: string, held: Held): void => {
    if (held.idle) held.idle.refresh();
    else held.idle = setTimeout(() => void giveBack(application, held), IDLE_MS).unref();
  };

  return {
    async take(application, peoplePerDay, people) {
      if (people === 0) return true;
      const held = heldOf(application, peoplePerDay);
      watchIdle(application, held);
      if (held.asking === undefined && people <= held.left) {
        held.left -= people;
        return true;
      }
      return new Promise((settle, fail) => {
        held.waiting.push({ people, settle, fail });
        held.asking ??= ask(application, held);
      });
    },
    secondsLeft: () => days.secondsLeft(clock()),
    async [Symbol.asyncDispose]() {
      for (const [application, held] of applications) {
        clearTimeout(held.idle);
        await held.asking;
        await giveBack(application, held);
      }
    },
  };
}
