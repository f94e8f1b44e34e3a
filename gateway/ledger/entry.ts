import { hash } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import { randomText } from '../../platform/random.ts';
import type { LedgerEvent, PersonsEntry } from './events.ts';
import { leafOfHash, leafOfText } from './merkle.ts';

/** An event on its way into the ledger: everything but its place in a chain. Texts, so that what does not change is serialised once. */
export interface Entry {
  /** UUID version 7 of `atMs`. */
  readonly id: string;
  readonly atMs: number;
  readonly kind: LedgerEvent['kind'];
  readonly application: string | null;
  readonly pseudonymKey: string;
  /** Members of the head as JSON without braces. */
  readonly members: string;
  readonly persons: readonly PersonsText[];
  /** Somebody may stand in two entries of `persons`. To look for it costs as much as to serialise the answer. */
  readonly mayRepeat: boolean;
}

/** People of whom the same is recorded; `members` is JSON without braces. */
export interface PersonsText {
  readonly pseudonyms: readonly string[];
  readonly members: string;
}

/** A new id of a record: UUID version 7 (RFC 9562, section 5.7), so that an id tells the partition that the record stands in. */
export function newRecordId(atMs: number): string {
  const time = atMs.toString(16).padStart(12, '0');
  const random = randomText(10, 'hex');
  const variant = ((Number.parseInt(random.slice(3, 4), 16) % 4) + 8).toString(16);
  return `${time.slice(0, 8)}-${time.slice(8)}-7${random.slice(0, 3)}-${variant}${random.slice(4, 7)}-${random.slice(7, 19)}`;
}

/** The moment that stands in a record's id, in milliseconds; undefined when it is no such id. */
export function timeOfRecordId(id: string): number | undefined {
  return RECORD_ID.test(id) ? Number.parseInt(id.slice(0, 8) + id.slice(9, 13), 16) : undefined;
}

const RECORD_ID = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

/** Makes the entry of an event. `persons` have pseudonyms under the key of the moment. */
export function entryOf(
  event: LedgerEvent,
  {
    atMs,
    pseudonymKey,
    persons = [],
  }: { readonly atMs: number; readonly pseudonymKey: string; readonly persons?: readonly PersonsEntry[] },
): Entry {
  const { kind, ...fields } = event;
  return {
    id: newRecordId(atMs),
    atMs,
    kind,
    application: 'application' in event ? event.application : null,
    pseudonymKey,
    members: membersOf(fields),
    persons: persons.map(({ pseudonyms, ...more }) => ({ pseudonyms, members: membersOf(more) })),
    mayRepeat: persons.length > 1,
  };
}

/** An object as JSON without its braces. */
export function membersOf(fields: object): string {
  return JSON.stringify(fields).slice(1, -1);
}

/** A record with its place in a chain, as it is stored. Hashes are hex. */
export interface Sealed {
  readonly entry: Entry;
  readonly sequence: number;
  readonly head: string;
  readonly persons: string;
  /** 16 bytes, hex. */
  readonly salt: string;
  readonly leaf: string;
  readonly chainHash: string;
}

export interface ChainPlace {
  readonly writer: string;
  readonly epoch: number;
  readonly sequence: number;
}

const SALT_BYTES = 16;
const SALT_HEX = SALT_BYTES * 2;

/** Gives an entry its place after `previous`, and its salt and hashes. */
export function seal(entry: Entry, place: ChainPlace, previous: string): Sealed {
  const people = entry.persons.reduce((sum, { pseudonyms }) => sum + pseudonyms.length, 0);
  const { writer, epoch, sequence } = place;
  const at = new Date(entry.atMs).toISOString();
  const head = `{"writer":${JSON.stringify(writer)},"epoch":${epoch},"sequence":${sequence},"id":"${entry.id}","at":"${at}","pseudonymKey":"${entry.pseudonymKey}","kind":"${entry.kind}","people":${people},${entry.members}}`;
  const persons = `[${entry.persons.map(({ pseudonyms, members }) => `{"pseudonyms":["${pseudonyms.join('","')}"],${members}}`).join(',')}]`;
  const salt = randomText(SALT_BYTES, 'hex');
  const leaf = leafOf(salt, head, entry.persons);
  return { entry, sequence, head, persons, salt, leaf, chainHash: chained(previous, leaf) };
}

/**
 * A record's leaf: over the hashes of its parts, the head first and then one for each person. Each part has its own salt, made from the
 * record's, so that showing what was recorded of one person tells nothing of another, not even to whoever can guess.
 */
export function leafOf(salt: string, head: string, persons: readonly PersonsText[]): string {
  const salts = saltsOf(salt, 1 + persons.reduce((sum, { pseudonyms }) => sum + pseudonyms.length, 0));
  let hashes = partHash(saltAt(salts, 0), '', digestOf(head));
  let at = 0;
  for (const { pseudonyms, members } of persons) {
    const digest = digestOfMembers(members);
    for (const pseudonym of pseudonyms) hashes += partHash(saltAt(salts, (at += 1)), pseudonym, digest);
  }
  return leafOfParts(hashes);
}

/** What is shown of a record to whoever may see that part: its head, where no pseudonym stands, or what it says of one person. */
export interface Part {
  /** 16 bytes, hex. */
  readonly salt: string;
  readonly pseudonym: string;
  /** The head's text, or the members that say what is recorded of the person. */
  readonly text: string;
}

/** Every part of a record, in the order of their hashes. */
export function partsOf(salt: string, head: string, persons: readonly PersonsText[]): readonly Part[] {
  const parts = [
    { pseudonym: '', text: head },
    ...persons.flatMap(({ pseudonyms, members }) => pseudonyms.map((pseudonym) => ({ pseudonym, text: members }))),
  ];
  const salts = saltsOf(salt, parts.length);
  return parts.map((part, index) => ({ salt: saltAt(salts, index), ...part }));
}

/** The hash of one part, hex. */
export function hashOfPart({ salt, pseudonym, text }: Part): string {
  return partHash(salt, pseudonym, digestOf(text));
}

/** The leaf of a record by the hashes of its parts, one after the other. 3 stands before them: what else is hashed begins with 0, 1 or 2. */
export function leafOfParts(hashes: string): string {
  return leafOfHash(hash('sha256', `\x03${hashes}`, 'hex'));
}

/** What many people have in common is hashed once. */
function partHash(salt: string, pseudonym: string, digest: string): string {
  return leafOfText(salt + pseudonym + digest);
}

function digestOf(text: string): string {
  return hash('sha256', text, 'hex');
}

/** What is recorded of people is the same from request to request, and names fields and nobody. */
function digestOfMembers(members: string): string {
  let digest = DIGESTS.get(members);
  if (digest === undefined) DIGESTS.set(members, (digest = digestOf(members)));
  return digest;
}

const DIGESTS = new LRUCache<string, string>({ max: 1_000 });

/** Salts of so many parts, hex, in one call: the output of SHAKE256 (FIPS 202), of which no piece tells another or the record's salt. */
function saltsOf(salt: string, count: number): string {
  return hash('shake256', salt, { outputEncoding: 'hex', outputLength: count * SALT_BYTES });
}

function saltAt(salts: string, index: number): string {
  return salts.slice(index * SALT_HEX, (index + 1) * SALT_HEX);
}

const link = Buffer.alloc(65);
link[0] = 2;

/** The hash of a chain after a leaf. */
export function chained(previous: string, leaf: string): string {
  link.write(previous, 1, 'hex');
  link.write(leaf, 33, 'hex');
  return hash('sha256', link, 'hex');
}

/** The hash of a chain before its first record. */
export function chainStart(writer: string, epoch: number): string {
  return hash('sha256', `lien-thong ledger chain\n${writer}\n${epoch}\n`, 'hex');
}
