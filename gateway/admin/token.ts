import { randomUUID } from 'node:crypto';
import { createLocalJWKSet, decodeProtectedHeader, importJWK, jwtVerify, SignJWT, type JWK } from 'jose';
import type { Database } from '../../platform/database.ts';
import { markUsed } from '../identity/store.ts';

/** Audience of the admin API's tokens. A token for the graph is worthless here, and the other way round. */
export const ADMIN_AUDIENCE = 'https://lien-thong.example/admin';
export const ADMIN_TOKEN_SECONDS_MAX = 60;

const TOKEN_TYPE = 'admin+jwt';
const CLOCK_TOLERANCE_SECONDS = 5;
const TOKEN_BYTES_MAX = 4_096;

/** What a key may do: `reader` sees the state of the gateway, `demo` sees synthetic citizens. */
export type AdminRole = 'reader' | 'demo';

/** A key that the configuration trusts, and what it may do: never what a token says of itself. */
export interface AdminKey {
  /** Ed25519 public JWK with a `kid`. */
  readonly key: JWK;
  readonly roles: readonly AdminRole[];
}

export interface Administrator {
  readonly keyId: string;
  readonly roles: ReadonlySet<AdminRole>;
}

export type AdminTokenResult =
  | { readonly kind: 'verified'; readonly administrator: Administrator }
  /** `reason` is for the log, never for the client. */
  | { readonly kind: 'rejected'; readonly reason: string };

/** Signs a token for one call of the admin API, good for a minute (Ed25519, `typ: admin+jwt`). `key` is the private JWK. */
export async function signAdminToken(key: JWK, nowMs: number): Promise<string> {
  const now = Math.floor(nowMs / 1000);
  return new SignJWT({})
    .setProtectedHeader({ alg: 'EdDSA', typ: TOKEN_TYPE, kid: key.kid ?? '' })
    .setAudience(ADMIN_AUDIENCE)
    .setJti(randomUUID())
    .setIssuedAt(now)
    .setExpirationTime(now + ADMIN_TOKEN_SECONDS_MAX)
    .sign(await importJWK(key, 'EdDSA'));
}

/**
 * Makes the check of admin tokens: signed by a trusted key, for this API, alive for a minute at most, and used once among all replicas.
 * Rejects only when the database does.
 */
export function createAdminTokenCheck(
  keys: readonly AdminKey[],
  database: Database,
  clock: () => number,
): (token: string) => Promise<AdminTokenResult> {
  const trusted = new Map(keys.map(({ key, roles }) => [key.kid, new Set(roles)]));
  const findKey = createLocalJWKSet({ keys: keys.map(({ key }) => key) });

  return async (token) => {
    if (token.length > TOKEN_BYTES_MAX) return { kind: 'rejected', reason: 'longer than a token may be' };
    const nowMs = clock();
    const verified = await jwtVerify(token, findKey, {
      algorithms: ['EdDSA'],
      typ: TOKEN_TYPE,
      audience: ADMIN_AUDIENCE,
      requiredClaims: ['jti', 'exp', 'iat'],
      maxTokenAge: ADMIN_TOKEN_SECONDS_MAX,
      clockTolerance: CLOCK_TOLERANCE_SECONDS,
      currentDate: new Date(nowMs),
    }).catch((error: unknown) => (error as { code?: string }).code ?? 'malformed');
    if (typeof verified === 'string') return { kind: 'rejected', reason: verified };

    const { jti, exp = 0, iat = 0 } = verified.payload;
    const keyId = decodeProtectedHeader(token).kid;
    const roles = trusted.get(keyId);
    if (keyId === undefined || roles === undefined) return { kind: 'rejected', reason: 'no key id' };
    if (typeof jti !== 'string' || jti === '') return { kind: 'rejected', reason: 'no id' };
    if (exp - iat > ADMIN_TOKEN_SECONDS_MAX) return { kind: 'rejected', reason: 'valid for longer than a minute' };
    // Remembered for as long as the signature would still be accepted.
    const first = await markUsed(database, 'admin', `${keyId} ${jti}`, (exp + CLOCK_TOLERANCE_SECONDS) * 1000, nowMs);
    return first ? { kind: 'verified', administrator: { keyId, roles } } : { kind: 'rejected', reason: 'used before' };
  };
}
