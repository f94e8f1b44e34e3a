import type { Database } from '../../../platform/database.ts';
import { timeOfRecordId } from '../../ledger/entry.ts';
import type { PseudonymKeys } from '../../ledger/pseudonym.ts';
import { readIdsOfPerson, readRecords } from '../../ledger/store.ts';
import { historyEntry, type HistoryEntry } from './entry.ts';

/** Records looked at for one page, however few of them a filter lets through; the page then ends early and says that there is more. */
const LOOKED_AT_MAX = 5_000;
const READ_AT_ONCE = 200;
const DAY_MS = 86_400_000;
const LAST_NODE = 'fff-ffffffffffff';

export interface HistoryQuery {
  readonly idNumber: string;
  readonly count: number;
  /** The last entry of the page before. */
  readonly after?: HistoryCursor | undefined;
  readonly agency?: string | undefined;
  /** From, and before; milliseconds. */
  readonly fromMs?: number | undefined;
  readonly toMs?: number | undefined;
  /** Whether what law keeps from the person is shown too. */
  readonly withHidden: boolean;
}

export interface HistoryCursor {
  readonly id: string;
  /** Intents of which the outcome was shown already. */
  readonly intents: readonly string[];
}

export interface HistoryPage {
  readonly entries: readonly { readonly entry: HistoryEntry; readonly cursor: string }[];
  readonly hasNextPage: boolean;
  /** Where to go on, also when a filter let nothing through. */
  readonly endCursor: string | undefined;
}

export interface History {
  /** A person's history, the newest first. An entry is there as soon as its record is durable. */
  read(query: HistoryQuery): Promise<HistoryPage>;
}

/** Reads histories: a person's pseudonym under each key, one scan of an index in each period, and the records by their ids. */
export function createHistory(parts: {
  readonly database: Database;
  readonly pseudonyms: PseudonymKeys;
  readonly clock: () => number;
}): History {
  const { database, pseudonyms, clock } = parts;
  return {
    async read({ idNumber, count, after, agency, fromMs = 0, toMs, withHidden }) {
      const spans = (await pseudonyms.spansOf(idNumber)).filter(
        ({ begins, ends }) => ends.getTime() > fromMs && (toMs === undefined || begins.getTime() < toMs),
      );
      const known = new Set(spans.map(({ pseudonym }) => pseudonym));
      const nowMs = clock();
      const intents = new Set(after?.intents);
      const entries: { readonly entry: HistoryEntry; readonly cursor: string }[] = [];
      let before = earlier(after?.id, toMs === undefined ? undefined : idBefore(toMs));
      let seen = after?.id;
      for (let lookedAt = 0; lookedAt < LOOKED_AT_MAX;) {
        const ids = await readIdsOfPerson(database, spans, READ_AT_ONCE, before);
        const records = new Map((await readRecords(database, ids)).map((record) => [record.id, record]));
        for (const { at, id } of ids) {
          if (at.getTime() < fromMs) return page(entries, false, seen, intents);
          const record = records.get(id);
          const entry = record && historyEntry(record, known);
          const isShown =
            entry !== undefined &&
            (agency === undefined || entry.agency === agency) &&
            (withHidden || entry.hiddenDays === undefined || at.getTime() + entry.hiddenDays * DAY_MS <= nowMs) &&
            !(entry.outcome === 'INTENDED' && intents.has(id));
          if (isShown && entries.length === count) return page(entries, true, seen, intents);
          seen = id;
          // An outcome comes before its intent here, and says more.
          if (entry?.intent !== undefined) intents.add(entry.intent);
          intents.delete(id);
          if (isShown) entries.push({ entry, cursor: cursorOf(id, intents) });
        }
        if (ids.length < READ_AT_ONCE) return page(entries, false, seen, intents);
        lookedAt += ids.length;
        before = seen;
      }
      return page(entries, true, seen, intents);
    },
  };
}

function page(entries: HistoryPage['entries'], hasNextPage: boolean, seen: string | undefined, intents: ReadonlySet<string>): HistoryPage {
  return { entries, hasNextPage, endCursor: seen === undefined ? undefined : cursorOf(seen, intents) };
}

function cursorOf(id: string, intents: ReadonlySet<string>): string {
  return Buffer.from([id, ...intents].join(' ')).toString('base64url');
}

/** The cursor of a text; undefined when it is none. */
export function readCursor(text: string): HistoryCursor | undefined {
  const [id = '', ...intents] = Buffer.from(text, 'base64url').toString('utf8').split(' ');
  return [id, ...intents].every((one) => timeOfRecordId(one) !== undefined) ? { id, intents } : undefined;
}

/** An id before which are all records of before that moment. */
function idBefore(toMs: number): string {
  const time = Math.max(0, toMs - 1)
    .toString(16)
    .padStart(12, '0');
  return `${time.slice(0, 8)}-${time.slice(8)}-7fff-b${LAST_NODE}`;
}

function earlier(one: string | undefined, other: string | undefined): string | undefined {
  if (one === undefined || other === undefined) return one ?? other;
  return one < other ? one : other;
}
