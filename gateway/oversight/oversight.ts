import type { Database } from '../../platform/database.ts';
import type { Logger } from '../../platform/log.ts';
import type { Actor } from '../admin/actor.ts';
import type { EventLedger } from '../ledger/recording.ts';
import type { PseudonymKeys } from '../ledger/pseudonym.ts';
import type { Metrics } from '../metrics.ts';
import type { Notices } from '../notices/notices.ts';
import { countNotices } from '../notices/store.ts';
import type { Registry } from '../policy/registry.ts';
import type { Days } from '../quota/day.ts';
import { findAnomalies } from './anomalies/anomalies.ts';
import { follow } from './follow/follow.ts';
import type { Pulse } from './follow/pulse.ts';
import { createHistory } from './history/history.ts';
import { createShowHistory, type ShowHistory } from './history/shown.ts';
import { reconcile, SETTLED_SECONDS, type Reconciliation } from './reconcile/reconcile.ts';
import type { Ask } from './reconcile/register.ts';
import { review, type Reviewed, type ReviewInput } from './reviews/reviews.ts';
import { countWaiting } from './reviews/store.ts';
import { findScope, type Scope, type ScopeQuery } from './scope/scope.ts';
import type { OversightSettings } from './settings.ts';

const INTERVAL_MS = 2_000;
const RECONCILE_EVERY_MS = 300_000;

/** What is read from the ledger by those who may: citizens of themselves, supervisors of everything but people. */
export interface Oversight extends AsyncDisposable {
  readonly database: Database;
  readonly days: Days;
  readonly timeZone: string;
  readonly registers: Iterable<string>;
  readonly showHistory: ShowHistory;
  readonly findScope: (query: ScopeQuery) => Promise<Scope>;
  /** Follows the ledger now, so that whoever asks sees what has happened; whether all of it could be. */
  readonly catchUp: () => Promise<boolean>;
  /** `settledSeconds`: calls that are younger may be under way. */
  readonly reconcile: (settledSeconds?: number) => Promise<Reconciliation>;
  readonly review: (input: ReviewInput, actor: Actor) => Promise<Reviewed>;
}

export interface OversightParts {
  readonly database: Database;
  readonly pseudonyms: PseudonymKeys;
  readonly events: EventLedger;
  readonly registry: () => Registry;
  readonly registers: ReadonlyMap<string, Ask>;
  readonly pulse: Pulse;
  readonly notices: Notices;
  readonly days: Days;
  readonly timeZone: string;
  readonly settings: OversightSettings;
  readonly metrics: Metrics;
  readonly log: Logger;
  readonly clock: () => number;
}

/** Begins to follow the ledger. Several gateways do, and each record is counted once. */
export function startOversight(parts: OversightParts): Oversight {
  const { database, pseudonyms, events, registry, days, settings, clock, log, metrics } = parts;
  const { usualHours, reviewSeconds } = settings;

  const catchUp = async (): Promise<boolean> => {
    await parts.pulse.flush(database);
    const isAll = await follow({ database, days, usualHours, reviewSeconds, clock });
    await findAnomalies({ database, days, settings, events, raised: metrics.anomalyRaised, log, clock });
    return isAll;
  };
  const reconcileNow = async (settledSeconds = SETTLED_SECONDS): Promise<Reconciliation> => {
    if (!(await catchUp()))
      throw new Error('The ledger is not followed to its end yet, so nothing can be compared. Try again in some seconds.');
    const { registers } = parts;
    return reconcile({ database, registers, events, found: metrics.grantsUnrecorded, log, clock, settledSeconds });
  };

  let reconciledMs = clock();
  const turn = async (): Promise<void> => {
    const isAll = await catchUp();
    await parts.notices.deliver();
    const { waiting, overdue } = await countWaiting(database, new Date(clock()));
    metrics.oversight({ reviewsWaiting: waiting, reviewsOverdue: overdue, noticesWaiting: await countNotices(database) });
    if (!isAll || clock() - reconciledMs < RECONCILE_EVERY_MS) return;
    reconciledMs = clock();
    await reconcileNow();
  };
  const repeating = repeat(turn, log);

  return {
    database,
    days,
    timeZone: parts.timeZone,
    registers: parts.registers.keys(),
    showHistory: createShowHistory(createHistory({ database, pseudonyms, clock }), registry),
    findScope: async (query) => findScope(database, query),
    catchUp,
    reconcile: reconcileNow,
    review: async (input, actor) => review({ database, registry, clock }, input, actor),
    [Symbol.asyncDispose]: async () => repeating[Symbol.asyncDispose](),
  };
}

/** One turn after the other, with a pause between; what fails is tried again in the next. */
function repeat(turn: () => Promise<void>, log: Logger): AsyncDisposable {
  let ended = false;
  let last: Promise<void> = Promise.resolve();
  let timer: NodeJS.Timeout;
  const run = async (): Promise<void> => {
    await turn().catch((error: unknown) => log.warn({ err: error }, 'the ledger could not be followed; it is tried again'));
    if (!ended) schedule();
  };
  const schedule = (): void => {
    timer = setTimeout(() => {
      last = run();
    }, INTERVAL_MS).unref();
  };
  schedule();
  return {
    async [Symbol.asyncDispose]() {
      ended = true;
      clearTimeout(timer);
      await last;
    },
  };
}
