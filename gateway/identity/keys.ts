import { createPublicKey, generateKeyPairSync, randomBytes, type KeyObject } from 'node:crypto';
import { chmod, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { calculateJwkThumbprint, exportJWK, generateKeyPair, type JWK } from 'jose';
import { keyError, readJwk, readOrCreate, readPrivateKey, readPublicKey, readSealKey, writeKeyFile } from './key-files.ts';

const SECRET_BYTES = 32;

/** The keys of a demo installation, and the files that hold them for the other processes (subgraphs, command line). */
export interface DemoKeys {
  /** Ed25519: the gateway signs grants with it, the subgraphs check them by `publicKeyFile`. */
  readonly grant: { readonly privateKey: KeyObject; readonly publicKey: KeyObject; readonly publicKeyFile: string };
  /** By subgraph name: the HMAC key of its seals and the file to give to it. */
  readonly seals: ReadonlyMap<string, { readonly key: Buffer; readonly file: string }>;
  /** Keyed pseudonyms of persons. */
  readonly pseudonym: Buffer;
  /** ES256 private JWK that signs access tokens. */
  readonly issuer: JWK;
  /** By application id: the client id and the public half of the key that the application signs its assertions with. */
  readonly clients: ReadonlyMap<string, { readonly clientId: string; readonly publicKey: JWK }>;
  /** Ed25519 public JWK of the command line's key. */
  readonly admin: JWK;
}

/** A demo application's key as it lies in its file. */
export type ClientJwk = JWK & { readonly client_id?: string };

/** What keys are needed for. Names are also file names, so they are lower-case words joined by hyphens or dots. */
export interface KeyHolders {
  readonly subgraphs: readonly string[];
  readonly applications: readonly { readonly id: string; readonly clientId: string }[];
}

/**
 * Reads the keys of a demo installation from `dataDir`/keys and makes those that are missing (directory 0700, files 0600). Rejects with a
 * sentence when the directory cannot be written, a file is readable by others, or a file is not the key it should be.
 */
export async function loadOrCreateKeys(dataDir: string, holders: KeyHolders): Promise<DemoKeys> {
  const directory = join(dataDir, 'keys');
  await makePrivateDirectories([directory, join(directory, 'seals'), join(directory, 'applications')], dataDir);
  const seals = new Map<string, { key: Buffer; file: string }>();
  for (const name of holders.subgraphs) {
    const file = join(directory, 'seals', `${fileName(name)}.key`);
    await readOrCreate(file, newSecret);
    seals.set(name, { key: await readSealKey(file), file });
  }
  const clients = new Map<string, { clientId: string; publicKey: JWK }>();
  for (const application of holders.applications) {
    clients.set(application.id, { clientId: application.clientId, publicKey: await clientKey(directory, application) });
  }
  const pseudonymFile = join(directory, 'pseudonym.key');
  await readOrCreate(pseudonymFile, newSecret);
  const adminFile = adminKeyFile(dataDir);
  await readOrCreate(adminFile, async () => newJwk('EdDSA'));
  const issuerFile = join(directory, 'issuer.jwk.json');
  await readOrCreate(issuerFile, async () => newJwk('ES256'));
  return {
    grant: await grantKeys(directory),
    seals,
    pseudonym: await readSealKey(pseudonymFile),
    issuer: await readJwk(issuerFile, 'ES256'),
    clients,
    admin: publicJwk(await readJwk(adminFile, 'EdDSA')),
  };
}

/** The private JWK of the command line, under `--demo`. */
export function adminKeyFile(dataDir: string): string {
  return join(dataDir, 'keys', 'admin.jwk.json');
}

/** The private JWK of a demo application; its member `client_id` is what the issuer knows the application by. */
export function applicationKeyFile(dataDir: string, applicationId: string): string {
  return join(dataDir, 'keys', 'applications', `${fileName(applicationId)}.jwk.json`);
}

/** The half of a JWK that others may see, with what names its use. */
export function publicJwk(key: JWK): JWK {
  const { kty, crv, x, y, n, e, kid, alg, use } = key;
  return Object.fromEntries(Object.entries({ kty, crv, x, y, n, e, kid, alg, use }).filter(([, value]) => value !== undefined));
}

async function grantKeys(directory: string): Promise<DemoKeys['grant']> {
  const privateKeyFile = join(directory, 'grant.private.pem');
  const publicKeyFile = join(directory, 'grant.public.pem');
  await readOrCreate(privateKeyFile, () => generateKeyPairSync('ed25519').privateKey.export({ format: 'pem', type: 'pkcs8' }));
  const privateKey = await readPrivateKey(privateKeyFile);
  const publicText = createPublicKey(privateKey).export({ format: 'pem', type: 'spki' });
  // The private key is the truth; a public file of another key (a partial restore) would make every subgraph refuse every call.
  if ((await readOrCreate(publicKeyFile, () => publicText)) !== publicText) await writeKeyFile(publicKeyFile, publicText);
  return { privateKey, publicKey: await readPublicKey(publicKeyFile), publicKeyFile };
}

async function clientKey(directory: string, application: { readonly id: string; readonly clientId: string }): Promise<JWK> {
  const file = join(directory, 'applications', `${fileName(application.id)}.jwk.json`);
  const withClientId = (key: JWK): string => JSON.stringify({ ...key, client_id: application.clientId });
  await readOrCreate(file, async () => withClientId(JSON.parse(await newJwk('ES256')) as JWK));
  const key: ClientJwk = await readJwk(file, 'ES256');
  if (key.client_id !== application.clientId) await writeKeyFile(file, withClientId(key));
  return publicJwk(key);
}

async function makePrivateDirectories(directories: readonly string[], dataDir: string): Promise<void> {
  try {
    for (const directory of directories) {
      await mkdir(directory, { recursive: true, mode: 0o700 });
      // mkdir's mode does not touch a directory that is there, and the umask narrows it.
      await chmod(directory, 0o700);
    }
  } catch (cause) {
    throw keyError(
      `The data directory ${dataDir} cannot be written. Give this user the right to write there, or set DATA_DIR to a directory of its own.`,
      cause,
    );
  }
}

function newSecret(): string {
  return `${randomBytes(SECRET_BYTES).toString('base64')}\n`;
}

async function newJwk(alg: 'ES256' | 'EdDSA'): Promise<string> {
  const { privateKey } = await generateKeyPair(alg, { extractable: true });
  const key = await exportJWK(privateKey);
  return JSON.stringify({ ...key, kid: await calculateJwkThumbprint(key), alg, use: 'sig' });
}

function fileName(name: string): string {
  if (name.length > 64 || !/^[a-z0-9]+(?:[.-][a-z0-9]+)*$/.test(name)) {
    throw new Error('The name of a subgraph or application is lower-case letters and digits in parts joined by "-" or ".", 64 at most.');
  }
  return name;
}
