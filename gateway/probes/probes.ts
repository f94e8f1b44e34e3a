import { createHmac } from 'node:crypto';
import type { Queryable } from '../../platform/database.ts';
import { dayInVietnam } from '../../platform/vietnam-time.ts';
import { takeProbes, type ProbeRow } from './store.ts';

/** A question to people whose answer is yes or no: enough of them find a birth date, so that permits bound how many may be asked. */
export interface Probe {
  readonly coordinate: string;
  /** Distinct questions of this field to one person in a day. */
  readonly max: number;
  /** What is asked, in a form that is equal for equal questions. */
  readonly question: string;
  readonly idNumbers: readonly string[];
}

/** Who may be asked, by probe in the order given. Rejects when that cannot be noted: then nobody may. */
export type TakeProbes = (application: string, probes: readonly Probe[]) => Promise<readonly ReadonlySet<string>[]>;

/**
 * Counts questions in the database, for all gateways together. INVARIANT: what is asked is noted before it is asked, and alike for numbers
 * that nobody has. The key hides the questions from whoever reads the table: there are few dates.
 */
export function createTakeProbes(database: Queryable, key: Buffer, clock: () => number): TakeProbes {
  return async (application, probes) => {
    const day = dayInVietnam(clock());
    const taken = probes.map(() => new Set<string>());
    // The same field may be asked of a person twice in a request: one statement cannot change a row twice.
    const waiting = probes.flatMap((probe, index) => {
      const hash = createHmac('sha256', key).update(`${probe.coordinate} ${probe.question}`).digest('base64url');
      return probe.idNumbers.map((idNumber) => ({ index, row: { idNumber, coordinate: probe.coordinate, hash, max: probe.max } }));
    });
    for (const round of roundsOf(waiting)) {
      const allowed = new Set(
        await takeProbes(
          database,
          day,
          application,
          round.map(({ row }) => row),
        ),
      );
      for (const { index, row } of round) if (allowed.has(row)) taken[index]?.add(row.idNumber);
    }
    return taken;
  };
}

interface Waiting {
  readonly index: number;
  readonly row: ProbeRow;
}

/** Lists in which no person and field stand twice. */
function roundsOf(waiting: readonly Waiting[]): readonly (readonly Waiting[])[] {
  const times = new Map<string, number>();
  return [
    ...Map.groupBy(waiting, ({ row }) => {
      const key = `${row.idNumber} ${row.coordinate}`;
      const time = times.get(key) ?? 0;
      times.set(key, time + 1);
      return time;
    }).values(),
  ];
}
