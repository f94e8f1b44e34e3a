import { createHash, createPrivateKey, createPublicKey, sign, verify } from 'node:crypto';
import type { JWK } from 'jose';
import type { Officer, SigningKey } from '../policy/officers.ts';
import type { FindSigner } from './keyring.ts';

/** A statement in canonical form with its signature (Ed25519 over the bytes of the text). */
export interface SignedStatement {
  readonly text: string;
  /** JWK thumbprint of the key. */
  readonly keyId: string;
  /** base64url. */
  readonly signature: string;
}

/** A signed statement as it lies in a table, not yet believed. */
export interface SignedRow {
  readonly hash: string;
  readonly statement: string;
  readonly key_id: string | null;
  readonly signature: string | null;
}

/**
 * Signs a text with a private JWK. `domain` says what kind of statement it is and is part of what is signed, so that no signature passes for
 * another kind, or for a token, which is signed with the same keys.
 */
export function signText(domain: string, text: string, key: JWK): SignedStatement {
  const privateKey = createPrivateKey({ key: { ...key }, format: 'jwk' });
  return { text, keyId: key.kid ?? '', signature: sign(null, signedBytes(domain, text), privateKey).toString('base64url') };
}

function verifiesText(domain: string, { text, signature }: Pick<SignedStatement, 'text' | 'signature'>, { x }: SigningKey): boolean {
  const key = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' });
  return verify(null, signedBytes(domain, text), key, Buffer.from(signature, 'base64url'));
}

/** The officer who signed a row, which has to be `account`; or why nobody is believed to have, as words for the log. */
export function signerOf(domain: string, row: SignedRow, account: string, findSigner: FindSigner): Officer | string {
  if (hashOf(row.statement) !== row.hash) return 'a statement under another hash';
  if (row.key_id === null || row.signature === null) return 'no signature';
  const signer = findSigner(row.key_id);
  if (signer === undefined) return 'a signature by a key that nobody holds';
  if (signer.officer.account !== account) return "a signature by another account's key";
  const isGood = verifiesText(domain, { text: row.statement, signature: row.signature }, signer.key);
  return isGood ? signer.officer : 'a signature that does not verify';
}

/** A statement is taken this long after it was signed. */
const STATEMENT_AGE_MS_MAX = 300_000;

/** Why a statement that an account hands in is not taken for its own; undefined when it is. */
export function unacceptable(
  domain: string,
  signed: SignedStatement,
  { account, at }: { readonly account: string; readonly at: string },
  { findSigner, clock }: { readonly findSigner: FindSigner; readonly clock: () => number },
): 'SIGNATURE_INVALID' | 'STATEMENT_TOO_OLD' | undefined {
  const signer = findSigner(signed.keyId);
  if (signer?.officer.account !== account || !verifiesText(domain, signed, signer.key)) return 'SIGNATURE_INVALID';
  return Math.abs(clock() - Date.parse(at)) > STATEMENT_AGE_MS_MAX ? 'STATEMENT_TOO_OLD' : undefined;
}

/** What is recorded of a statement: a row of it that is altered in any part then differs from the record, also where nobody believes it any more. */
export function signatureOf({ text, keyId, signature }: SignedStatement): Readonly<Record<'statement' | 'keyId' | 'signature', string>> {
  return { statement: hashOf(text), keyId, signature };
}

/** SHA-256 of a text, hex. */
export function hashOf(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

function signedBytes(domain: string, text: string): Buffer {
  return Buffer.from(`${domain}\n${text}`, 'utf8');
}
