import type { Queryable } from '../../../platform/database.ts';
import type { Metrics } from '../../metrics.ts';
import type { Days } from '../../quota/day.ts';
import { addPulse, addSequential, type PulseRow } from './store.ts';

/** Upper bounds of the times that are told apart, in milliseconds. */
const LATENCY_BOUNDS_MS = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000, 60_000] as const;
/** Numbers of one application that are held beside a new one. In memory only, and never written. */
const NUMBERS_HELD_MAX = 2_048;
/** Codes of requests of nobody known: they stand in no record, and are counted. */
const UNRECORDED: ReadonlySet<string> = new Set([
  'UNAUTHENTICATED',
  'METHOD_NOT_ALLOWED',
  'NOT_ACCEPTABLE',
  'UNSUPPORTED_MEDIA_TYPE',
  'AUDIT_UNAVAILABLE',
  'OVERLOADED',
]);

/** What a gateway sees of its own work and the ledger does not know. */
export interface Pulse {
  /** The same metrics, listened to. */
  readonly listening: (metrics: Metrics) => Metrics;
  /** Looks whether numbers asked for stand beside each other: somebody may be trying one after the other. */
  readonly asked: (application: string, idNumbers: readonly string[]) => void;
  /** Writes what was gathered. What could not be written is kept for the next time. */
  readonly flush: (database: Queryable) => Promise<void>;
}

export function createPulse(clock: () => number, days: Days): Pulse {
  let rows = new Map<string, PulseRow>();
  let sequential = new Map<string, number>();
  const held = new Map<string, Numbers>();

  const count = (kind: PulseRow['kind'], subject: string, name: string, milliseconds: number): void => {
    const hour = `${new Date(clock()).toISOString().slice(0, 13)}:00:00.000Z`;
    const key = `${hour} ${kind} ${subject} ${name}`;
    const row = rows.get(key) ?? { hour, kind, subject, name, count: 0, milliseconds: 0 };
    rows.set(key, row);
    row.count += 1;
    row.milliseconds += milliseconds;
  };

  return {
    listening: (metrics) => ({
      ...metrics,
      requestStarted() {
        const done = metrics.requestStarted();
        const startedAt = performance.now();
        return (status, code) => {
          done(status, code);
          const ms = performance.now() - startedAt;
          const bound = LATENCY_BOUNDS_MS.find((one) => ms <= one) ?? LATENCY_BOUNDS_MS.at(-1) ?? 0;
          count('latency', '', String(bound), ms);
          if (UNRECORDED.has(code)) count('refused', '', code, ms);
        };
      },
      subgraphStarted(subgraph) {
        const arrived = metrics.subgraphStarted(subgraph);
        const startedAt = performance.now();
        return () => {
          const done = arrived();
          const ms = performance.now() - startedAt;
          return (outcome) => {
            done(outcome);
            count('register', subgraph, outcome, ms);
          };
        };
      },
    }),
    asked(application, idNumbers) {
      const numbers = held.get(application) ?? new Numbers();
      held.set(application, numbers);
      let beside = 0;
      for (const idNumber of idNumbers) if (numbers.add(Number(idNumber))) beside += 1;
      if (beside > 0) sequential.set(application, (sequential.get(application) ?? 0) + beside);
    },
    async flush(database) {
      const [pulse, found] = [rows, sequential];
      rows = new Map();
      sequential = new Map();
      try {
        if (pulse.size > 0) await addPulse(database, [...pulse.values()]);
        pulse.clear();
        if (found.size > 0) await addSequential(database, days.at(clock()), found);
      } catch (error) {
        for (const [key, row] of pulse) {
          const later = rows.get(key);
          rows.set(key, later ? { ...row, count: row.count + later.count, milliseconds: row.milliseconds + later.milliseconds } : row);
        }
        for (const [application, seen] of found) sequential.set(application, seen + (sequential.get(application) ?? 0));
        throw error;
      }
    },
  };
}

/** The numbers that were asked for last, in a ring: taking the oldest out of a set by its order would pass over all that went before it. */
class Numbers {
  readonly #set = new Set<number>();
  readonly #ring = new Float64Array(NUMBERS_HELD_MAX);
  #next = 0;

  /** Whether a number that is new here stands beside one that is held. */
  add(number: number): boolean {
    if (this.#set.has(number)) return false;
    const isBeside = this.#set.has(number - 1) || this.#set.has(number + 1);
    if (this.#set.size === NUMBERS_HELD_MAX) this.#set.delete(this.#ring[this.#next] ?? 0);
    this.#set.add(number);
    this.#ring[this.#next] = number;
    this.#next = (this.#next + 1) % NUMBERS_HELD_MAX;
    return isBeside;
  }
}
