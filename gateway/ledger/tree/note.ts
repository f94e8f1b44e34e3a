import { createPrivateKey, createPublicKey, hash, sign, verify, type KeyObject } from 'node:crypto';

/**
 * Signed notes (c2sp.org/signed-note): a text, a blank line, and a line for each signature. No package for Node that is kept has them.
 */
export interface SignedNote {
  /** Ends with a line feed. */
  readonly text: string;
  readonly signatures: readonly NoteSignature[];
}

export interface NoteSignature {
  readonly name: string;
  /** First 4 bytes of the key's hash, hex. */
  readonly keyHash: string;
  readonly signature: Buffer;
}

/** A key that notes are checked with. `cosigner` signs a checkpoint with the time at which it was seen (c2sp.org/tlog-cosignature). */
export interface NoteVerifier {
  readonly kind: 'log' | 'cosigner';
  readonly name: string;
  readonly keyHash: string;
  readonly publicKey: KeyObject;
}

export interface NoteSigner extends NoteVerifier {
  readonly privateKey: KeyObject;
}

/** Algorithm bytes of a signed-note key: Ed25519, and timestamped Ed25519 witness cosignatures. */
const ALGORITHMS = { log: 1, cosigner: 4 } as const;
const KEY_HASH_BYTES = 4;
const TIME_BYTES = 8;
/** Signature lines of a note that are looked at. */
const SIGNATURES_MAX = 64;
/** SPKI of an Ed25519 key is these bytes and the key (RFC 8410). */
const SPKI_PREFIX = Buffer.from('302a300506032b6570032100', 'hex');

/** Names have no spaces and no plus sign. */
const NAME = /^[^\s+]+$/u;

export function noteSigner(kind: NoteVerifier['kind'], name: string, privateKey: KeyObject): NoteSigner {
  return { ...verifierOf(kind, name, createPublicKey(privateKey)), privateKey };
}

/** Reads an Ed25519 private key, PKCS #8 PEM. */
export function readSignerKey(pem: string): KeyObject {
  const key = createPrivateKey(pem);
  if (key.asymmetricKeyType !== 'ed25519') throw new Error('The key is not of Ed25519. Make one with: openssl genpkey -algorithm ed25519.');
  return key;
}

/** A key as text, `name+hash+base64`: what is handed to whoever checks. */
export function verifierText({ kind, name, keyHash, publicKey }: NoteVerifier): string {
  return `${name}+${keyHash}+${Buffer.concat([Buffer.of(ALGORITHMS[kind]), rawKey(publicKey)]).toString('base64')}`;
}

/** Reads a key from its text; undefined when it is none. */
export function readVerifier(text: string): NoteVerifier | undefined {
  const match = /^([^\s+]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/=]+)$/u.exec(text);
  const [, name = '', keyHash = '', key = ''] = match ?? [];
  const bytes = Buffer.from(key, 'base64');
  const kind = bytes[0] === ALGORITHMS.log ? 'log' : bytes[0] === ALGORITHMS.cosigner ? 'cosigner' : undefined;
  if (!match || kind === undefined || bytes.length !== 33 || bytes.toString('base64') !== key) return undefined;
  const publicKey = createPublicKey({ key: Buffer.concat([SPKI_PREFIX, bytes.subarray(1)]), format: 'der', type: 'spki' });
  const verifier = verifierOf(kind, name, publicKey);
  return verifier.keyHash === keyHash ? verifier : undefined;
}

/** Signs the text as the log itself; gives the whole note. */
export function signNote(text: string, signer: NoteSigner): string {
  return `${text}\n${signatureLine(signer, sign(null, Buffer.from(text), signer.privateKey))}`;
}

/** A witness's signature line for a checkpoint that it saw at a time (seconds since the epoch). */
export function cosign(text: string, signer: NoteSigner, seconds: number): string {
  const time = Buffer.alloc(TIME_BYTES);
  time.writeBigUInt64BE(BigInt(seconds));
  return signatureLine(signer, Buffer.concat([time, sign(null, cosigned(text, seconds), signer.privateKey)]));
}

/** Reads a note; undefined when it is none. Nothing in it is believed before `isSignedBy`. */
export function readNote(note: string): SignedNote | undefined {
  const at = note.lastIndexOf('\n\n');
  if (at < 0 || !note.endsWith('\n')) return undefined;
  const lines = note.slice(at + 2, -1).split('\n');
  const signatures = lines.map(readSignature);
  const read = signatures.filter((signature) => signature !== undefined);
  return read.length !== lines.length || lines.length > SIGNATURES_MAX ? undefined : { text: note.slice(0, at + 1), signatures: read };
}

/** Reads one signature line without its line feed. */
export function readSignature(line: string): NoteSignature | undefined {
  const match = /^— (\S+) ([A-Za-z0-9+/]+={0,2})$/u.exec(line);
  const [, name = '', encoded = ''] = match ?? [];
  const bytes = Buffer.from(encoded, 'base64');
  if (!match || !NAME.test(name) || bytes.length <= KEY_HASH_BYTES || bytes.toString('base64') !== encoded) return undefined;
  return { name, keyHash: bytes.toString('hex', 0, KEY_HASH_BYTES), signature: bytes.subarray(KEY_HASH_BYTES) };
}

/** Whether one of the signatures is the verifier's and right. */
export function isSignedBy({ text, signatures }: SignedNote, verifier: NoteVerifier): boolean {
  return signatures.some((signature) => isOf(signature, verifier) && isRight(text, signature, verifier));
}

/** Whether a signature names this key. */
export function isOf({ name, keyHash }: NoteSignature, verifier: NoteVerifier): boolean {
  return name === verifier.name && keyHash === verifier.keyHash;
}

/** Whether a signature of the verifier's is right for the text. */
export function isRight(text: string, { signature }: NoteSignature, { kind, publicKey }: NoteVerifier): boolean {
  if (kind === 'log') return verify(null, Buffer.from(text), publicKey, signature);
  if (signature.length <= TIME_BYTES) return false;
  return verify(null, cosigned(text, Number(signature.readBigUInt64BE())), publicKey, signature.subarray(TIME_BYTES));
}

function cosigned(text: string, seconds: number): Buffer {
  return Buffer.from(`cosignature/v1\ntime ${seconds}\n${text}`);
}

function signatureLine({ name, keyHash }: NoteVerifier, signature: Buffer): string {
  return `— ${name} ${Buffer.concat([Buffer.from(keyHash, 'hex'), signature]).toString('base64')}\n`;
}

function verifierOf(kind: NoteVerifier['kind'], name: string, publicKey: KeyObject): NoteVerifier {
  if (!NAME.test(name)) throw new Error('The name of a key in notes has no spaces and no plus sign.');
  const hashed = Buffer.concat([Buffer.from(`${name}\n`), Buffer.of(ALGORITHMS[kind]), rawKey(publicKey)]);
  return { kind, name, publicKey, keyHash: hash('sha256', hashed, 'hex').slice(0, 2 * KEY_HASH_BYTES) };
}

function rawKey(publicKey: KeyObject): Buffer {
  return publicKey.export({ format: 'der', type: 'spki' }).subarray(SPKI_PREFIX.length);
}
