import type { Queryable } from '../../platform/database.ts';
import type { Recorder } from './append.ts';
import { entryOf, type Entry } from './entry.ts';
import type { LedgerEvent, PersonsEntry } from './events.ts';
import type { PseudonymKeys } from './pseudonym.ts';

/** Whom an event is about, by ID number. */
export interface EventPeople {
  readonly subjects?: readonly string[];
  readonly representatives?: readonly string[];
}

/** Makes entries of one moment. */
export type MakeEntry = (event: LedgerEvent, people?: EventPeople) => Entry;

/** How everything but an answer gets into the ledger. */
export interface EventLedger {
  /** What entries are made with; to be had before a transaction begins. Rejects when nothing can be recorded. */
  entriesAt(atMs: number): Promise<MakeEntry>;
  /** Runs `work` in one transaction together with the records of what it did: both stand or neither does. */
  together<Result>(work: (tx: Queryable) => Promise<{ readonly result: Result; readonly entries: readonly Entry[] }>): Promise<Result>;
  /** Records what has happened by itself, or is about to; false when it could not be, and then it must not happen. */
  record(event: LedgerEvent, atMs: number, people?: EventPeople): Promise<boolean>;
}

export function createEventLedger(recorder: Recorder, pseudonyms: PseudonymKeys): EventLedger {
  const entriesAt = async (atMs: number): Promise<MakeEntry> => {
    const key = await pseudonyms.at(atMs);
    if (key === undefined) throw new Error('Nothing can be recorded: there is no key of pseudonyms.');
    return (event, { subjects = [], representatives = [] } = {}) => {
      const entry = (part: PersonsEntry['part'], ids: readonly string[]): readonly PersonsEntry[] =>
        ids.length === 0 ? [] : [{ pseudonyms: Array.from(new Set(ids), key.pseudonymise), part, ...NOTHING }];
      const persons = [...entry('subject', subjects), ...entry('representative', representatives)];
      return entryOf(event, { atMs, pseudonymKey: key.id, persons });
    };
  };
  return {
    entriesAt,
    together: async (work) => recorder.together(work),
    async record(event, atMs, people) {
      const key = await pseudonyms.at(atMs);
      if (key === undefined) return false;
      const make = await entriesAt(atMs);
      return (await recorder.record(make(event, people))) !== undefined;
    },
  };
}

const NOTHING = { released: [], transformed: [], withheld: [], inputs: [], absent: false } as const;
