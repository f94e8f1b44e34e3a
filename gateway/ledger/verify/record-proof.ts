import type { Queryable } from '../../../platform/database.ts';
import { hashOfPart, leafOfParts, membersOf, partsOf, timeOfRecordId, type Part } from '../entry.ts';
import type { PersonsEntry } from '../events.ts';
import { rootByInclusion } from '../merkle.ts';
import { readCheckpoint } from '../tree/checkpoint.ts';
import { isSignedBy, readNote, type NoteVerifier } from '../tree/note.ts';
import { indexOf, proveInclusion } from '../tree/proofs.ts';
import { readLastCheckpoint, readRecordById } from '../tree/store.ts';

/** Shows parts of a record to be in the ledger that was signed: its head, and what it says of one person. Hashes are hex. */
export interface RecordProof {
  readonly parts: readonly (Part & { readonly index: number })[];
  /** Of all parts of the record, salted: that somebody else stands in it can be seen, who cannot. */
  readonly hashes: readonly string[];
  readonly index: number;
  readonly path: readonly string[];
  readonly checkpoint: string;
}

/**
 * Proves a record's head, and of its people those under one of the pseudonyms. Salts of other parts are not given away. Undefined where there
 * is no such record, or no checkpoint covers it yet.
 */
export async function proveRecord(
  database: Queryable,
  id: string,
  pseudonyms: readonly string[] | undefined,
): Promise<RecordProof | undefined> {
  const atMs = timeOfRecordId(id);
  const row = atMs === undefined ? undefined : await readRecordById(database, new Date(atMs), id);
  const checkpoint = await readLastCheckpoint(database);
  const index = row && (await indexOf(database, row.chain, row.sequence));
  if (!row || !checkpoint || index === undefined || index >= checkpoint.size) return undefined;
  const persons = (JSON.parse(row.persons) as readonly PersonsEntry[]).map(({ pseudonyms: some, ...more }) => ({
    pseudonyms: some,
    members: membersOf(more),
  }));
  const parts = partsOf(row.salt, row.head, persons).map((part, place) => ({ ...part, index: place }));
  const shown = parts.filter(({ index: place, pseudonym }) => place === 0 || pseudonyms?.includes(pseudonym) === true);
  if (pseudonyms !== undefined && shown.length === 1) return undefined;
  return {
    parts: shown,
    hashes: parts.map(hashOfPart),
    index,
    path: await proveInclusion(database, index, checkpoint.size),
    checkpoint: checkpoint.note,
  };
}

/** Whether a proof holds under the ledger's key. Needs nothing but the proof. */
export function isProven({ parts, hashes, index, path, checkpoint }: RecordProof, key: NoteVerifier): boolean {
  const note = readNote(checkpoint);
  const signed = note && readCheckpoint(note.text);
  if (!note || !signed || !isSignedBy(note, key) || signed.origin !== key.name || parts.length === 0) return false;
  if (!hashes.every((hash) => HASH.test(hash)) || !parts.every((part) => hashOfPart(part) === hashes[part.index])) return false;
  return rootByInclusion(index, signed.size, leafOfParts(hashes.join('')), path) === signed.root;
}

const HASH = /^[0-9a-f]{64}$/;
