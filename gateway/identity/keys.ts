import { createPublicKey, generateKeyPairSync, hash, randomBytes, type KeyObject } from 'node:crypto';
import { chmod, mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { calculateJwkThumbprint, exportJWK, generateKeyPair, type JWK } from 'jose';
import { keyError, readJwk, readOrCreate, readPrivateKey, readPublicKey, readSealKey, writeKeyFile } from './key-files.ts';

const SECRET_BYTES = 32;
const FILE_NAME_MAX = 100;

/** The keys of a demo installation, and the files that hold them for the other processes (subgraphs, command line). */
export interface DemoKeys {
  /** Ed25519: the gateway signs grants with it, the subgraphs check them by `publicKeyFile`. */
  readonly grant: { readonly privateKey: KeyObject; readonly publicKey: KeyObject; readonly publicKeyFile: string };
  /** By subgraph name: the HMAC key of its seals and the file to give to it. */
  readonly seals: ReadonlyMap<string, { readonly key: Buffer; readonly file: string }>;
  /** Keyed pseudonyms of persons. */
  readonly pseudonym: Buffer;
  /** Ed25519: signs the ledger's checkpoints. In production it is not the gateway's. */
  readonly ledger: KeyObject;
  /** ES256 private JWK that signs access tokens. */
  readonly issuer: JWK;
  /** By application id: the client id and the public half of the key that the application signs its assertions with. */
  readonly clients: ReadonlyMap<string, { readonly clientId: string; readonly publicKey: JWK }>;
  /** Ed25519 public JWK of the command line's key. */
  readonly admin: JWK;
  /** Its private half, with which the first import of the rules is signed. */
  readonly adminPrivate: JWK;
  /** By account, `agency/officer`: the Ed25519 public JWK of the officer's key, which logs in with `--as` and signs approvals. */
  readonly officers: ReadonlyMap<string, JWK>;
  /** The private halves, with which the first operations are approved. */
  readonly officersPrivate: ReadonlyMap<string, JWK>;
}

/** A demo application's key as it lies in its file. */
export type ClientJwk = JWK & { readonly client_id?: string };

/** What keys are needed for. Names are also file names, so they are lower-case words joined by hyphens or dots. */
export interface KeyHolders {
  readonly subgraphs: readonly string[];
  readonly applications: readonly { readonly id: string; readonly clientId: string }[];
  /** Accounts, `agency/officer`. */
  readonly officers?: readonly string[];
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
  const officersPrivate = new Map<string, JWK>();
  for (const account of holders.officers ?? []) {
    const file = officerKeyFile(dataDir, account);
    await makePrivateDirectories([join(directory, 'officers'), dirname(file)], dataDir);
    await readOrCreate(file, async () => newJwk('EdDSA'));
    officersPrivate.set(account, await readJwk(file, 'EdDSA'));
  }
  const pseudonymFile = join(directory, 'pseudonym.key');
  await readOrCreate(pseudonymFile, newSecret);
  const adminFile = adminKeyFile(dataDir);
  await readOrCreate(adminFile, async () => newJwk('EdDSA'));
  const adminPrivate = await readJwk(adminFile, 'EdDSA');
  const issuerFile = join(directory, 'issuer.jwk.json');
  await readOrCreate(issuerFile, async () => newJwk('ES256'));
  return {
    grant: await grantKeys(directory),
    seals,
    pseudonym: await readSealKey(pseudonymFile),
    ledger: await ledgerKey(directory),
    issuer: await readJwk(issuerFile, 'ES256'),
    clients,
    admin: publicJwk(adminPrivate),
    adminPrivate,
    officers: new Map(Array.from(officersPrivate, ([account, key]) => [account, publicJwk(key)])),
    officersPrivate,
  };
}

/** What a gateway signs, seals and pseudonymises with. */
export interface GatewayKeys {
  readonly grantPrivateKey: KeyObject;
  /** By subgraph name. */
  readonly sealKeys: ReadonlyMap<string, Buffer>;
  readonly pseudonymKey: Buffer;
  /** For the log: where they lie, and whether this start made any. */
  readonly directory: string;
  readonly made: boolean;
}

/**
 * Reads the keys of a gateway that nobody gave any, from `dataDir`/keys, and makes those that are missing (directory 0700, files 0600). A
 * subgraph that is to check seals gets its file `seals/<subgraph>.key`, and the grants' public key `grant.public.pem`.
 */
export async function loadOrCreateGatewayKeys(dataDir: string, subgraphs: readonly string[]): Promise<GatewayKeys> {
  const directory = join(dataDir, 'keys');
  await makePrivateDirectories([directory, join(directory, 'seals')], dataDir);
  let made = false;
  const secret = (): string => {
    made = true;
    return newSecret();
  };
  const sealKeys = new Map<string, Buffer>();
  for (const name of subgraphs) {
    const file = join(directory, 'seals', `${fileNameOfAny(name)}.key`);
    await readOrCreate(file, secret);
    sealKeys.set(name, await readSealKey(file));
  }
  const pseudonymFile = join(directory, 'pseudonym.key');
  await readOrCreate(pseudonymFile, secret);
  const { privateKey } = await grantKeys(directory);
  return { grantPrivateKey: privateKey, sealKeys, pseudonymKey: await readSealKey(pseudonymFile), directory, made };
}

/** The private JWK of the command line, under `--demo`. */
export function adminKeyFile(dataDir: string): string {
  return join(dataDir, 'keys', 'admin.jwk.json');
}

/** The private JWK of an officer of the demo. An account is `agency/officer`. */
export function officerKeyFile(dataDir: string, account: string): string {
  const [agency = '', officer = '', ...more] = account.split('/');
  if (more.length > 0) throw new Error('An account is named agency/officer.');
  return join(dataDir, 'keys', 'officers', fileName(agency), `${fileName(officer)}.jwk.json`);
}

/** Origin of a demo installation's checkpoints. */
export const DEMO_LEDGER = 'lien-thong-demo-ledger';

/** The public key that receipts of answers are checked with, under `--demo`. */
export function receiptKeyFile(dataDir: string): string {
  return join(dataDir, 'keys', 'grant.public.pem');
}

/** The private key that signs checkpoints, under `--demo`: the command line takes its public half, so as not to be told it by the ledger. */
export function ledgerKeyFile(dataDir: string): string {
  return join(dataDir, 'keys', 'ledger.private.pem');
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

async function ledgerKey(directory: string): Promise<KeyObject> {
  const file = join(directory, 'ledger.private.pem');
  await readOrCreate(file, () => generateKeyPairSync('ed25519').privateKey.export({ format: 'pem', type: 'pkcs8' }));
  return readPrivateKey(file);
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

/** Subgraphs of others may be called anything: what is no plain file name is written in percent signs, and hashed when it is long. */
function fileNameOfAny(name: string): string {
  const written = Array.from(Buffer.from(name, 'utf8'), (byte) => {
    const character = String.fromCodePoint(byte);
    return /[a-z0-9-]/.test(character) ? character : `%${byte.toString(16).padStart(2, '0')}`;
  }).join('');
  return written.length <= FILE_NAME_MAX ? written : `sha256-${hash('sha256', name, 'hex')}`;
}

function fileName(name: string): string {
  if (name.length > 64 || !/^[a-z0-9]+(?:[.-][a-z0-9]+)*$/.test(name)) {
    throw new Error(
      'The name of a subgraph, application, agency or officer is lower-case letters and digits in parts joined by "-" or ".", 64 at most.',
    );
  }
  return name;
}
