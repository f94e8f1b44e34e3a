import { z } from 'zod';

/**
 * The closed catalogue of what the ledger records: each kind with its own fields, and nothing else may stand in a record. Names of fields,
 * ids and codes; never a value, a name or an ID number of a person. Persons stand in it as keyed pseudonyms, apart (`PersonsEntry`).
 */
const text = z.string();
const maybe = z.string().nullable();
const names = z.array(z.string()).readonly();

/** Who asked. What is not known of a refused caller is null. */
const asker = {
  application: maybe,
  agency: maybe,
  officer: maybe,
  officerRole: maybe,
  case: maybe,
  purpose: maybe,
  assurance: z.int(),
  /** The reason given. */
  emergency: maybe,
  /** What it was counted for, from which snapshot; absent when somebody asked about persons. */
  analysis: z.strictObject({ name: text, run: text, snapshot: text }).optional(),
};

const withheld = z.array(z.strictObject({ coordinate: text, code: text })).readonly();

const SCHEMAS = {
  /** An answer with data; of a mutation first what is intended, then what became of it. */
  disclosure: z.strictObject({
    ...asker,
    phase: z.enum(['complete', 'intent', 'outcome']),
    /** Id of the intent that this is the outcome of. */
    intent: maybe,
    /** SHA-256 of the document with its literals taken out: two requests that differ in the person only share it. */
    documentHash: text,
    /** Only where the operation is registered: a client may write anything in a name. */
    operation: maybe,
    policyVersion: text,
    /** Released coordinates with the basis of each, and for each basis the texts of law that give it. */
    bases: z.record(z.string(), z.string()).readonly(),
    references: z.record(z.string(), names).readonly(),
    /** Days for which law keeps the record from the people concerned; absent when they are shown it at once. */
    hiddenDays: z.int().positive().optional(),
    /** Coordinates fetched only to find or compute something else. */
    inputs: names,
    withheld,
    /** Ids of the grants that were sent to registers. */
    grants: names,
    /** Ids of the consents relied on. */
    consents: names,
  }),
  /** A request of an authenticated caller that was refused as a whole. */
  refusal: z.strictObject({
    ...asker,
    code: text,
    /** Null where there was no document to speak of. */
    documentHash: maybe,
    policyVersion: maybe,
    withheld,
    /** Registers may have been asked before it was refused. */
    grants: names,
  }),
  /** Something became of a consent. */
  consent: z.strictObject({
    action: z.enum(['given', 'withdrawn', 'replaced', 'extended']),
    consent: text,
    agency: text,
    purpose: text,
    groups: names,
    /** ISO 8601; null where it ended. */
    validUntil: maybe,
    channel: text,
    /** The consent that took its place. */
    replacedBy: maybe,
    /** SHA-256 of the record of a consent that was given, hex: what `verify --state` holds against the table. */
    recordHash: maybe,
  }),
  /** A version of the rules changed its state. */
  policy: z.strictObject({ action: text, version: text, actor: text, details: z.record(z.string(), z.string()).readonly() }),
  /** Something in the registry of agencies, applications, purposes and officers changed. */
  registry: z.strictObject({ action: text, subject: text, actor: text, details: z.record(z.string(), z.string()).readonly() }),
  /** Somebody approved or refused what another proposed. */
  approval: z.strictObject({ action: text, subject: text, actor: text, details: z.record(z.string(), z.string()).readonly() }),
  /** An analysis was started, ended or shown. */
  analysis: z.strictObject({ action: text, subject: text, actor: text, details: z.record(z.string(), z.string()).readonly() }),
  /** Somebody logged in at the demo issuer, or was refused. */
  login: z.strictObject({
    client: text,
    /** `citizen` or `officer`. */
    login: text,
    /** Agency and opaque id; null for citizens, who stand among the persons. */
    officer: maybe,
    assurance: z.int(),
    outcome: z.enum(['granted', 'refused']),
  }),
  /** Anything else that an operator did: retention, destroyed keys, looking at somebody's history. */
  administration: z.strictObject({
    action: text,
    actor: text,
    case: maybe,
    /** The other person without whom it may not be done. */
    second: maybe,
    details: z.record(z.string(), z.string()).readonly(),
  }),
} as const;

export type EventKind = keyof typeof SCHEMAS;
export type EventOf<Kind extends EventKind> = { readonly kind: Kind } & Readonly<z.infer<(typeof SCHEMAS)[Kind]>>;
export type DisclosureEvent = EventOf<'disclosure'>;
export type RefusalEvent = EventOf<'refusal'>;

/** What can be recorded. */
export type LedgerEvent = { readonly [Kind in EventKind]: EventOf<Kind> }[EventKind];

/** People of whom the same is recorded. */
export interface PersonsEntry {
  /** 32 hex digits each. */
  readonly pseudonyms: readonly string[];
  /** Part in the event. */
  readonly part: 'subject' | 'representative';
  readonly released: readonly string[];
  readonly transformed: readonly string[];
  readonly withheld: readonly string[];
  readonly inputs: readonly string[];
  /** The person was asked for by number and no object of theirs stands in the answer. */
  readonly absent: boolean;
}

/** A record as it is read: the event, where it stands, and whom it is about. */
export type LedgerRecord<Event extends LedgerEvent = LedgerEvent> = Event extends LedgerEvent ? Event & RecordPlace : never;

/** What every record says besides its event. */
export interface RecordPlace {
  readonly writer: string;
  readonly epoch: number;
  readonly sequence: number;
  readonly id: string;
  /** ISO 8601, UTC, by the clock of the gateway that wrote it. */
  readonly at: string;
  /** Which key the pseudonyms are of; like 2026-11. */
  readonly pseudonymKey: string;
  readonly persons: readonly PersonsEntry[];
}

const PLACE = { writer: text, epoch: z.int(), sequence: z.int(), id: text, at: text, pseudonymKey: text, kind: text, people: z.int() };

const HEADS: ReadonlyMap<string, z.ZodType> = new Map(
  Object.entries(SCHEMAS).map(([kind, schema]) => [kind, z.strictObject({ ...PLACE, ...schema.shape })]),
);

/** Whether the head of a record is one of the catalogue's. */
export function isOfCatalogue(head: unknown): boolean {
  const kind = typeof head === 'object' && head !== null && 'kind' in head ? String(head.kind) : '';
  return HEADS.get(kind)?.safeParse(head).success === true;
}
