import type { Database } from '../../../platform/database.ts';
import type { LedgerRecord } from '../../ledger/events.ts';
import { readOfApplication } from '../../ledger/store.ts';

const READ_AT_ONCE = 500;
/** Records that one scope looks at; what is beyond is told, not left out silently. */
const RECORDS_MAX = 2_000_000;
/** Pseudonyms that are listed on demand. */
const LISTED_MAX = 10_000;

/** What an application was shown in a span of time: whose data, which fields, how many. */
export interface Scope {
  readonly application: string;
  readonly from: string;
  readonly to: string;
  readonly requests: number;
  readonly refused: number;
  readonly emergencies: number;
  /** People of whom something was shown. Pseudonyms change by the month, so that somebody shown in two of them counts in each. */
  readonly people: number;
  readonly peopleByMonth: readonly { readonly month: string; readonly people: number }[];
  /** People whose number was asked for and of whom nothing was shown. */
  readonly askedOnly: number;
  readonly fields: readonly ScopeField[];
  readonly purposes: readonly ScopeCount[];
  readonly officers: readonly ScopeCount[];
  readonly firstAt: string | null;
  readonly lastAt: string | null;
  /** False when there were more records than are looked at. */
  readonly complete: boolean;
  /** Listed on demand only. */
  readonly pseudonyms: readonly { readonly month: string; readonly pseudonym: string }[] | null;
}

export interface ScopeField {
  readonly field: string;
  /** How often it was shown, counted by person and request. */
  readonly count: number;
  readonly people: number;
  /** Of the count, how often in part only. */
  readonly transformed: number;
}

export interface ScopeCount {
  readonly name: string;
  readonly requests: number;
}

export interface ScopeQuery {
  readonly application: string;
  readonly from: Date;
  /** Before this moment. */
  readonly to: Date;
  readonly withPseudonyms: boolean;
}

/** Finds out the scope of a breach, record by record over the index of the application. */
export async function findScope(database: Database, query: ScopeQuery): Promise<Scope> {
  const count = createCount();
  let after: string | undefined;
  let looked = 0;
  while (looked < RECORDS_MAX) {
    const records = await readOfApplication(database, { ...query, ...(after === undefined ? {} : { after }) }, READ_AT_ONCE);
    for (const record of records) count.add(record);
    looked += records.length;
    after = records.at(-1)?.id;
    if (records.length < READ_AT_ONCE) return count.scope(query, true);
  }
  return count.scope(query, false);
}

/** Counts records of one application. */
export function createCount() {
  const shown = new Map<string, Set<string>>();
  const asked = new Set<string>();
  const fields = new Map<string, { count: number; transformed: number; readonly people: Set<string> }>();
  const purposes = new Map<string, number>();
  const officers = new Map<string, number>();
  const total = { requests: 0, refused: 0, emergencies: 0 };
  let firstAt: string | null = null;
  let lastAt: string | null = null;

  const addField = (field: string, people: readonly string[], isTransformed: boolean): void => {
    const known = fields.get(field) ?? { count: 0, transformed: 0, people: new Set<string>() };
    fields.set(field, known);
    known.count += people.length;
    if (isTransformed) known.transformed += people.length;
    for (const one of people) known.people.add(one);
  };

  return {
    add(record: LedgerRecord): void {
      if (record.kind !== 'disclosure' && record.kind !== 'refusal') return;
      // What is intended is told again as its outcome.
      if (record.kind === 'disclosure' && record.phase === 'intent') return;
      total.requests += 1;
      if (record.kind === 'refusal') total.refused += 1;
      if (record.emergency !== null) total.emergencies += 1;
      firstAt ??= record.at;
      lastAt = record.at;
      increment(purposes, record.purpose ?? '');
      increment(officers, record.officer ?? '');
      for (const { pseudonyms, released, transformed, absent } of record.persons) {
        const isShown = !absent && record.kind === 'disclosure' && released.length + transformed.length > 0;
        const people = pseudonyms.map((pseudonym) => `${record.pseudonymKey} ${pseudonym}`);
        for (const one of people) {
          if (!isShown) asked.add(one);
          else shown.set(record.pseudonymKey, (shown.get(record.pseudonymKey) ?? new Set()).add(one));
        }
        if (!isShown) continue;
        for (const field of released) addField(field, people, false);
        for (const field of transformed) addField(field, people, true);
      }
    },
    scope({ application, from, to, withPseudonyms }: ScopeQuery, complete: boolean): Scope {
      const all = new Set([...shown.values()].flatMap((people) => [...people]));
      const months = [...shown].toSorted(([a], [b]) => (a < b ? -1 : 1));
      return {
        application,
        from: from.toISOString(),
        to: to.toISOString(),
        ...total,
        people: all.size,
        peopleByMonth: months.map(([month, people]) => ({ month, people: people.size })),
        askedOnly: [...asked].filter((one) => !all.has(one)).length,
        fields: Array.from(fields, ([field, { count, transformed, people }]) => ({
          field,
          count,
          transformed,
          people: people.size,
        })).toSorted((a, b) => b.people - a.people || (a.field < b.field ? -1 : 1)),
        purposes: countsOf(purposes),
        officers: countsOf(officers),
        firstAt,
        lastAt,
        complete,
        pseudonyms: withPseudonyms ? [...all].slice(0, LISTED_MAX).map(listed) : null,
      };
    },
  };
}

function listed(one: string): { readonly month: string; readonly pseudonym: string } {
  const [month = '', pseudonym = ''] = one.split(' ');
  return { month, pseudonym };
}

function increment(counts: Map<string, number>, name: string): void {
  counts.set(name, (counts.get(name) ?? 0) + 1);
}

function countsOf(counts: ReadonlyMap<string, number>): readonly ScopeCount[] {
  return Array.from(counts, ([name, requests]) => ({ name, requests })).toSorted((a, b) => b.requests - a.requests);
}
