import { randomFillSync } from 'node:crypto';

/** Bytes drawn from the system at a time: one call costs ten times what cutting a few bytes off a block does. */
const BLOCK_BYTES = 8_192;

const block = Buffer.allocUnsafeSlow(BLOCK_BYTES);
let used = BLOCK_BYTES;

/** Random bytes of cryptographic quality as text. Every byte of a block is given out once, and overwritten by the next block. */
export function randomText(bytes: number, encoding: 'hex' | 'base64url'): string {
  if (used + bytes > BLOCK_BYTES) {
    randomFillSync(block);
    used = 0;
  }
  const text = block.toString(encoding, used, used + bytes);
  used += bytes;
  return text;
}
