import type { KeyObject } from 'node:crypto';
import { chained, chainStart } from '../entry.ts';
import { TreeEdge } from '../merkle.ts';
import { isSigned, type Receipt } from '../receipt.ts';
import { readNote, readVerifier, verifierText, type NoteVerifier } from '../tree/note.ts';
import { checkCheckpoint } from './checkpoint-check.ts';
import type { ExportLine, RecordLine } from './export.ts';
import { readLine } from './lines.ts';
import { checkRecord } from './record-check.ts';
import { Findings, type Finding, type VerifyReport } from './report.ts';

/** A tail that is older was not taken into the tree in time. */
const TAIL_AGE_MS_MAX = 10_000;

export interface VerifyOptions {
  /** The key of checkpoints, known from elsewhere; without it the one that the export names is taken. */
  readonly key?: NoteVerifier | undefined;
  /** Receipts of answers, each of which must be borne out; and the key that they are signed with. */
  readonly receipts?: readonly Receipt[];
  readonly receiptKey?: KeyObject | undefined;
  /** A checkpoint that was seen elsewhere, at a witness for example: the ledger must hold it. */
  readonly seen?: string | undefined;
  /** For the age of the tail; without it the latest record's time. */
  readonly nowMs?: number | undefined;
}

interface ChainState {
  readonly writer: string;
  readonly epoch: number;
  sequence: number;
  hash: string;
}

interface OpenRun {
  readonly first: number;
  readonly chain: number;
  readonly sequence: number;
  readonly leaves: readonly string[];
  readonly records: RecordLine[];
}

type Told<Type extends ExportLine['type']> = Extract<ExportLine, { readonly type: Type }>;

/**
 * Checks a ledger line by line, with nothing but the lines: each record against its leaf, leaves against chains, chains and tree against
 * what was signed. Names the first place where something is altered, removed, inserted or reordered. Pure but for the reading.
 */
export async function verifyLedger(lines: AsyncIterable<string> | Iterable<string>, options: VerifyOptions = {}): Promise<VerifyReport> {
  const verifier = new LedgerVerifier(options);
  for await (const line of lines) verifier.take(line);
  return verifier.end();
}

class LedgerVerifier {
  readonly #options: VerifyOptions;
  readonly #findings = new Findings();
  readonly #chains = new Map<number, ChainState>();
  readonly #tree = new TreeEdge();
  readonly #receipts: Map<string, Receipt>;
  #key: NoteVerifier | undefined;
  #witnesses: readonly NoteVerifier[] = [];
  #begun = false;
  #run: OpenRun | undefined;
  /** What stood in the last checkpoint. */
  #signed: { readonly size: number; readonly root: string | undefined } = { size: 0, root: undefined };
  /** Chains that grew since the last checkpoint. */
  readonly #grown = new Set<number>();
  #checkpoints = 0;
  #cosignatures = 0;
  #missing = 0;
  #firstMissing: Finding | undefined;
  #lastMissing = -1;
  #pruned = { below: 0, bodies: 0 };
  #tail = 0;
  #oldestTail: string | undefined;
  #latest = '';
  #sawSeen = false;
  /** A chain that was told, and whose first record must come next. */
  #awaited: number | undefined;
  #lastTailChain = -1;

  constructor(options: VerifyOptions) {
    this.#options = options;
    this.#receipts = new Map(
      (options.receipts ?? []).map((receipt) => [placeOf(receipt.writer, receipt.epoch, receipt.sequence), receipt]),
    );
    for (const receipt of this.#receipts.values()) {
      if (options.receiptKey && !isSigned(receipt, options.receiptKey))
        this.#wrong('unsigned', undefined, undefined, 'A receipt is not signed by the gateway.');
    }
  }

  take(text: string): void {
    const line = readLine(text);
    if (line === undefined) {
      this.#closeRun();
      this.#wrong('unreadable', this.#tree.size, undefined, 'A line of the export cannot be read.');
      return;
    }
    if (line.type === 'record') return this.#record(line);
    this.#closeRun();
    if (!this.#begun && line.type !== 'ledger')
      this.#wrong('removed', 0, undefined, 'The first line of the export, with the keys, is missing.');
    this.#begun = true;
    if (this.#awaited !== undefined && !('chain' in line && line.chain === this.#awaited && line.type !== 'chain')) {
      this.#wrong('reordered', this.#tree.size, undefined, `The chain ${this.#awaited} is told and does not begin.`);
    }
    this.#awaited = undefined;
    if (line.type === 'ledger') this.#header(line);
    else if (line.type === 'chain') this.#chain(line);
    else if (line.type === 'run') this.#openRun(line);
    else if (line.type === 'checkpoint') this.#checkpoint(line);
    else this.#tailRecord(line);
  }

  end(): VerifyReport {
    this.#closeRun();
    if (!this.#begun) this.#wrong('removed', 0, undefined, 'There is no ledger here.');
    if (this.#tree.size > this.#signed.size) {
      this.#wrong(
        'unsigned',
        this.#signed.size,
        undefined,
        `No checkpoint covers the records from index ${this.#signed.size} on, though they stand in the tree.`,
      );
    }
    if (this.#awaited !== undefined) this.#wrong('removed', undefined, undefined, `The chain ${this.#awaited} is told and does not begin.`);
    this.#judgeMissing();
    for (const { writer, epoch, sequence } of this.#receipts.values()) {
      this.#wrong(
        'removed',
        undefined,
        undefined,
        `A receipt shows that record ${sequence} of ${writer}/${epoch} was written, and it is not there.`,
      );
    }
    if (this.#options.seen !== undefined && !this.#sawSeen) {
      this.#wrong(
        'removed',
        undefined,
        undefined,
        'The checkpoint that was seen elsewhere is not in this ledger: it was rolled back or is another.',
      );
    }
    const nowMs = this.#options.nowMs ?? Date.parse(this.#latest);
    if (this.#oldestTail !== undefined && nowMs - Date.parse(this.#oldestTail) > TAIL_AGE_MS_MAX) {
      this.#wrong('unanchored', undefined, undefined, `Records since ${this.#oldestTail} are in no checkpoint: no sequencer has run.`);
    }
    return {
      ok: this.#findings.count === 0,
      size: this.#signed.size,
      root: this.#signed.root,
      checkpoints: this.#checkpoints,
      cosignatures: this.#cosignatures,
      pruned: this.#missing,
      tail: { records: this.#tail, oldestAt: this.#oldestTail },
      receipts: this.#options.receipts?.length ?? 0,
      first: this.#findings.first,
      findings: this.#findings.count,
      key: this.#key && verifierText(this.#key),
      keyIsPinned: this.#options.key !== undefined,
    };
  }

  #header({ key, witnesses }: Told<'ledger'>): void {
    const named = readVerifier(key);
    const isKnown = this.#options.key === undefined || verifierText(this.#options.key) === key;
    if (this.#key !== undefined) this.#wrong('inserted', this.#tree.size, undefined, 'The keys are told twice.');
    if (named === undefined || !isKnown)
      this.#wrong(
        'unsigned',
        0,
        undefined,
        'The key that the ledger names is not the one it should be; of another installation give --key.',
      );
    this.#key ??= this.#options.key ?? named;
    this.#witnesses = witnesses.flatMap((text) => readVerifier(text) ?? []);
    if (this.#witnesses.length < witnesses.length) this.#wrong('unreadable', 0, undefined, 'The key of a witness cannot be read.');
  }

  #chain({ chain, writer, epoch }: Told<'chain'>): void {
    if (this.#chains.has(chain)) this.#wrong('inserted', this.#tree.size, undefined, `The chain ${writer}/${epoch} begins twice.`);
    else this.#chains.set(chain, { writer, epoch, sequence: 0, hash: chainStart(writer, epoch) });
    this.#awaited = chain;
  }

  #openRun({ first, chain, sequence, leaves: encoded }: Told<'run'>): void {
    const bytes = Buffer.from(encoded, 'base64');
    const leaves = bytes.toString('hex').match(/.{64}/g) ?? [];
    const state = this.#chains.get(chain);
    const at = this.#tree.size;
    if (bytes.toString('base64') !== encoded || bytes.length !== leaves.length * 32 || leaves.length === 0) {
      return this.#wrong('altered', at, undefined, 'The leaves of a run cannot be read.');
    }
    if (state === undefined) return this.#wrong('removed', at, undefined, `What begins the chain ${chain} is missing.`);
    if (first !== at)
      return this.#wrong(first > at ? 'removed' : 'inserted', at, undefined, `The leaf of index ${at} is not where it should be.`);
    if (sequence !== state.sequence + 1) {
      const kind = sequence > state.sequence ? 'removed' : 'inserted';
      this.#wrong(kind, at, undefined, `Record ${state.sequence + 1} of ${state.writer}/${state.epoch} does not follow the one before.`);
    }
    this.#run = { first, chain, sequence, leaves, records: [] };
  }

  #record(line: RecordLine): void {
    if (this.#run?.chain === line.chain) this.#run.records.push(line);
    else this.#wrong('inserted', this.#tree.size, line.id, 'A record stands where none should.');
  }

  /** Holds the records of a run against its leaves: which of them is missing, too many, out of place or not what was written. */
  #closeRun(): void {
    const run = this.#run;
    if (run === undefined) return;
    this.#run = undefined;
    const state = this.#chains.get(run.chain);
    if (state === undefined) return;
    const given = new Map<number, RecordLine>();
    let last = 0;
    for (const line of run.records) {
      const place = line.sequence - run.sequence;
      const isOutside = place < 0 || place >= run.leaves.length;
      if (isOutside || given.has(line.sequence)) {
        this.#wrong('inserted', run.first + Math.min(Math.max(place, 0), run.leaves.length), line.id, 'A record stands where none should.');
        continue;
      }
      if (line.sequence < last) this.#wrong('reordered', run.first + place, line.id, 'A record stands after one that was written later.');
      last = Math.max(last, line.sequence);
      given.set(line.sequence, line);
    }
    for (const [place, leaf] of run.leaves.entries()) {
      const index = run.first + place;
      state.sequence = run.sequence + place;
      state.hash = chained(state.hash, leaf);
      this.#tree.append(leaf);
      this.#bearOut(state, index);
      const line = given.get(state.sequence);
      if (line === undefined) this.#lacks(index, state);
      else this.#check(line, state, leaf, index);
    }
    this.#grown.add(run.chain);
  }

  #check(line: RecordLine, state: ChainState, leaf: string, index: number | undefined): void {
    if (line.at > this.#latest) this.#latest = line.at;
    const checked = checkRecord(line, state);
    if ('wrong' in checked)
      return this.#wrong(
        'altered',
        index,
        line.id,
        `Record ${line.sequence} of ${state.writer}/${state.epoch} was altered: ${checked.wrong}.`,
      );
    if (line.leaf !== leaf)
      return this.#wrong(
        'altered',
        index,
        line.id,
        `Record ${line.sequence} of ${state.writer}/${state.epoch} is not the one in the tree.`,
      );
    if (line.chainHash !== state.hash)
      this.#wrong('altered', index, line.id, `Record ${line.sequence} of ${state.writer}/${state.epoch} does not link to the one before.`);
    const { kind, action, details } = checked.head;
    if (kind === 'administration' && action === 'ledger.pruned') {
      const { below, bodies } = details as Readonly<Record<string, string>>;
      this.#pruned = { below: Number(below), bodies: Number(bodies) };
    }
  }

  #lacks(index: number, { writer, epoch, sequence }: ChainState): void {
    this.#missing += 1;
    this.#lastMissing = index;
    this.#firstMissing ??= {
      kind: 'removed',
      index,
      record: undefined,
      message: `Record ${sequence} of ${writer}/${epoch} was removed: its leaf is in the tree.`,
    };
  }

  /** Bodies may be missing only as far as the ledger itself says that retention took them. */
  #judgeMissing(): void {
    if (this.#firstMissing === undefined) return;
    if (this.#lastMissing >= this.#pruned.below || this.#missing !== this.#pruned.bodies) this.#findings.add(this.#firstMissing);
  }

  #tailRecord(line: RecordLine): void {
    const state = this.#chains.get(line.chain);
    if (state === undefined) return this.#wrong('inserted', undefined, line.id, 'A record of a chain that does not exist.');
    if (line.chain < this.#lastTailChain) this.#wrong('reordered', undefined, line.id, 'A record stands after those of a later chain.');
    this.#lastTailChain = line.chain;
    if (line.sequence !== state.sequence + 1) {
      const kind = line.sequence > state.sequence ? 'removed' : 'inserted';
      return this.#wrong(
        kind,
        undefined,
        line.id,
        `Record ${state.sequence + 1} of ${state.writer}/${state.epoch} is not where it should be.`,
      );
    }
    state.sequence = line.sequence;
    state.hash = chained(state.hash, line.leaf);
    this.#bearOut(state, undefined);
    this.#check(line, state, line.leaf, undefined);
    this.#tail += 1;
    if (this.#oldestTail === undefined || line.at < this.#oldestTail) this.#oldestTail = line.at;
  }

  #bearOut({ writer, epoch, sequence, hash }: ChainState, index: number | undefined): void {
    const place = placeOf(writer, epoch, sequence);
    const receipt = this.#receipts.get(place);
    if (receipt === undefined) return;
    this.#receipts.delete(place);
    if (receipt.chainHash !== hash) {
      this.#wrong(
        'altered',
        index,
        undefined,
        `A receipt shows that record ${sequence} of ${writer}/${epoch}, or one before it, was another.`,
      );
    }
  }

  #checkpoint({ size, root, heads, note }: Told<'checkpoint'>): void {
    const from = this.#signed.size;
    const at = this.#tree.size;
    this.#checkpoints += 1;
    if (size <= from) return this.#wrong('inserted', at, undefined, `A checkpoint of ${size} records stands after one of ${from}.`);
    if (size !== at) {
      const kind = size > at ? 'removed' : 'inserted';
      return this.#wrong(kind, Math.min(size, at), undefined, `A checkpoint of ${size} records stands after ${at}.`);
    }
    const grown = [...this.#grown].map((chain) => [chain, this.#chains.get(chain)] as const);
    const expected = { from, size, root: this.#tree.root(), grown: new Map(grown) };
    const checked = checkCheckpoint({ root, heads, note }, expected, this.#key, this.#witnesses);
    for (const { kind, message } of checked.wrong) this.#wrong(kind, from, undefined, message);
    this.#cosignatures += checked.cosignatures;
    if (this.#options.seen !== undefined && checked.text === readNote(this.#options.seen)?.text) this.#sawSeen = true;
    this.#signed = { size, root };
    this.#grown.clear();
  }

  #wrong(kind: Finding['kind'], index: number | undefined, record: string | undefined, message: string): void {
    this.#findings.add({ kind, index, record, message });
  }
}

function placeOf(writer: string, epoch: number, sequence: number): string {
  return `${writer}\n${epoch}\n${sequence}`;
}
