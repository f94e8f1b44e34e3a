import type { Database, Queryable } from '../../platform/database.ts';
import { calendarDate } from '../http.ts';
import type { People } from '../register.ts';
import {
  beginTaking,
  copyTables,
  dropOldest,
  findSnapshot,
  insertSnapshot,
  numberPeople,
  readFrom,
  readPopulation,
  type Snapshot,
} from './store.ts';

/** Months that are kept. The oldest goes when another is taken: each is as large as the register. */
export const SNAPSHOTS_KEPT_MAX = 3;

/** Dated copies of a register. What is counted is read from one of them, so that a table can be made again and nothing moves meanwhile. */
export interface Snapshots {
  /** The snapshot of a month; undefined when there is none. */
  readonly find: (name: string) => Promise<Snapshot | undefined>;
  /** Takes the snapshot of the present month unless it is there; undefined when another month is asked for that has none. */
  readonly take: (period: string) => Promise<Snapshot | undefined>;
  /** ID numbers of the ordinals from `from` to `to`, both included. */
  readonly population: (snapshot: Snapshot, from: number, to: number) => Promise<readonly string[]>;
}

export interface SnapshotParts {
  readonly database: Database;
  readonly people: People;
  readonly clock: () => Date;
}

/** Opens the snapshots of a register. Two that ask for the same month at once, here or in another process, make one. */
export function createSnapshots({ database, people, clock }: SnapshotParts): Snapshots {
  const known = new Map<string, Snapshot>();
  const underWay = new Map<string, Promise<Snapshot>>();

  const find = async (name: string): Promise<Snapshot | undefined> => {
    const snapshot = known.get(name) ?? (await findSnapshot(database, name));
    if (snapshot !== undefined) known.set(name, snapshot);
    return snapshot;
  };

  const takeNow = async (name: string, now: Date): Promise<Snapshot> => {
    const { snapshot, dropped } = await database.transaction(async (tx) => {
      await beginTaking(tx);
      const there = await findSnapshot(tx, name);
      if (there !== undefined) return { snapshot: there, dropped: [] };
      const day = calendarDate(now);
      await copyTables(tx, name);
      const taken: Snapshot = { name, takenAt: now.toISOString(), day, people: await numberPeople(tx, name, people.statement, day) };
      await insertSnapshot(tx, taken);
      return { snapshot: taken, dropped: await dropOldest(tx, SNAPSHOTS_KEPT_MAX) };
    });
    for (const old of dropped) known.delete(old);
    known.set(name, snapshot);
    return snapshot;
  };

  return {
    find,
    async take(period) {
      const there = await find(period);
      const now = clock();
      // What the register was in another month nobody knows any more.
      if (there !== undefined || calendarDate(now).slice(0, 7) !== period) return there;
      const taking = underWay.get(period) ?? takeNow(period, now).finally(() => underWay.delete(period));
      underWay.set(period, taking);
      return taking;
    },
    population: async ({ name }, from, to) => readPopulation(database, name, from, to),
  };
}

/** The register as a snapshot has it: each statement in a transaction of its own that sees nothing else and changes nothing. */
export function frozen(database: Database, { name }: Snapshot, timeoutMs: number): Queryable {
  return {
    query: async <Row extends object>(statement: Parameters<Queryable['query']>[0], values?: readonly unknown[]) =>
      database.transaction(async (tx) => {
        await readFrom(tx, name, timeoutMs);
        return tx.query<Row>(statement, values);
      }),
  };
}
