import type { LedgerRecord, PersonsEntry } from '../../ledger/events.ts';

/** One line of a person's history: what a record says of that person and of nobody else. */
export interface HistoryEntry {
  /** Id of the record. */
  readonly id: string;
  /** ISO 8601, UTC. */
  readonly at: string;
  readonly kind: LedgerRecord['kind'];
  /** What became of it. */
  readonly outcome: HistoryOutcome;
  /** The code of a refusal, or what was done. */
  readonly code: string | undefined;
  readonly agency: string | undefined;
  readonly application: string | undefined;
  readonly officerRole: string | undefined;
  readonly purpose: string | undefined;
  readonly emergency: boolean;
  /** As a parent or guardian who acted for a child, not as the person whose data it is. */
  readonly asRepresentative: boolean;
  readonly bases: readonly HistoryBasis[];
  /** `Type.field` each. */
  readonly released: readonly string[];
  readonly transformed: readonly string[];
  readonly withheld: readonly string[];
  /** Read to find or compute something else, and not shown. */
  readonly inputs: readonly string[];
  /** Days for which law keeps it from the person; undefined when it is shown at once. */
  readonly hiddenDays: number | undefined;
  /** Name of the statistic that the person's data took part in; undefined where somebody asked about persons. */
  readonly analysis: string | undefined;
  /** Id of the record of what was intended, where this says what became of it. */
  readonly intent: string | undefined;
}

/**
 * `DISCLOSED`: something was shown; `NOTHING_SHOWN`: answered, and nothing of this person was; `COUNTED`: it took part in a statistic, and
 * nobody looked.
 */
export type HistoryOutcome = 'DISCLOSED' | 'NOTHING_SHOWN' | 'COUNTED' | 'REFUSED' | 'INTENDED' | 'DONE';

export interface HistoryBasis {
  /** `CONSENT` or an article of Law 91/2025/QH15. */
  readonly basis: string;
  readonly references: readonly string[];
  readonly fields: readonly string[];
}

/** What is an access to data. Logins are not; what became of consents is told with the consents. */
const ACCESSES: ReadonlySet<LedgerRecord['kind']> = new Set(['disclosure', 'refusal', 'administration', 'analysis']);

const NOTHING = { released: [], transformed: [], withheld: [], inputs: [] } as const;

/**
 * The line of whoever has one of these pseudonyms; undefined when the record is not about them.
 * INVARIANT: nothing comes from what the record says of somebody else: relatives stand in entries of their own.
 */
export function historyEntry(record: LedgerRecord, pseudonyms: ReadonlySet<string>): HistoryEntry | undefined {
  if (!ACCESSES.has(record.kind)) return undefined;
  const own = record.persons.filter((entry) => entry.pseudonyms.some((pseudonym) => pseudonyms.has(pseudonym)));
  if (own.length === 0) return undefined;
  const fields = ownFields(own);
  return {
    id: record.id,
    at: record.at,
    kind: record.kind,
    asRepresentative: own.every(({ part }) => part === 'representative'),
    bases: [],
    agency: undefined,
    application: undefined,
    officerRole: undefined,
    purpose: undefined,
    emergency: false,
    code: undefined,
    hiddenDays: undefined,
    intent: undefined,
    analysis: undefined,
    outcome: 'DONE',
    ...NOTHING,
    ...told(record, fields),
  };
}

type Fields = Pick<HistoryEntry, 'released' | 'transformed' | 'withheld' | 'inputs'>;

function told(record: LedgerRecord, fields: Fields): Partial<HistoryEntry> {
  switch (record.kind) {
    case 'disclosure': {
      if (record.analysis !== undefined) return counted(record, fields);
      const shown = [...fields.released, ...fields.transformed];
      const isIntent = record.phase === 'intent';
      return {
        ...fields,
        ...asked(record),
        outcome: isIntent ? 'INTENDED' : shown.length > 0 ? 'DISCLOSED' : 'NOTHING_SHOWN',
        bases: basesOf(isIntent ? Object.keys(record.bases) : [...shown, ...fields.inputs], record),
        hiddenDays: record.hiddenDays,
        intent: record.intent ?? undefined,
      };
    }
    case 'refusal':
      return { ...fields, ...asked(record), outcome: 'REFUSED', code: record.code };
    case 'administration':
    case 'analysis':
      return { agency: record.actor.split('/')[0], code: record.action };
    case 'consent':
    case 'login':
    case 'policy':
    case 'registry':
    case 'approval':
      return {};
  }
}

/** A statistic: which it is and on what basis. Fields are not listed, since nobody has seen any. */
function counted(record: Extract<LedgerRecord, { kind: 'disclosure' }>, { released, transformed, inputs }: Fields): Partial<HistoryEntry> {
  const used = [...released, ...transformed, ...inputs];
  return {
    ...asked(record),
    outcome: used.length > 0 ? 'COUNTED' : 'NOTHING_SHOWN',
    bases: basesOf(used, record).map((basis) => ({ ...basis, fields: [] })),
    hiddenDays: record.hiddenDays,
  };
}

function asked(record: Extract<LedgerRecord, { kind: 'disclosure' | 'refusal' }>): Partial<HistoryEntry> {
  return {
    agency: record.agency ?? undefined,
    application: record.application ?? undefined,
    officerRole: record.officerRole ?? undefined,
    purpose: record.purpose ?? undefined,
    emergency: record.emergency !== null,
    analysis: record.analysis?.name,
  };
}

function ownFields(own: readonly PersonsEntry[]): Fields {
  const union = (of: (entry: PersonsEntry) => readonly string[]): readonly string[] => [...new Set(own.flatMap(of))].toSorted();
  const released = union((entry) => entry.released);
  return {
    released,
    transformed: union((entry) => entry.transformed).filter((field) => !released.includes(field)),
    withheld: union((entry) => entry.withheld),
    inputs: union((entry) => entry.inputs).filter((field) => !released.includes(field)),
  };
}

function basesOf(fields: readonly string[], { bases, references }: Extract<LedgerRecord, { kind: 'disclosure' }>): readonly HistoryBasis[] {
  const known = fields.filter((field) => Object.hasOwn(bases, field));
  return Array.from(
    Map.groupBy(known, (field) => bases[field] ?? ''),
    ([basis, some]) => ({ basis, references: references[basis] ?? [], fields: some.toSorted() }),
  );
}
