import { hash } from 'node:crypto';
import {
  createLocalJWKSet,
  createRemoteJWKSet,
  customFetch,
  errors,
  jwtVerify,
  type FetchImplementation,
  type JSONWebKeySet,
  type JWTPayload,
  type JWTVerifyGetKey,
  type JWTVerifyOptions,
} from 'jose';
import { LRUCache } from 'lru-cache';

/** Signature algorithms an issuer may use: asymmetric only, so that a public key is never taken for an HMAC secret. */
const TOKEN_ALGORITHMS = ['ES256', 'EdDSA', 'PS256', 'RS256'] as const;
export type TokenAlgorithm = (typeof TOKEN_ALGORITHMS)[number];

/** Difference of clocks allowed between issuer and gateway. */
const CLOCK_TOLERANCE_SECONDS = 5;
const TOKEN_BYTES_MAX = 8_192;
const CACHE_MAX = 10_000;
const JWKS_TIMEOUT_MS = 3_000;
/** After a failed fetch of an issuer's keys the next one waits this long, so that forged tokens cannot make the gateway hammer it. */
const JWKS_RETRY_MS = 2_000;

export interface JwtCheckOptions {
  /** Milliseconds since the epoch. */
  readonly clock: () => number;
  /** Verified tokens remembered. */
  readonly cacheMax?: number;
  readonly maxTokenBytes?: number;
}

/** `unavailable`: the issuer's keys cannot be had, so nothing is known of the token. `reason` is for the log, never for the client. */
export type JwtResult<Token> =
  | { readonly kind: 'verified'; readonly token: Token }
  | { readonly kind: 'rejected'; readonly reason: string }
  | { readonly kind: 'unavailable'; readonly reason: string };

/**
 * Makes a check that remembers verified tokens until they expire; a rejected one is never remembered, so that garbage takes no memory.
 * Never rejects because of a token.
 */
export function createJwtCheck<Token extends { readonly expiresAtMs: number }>(
  { clock, cacheMax = CACHE_MAX, maxTokenBytes = TOKEN_BYTES_MAX }: JwtCheckOptions,
  verify: (token: string) => Promise<JwtResult<Token>>,
): (token: string) => Promise<JwtResult<Token>> {
  const verified = new LRUCache<string, Token>({ max: cacheMax });
  return async (token) => {
    if (token.length > maxTokenBytes) return rejected('longer than a token may be');
    // The hash, not the token, is kept: a dump of the memory then gives nobody a credential.
    const key = hash('sha256', token, 'base64url');
    const known = verified.get(key);
    if (known !== undefined) {
      if (known.expiresAtMs > clock()) return { kind: 'verified', token: known };
      verified.delete(key);
    }
    const result = await verify(token);
    if (result.kind === 'verified') verified.set(key, result.token);
    return result;
  };
}

/** Verifies signature, expiry and whatever `expected` names, and reads the claims. */
export async function verifyJwt<Token>(
  token: string,
  key: JWTVerifyGetKey,
  clock: () => number,
  expected: JWTVerifyOptions,
  read: (payload: JWTPayload, typ: string | undefined) => JwtResult<Token>,
): Promise<JwtResult<Token>> {
  try {
    const { payload, protectedHeader } = await jwtVerify(token, key, {
      algorithms: [...TOKEN_ALGORITHMS],
      ...expected,
      requiredClaims: ['exp'],
      clockTolerance: CLOCK_TOLERANCE_SECONDS,
      currentDate: new Date(clock()),
    });
    return read(payload, protectedHeader.typ);
  } catch (error) {
    if (error instanceof KeysUnavailable) return { kind: 'unavailable', reason: error.message };
    return rejected(error instanceof errors.JOSEError ? error.code : 'malformed');
  }
}

export function rejected(reason: string): { readonly kind: 'rejected'; readonly reason: string } {
  return { kind: 'rejected', reason };
}

class KeysUnavailable extends Error {}

/** Keys by the `kid` of a token: given, or fetched from where the issuer publishes them and fetched again when an unknown one is named. */
export function keySource(jwks: URL | JSONWebKeySet, clock: () => number): JWTVerifyGetKey {
  if (!(jwks instanceof URL)) return createLocalJWKSet(jwks);
  return createRemoteJWKSet(jwks, { timeoutDuration: JWKS_TIMEOUT_MS, [customFetch]: fetchWithPause(clock) });
}

/** Fetches an issuer's keys, and not again for a while after a failure. Every failure of the fetch becomes `KeysUnavailable`. */
function fetchWithPause(clock: () => number): FetchImplementation {
  let notBeforeMs = -Infinity;
  return async (url, options) => {
    if (clock() < notBeforeMs) throw new KeysUnavailable('the keys of the issuer could not be fetched a moment ago');
    try {
      const response = await fetch(url, options);
      // The body is read here, so that a broken answer counts as a failure of the issuer and not as a bad token.
      const keys: unknown = await response.json();
      if (response.status !== 200 || !isKeySet(keys)) throw new Error(`HTTP ${response.status} without a key set`);
      return Response.json(keys);
    } catch (cause) {
      notBeforeMs = clock() + JWKS_RETRY_MS;
      throw new KeysUnavailable('the keys of the issuer cannot be fetched', { cause });
    }
  };
}

function isKeySet(value: unknown): boolean {
  return typeof value === 'object' && value !== null && 'keys' in value && Array.isArray(value.keys);
}
