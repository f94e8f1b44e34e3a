import { createHash, randomUUID } from 'node:crypto';
import { Kind, print, visit, type DocumentNode, type ValueNode } from 'graphql';
import { refuse, type Refusal } from '../errors.ts';
import type { Recorder } from '../ledger/append.ts';
import type { Pseudonymise } from '../ledger/pseudonym.ts';
import type { LedgerRecord, PersonsEntry } from '../ledger/record.ts';
import type { Site } from '../execution/shape.ts';
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
    consents: [...executed.consents].toSorted(),
    persons: personsOf(executed, pseudonymise),
  };
}

type Disclosed = Omit<PersonsEntry, 'pseudonyms'>;

/** One entry for all people who stand in the same places, so that a thousand people asked alike make one list of fields. */
function personsOf({ persons, prepared, admitted, data }: Executed, pseudonymise: Pseudonymise): readonly PersonsEntry[] {
  const groups = new Map<readonly Site[], string[]>();
  for (const [id, sites] of persons) {
    const ids = groups.get(sites);
    if (ids) ids.push(id);
    else groups.set(sites, [id]);
  }
  const entries = new Map<string, { readonly disclosed: Disclosed; readonly ids: Set<string> }>();
  const add = (disclosed: Disclosed, ids: readonly string[]): void => {
    const key = keyOf(disclosed);
    const entry = entries.get(key) ?? { disclosed, ids: new Set<string>() };
    entries.set(key, entry);
    for (const id of ids) entry.ids.add(id);
  };
  for (const [sites, ids] of groups) add(disclosedAt(sites), ids);
  for (const { coordinate, ids } of admitted.asked) {
    const absent = ids.filter((id) => !persons.has(id));
    if (absent.length === 0) continue;
    const answered = data !== undefined && prepared.bases.has(coordinate);
    add({ released: answered ? [coordinate] : [], transformed: [], withheld: answered ? [] : [coordinate], absent: true }, absent);
  }
  return [...entries.values()].map(({ disclosed, ids }) => ({ ...disclosed, pseudonyms: Array.from(ids, pseudonymise) }));
}

/** What of a person who stands in these places is disclosed. Places belong to a prepared execution, so that it is found once for each. */
function disclosedAt(sites: readonly Site[]): Disclosed {
  const known = DISCLOSED.get(sites);
  if (known) return known;
  const disclosed: Disclosed = {
    released: union(sites.map((site) => site.released)),
    transformed: union(sites.map((site) => site.transformed)),
    withheld: union(sites.map((site) => site.withheld)),
    absent: false,
  };
  DISCLOSED.set(sites, disclosed);
  return disclosed;
}

const DISCLOSED = new WeakMap<readonly Site[], Disclosed>();

/** Equal for equal disclosures. */
function keyOf(disclosed: Disclosed): string {
  const known = KEYS.get(disclosed);
  if (known !== undefined) return known;
  const key = JSON.stringify(disclosed);
  KEYS.set(disclosed, key);
  return key;
}

const KEYS = new WeakMap<Disclosed, string>();

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
