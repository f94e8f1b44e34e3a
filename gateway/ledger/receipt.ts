import { sign, verify, type KeyObject } from 'node:crypto';
import type { ChainPlace, Sealed } from './entry.ts';
import type { Chain } from './chain.ts';
import { leafOfText, nodeOf, rootByInclusion, rootOf } from './merkle.ts';

/**
 * What a client keeps to prove that a record was written, even one that no checkpoint covers yet: where in which chain it stands, and the
 * chain's hash there, which depends on the record and all before it. One signature is made for all records that are written together, over
 * the root of a small tree; the receipt carries its way to that root.
 */
export interface Receipt extends ChainPlace {
  readonly chainHash: string;
  readonly index: number;
  readonly size: number;
  readonly path: readonly string[];
  readonly signature: string;
}

const CONTEXT = 'lien-thong ledger receipt\n';
const VERSION = 'r1';

/** Signs a group that was written, and makes the receipt of each of its records. */
export function receiptsOf(sealed: readonly Sealed[], { writer, epoch }: Chain, key: KeyObject): readonly string[] {
  const leaves = sealed.map(({ sequence, chainHash }) => leafOfReceipt({ writer, epoch, sequence, chainHash }));
  const levels = levelsOf(leaves);
  const root = levels.at(-1)?.[0] ?? rootOf([]);
  const signature = sign(null, Buffer.from(`${CONTEXT}${root}`), key).toString('base64url');
  const name = Buffer.from(writer).toString('base64url');
  return sealed.map(({ sequence, chainHash }, index) => {
    const path = Buffer.from(pathIn(levels, index).join(''), 'hex').toString('base64url');
    const chain = Buffer.from(chainHash, 'hex').toString('base64url');
    return `${VERSION}.${name}.${epoch}.${sequence}.${chain}.${index}.${sealed.length}.${path}.${signature}`;
  });
}

/** Reads a receipt; undefined when it is none. It is not believed before `isSigned`. */
export function readReceipt(text: string): Receipt | undefined {
  const [version, name = '', epoch = '', sequence = '', chain = '', index = '', size = '', path = '', signature = '', ...more] =
    text.split('.');
  if (version !== VERSION || more.length > 0 || ![epoch, sequence, index, size].every((number) => /^\d{1,15}$/.test(number)))
    return undefined;
  const chainHash = Buffer.from(chain, 'base64url').toString('hex');
  if (chainHash.length !== 64) return undefined;
  return {
    writer: Buffer.from(name, 'base64url').toString(),
    epoch: Number(epoch),
    sequence: Number(sequence),
    chainHash,
    index: Number(index),
    size: Number(size),
    path: Buffer.from(path, 'base64url').toString('hex').match(/.{64}/g) ?? [],
    signature,
  };
}

/** Whether the writer of the key signed it. */
export function isSigned(receipt: Receipt, key: KeyObject): boolean {
  const root = rootByInclusion(receipt.index, receipt.size, leafOfReceipt(receipt), receipt.path);
  if (root === undefined) return false;
  return verify(null, Buffer.from(`${CONTEXT}${root}`), key, Buffer.from(receipt.signature, 'base64url'));
}

function leafOfReceipt({ writer, epoch, sequence, chainHash }: ChainPlace & { readonly chainHash: string }): string {
  return leafOfText(`${writer}\n${epoch}\n${sequence}\n${chainHash}`);
}

/** The tree level by level, a node without a sibling moved up: the form of RFC 6962. */
function levelsOf(leaves: readonly string[]): readonly (readonly string[])[] {
  const levels: (readonly string[])[] = [leaves];
  for (let level = leaves; level.length > 1;) {
    const above: string[] = [];
    for (let index = 0; index < level.length; index += 2) {
      const [left = '', right] = [level[index], level[index + 1]];
      above.push(right === undefined ? left : nodeOf(left, right));
    }
    levels.push(above);
    level = above;
  }
  return levels;
}

function pathIn(levels: readonly (readonly string[])[], index: number): readonly string[] {
  const path: string[] = [];
  let at = index;
  for (const level of levels) {
    const sibling = level[at % 2 === 0 ? at + 1 : at - 1];
    if (sibling !== undefined) path.push(sibling);
    at = Math.floor(at / 2);
  }
  return path;
}
