import type { Database, Queryable } from '../../../platform/database.ts';
import { CHAIN_IDLE_MS } from '../chain.ts';
import { chained, chainStart } from '../entry.ts';
import { nodeOf, TreeEdge } from '../merkle.ts';
import { checkpointText, headsHash, headsText, readCheckpoint, type ChainHead } from './checkpoint.ts';
import { isSignedBy, readNote, signNote, type NoteSigner } from './note.ts';
import * as store from './store.ts';

/** Leaves under one kept subtree hash at level 1, and subtrees under one of the level above. */
export const SUBTREE_WIDTH = 256;
/** Leaves of one run. */
const RUN_LEAVES_MAX = 4_096;
/** Runs that one merge takes from each chain, so that its transaction stays short. */
const RUNS_PER_CHAIN_MAX = 16;
/** A chain that nobody wrote for this long is not looked at again. Its writer left it long before. */
const CHAIN_CLOSED_MS = 4 * CHAIN_IDLE_MS;

export interface SequencerParts {
  readonly database: Database;
  /** Its name is the origin of the checkpoints. */
  readonly signer: NoteSigner;
  readonly clock: () => number;
}

/** What one merge did. */
export interface Merged {
  readonly checkpoint: store.CheckpointRow;
  /** Leaves that came into the tree. */
  readonly added: number;
}

/** What a sequencer will not put its name to; `message` says what is wrong where. */
export class SequencerError extends Error {}

/**
 * Takes what is new in all chains into the tree and signs its state, in one transaction; one sequencer at a time, the others find the lock
 * taken and do nothing. Undefined when there was nothing to do. Rejects with SequencerError when the ledger is not what was signed last, or
 * a chain does not link up: then nothing is signed.
 */
export async function merge({ database, signer, clock }: SequencerParts): Promise<Merged | undefined> {
  return database.transaction(async (tx) => {
    if (!(await store.tryLock(tx))) return undefined;
    const nowMs = clock();
    const last = await store.readLastCheckpoint(tx);
    const tree = new GrowingTree(last === undefined ? new TreeEdge() : signedEdge(last, signer), await openNodes(tx, last?.size ?? 0));
    const heads: ChainHead[] = [];
    const idle: number[] = [];
    const before = tree.edge.size;
    for (const chain of await store.readOpenChains(tx)) {
      const head = await mergeChain(tx, chain, tree);
      if (head) heads.push(head);
      else if (nowMs - chain.openedAt.getTime() > CHAIN_CLOSED_MS) idle.push(chain.id);
    }
    if (idle.length > 0) await closeIdle(tx, idle, nowMs);
    if (heads.length === 0) return undefined;
    await store.addSubtrees(tx, tree.whole);
    const text = headsText(heads);
    const root = tree.edge.root();
    const note = signNote(checkpointText({ origin: signer.name, size: tree.edge.size, root, heads: headsHash(before, text) }), signer);
    const checkpoint = { size: tree.edge.size, at: new Date(nowMs), root, edge: tree.edge.peaks.join(''), heads: text, note };
    await store.addCheckpoint(tx, checkpoint);
    return { checkpoint, added: tree.edge.size - before };
  });
}

/** The edge of the tree that was signed last. INVARIANT: nothing is signed on top of what this key did not sign. */
function signedEdge({ size, root, edge, note }: store.CheckpointRow, signer: NoteSigner): TreeEdge {
  const signed = readNote(note);
  const stated = signed && readCheckpoint(signed.text);
  const tree = new TreeEdge(size, edge.match(/.{64}/g) ?? []);
  const isOurs = signed !== undefined && isSignedBy(signed, signer) && stated?.origin === signer.name;
  if (!isOurs || stated.size !== size || stated.root !== root || tree.root() !== root) {
    throw new SequencerError(
      `The last checkpoint, of ${size} records, is not what this key signed. Compare it with the witness's and restore it.`,
    );
  }
  return tree;
}

async function mergeChain(tx: Queryable, chain: store.ChainRow, tree: GrowingTree): Promise<ChainHead | undefined> {
  const { id, writer, epoch } = chain;
  let { merged } = chain;
  let hash = chain.mergedHash === '' ? chainStart(writer, epoch) : chain.mergedHash;
  for (let run = 0; run < RUNS_PER_CHAIN_MAX; run += 1) {
    const next = await store.readUnmerged(tx, id, merged, RUN_LEAVES_MAX);
    if (!next) break;
    if (next.first !== merged + 1)
      throw new SequencerError(`Record ${merged + 1} of ${writer}/${epoch} is missing. Restore it; "ledger verify" says more.`);
    for (const leaf of next.leaves.toString('hex').match(/.{64}/g) ?? []) {
      hash = chained(hash, leaf);
      tree.append(leaf);
    }
    if (hash !== next.hash || next.leaves.length !== next.count * 32) {
      throw new SequencerError(
        `Records ${next.first} to ${next.first + next.count - 1} of ${writer}/${epoch} do not link up. "ledger verify" names the first.`,
      );
    }
    await store.addRun(
      tx,
      { first: tree.edge.size - next.count, chain: id, sequence: next.first, count: next.count, leaves: next.leaves },
      hash,
    );
    merged += next.count;
    if (next.count < RUN_LEAVES_MAX) break;
  }
  return merged === chain.merged ? undefined : { chain: id, writer, epoch, sequence: merged, hash };
}

async function closeIdle(tx: Queryable, ids: readonly number[], nowMs: number): Promise<void> {
  const last = await store.readLastWritten(tx, ids);
  const isIdle = (id: number): boolean => nowMs - (last.get(id)?.getTime() ?? 0) > CHAIN_CLOSED_MS;
  await store.closeChains(tx, ids.filter(isIdle), new Date(nowMs));
}

/** The tree's edge with the subtrees of kept levels that become whole while it grows. */
class GrowingTree {
  readonly edge: TreeEdge;
  readonly whole: store.SubtreeRow[] = [];
  /** By level, hashes of the last unfinished subtree's children. */
  readonly #open: string[][];

  constructor(edge: TreeEdge, open: string[][]) {
    this.edge = edge;
    this.#open = open;
  }

  append(leaf: string): void {
    this.edge.append(leaf);
    let hash = leaf;
    for (let level = 0; ; level += 1) {
      const children = (this.#open[level] ??= []);
      children.push(hash);
      if (children.length < SUBTREE_WIDTH) return;
      hash = wholeRoot(children);
      this.#open[level] = [];
      this.whole.push({ level: level + 1, index: this.edge.size / SUBTREE_WIDTH ** (level + 1) - 1, hash });
    }
  }
}

/** Root over a power of two of hashes. */
export function wholeRoot(hashes: readonly string[]): string {
  let level = hashes;
  while (level.length > 1)
    level = Array.from({ length: level.length / 2 }, (_, index) => nodeOf(level[2 * index] ?? '', level[2 * index + 1] ?? ''));
  return level[0] ?? '';
}

/** The children of unfinished subtrees of a tree of this size, level by level. */
async function openNodes(tx: Queryable, size: number): Promise<string[][]> {
  const open: string[][] = [];
  for (let level = 0, below = size; below > 0; level += 1, below = Math.floor(below / SUBTREE_WIDTH)) {
    const from = below - (below % SUBTREE_WIDTH);
    open.push(level === 0 ? await leavesOf(tx, from, below) : (await store.readSubtrees(tx, level, from, below)).map(({ hash }) => hash));
  }
  return open;
}

/** Leaf hashes `from` to before `to`. */
export async function leavesOf(database: Queryable, from: number, to: number): Promise<string[]> {
  if (from === to) return [];
  const runs = await store.readRuns(database, from, to, to - from);
  return runs.flatMap(({ first, leaves }) => {
    const hashes = leaves.toString('hex').match(/.{64}/g) ?? [];
    return hashes.slice(Math.max(0, from - first), to - first);
  });
}
