import type { Queryable } from '../../../platform/database.ts';
import { consistencyProof, inclusionProof, nodeOf, rootOf, type Subtree } from '../merkle.ts';
import { leavesOf, SUBTREE_WIDTH, wholeRoot } from './sequencer.ts';
import { readRunOf, readSubtrees } from './store.ts';

/** Hashes that show leaf `index` to be in the tree of `size` leaves. A proof reads some hundred hashes at each level that is kept. */
export async function proveInclusion(database: Queryable, index: number, size: number): Promise<readonly string[]> {
  return inclusionProof(index, size, subtreeOf(database));
}

/** Hashes that show the tree of `before` leaves to be the beginning of that of `size`. */
export async function proveConsistency(database: Queryable, before: number, size: number): Promise<readonly string[]> {
  return consistencyProof(before, size, subtreeOf(database));
}

/** Where a record stands in the tree; undefined while it is not in it. */
export async function indexOf(database: Queryable, chain: number, sequence: number): Promise<number | undefined> {
  const run = await readRunOf(database, chain, sequence);
  return run && run.first + (sequence - run.sequence);
}

function subtreeOf(database: Queryable): Subtree {
  const root: Subtree = async (first, count) => {
    if (count <= SUBTREE_WIDTH) return rootOf(await leavesOf(database, first, first + count));
    let split = SUBTREE_WIDTH;
    while (split * 2 < count) split *= 2;
    if (split * 2 > count) return nodeOf(await root(first, split), await root(first + split, count - split));
    // A whole subtree: of those below it that are kept, or kept itself.
    const level = Math.floor(Math.log2(count) / Math.log2(SUBTREE_WIDTH));
    const width = SUBTREE_WIDTH ** level;
    const below = await readSubtrees(database, level, first / width, (first + count) / width);
    if (below.length !== count / width) throw new Error(`Subtree hashes of level ${level} are missing from ${first / width} on.`);
    return wholeRoot(below.map(({ hash }) => hash));
  };
  return root;
}
