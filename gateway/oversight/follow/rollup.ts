import type { DisclosureEvent, LedgerRecord } from '../../ledger/events.ts';
import type { Days } from '../../quota/day.ts';

/** Hours of the day at which requests are usual: from, and before. */
export interface UsualHours {
  readonly from: number;
  readonly to: number;
}

export interface HourRow {
  readonly hour: string;
  readonly application: string;
  readonly agency: string;
  readonly purpose: string;
  readonly outcome: 'answered' | 'refused' | 'withheld';
  readonly code: string;
  requests: number;
  emergencies: number;
}

export interface DayKey {
  readonly day: string;
  readonly application: string;
  readonly officer: string;
  readonly purpose: string;
}

export interface DayRow extends DayKey {
  requests: number;
  misses: number;
  emergencies: number;
  unusualHours: number;
  readonly pseudonyms: Set<string>;
}

export interface EmergencyRow {
  readonly record: string;
  readonly at: string;
  readonly application: string;
  readonly agency: string;
  readonly officer: string;
  readonly caseReference: string;
  readonly people: number;
}

/** What a run of records adds to the tables. */
export interface Rollup {
  readonly hours: readonly HourRow[];
  readonly days: readonly DayRow[];
  readonly emergencies: readonly EmergencyRow[];
  readonly grants: readonly { readonly id: string; readonly at: string }[];
}

/**
 * Why something is missing in an answer. What is withheld of a person and by no rule wants their consent, or was asked too often: a record does
 * not tell these apart, and the first is by far the usual one.
 */
function codesWithheld({ withheld, persons }: LedgerRecord<DisclosureEvent>): ReadonlySet<string> {
  const codes = new Set(withheld.map(({ code }) => code));
  const byRules = new Set(withheld.map(({ coordinate }) => coordinate));
  if (persons.some((entry) => entry.withheld.some((coordinate) => !byRules.has(coordinate)))) codes.add('CONSENT_REQUIRED');
  return codes;
}

/** Adds records up. Pure: the same records give the same sums in whatever parts they come. */
export function rollUp(records: readonly LedgerRecord[], days: Days, usual: UsualHours): Rollup {
  const hours = new Map<string, HourRow>();
  const byDay = new Map<string, DayRow>();
  const emergencies: EmergencyRow[] = [];
  const grants = new Map<string, string>();

  for (const record of records) {
    if (record.kind !== 'disclosure' && record.kind !== 'refusal') continue;
    for (const id of record.grants) grants.set(id, record.at);
    // Nobody was looked up: analyses are told by events of their own, and a walk of all numbers would be an anomaly of every kind.
    if (record.analysis !== undefined) continue;
    // What is intended is told again as its outcome.
    if (record.kind === 'disclosure' && record.phase === 'intent') continue;
    const application = record.application ?? '';
    const agency = record.agency ?? '';
    const purpose = record.purpose ?? '';
    const officer = record.officer ?? '';
    const isEmergency = record.emergency !== null;
    const hour = `${record.at.slice(0, 13)}:00:00.000Z`;
    const count = (outcome: HourRow['outcome'], code: string): void => {
      const key = JSON.stringify([hour, application, agency, purpose, outcome, code]);
      const row = hours.get(key) ?? { hour, application, agency, purpose, outcome, code, requests: 0, emergencies: 0 };
      hours.set(key, row);
      row.requests += 1;
      if (isEmergency) row.emergencies += 1;
    };
    if (record.kind === 'refusal') count('refused', record.code);
    else {
      count('answered', '');
      for (const code of codesWithheld(record)) count('withheld', code);
    }

    const atMs = Date.parse(record.at);
    const hourOfDay = days.hourAt(atMs);
    const isUnusual = hourOfDay < usual.from || hourOfDay >= usual.to;
    const misses = record.persons.reduce(
      (sum, { absent, released, pseudonyms }) => sum + (absent && released.length > 0 ? pseudonyms.length : 0),
      0,
    );
    for (const part of [
      { officer: '', purpose: '' },
      { officer, purpose },
    ]) {
      const key: DayKey = { day: days.at(atMs), application, ...part };
      const text = JSON.stringify(key);
      const row = byDay.get(text) ?? { ...key, requests: 0, misses: 0, emergencies: 0, unusualHours: 0, pseudonyms: new Set<string>() };
      byDay.set(text, row);
      row.requests += 1;
      row.misses += misses;
      if (isEmergency) row.emergencies += 1;
      if (isUnusual) row.unusualHours += 1;
      for (const { pseudonyms } of record.persons) for (const pseudonym of pseudonyms) row.pseudonyms.add(pseudonym);
    }
    // A refused request showed nothing, so there is nothing to justify.
    if (isEmergency && record.kind === 'disclosure') {
      const people = new Set(record.persons.flatMap(({ pseudonyms }) => pseudonyms)).size;
      emergencies.push({ record: record.id, at: record.at, application, agency, officer, caseReference: record.case ?? '', people });
    }
  }
  return {
    hours: [...hours.values()],
    days: [...byDay.values()],
    emergencies,
    grants: Array.from(grants, ([id, at]) => ({ id, at })),
  };
}
