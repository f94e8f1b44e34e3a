import { hash, timingSafeEqual, type KeyObject } from 'node:crypto';
import { jwtVerify, SignJWT } from 'jose';
import { createHmacSha256, type Hmac } from './hmac.ts';
import { randomText } from './random.ts';

/**
 * A grant says what one exact subgraph operation may disclose and for whom; a seal binds one HTTP body to a grant. The gateway signs a
 * grant once per prepared execution and seals each call; a subgraph believes nothing that is not in both.
 */
export interface Grant {
  readonly id: string;
  readonly issuer: string;
  /** The subgraph's name. A grant for one subgraph is worthless at another. */
  readonly audience: string;
  readonly application: string;
  readonly agency: string;
  readonly purpose: string;
  readonly action: GrantAction;
  readonly emergency: boolean;
  readonly policyVersion: string;
  /** `operationHash` of the exact text that will be sent. */
  readonly operationHash: string;
  /** Every coordinate of the operation: answered to the caller, or read only to compute or to find something else. */
  readonly coordinates: Readonly<Record<string, CoordinateUse>>;
  /** The dated copy of the register that is read: of every grant to aggregate, and of no other. */
  readonly snapshot?: string | undefined;
  /** Seconds since the epoch, at most `GRANT_LIFETIME_SECONDS_MAX` after signing. */
  readonly expiresAt: number;
}
export type GrantAction = 'read' | 'write' | 'aggregate';
export type CoordinateUse = 'released' | 'input';

/** Names of snapshots: the month in which one was taken, in Vietnam. */
export const SNAPSHOT_NAME = /^\d{4}-(?:0[1-9]|1[0-2])$/;

export const GRANT_HEADER = 'x-grant';
export const SEAL_HEADER = 'x-seal';
export const GRANT_LIFETIME_SECONDS_MAX = 60;
const NONCE_BYTES = 16;
/** A seal is good for this long on either side of the subgraph's clock; nonces are remembered for twice as long. */
export const SEAL_WINDOW_MS = 30_000;

/** SHA-256 of the operation text, hex. */
export function operationHash(text: string): string {
  return hash('sha256', text, 'hex');
}

/** Signs a grant as a compact JWS (Ed25519, RFC 8037), `typ: grant+jwt`. `key` is the gateway's private key. */
export async function signGrant(grant: Grant, key: KeyObject): Promise<string> {
  const { id, issuer, audience, expiresAt, ...claims } = grant;
  return new SignJWT({ ...claims })
    .setProtectedHeader({ alg: 'EdDSA', typ: 'grant+jwt' })
    .setJti(id)
    .setIssuer(issuer)
    .setAudience(audience)
    .setExpirationTime(expiresAt)
    .sign(key);
}

/** Reads a grant and checks signature, type, issuer, audience and expiry. Throws jose's errors; the caller answers with a constant text. */
export async function verifyGrant(
  token: string,
  key: KeyObject,
  expected: { readonly issuer: string; readonly audience: string; readonly now: Date },
): Promise<Grant> {
  const { payload } = await jwtVerify(token, key, {
    algorithms: ['EdDSA'],
    typ: 'grant+jwt',
    issuer: expected.issuer,
    audience: expected.audience,
    currentDate: expected.now,
    requiredClaims: ['jti', 'exp'],
  });
  const expiresAt = payload.exp ?? 0;
  if (expiresAt > expected.now.getTime() / 1000 + GRANT_LIFETIME_SECONDS_MAX + 1) throw new Error('A grant may live 60 seconds at most.');
  return {
    id: payload.jti ?? '',
    issuer: expected.issuer,
    audience: expected.audience,
    application: String(payload['application']),
    agency: String(payload['agency']),
    purpose: String(payload['purpose']),
    action: payload['action'] as GrantAction,
    emergency: payload['emergency'] === true,
    policyVersion: String(payload['policyVersion']),
    operationHash: String(payload['operationHash']),
    coordinates: payload['coordinates'] as Record<string, CoordinateUse>,
    snapshot: payload['snapshot'] as string | undefined,
    expiresAt,
  };
}

/** The value of the seal header for one call: `v1.<time ms>.<nonce>.<HMAC-SHA256>`, all URL-safe. */
export function seal(grantId: string, body: string | Buffer, key: Buffer, nowMs: number): string {
  const nonce = randomText(NONCE_BYTES, 'base64url');
  return `v1.${nowMs}.${nonce}.${sealMac(grantId, body, key, nowMs, nonce)}`;
}

export type SealCheck = { readonly kind: 'good'; readonly nonce: string } | { readonly kind: 'bad'; readonly why: string };

/** Checks a seal against the body as received. A good seal's nonce must still be refused by the caller when it has been seen. */
export function checkSeal(value: string, grantId: string, body: string | Buffer, key: Buffer, nowMs: number): SealCheck {
  const [version, time, nonce, mac] = value.split('.');
  if (version !== 'v1' || time === undefined || nonce === undefined || mac === undefined) return { kind: 'bad', why: 'malformed seal' };
  const timeMs = Number(time);
  if (!Number.isSafeInteger(timeMs) || Math.abs(nowMs - timeMs) > SEAL_WINDOW_MS) return { kind: 'bad', why: 'seal out of time' };
  const given = Buffer.from(mac);
  const expected = Buffer.from(sealMac(grantId, body, key, timeMs, nonce));
  if (given.length !== expected.length || !timingSafeEqual(given, expected)) return { kind: 'bad', why: 'seal does not match' };
  return { kind: 'good', nonce };
}

function sealMac(grantId: string, body: string | Buffer, key: Buffer, timeMs: number, nonce: string): string {
  const digest = hash('sha256', body, 'hex');
  return hmacUnder(key)(`${grantId}\n${digest}\n${timeMs}\n${nonce}`, 'base64url');
}

/** A key is prepared once. */
const HMACS = new WeakMap<Buffer, Hmac>();

function hmacUnder(key: Buffer): Hmac {
  const known = HMACS.get(key);
  if (known) return known;
  const hmac = createHmacSha256(key);
  HMACS.set(key, hmac);
  return hmac;
}
