import { hash } from 'node:crypto';

/** The state of the tree that is signed (c2sp.org/tlog-checkpoint). Roots are hex. */
export interface Checkpoint {
  readonly origin: string;
  readonly size: number;
  readonly root: string;
  /** SHA-256 of where the chains stood and of what checkpoint was before, hex: the one extension line, which a witness co-signs with the rest. */
  readonly heads: string | undefined;
}

const HEADS_PREFIX = 'chains ';

/** The text of a checkpoint that is to be signed. */
export function checkpointText({ origin, size, root, heads }: Checkpoint): string {
  return `${origin}\n${size}\n${base64(root)}\n${heads === undefined ? '' : `${HEADS_PREFIX}${base64(heads)}\n`}`;
}

/** Reads a checkpoint's text; undefined when it is none. Extension lines of others are let pass. */
export function readCheckpoint(text: string): Checkpoint | undefined {
  if (!text.endsWith('\n')) return undefined;
  const [origin = '', size = '', root = '', ...extensions] = text.slice(0, -1).split('\n');
  const rootHash = hexOf(root);
  if (origin === '' || !/^(?:0|[1-9]\d{0,15})$/.test(size) || rootHash === undefined || extensions.includes('')) return undefined;
  const line = extensions.find((extension) => extension.startsWith(HEADS_PREFIX));
  const heads = line === undefined ? undefined : hexOf(line.slice(HEADS_PREFIX.length));
  return { origin, size: Number(size), root: rootHash, heads };
}

/** Where a chain stood when a checkpoint was made. */
export interface ChainHead {
  readonly chain: number;
  readonly writer: string;
  readonly epoch: number;
  readonly sequence: number;
  /** The chain's hash there, hex. */
  readonly hash: string;
}

/** The heads of the chains that grew since the checkpoint before, as text. */
export function headsText(heads: readonly ChainHead[]): string {
  return heads.map(({ chain, writer, epoch, sequence, hash }) => `${chain} ${writer} ${epoch} ${sequence} ${hash}\n`).join('');
}

/** Hash of heads and of the size of the checkpoint before, so that a checkpoint which is taken out is missed by the next. */
export function headsHash(before: number, text: string): string {
  return hash('sha256', `${before}\n${text}`, 'hex');
}

/** Reads heads; undefined when they are not written as `headsText` writes them. */
export function readHeads(text: string): readonly ChainHead[] | undefined {
  const heads = text
    .split('\n')
    .slice(0, -1)
    .map((line) => {
      const [chain = '', writer = '', epoch = '', sequence = '', hash = ''] = line.split(' ');
      return { chain: Number(chain), writer, epoch: Number(epoch), sequence: Number(sequence), hash };
    });
  return headsText(heads) === text ? heads : undefined;
}

export function base64(hex: string): string {
  return Buffer.from(hex, 'hex').toString('base64');
}

/** A hash in base64 as hex; undefined when it is not one written in the one way. */
export function hexOf(encoded: string): string | undefined {
  const bytes = Buffer.from(encoded, 'base64');
  return bytes.length === 32 && bytes.toString('base64') === encoded ? bytes.toString('hex') : undefined;
}
