import { createHash, randomUUID } from 'node:crypto';
import { Kind, print, visit, type DocumentNode, type ValueNode } from 'graphql';
import { refuse, type Refusal } from '../errors.ts';
import type { Recorder } from '../ledger/append.ts';
import type { Pseudonymise } from '../ledger/pseudonym.ts';
import type { LedgerRecord, PersonsEntry } from '../ledger/record.ts';
import type { Executed } from './execute.ts';

/** An answer whose record is durable: it may leave. `record` is undefined under `--open`, where nothing is recorded. */
export interface Recorded {
  readonly kind: 'recorded';
  readonly executed: Executed;
  readonly record: string | undefined;
}

export interface RecordParts {
  /** Undefined under `--open`. */
  readonly ledger: { readonly recorder: Recorder; readonly pseudonymise: Pseudonymise } | undefined;
  readonly clock: () => number;
}

/** Records who asked for whom, why and which fields. Without the record there is no answer: AUDIT_UNAVAILABLE. */
export async function record(executed: Executed, { ledger, clock }: RecordParts): Promise<Recorded | Refusal> {
  if (!ledger) return { kind: 'recorded', executed, record: undefined };
  const entry = entryOf(executed, ledger.pseudonymise, clock());
  if (!(await ledger.recorder.record(entry))) return { ...refuse('AUDIT_UNAVAILABLE'), retryAfterSeconds: 5 };
  return { kind: 'recorded', executed, record: entry.id };
}

function entryOf(executed: Executed, pseudonymise: Pseudonymise, nowMs: number): LedgerRecord {
  const { admitted, prepared } = executed;
  const { caller } = admitted;
  return {
    id: randomUUID(),
    kind: executed.data === undefined ? 'refusal' : 'disclosure',
    at: new Date(nowMs).toISOString(),
    application: caller.application,
    agency: caller.agency,
    officer: caller.officer,
    officerRole: caller.officerRole ?? null,
    case: caller.caseReference ?? null,
    purpose: caller.purpose,
    assurance: caller.assurance,
    emergency: caller.emergencyReason ?? null,
    documentHash: hashWithoutLiterals(admitted.document),
    policyVersion: prepared.policyVersion,
    bases: executed.data === undefined ? {} : Object.fromEntries(prepared.bases),
    inputs: executed.data === undefined ? [] : [...prepared.inputs],
    withheld: executed.refusals.map(({ coordinate, code }) => ({ coordinate, code })),
    persons: personsOf(executed, pseudonymise),
  };
}

/** One entry for all people who stand in the same places, so that a thousand people asked alike make one list of fields. */
function personsOf(executed: Executed, pseudonymise: Pseudonymise): readonly PersonsEntry[] {
  const released = executed.prepared.bases;
  const groups = new Map<string, { entry: Omit<PersonsEntry, 'pseudonyms'>; ids: Set<string> }>();
  const add = (id: string, entry: Omit<PersonsEntry, 'pseudonyms'>): void => {
    const key = JSON.stringify(entry);
    const group = groups.get(key) ?? { entry, ids: new Set<string>() };
    group.ids.add(id);
    groups.set(key, group);
  };
  for (const [id, sites] of executed.persons) {
    const all = [...sites];
    add(id, {
      released: union(all.map((site) => site.released)),
      transformed: union(all.map((site) => site.transformed)),
      withheld: union(all.map((site) => site.withheld)),
      absent: false,
    });
  }
  for (const { coordinate, ids } of executed.admitted.asked) {
    const answered = executed.data !== undefined && released.has(coordinate);
    for (const id of ids) {
      if (executed.persons.has(id)) continue;
      add(id, { released: answered ? [coordinate] : [], transformed: [], withheld: answered ? [] : [coordinate], absent: true });
    }
  }
  return [...groups.values()].map(({ entry, ids }) => ({ ...entry, pseudonyms: [...ids].map(pseudonymise) }));
}

function union(sets: readonly ReadonlySet<string>[]): readonly string[] {
  return [...new Set(sets.flatMap((set) => [...set]))].toSorted();
}

const HASHES = new WeakMap<DocumentNode, string>();

/** A literal in the document may be an ID number, and a hash of few possibilities hides nothing; so literals do not take part. */
function hashWithoutLiterals(document: DocumentNode): string {
  const known = HASHES.get(document);
  if (known !== undefined) return known;
  const blank: ValueNode = { kind: Kind.NULL };
  const stripped = visit(document, {
    IntValue: () => blank,
    FloatValue: () => blank,
    StringValue: () => blank,
    ListValue: { leave: () => blank },
    ObjectValue: { leave: () => blank },
  });
  const hash = createHash('sha256').update(print(stripped)).digest('hex');
  HASHES.set(document, hash);
  return hash;
}
