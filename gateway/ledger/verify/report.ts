/** What is wrong at one place of a ledger. */
export interface Finding {
  readonly kind: 'altered' | 'removed' | 'inserted' | 'reordered' | 'unreadable' | 'unsigned' | 'unanchored';
  /** Index in the tree; where the tree does not have it, undefined. */
  readonly index: number | undefined;
  /** Id of the record, where it is known. */
  readonly record: string | undefined;
  readonly message: string;
}

/** What a check of a ledger found. */
export interface VerifyReport {
  readonly ok: boolean;
  /** Records that a checkpoint covers. */
  readonly size: number;
  /** Root that the last checkpoint states, hex. */
  readonly root: string | undefined;
  readonly checkpoints: number;
  /** Witnesses' signatures that were right. */
  readonly cosignatures: number;
  /** Bodies that retention took away and that their proofs do without. */
  readonly pruned: number;
  /** Written and not yet covered by a checkpoint. */
  readonly tail: { readonly records: number; readonly oldestAt: string | undefined };
  readonly receipts: number;
  /** The first, by place; nothing else is named, since what follows a first fault may only follow from it. */
  readonly first: Finding | undefined;
  /** How many there are. */
  readonly findings: number;
  /** The key that the checkpoints were checked with, and whether it was known before. */
  readonly key: string | undefined;
  readonly keyIsPinned: boolean;
}

/** Gathers findings; the first by place is the one that is named. */
export class Findings {
  #first: Finding | undefined;
  #count = 0;

  add(finding: Finding): void {
    this.#count += 1;
    const at = (one: Finding): number => one.index ?? Number.MAX_SAFE_INTEGER;
    if (this.#first === undefined || at(finding) < at(this.#first)) this.#first = finding;
  }

  get first(): Finding | undefined {
    return this.#first;
  }

  get count(): number {
    return this.#count;
  }
}
