import { createHash } from 'node:crypto';
import {
  createLocalJWKSet,
  createRemoteJWKSet,
  customFetch,
  decodeJwt,
  errors,
  jwtVerify,
  type FetchImplementation,
  type JSONWebKeySet,
  type JWTPayload,
  type JWTVerifyGetKey,
} from 'jose';
import { LRUCache } from 'lru-cache';

/** Signature algorithms an issuer may use: asymmetric only, so that a public key is never taken for an HMAC secret. */
export const TOKEN_ALGORITHMS = ['ES256', 'EdDSA', 'PS256', 'RS256'] as const;
export type TokenAlgorithm = (typeof TOKEN_ALGORITHMS)[number];

/** Difference of clocks allowed between issuer and gateway. */
const CLOCK_TOLERANCE_SECONDS = 5;
const TOKEN_BYTES_MAX = 8_192;
const CACHE_MAX = 10_000;
const JWKS_TIMEOUT_MS = 3_000;
/** After a failed fetch of an issuer's keys the next one waits this long, so that forged tokens cannot make the gateway hammer it. */
const JWKS_RETRY_MS = 2_000;

export interface TokenCheckOptions {
  readonly issuers: readonly TrustedIssuer[];
  readonly algorithms?: readonly TokenAlgorithm[];
  /** Milliseconds since the epoch. */
  readonly clock: () => number;
  /** Verified tokens remembered. */
  readonly cacheMax?: number;
  readonly maxTokenBytes?: number;
}

export interface TrustedIssuer {
  readonly issuer: string;
  readonly audience: string;
  /** Where its keys are published, or the keys themselves. */
  readonly jwks: URL | JSONWebKeySet;
}

export interface VerifiedToken {
  readonly issuer: string;
  /** The client the token was issued to: `client_id` (RFC 9068) or `azp` (OpenID Connect). */
  readonly clientId: string;
  readonly subject: string | undefined;
  readonly expiresAtMs: number;
}

/** `unavailable`: the issuer's keys cannot be had, so nothing is known of the token. `reason` is for the log, never for the client. */
export type TokenResult =
  | { readonly kind: 'verified'; readonly token: VerifiedToken }
  | { readonly kind: 'rejected'; readonly reason: string }
  | { readonly kind: 'unavailable'; readonly reason: string };

export type TokenCheck = (token: string) => Promise<TokenResult>;

/**
 * Makes the check of access tokens by RFC 9068 ("JWT Profile for OAuth 2.0 Access Tokens", section 4): type, algorithm, issuer,
 * audience, expiry, signature. Verified tokens are remembered until they expire; a rejected one is never remembered, so that garbage
 * takes no memory. Never rejects because of a token.
 */
export function createTokenCheck(options: TokenCheckOptions): TokenCheck {
  const { clock, algorithms = TOKEN_ALGORITHMS, cacheMax = CACHE_MAX, maxTokenBytes = TOKEN_BYTES_MAX } = options;
  const issuers = new Map(options.issuers.map((issuer) => [issuer.issuer, { ...issuer, key: keySource(issuer.jwks, clock) }]));
  const verified = new LRUCache<string, VerifiedToken>({ max: cacheMax });

  return async (token) => {
    if (token.length > maxTokenBytes) return rejected('longer than a token may be');
    // The hash, not the token, is kept: a dump of the memory then gives nobody a credential.
    const key = createHash('sha256').update(token).digest('base64url');
    const known = verified.get(key);
    if (known !== undefined) {
      if (known.expiresAtMs > clock()) return { kind: 'verified', token: known };
      verified.delete(key);
    }
    const claimed = claimedIssuer(token);
    const issuer = claimed === undefined ? undefined : issuers.get(claimed);
    if (issuer === undefined) return rejected('issuer unknown');
    try {
      const { payload } = await jwtVerify(token, issuer.key, {
        issuer: issuer.issuer,
        audience: issuer.audience,
        algorithms: [...algorithms],
        typ: 'at+jwt',
        requiredClaims: ['exp'],
        clockTolerance: CLOCK_TOLERANCE_SECONDS,
        currentDate: new Date(clock()),
      });
      const result = readClaims(payload, issuer.issuer);
      if (result.kind === 'verified') verified.set(key, result.token);
      return result;
    } catch (error) {
      if (error instanceof KeysUnavailable) return { kind: 'unavailable', reason: error.message };
      return rejected(error instanceof errors.JOSEError ? error.code : 'malformed');
    }
  };
}

function readClaims(payload: JWTPayload, issuer: string): TokenResult {
  const clientId = payload['client_id'] ?? payload['azp'];
  if (typeof clientId !== 'string' || clientId === '') return rejected('no client id');
  if (payload['azp'] !== undefined && payload['azp'] !== clientId) return rejected('client_id and azp differ');
  // A token bound to a key is worth nothing without proof of that key (RFC 9449, RFC 8705), and no proof is read here.
  if (payload['cnf'] !== undefined) return rejected('bound to a key, of which no proof is read');
  return {
    kind: 'verified',
    token: { issuer, clientId, subject: payload.sub, expiresAtMs: (payload.exp ?? 0) * 1000 },
  };
}

function rejected(reason: string): TokenResult {
  return { kind: 'rejected', reason };
}

/** The issuer that the token names, not yet believed; it only selects whose keys must have signed it. */
function claimedIssuer(token: string): string | undefined {
  try {
    return decodeJwt(token).iss;
  } catch {
    return undefined;
  }
}

class KeysUnavailable extends Error {}

function keySource(jwks: URL | JSONWebKeySet, clock: () => number): JWTVerifyGetKey {
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
