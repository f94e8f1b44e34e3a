import { createCipheriv, createDecipheriv, createHmac, hkdfSync, randomBytes } from 'node:crypto';

/** AES-256-GCM (NIST SP 800-38D) with the recommended nonce and tag; a key seals one run's ranges, far from the bound on random nonces. */
const ALGORITHM = 'aes-256-gcm';
const KEY_BYTES = 32;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/** Seals what was counted of a range until its run ends, and opens it again. */
export interface RunSeal {
  readonly close: (first: number, text: string) => Buffer;
  /** Throws when it is not what was sealed for this run and range. */
  readonly open: (first: number, sealed: Uint8Array) => string;
}

/**
 * The seal of one run. Its key is derived (HKDF-SHA256, RFC 5869) from a secret that only gateways hold and the run's id, so that the database
 * alone gives nothing of what was counted of a thousand people, and every gateway can go on where another ended.
 */
export function runSeal(secret: Buffer, run: string): RunSeal {
  const key = derived(secret, run, 'lien-thong analysis partial');
  const about = (first: number): Buffer => Buffer.from(`${run} ${first}`);
  return {
    close(first, text) {
      const nonce = randomBytes(NONCE_BYTES);
      const cipher = createCipheriv(ALGORITHM, key, nonce).setAAD(about(first));
      return Buffer.concat([nonce, cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()]);
    },
    open(first, sealed) {
      const bytes = Buffer.from(sealed);
      const decipher = createDecipheriv(ALGORITHM, key, bytes.subarray(0, NONCE_BYTES), { authTagLength: TAG_BYTES })
        .setAAD(about(first))
        .setAuthTag(bytes.subarray(-TAG_BYTES));
      return Buffer.concat([decipher.update(bytes.subarray(NONCE_BYTES, -TAG_BYTES)), decipher.final()]).toString('utf8');
    },
  };
}

/** HMAC-SHA256, hex, of what was counted: equal counts are told by it, and none can be guessed from it. */
export function countedMac(secret: Buffer, text: string): string {
  return createHmac('sha256', derived(secret, '', 'lien-thong analysis counted'))
    .update(text)
    .digest('hex');
}

function derived(secret: Buffer, salt: string, info: string): Buffer {
  return Buffer.from(hkdfSync('sha256', secret, salt, info, KEY_BYTES));
}
