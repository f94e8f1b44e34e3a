import type { Logger } from '../../platform/log.ts';
import type { LedgerEvent } from '../ledger/events.ts';
import type { EventLedger } from '../ledger/recording.ts';
import { markFed, takeUnfed, type EventRow } from './store.ts';

/** Events taken into the ledger by one transaction. */
const FED_AT_ONCE_MAX = 200;
const INTERVAL_MS = 1_000;

/**
 * Takes what was done by way of the admin API into the ledger. An event stands in the transaction of what it tells of, and its record in the
 * transaction that marks it, so that none is lost or told twice whatever ends in between. Gives how many there were.
 */
export async function feedLedger(ledger: EventLedger, clock: () => number): Promise<number> {
  let fed = 0;
  for (;;) {
    const make = await ledger.entriesAt(clock());
    const count = await ledger.together(async (tx) => {
      const rows = await takeUnfed(tx, FED_AT_ONCE_MAX);
      const entries = rows.map((row) => make(eventOf(row)));
      if (rows.length > 0)
        await markFed(
          tx,
          rows.map(({ number }, index) => ({ number, record: entries[index]?.id ?? '' })),
        );
      return { result: rows.length, entries };
    });
    fed += count;
    if (count < FED_AT_ONCE_MAX) return fed;
  }
}

/** Feeds at intervals; a last time when it is let go of. */
export function startFeeding(ledger: EventLedger, clock: () => number, log: Logger): AsyncDisposable {
  let ended = false;
  let timer: NodeJS.Timeout | undefined;
  let last: Promise<unknown> = Promise.resolve();
  const feed = async (): Promise<void> => {
    await feedLedger(ledger, clock).catch((error: unknown) => {
      log.error({ err: error }, 'what was administered is not in the ledger yet; it is tried again');
    });
  };
  const schedule = (): void => {
    timer = setTimeout(() => {
      last = feed().finally(() => {
        if (!ended) schedule();
      });
    }, INTERVAL_MS);
    timer.unref();
  };
  schedule();
  return {
    async [Symbol.asyncDispose]() {
      ended = true;
      clearTimeout(timer);
      await last;
      await feed();
    },
  };
}

/** An event as the ledger tells it: what it was done to and by whom, and the hash of all that the table keeps of it. */
export function eventOf({ kind: action, actor, person, login, at, subject, hash }: EventRow): LedgerEvent {
  const details = { person, login, at: at.toISOString(), event: hash };
  const [area = ''] = action.split('.');
  if (/^[a-z]+\.approve/.test(action)) return { kind: 'approval', action, subject, actor, details };
  switch (area) {
    case 'policy':
      return { kind: 'policy', action, version: subject, actor, details };
    case 'registry':
      return { kind: 'registry', action, subject, actor, details };
    case 'operation':
      return { kind: 'approval', action, subject, actor, details };
    case 'analysis':
      return { kind: 'analysis', action, subject, actor, details };
    default:
      return { kind: 'administration', action, actor, case: null, second: null, details: { ...details, subject } };
  }
}
