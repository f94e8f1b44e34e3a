import type { Database } from '../../../platform/database.ts';
import type { Logger } from '../../../platform/log.ts';
import type { EventLedger } from '../../ledger/recording.ts';
import type { Days } from '../../quota/day.ts';
import type { OversightSettings } from '../settings.ts';
import { raise, readDayBeside, type DayBeside } from './store.ts';

export interface AnomalyParts {
  readonly database: Database;
  readonly days: Days;
  readonly settings: Pick<OversightSettings, 'factor' | 'least'>;
  readonly events: EventLedger;
  readonly raised: (kind: string) => void;
  readonly log: Logger;
  readonly clock: () => number;
}

/**
 * Holds the day against its own past: of each application, and of each officer and purpose in it. What is unusual is raised once a day, as
 * an event in the ledger, a metric and a line of the log. Works on sums, which name nobody.
 */
export async function findAnomalies({ database, days, settings, events, raised, log, clock }: AnomalyParts): Promise<void> {
  const nowMs = clock();
  const day = days.at(nowMs);
  for (const row of await readDayBeside(database, day, settings.least)) {
    const bound = boundOf(row, settings);
    if (row.seen < bound) continue;
    const { kind, application, officer, purpose, seen, usual } = row;
    const make = await events.entriesAt(nowMs);
    // The event stands with the row that says that it was told.
    const isNew = await events.together(async (tx) => {
      const result = await raise(tx, day, new Date(nowMs), { ...row, bound });
      const details = { kind, day, application, officer, purpose, seen: String(seen), usual: usual.toFixed(1), bound: bound.toFixed(1) };
      const entry = make({ kind: 'administration', action: 'anomaly.raised', actor: 'gateway', case: null, second: null, details });
      return { result, entries: result ? [entry] : [] };
    });
    if (!isNew) continue;
    raised(kind);
    log.warn({ kind, application, officer, purpose, seen, usual, bound }, 'an anomaly: far more than is usual');
  }
}

/** From how many on it is an anomaly. */
export function boundOf({ kind, usual }: Pick<DayBeside, 'kind' | 'usual'>, settings: Pick<OversightSettings, 'factor' | 'least'>): number {
  return Math.max(settings.least[kind], settings.factor * usual);
}
