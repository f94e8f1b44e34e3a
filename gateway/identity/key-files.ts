import { createPrivateKey, createPublicKey, randomUUID, type KeyObject } from 'node:crypto';
import { link, open, readFile, rename, rm, stat } from 'node:fs/promises';
import { platform } from 'node:os';
import type { JWK } from 'jose';

const SECRET_BYTES_MIN = 32;
/** Permission bits of group and others. */
const OTHERS = 0o077;

/** Reads a private key (PKCS #8 PEM). Rejects with a sentence that names the file and never its content. */
export async function readPrivateKey(file: string): Promise<KeyObject> {
  const text = await readKeyFile(file);
  return parsed(file, 'a private key in PKCS #8 PEM', () => createPrivateKey(text));
}

/** Reads a public key (SPKI PEM). Rejects as `readPrivateKey` does. A private key is refused: it does not belong where this is read. */
export async function readPublicKey(file: string): Promise<KeyObject> {
  const text = await readKeyFile(file);
  return parsed(file, 'a public key in SPKI PEM', () => {
    if (!text.includes('-----BEGIN PUBLIC KEY-----')) throw new Error('no SPKI block');
    return createPublicKey(text);
  });
}

/** Reads a symmetric key: base64 of at least 32 random bytes on one line. Rejects as `readPrivateKey` does. */
export async function readSealKey(file: string): Promise<Buffer> {
  const text = (await readKeyFile(file)).trim();
  return parsed(file, `base64 of at least ${SECRET_BYTES_MIN} random bytes`, () => {
    const key = Buffer.from(text, 'base64');
    // Buffer.from skips what is not base64, so a text that does not come back is not a key.
    if (key.toString('base64') !== text || key.length < SECRET_BYTES_MIN) throw new Error('not base64, or too short');
    return key;
  });
}

/** Reads a private JWK for `alg` from a file that only its owner may read. Rejects as `readPrivateKey` does. */
export async function readJwk(file: string, alg: 'ES256' | 'EdDSA'): Promise<JWK> {
  await requirePrivateMode(file);
  const text = await readKeyFile(file);
  return parsed(file, `a private JWK for ${alg}`, () => {
    const key: unknown = JSON.parse(text);
    if (typeof key !== 'object' || key === null || !('d' in key) || !('alg' in key) || key.alg !== alg) throw new Error('another key');
    createPrivateKey({ key: key as Record<string, string>, format: 'jwk' });
    return key as JWK;
  });
}

/** Rejects when others than its owner may read the file. Windows has no such bits. */
async function requirePrivateMode(file: string): Promise<void> {
  if (platform() === 'win32') return;
  const { mode } = await stat(file).catch((cause: unknown) => {
    throw keyError(`The key file ${file} cannot be read.`, cause);
  });
  if ((mode & OTHERS) !== 0) {
    throw new Error(`The key file ${file} can be read by other users. Make it private: chmod 600 ${file}`);
  }
}

/** The text of a key file, made by `create` when there is none yet. Refuses a file that others may read. */
export async function readOrCreate(file: string, create: () => string | Promise<string>): Promise<string> {
  try {
    const text = await readFile(file, 'utf8');
    await requirePrivateMode(file);
    return text;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
  const text = await create();
  // Two that start at once go on with one key: a pseudonym key that only one of them has would be lost when it ends.
  if (await writeKeyFile(file, text, link)) return text;
  return readFile(file, 'utf8');
}

/**
 * Writes a key file whole or not at all: a start that is killed halfway leaves no half key behind. With `link` in place of `rename` only where there
 * is none yet; false when there is.
 */
export async function writeKeyFile(file: string, text: string, place: typeof rename = rename): Promise<boolean> {
  const temporary = `${file}.${randomUUID()}.tmp`;
  try {
    const handle = await open(temporary, 'wx', 0o600);
    try {
      await handle.writeFile(text);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await place(temporary, file);
    return true;
  } catch (cause) {
    if (place === link && (cause as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw keyError(`The key file ${file} cannot be written. Give this user the right to write there.`, cause);
  } finally {
    await rm(temporary, { force: true });
  }
}

/** An error of ours around one of the system, whose code alone is shown. */
export function keyError(sentence: string, cause: unknown): Error {
  const code = (cause as NodeJS.ErrnoException | undefined)?.code;
  return new Error(code === undefined ? sentence : `${sentence} (${code})`, { cause });
}

async function readKeyFile(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (cause) {
    throw keyError(`The key file ${file} cannot be read. Check the path and that this user may read it.`, cause);
  }
}

function parsed<T>(file: string, need: string, parse: () => T): T {
  try {
    return parse();
  } catch {
    // The cause is dropped: messages of JSON.parse and OpenSSL can repeat parts of the key.
    throw new Error(`The key file ${file} does not hold ${need}. Restore it, or remove it under --demo to have a new one made.`);
  }
}
