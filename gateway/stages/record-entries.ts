import { createHash } from 'node:crypto';
import { Kind, OperationTypeNode, print, visit, type DocumentNode, type ValueNode } from 'graphql';
import type { Site } from '../execution/shape.ts';
import { membersOf, newRecordId, type Entry } from '../ledger/entry.ts';
import type { DisclosureEvent, PersonsEntry, RefusalEvent } from '../ledger/events.ts';
import type { PseudonymKey } from '../ledger/pseudonym.ts';
import type { RefusedCaller } from '../errors.ts';
import type { Admitted } from './admit.ts';
import type { Prepared } from './compile.ts';
import type { Executed } from './execute.ts';

/** What the entry of an answer is made with. */
export interface EntryParts {
  readonly key: PseudonymKey;
  readonly nowMs: number;
  /** Id of the record of what a mutation intends, when this is its outcome. */
  readonly intent?: string | undefined;
}

/** The record of an answer: a disclosure, or a refusal where everything was withheld. */
export function entryOfAnswer(executed: Executed, { key, nowMs, intent }: EntryParts): Entry {
  const { admitted, prepared, data, refusals, errors, consents } = executed;
  const persons = personsOf(executed, key);
  if (data === undefined) {
    const code = refusals[0]?.code ?? errors[0]?.extensions.code ?? 'FIELD_NOT_PERMITTED';
    const withheld = refusals.map(({ coordinate, code }) => ({ coordinate, code }));
    return entryOfRefusal({ caller: admitted.caller, admitted, prepared, code, withheld, people: persons }, { key, nowMs });
  }
  const phase = intent === undefined ? '"phase":"complete","intent":null' : `"phase":"outcome","intent":"${intent}"`;
  const relied = `"grants":${JSON.stringify([...(admitted.grants ?? [])])},"consents":${JSON.stringify([...consents].toSorted())}`;
  const members = `${askerOf(admitted.caller)},${phase},${operationOf(admitted)},${factsOf(admitted, prepared)},${relied}`;
  return {
    id: newRecordId(nowMs),
    atMs: nowMs,
    kind: 'disclosure',
    application: admitted.caller.application,
    pseudonymKey: key.id,
    members,
    ...persons,
  };
}

/** The record of what a mutation is about to do, to everybody whom its arguments name. */
export function entryOfIntent(admitted: Admitted, prepared: Prepared, { key, nowMs }: EntryParts): Entry {
  const { caller, asked } = admitted;
  const ids = new Set(asked.flatMap(({ ids }) => ids));
  if (caller.citizen !== undefined) ids.add(caller.citizen);
  const persons = ids.size === 0 ? [] : [{ pseudonyms: Array.from(ids, key.pseudonymise), members: membersOf(NOTHING) }];
  const members = `${askerOf(caller)},"phase":"intent","intent":null,${operationOf(admitted)},${factsOf(admitted, prepared)},"grants":[],"consents":[]`;
  return {
    id: newRecordId(nowMs),
    atMs: nowMs,
    kind: 'disclosure',
    application: caller.application,
    pseudonymKey: key.id,
    members,
    persons,
    mayRepeat: false,
  };
}

/** What is known of a request that was refused as a whole. */
export interface RefusedRequest {
  readonly caller: RefusedCaller;
  readonly code: string;
  readonly admitted?: Admitted | undefined;
  readonly prepared?: Prepared | undefined;
  readonly withheld?: RefusalEvent['withheld'];
  readonly people?: People;
}

/** The record of a request that was refused as a whole. People whom it asked for stand in it, with everything withheld. */
export function entryOfRefusal(refused: RefusedRequest, { key, nowMs }: EntryParts): Entry {
  const { caller, code, admitted, prepared, withheld = [] } = refused;
  const people = refused.people ?? (admitted ? askedOnly(admitted, key) : NOBODY);
  const event: Omit<RefusalEvent, 'kind' | keyof ReturnType<typeof askerFields>> = {
    code,
    documentHash: admitted ? hashWithoutLiterals(admitted.document) : null,
    policyVersion: prepared?.policyVersion ?? null,
    withheld,
    grants: [...(admitted?.grants ?? [])],
  };
  const members = `${askerOf(caller)},${membersOf(event)}`;
  return {
    id: newRecordId(nowMs),
    atMs: nowMs,
    kind: 'refusal',
    application: caller.application,
    pseudonymKey: key.id,
    members,
    ...people,
  };
}

/** Whether a request changes something, so that what it intends is recorded before. */
export function isMutation({ operation }: Admitted): boolean {
  return operation.operation === OperationTypeNode.MUTATION;
}

function askerFields(caller: RefusedCaller) {
  return {
    application: caller.application,
    agency: caller.agency,
    officer: caller.officer ?? null,
    officerRole: caller.officerRole ?? null,
    case: caller.caseReference ?? null,
    purpose: caller.purpose ?? null,
    assurance: caller.assurance ?? 0,
    emergency: caller.emergencyReason ?? null,
    ...(caller.analysis === undefined ? {} : { analysis: { ...caller.analysis, snapshot: caller.snapshot ?? '' } }),
  } as const;
}

function askerOf(caller: RefusedCaller): string {
  return membersOf(askerFields(caller));
}

/** The name under which the operation was approved; what a client calls its own is the client's to choose. */
function operationOf({ approved }: Admitted): string {
  return membersOf({ operation: approved?.name ?? null });
}

const FACTS = new WeakMap<Prepared, string>();

/** What a record says of the document and the rules: the same for all requests of a prepared execution, and serialised once. */
function factsOf({ document }: Admitted, prepared: Prepared): string {
  const known = FACTS.get(prepared);
  if (known !== undefined) return known;
  type Facts = Pick<DisclosureEvent, 'documentHash' | 'policyVersion' | 'bases' | 'references' | 'inputs' | 'withheld' | 'hiddenDays'>;
  const facts: Facts = {
    documentHash: hashWithoutLiterals(document),
    policyVersion: prepared.policyVersion,
    bases: Object.fromEntries(prepared.bases),
    references: Object.fromEntries(Array.from(prepared.references, ([basis, some]) => [basis, [...some].toSorted()])),
    inputs: [...prepared.inputs],
    withheld: prepared.refusals.map(({ coordinate, code }) => ({ coordinate, code })),
    ...(prepared.hiddenDays > 0 ? { hiddenDays: prepared.hiddenDays } : {}),
  };
  const text = membersOf(facts);
  FACTS.set(prepared, text);
  return text;
}

type People = Pick<Entry, 'persons' | 'mayRepeat'>;
const NOBODY: People = { persons: [], mayRepeat: false };

type Disclosed = Omit<PersonsEntry, 'pseudonyms'>;

const NOTHING: Disclosed = { part: 'subject', released: [], transformed: [], withheld: [], inputs: [], absent: false };

/** One entry for all people who stand in the same places, so that a thousand people asked alike make one list of fields. */
function personsOf({ persons, prepared, admitted, data }: Executed, { pseudonymise }: PseudonymKey): People {
  const groups = new Map<readonly Site[], string[]>();
  for (const [id, sites] of persons) {
    const ids = groups.get(sites);
    if (ids) ids.push(id);
    else groups.set(sites, [id]);
  }
  const entries = new Map<string, Set<string>>();
  const add = (members: string, ids: readonly string[]): void => {
    const known = entries.get(members) ?? new Set<string>();
    entries.set(members, known);
    for (const id of ids) known.add(id);
  };
  for (const [sites, ids] of groups) add(disclosedAt(sites, prepared), ids);
  const present = entries.size;
  for (const { coordinate, ids } of admitted.asked) {
    const absent = ids.filter((id) => !persons.has(id));
    if (absent.length > 0) add(absentAt(coordinate, data !== undefined && prepared.bases.has(coordinate)), absent);
  }
  // Who is there stands in one row of places; who is not may have been asked for in several.
  return {
    persons: Array.from(entries, ([members, ids]) => ({ members, pseudonyms: Array.from(ids, pseudonymise) })),
    mayRepeat: entries.size - present > 1,
  };
}

/** Of people of whom nothing was fetched because the whole request was refused. */
function askedOnly({ asked }: Admitted, { pseudonymise }: PseudonymKey): People {
  const persons = [...Map.groupBy(asked, ({ coordinate }) => coordinate)]
    .map(([coordinate, roots]) => ({
      members: absentAt(coordinate, false),
      pseudonyms: Array.from(new Set(roots.flatMap(({ ids }) => ids)), pseudonymise),
    }))
    .filter(({ pseudonyms }) => pseudonyms.length > 0);
  return { persons, mayRepeat: persons.length > 1 };
}

function absentAt(coordinate: string, answered: boolean): string {
  return membersOf({ ...NOTHING, released: answered ? [coordinate] : [], withheld: answered ? [] : [coordinate], absent: true });
}

/** What of a person who stands in these places is disclosed. Places belong to a prepared execution, so that it is found once for each. */
function disclosedAt(sites: readonly Site[], { inputs }: Prepared): string {
  const known = DISCLOSED.get(sites);
  if (known !== undefined) return known;
  const disclosed: Disclosed = {
    part: 'subject',
    released: union(sites.map((site) => site.released)),
    transformed: union(sites.map((site) => site.transformed)),
    withheld: union(sites.map((site) => site.withheld)),
    inputs: [...inputs].toSorted(),
    absent: false,
  };
  const members = membersOf(disclosed);
  DISCLOSED.set(sites, members);
  return members;
}

const DISCLOSED = new WeakMap<readonly Site[], string>();

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
