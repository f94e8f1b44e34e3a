import { headsHash, readCheckpoint, readHeads } from '../tree/checkpoint.ts';
import { isOf, isRight, readNote, type NoteVerifier } from '../tree/note.ts';
import type { Finding } from './report.ts';

/** What the lines before a checkpoint add up to. */
export interface ExpectedCheckpoint {
  /** Size of the checkpoint before. */
  readonly from: number;
  readonly size: number;
  readonly root: string;
  /** The chains that grew since then, as they stand. */
  readonly grown: ReadonlyMap<number, ChainAt | undefined>;
}

interface ChainAt {
  readonly writer: string;
  readonly epoch: number;
  readonly sequence: number;
  readonly hash: string;
}

interface CheckedCheckpoint {
  readonly wrong: readonly Pick<Finding, 'kind' | 'message'>[];
  readonly cosignatures: number;
  /** What was signed. */
  readonly text: string | undefined;
}

/** Holds a checkpoint against the lines before it: its signatures, its tree, and where it says that the chains stood. */
export function checkCheckpoint(
  { root, heads, note }: { readonly root: string; readonly heads: string; readonly note: string },
  { from, size, root: rootFound, grown }: ExpectedCheckpoint,
  key: NoteVerifier | undefined,
  witnesses: readonly NoteVerifier[],
): CheckedCheckpoint {
  const signed = readNote(note);
  const stated = signed && readCheckpoint(signed.text);
  const [ours, ...others] = signed?.signatures ?? [];
  if (!signed || !stated || !key || !ours || stated.origin !== key.name || !isOf(ours, key) || !isRight(signed.text, ours, key)) {
    const message = `The checkpoint of ${size} records is not signed with the ledger's key.`;
    return { wrong: [{ kind: 'unsigned', message }], cosignatures: 0, text: undefined };
  }
  const wrong: Pick<Finding, 'kind' | 'message'>[] = [];
  const right = others.filter((signature) => {
    const witness = witnesses.find((candidate) => isOf(signature, candidate));
    return witness !== undefined && isRight(signed.text, signature, witness);
  });
  if (right.length < others.length) {
    wrong.push({ kind: 'unsigned', message: `A signature under the checkpoint of ${size} records is no witness's.` });
  }
  if (stated.size !== size || stated.root !== root || rootFound !== root) {
    const which = size - from === 1 ? `The record of index ${from} was` : `Among the records of index ${from} to ${size - 1} some were`;
    const message = `${which} altered, removed, inserted or reordered together with the hashes: the tree is not the one that was signed.`;
    wrong.push({ kind: 'altered', message });
  } else if (stated.heads !== headsHash(from, heads) || !headsHold(heads, grown)) {
    wrong.push({
      kind: 'altered',
      message: `The checkpoint of ${size} records says otherwise where the chains stand, or one before it is missing.`,
    });
  }
  return { wrong, cosignatures: right.length, text: signed.text };
}

function headsHold(text: string, grown: ExpectedCheckpoint['grown']): boolean {
  const heads = readHeads(text);
  if (heads === undefined || heads.length !== grown.size) return false;
  return heads.every(({ chain, writer, epoch, sequence, hash }) => {
    const state = grown.get(chain);
    return state?.writer === writer && state.epoch === epoch && state.sequence === sequence && state.hash === hash;
  });
}
