import type { Queryable } from '../../../platform/database.ts';
import { isOf, isRight, readNote, readSignature, readVerifier, type NoteVerifier } from './note.ts';
import { proveConsistency } from './proofs.ts';
import { addCosignature, readLastCheckpoint } from './store.ts';

/** A witness of checkpoints, outside of the operator's hands. */
export interface Witness {
  readonly verifier: NoteVerifier;
  /**
   * Has the last checkpoint co-signed and keeps the signature. Rejects when the witness does not answer, or finds this ledger to be no
   * continuation of what it saw.
   */
  readonly cosign: (database: Queryable) => Promise<void>;
}

const TIMEOUT_MS = 5_000;
const ANSWER_CHARACTERS_MAX = 4_096;

/** What a witness refuses with; `message` is for the operator. */
class WitnessError extends Error {}

/**
 * Speaks to a witness at an address (c2sp.org/tlog-witness, add-checkpoint). The witness says itself what it saw last where that is not what
 * was guessed.
 */
function createWitness(url: string, verifier: NoteVerifier): Witness {
  let known = 0;
  const cosign = async (database: Queryable): Promise<void> => {
    const checkpoint = await readLastCheckpoint(database);
    const signed = checkpoint && readNote(checkpoint.note);
    if (!checkpoint || !signed || signed.signatures.some((signature) => isOf(signature, verifier))) return;
    // The note as the log signed it; other witnesses' signatures are none of this one's business.
    const note = `${signed.text}\n${checkpoint.note.slice(signed.text.length + 1).split('\n')[0] ?? ''}\n`;
    // It said what it knows in the first answer; by the second it has been told.
    for (let attempt = 0; attempt < 2; attempt += 1) {
      if (known > checkpoint.size) {
        throw new WitnessError(`The witness saw ${known} records, and there are ${checkpoint.size}: this ledger was rolled back.`);
      }
      const proof = await proveConsistency(database, known, checkpoint.size);
      const hashes = proof.map((hash) => `${Buffer.from(hash, 'hex').toString('base64')}\n`).join('');
      const { status, text } = await send(url, `old ${known}\n${hashes}\n${note}`);
      if (status === 200) {
        const line = text.split('\n').find((candidate) => isCosignature(candidate, signed.text, verifier));
        if (line === undefined) throw new WitnessError('The witness answered without a signature of its key.');
        await addCosignature(database, checkpoint.size, `${line}\n`);
        known = checkpoint.size;
        return;
      }
      const size = /^\d{1,15}\n?$/.test(text) ? Number(text) : undefined;
      if (status !== 409 || size === undefined || size === known) {
        throw new WitnessError(`The witness refused the checkpoint of ${checkpoint.size} records with status ${status}.`);
      }
      known = size;
    }
    throw new WitnessError('The witness changed its mind about what it saw.');
  };
  return { verifier, cosign };
}

/** Witnesses by their settings. Throws with a sentence when a key is none. */
export function witnessesOf(settings: readonly { readonly url: string; readonly key: string }[]): readonly Witness[] {
  return settings.map(({ url, key }) => {
    const verifier = readVerifier(key);
    if (verifier?.kind !== 'cosigner')
      throw new Error('LEDGER_WITNESSES has a key that is none of a witness. A witness prints its key when it starts.');
    return createWitness(url, verifier);
  });
}

function isCosignature(line: string, text: string, verifier: NoteVerifier): boolean {
  const signature = readSignature(line);
  return signature !== undefined && isOf(signature, verifier) && isRight(text, signature, verifier);
}

async function send(url: string, body: string): Promise<{ readonly status: number; readonly text: string }> {
  const response = await fetch(`${url.replace(/\/+$/, '')}/add-checkpoint`, {
    method: 'POST',
    body,
    redirect: 'error',
    signal: AbortSignal.timeout(TIMEOUT_MS),
  });
  return { status: response.status, text: (await response.text()).slice(0, ANSWER_CHARACTERS_MAX) };
}
