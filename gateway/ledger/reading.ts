import type { Database } from '../../platform/database.ts';
import type { PseudonymKeys } from './pseudonym.ts';
import { verifierText, type NoteVerifier } from './tree/note.ts';
import type { Witness } from './tree/witness-client.ts';
import { exportPage, type ExportPage } from './verify/export.ts';
import { checkState, type StateReport } from './verify/state.ts';
import { proveRecord, type RecordProof } from './verify/record-proof.ts';

/** The ledger as those who check it see it. */
export interface LedgerReading {
  readonly keys: LedgerKeys;
  readonly exportPage: (from: number) => Promise<ExportPage>;
  /** Shows a record, or what it says of one person and nobody else, to be in the tree; undefined where it is not, or not yet. */
  readonly prove: (record: string, idNumber: string | undefined) => Promise<RecordProof | undefined>;
  /** Holds the tables against what the ledger says became of them. */
  readonly checkState: () => Promise<StateReport>;
}

export interface LedgerKeys {
  /** Of checkpoints, `name+hash+base64`; empty where another process signs them. */
  readonly key: string;
  readonly witnesses: readonly string[];
}

export interface ReadingParts {
  readonly database: Database;
  readonly signer: NoteVerifier | undefined;
  readonly witnesses: readonly Witness[];
  readonly pseudonyms: PseudonymKeys;
}

export function createLedgerReading({ database, signer, witnesses, pseudonyms }: ReadingParts): LedgerReading {
  const keys: LedgerKeys = {
    key: signer === undefined ? '' : verifierText(signer),
    witnesses: witnesses.map(({ verifier }) => verifierText(verifier)),
  };
  return {
    keys,
    exportPage: async (from) => exportPage(database, from, keys),
    async prove(record, idNumber) {
      const spans = idNumber === undefined ? undefined : await pseudonyms.spansOf(idNumber);
      return proveRecord(
        database,
        record,
        spans?.map(({ pseudonym }) => pseudonym),
      );
    },
    checkState: async () => checkState(database),
  };
}
