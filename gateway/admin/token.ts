import { randomUUID } from 'node:crypto';
import { decodeProtectedHeader, importJWK, jwtVerify, SignJWT, type JWK } from 'jose';
import type { Database } from '../../platform/database.ts';
import { markUsed } from '../identity/store.ts';

/** Audience of the admin API's tokens. A token for the graph is worthless here, and the other way round. */
export const ADMIN_AUDIENCE = 'https://lien-thong.example/admin';
const ADMIN_TOKEN_SECONDS_MAX = 60;

export const ADMIN_TOKEN_TYPE = 'admin+jwt';
const CLOCK_TOLERANCE_SECONDS = 5;
const TOKEN_BYTES_MAX = 4_096;

/** A key that the configuration trusts, and whose it is: what its holder may do the registry says, never a token. */
export interface AdminKey {
  /** Ed25519 public JWK with a `kid`. */
  readonly key: JWK;
  /** `agency/officer`. */
  readonly account: string;
}

/** Whose key signed a token. `named` when the token says the account itself, as it does for `--as`. */
export interface KeyHolder {
  readonly keyId: string;
  readonly account: string;
  readonly named: boolean;
}

export type AdminTokenResult =
  | { readonly kind: 'verified'; readonly holder: KeyHolder }
  /** `reason` is for the log, never for the client. */
  | { readonly kind: 'rejected'; readonly reason: string };

/** Signs a token for one call of the admin API, good for a minute (Ed25519, `typ: admin+jwt`). `key` is the private JWK of the account. */
export async function signAdminToken(key: JWK, nowMs: number, account?: string): Promise<string> {
  const now = Math.floor(nowMs / 1000);
  return new SignJWT(account === undefined ? {} : { sub: account })
    .setProtectedHeader({ alg: 'EdDSA', typ: ADMIN_TOKEN_TYPE, kid: key.kid ?? '' })
    .setAudience(ADMIN_AUDIENCE)
    .setJti(randomUUID())
    .setIssuedAt(now)
    .setExpirationTime(now + ADMIN_TOKEN_SECONDS_MAX)
    .sign(await importJWK(key, 'EdDSA'));
}

/**
 * Makes the check of tokens signed by an account's own key: trusted, for this API, alive for a minute at most, and used once among all
 * replicas. Rejects only when the database does.
 */
export function createAdminTokenCheck(
  findKey: (keyId: string) => AdminKey | undefined,
  database: Database,
  clock: () => number,
): (token: string) => Promise<AdminTokenResult> {
  return async (token) => {
    if (token.length > TOKEN_BYTES_MAX) return { kind: 'rejected', reason: 'longer than a token may be' };
    const keyId = keyIdOf(token);
    const trusted = keyId === undefined ? undefined : findKey(keyId);
    if (keyId === undefined || trusted === undefined) return { kind: 'rejected', reason: 'no key that is trusted' };
    const nowMs = clock();
    const verified = await jwtVerify(token, await importJWK(trusted.key, 'EdDSA'), {
      algorithms: ['EdDSA'],
      typ: ADMIN_TOKEN_TYPE,
      audience: ADMIN_AUDIENCE,
      requiredClaims: ['jti', 'exp', 'iat'],
      maxTokenAge: ADMIN_TOKEN_SECONDS_MAX,
      clockTolerance: CLOCK_TOLERANCE_SECONDS,
      currentDate: new Date(nowMs),
    }).catch((error: unknown) => (error as { code?: string }).code ?? 'malformed');
    if (typeof verified === 'string') return { kind: 'rejected', reason: verified };

    const { jti, sub, exp = 0, iat = 0 } = verified.payload;
    if (typeof jti !== 'string' || jti === '') return { kind: 'rejected', reason: 'no id' };
    if (exp - iat > ADMIN_TOKEN_SECONDS_MAX) return { kind: 'rejected', reason: 'valid for longer than a minute' };
    // INVARIANT: nobody acts as another: the account that a token names is the one whose key signed it.
    if (sub !== undefined && sub !== trusted.account) return { kind: 'rejected', reason: "another account than the key's" };
    // Remembered for as long as the signature would still be accepted.
    const first = await markUsed(database, 'admin', `${keyId} ${jti}`, (exp + CLOCK_TOLERANCE_SECONDS) * 1000, nowMs);
    return first
      ? { kind: 'verified', holder: { keyId, account: trusted.account, named: sub !== undefined } }
      : { kind: 'rejected', reason: 'used before' };
  };
}

function keyIdOf(token: string): string | undefined {
  try {
    const { kid } = decodeProtectedHeader(token);
    return kid === '' ? undefined : kid;
  } catch {
    return undefined;
  }
}
