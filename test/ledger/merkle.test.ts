import fc from 'fast-check';
import { hash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import {
  consistencyProof,
  EMPTY_ROOT,
  inclusionProof,
  isConsistent,
  leafOfHash,
  leafOfText,
  rootByInclusion,
  rootOf,
  TreeEdge,
} from '../../gateway/ledger/merkle.ts';

/** The leaves that the implementations of RFC 6962 share as test vectors (certificate-transparency, merkle_tree_test). */
const INPUTS = ['', '00', '10', '2021', '3031', '40414243', '5051525354555657', '606162636465666768696a6b6c6d6e6f'];
const ROOTS = [
  '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
  'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125',
  'aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77',
  'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
  '4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4',
  '76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef',
  'ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c',
  '5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328',
];
const leaves = INPUTS.map((input) => hash('sha256', Buffer.concat([Buffer.of(0), Buffer.from(input, 'hex')]), 'hex'));

const subtreeOf = (all: readonly string[]) => async (first: number, count: number) => rootOf(all.slice(first, first + count));

/** PATH of RFC 6962, section 2.1.1, as it is written there. */
function naivePath(index: number, leaves: readonly string[]): readonly string[] {
  if (leaves.length <= 1) return [];
  const split = 2 ** (Math.ceil(Math.log2(leaves.length)) - 1);
  const [left, right] = [leaves.slice(0, split), leaves.slice(split)];
  return index < split ? [...naivePath(index, left), naiveRoot(right)] : [...naivePath(index - split, right), naiveRoot(left)];
}

/** RFC 6962, section 2.1, word for word. */
function naiveRoot(all: readonly string[]): string {
  if (all.length === 0) return hash('sha256', '', 'hex');
  if (all.length === 1) return all[0] ?? '';
  const split = 2 ** Math.ceil(Math.log2(all.length) - 1);
  const children = Buffer.from(naiveRoot(all.slice(0, split)) + naiveRoot(all.slice(split)), 'hex');
  return hash('sha256', Buffer.concat([Buffer.of(1), children]), 'hex');
}

describe('the Merkle tree of RFC 6962', () => {
  test('has the roots of the shared test vectors at every size', () => {
    expect(EMPTY_ROOT).toBe('e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855');
    expect(INPUTS.map((_, index) => rootOf(leaves.slice(0, index + 1)))).toEqual(ROOTS);
  });

  test('has the inclusion and consistency proofs of the shared test vectors', async () => {
    expect(await inclusionProof(5, 8, subtreeOf(leaves))).toEqual([
      'bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b',
      'ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0',
      'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
    ]);
    expect(await consistencyProof(6, 8, subtreeOf(leaves))).toEqual([
      '0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a',
      'ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0',
      'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
    ]);
  });

  test('a leaf of text and a leaf of a hash are hashed as leaves', () => {
    expect(leafOfText('')).toBe(leaves[0]);
    expect(leafOfHash('00'.repeat(32))).toBe(hash('sha256', Buffer.alloc(33), 'hex'));
  });

  test('grows leaf by leaf to what the specification says, and every proof of it holds while no other does', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 70 }), fc.nat(), fc.nat(), async (size, some, other) => {
        const all = Array.from({ length: size }, (_, index) => leafOfText(`leaf ${index}`));
        const index = some % size;
        const before = (other % size) + 1;
        const edge = new TreeEdge();
        for (const leaf of all.slice(0, before)) edge.append(leaf);
        const resumed = new TreeEdge(edge.size, edge.peaks);
        for (const leaf of all.slice(before)) resumed.append(leaf);
        const root = naiveRoot(all);
        expect(resumed.root()).toBe(root);
        const path = await inclusionProof(index, size, subtreeOf(all));
        expect(path).toEqual(naivePath(index, all));
        expect(rootByInclusion(index, size, all[index] ?? '', path)).toBe(root);
        expect(rootByInclusion(index, size, leafOfText('another'), path)).not.toBe(root);
        expect(rootByInclusion(index, size, all[index] ?? '', [...path, root])).toBeUndefined();
        const old = { size: before, root: naiveRoot(all.slice(0, before)) };
        const proof = await consistencyProof(before, size, subtreeOf(all));
        expect(isConsistent(old, { size, root }, proof)).toBe(true);
        expect(isConsistent({ ...old, root: leafOfText('another') }, { size, root }, proof)).toBe(false);
        expect(isConsistent(old, { size, root: leafOfText('another') }, proof)).toBe(false);
        if (proof.length > 0) expect(isConsistent(old, { size, root }, proof.slice(1))).toBe(false);
      }),
    );
  });
});
