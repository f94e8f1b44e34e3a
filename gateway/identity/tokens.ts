import type { AssuranceLevel } from '../policy/decision.ts';
import { assuranceOf } from './assurance.ts';
import { decodeJwt, type JSONWebKeySet, type JWTPayload } from 'jose';
import { createJwtCheck, keySource, rejected, verifyJwt, type JwtCheckOptions, type JwtResult, type TokenAlgorithm } from './jwt-check.ts';

export interface TokenCheckOptions extends JwtCheckOptions {
  readonly issuers: readonly TrustedIssuer[];
  readonly algorithms?: readonly TokenAlgorithm[];
}

export interface TrustedIssuer {
  readonly issuer: string;
  readonly audience: string;
  /** Where its keys are published, or the keys themselves. */
  readonly jwks: URL | JSONWebKeySet;
  /**
   * `common`: issuers that write access tokens without the type of RFC 9068, `typ` being `JWT` or missing, as most do. What says that it is
   * another kind of token is still rejected, and the audience keeps tokens for others out. Undefined: the letter of RFC 9068.
   */
  readonly types?: 'common' | undefined;
}

export interface VerifiedToken {
  readonly issuer: string;
  /** The client the token was issued to: `client_id` (RFC 9068) or `azp` (OpenID Connect). */
  readonly clientId: string;
  readonly subject: string | undefined;
  /** Of the login that the token comes from, 0 when it does not say. */
  readonly assurance: AssuranceLevel;
  readonly expiresAtMs: number;
}

export type TokenResult = JwtResult<VerifiedToken>;

export type TokenCheck = (token: string) => Promise<TokenResult>;

/**
 * Makes the check of access tokens by RFC 9068 ("JWT Profile for OAuth 2.0 Access Tokens", section 4): type, algorithm, issuer,
 * audience, expiry, signature.
 */
export function createTokenCheck(options: TokenCheckOptions): TokenCheck {
  const { clock, algorithms } = options;
  const issuers = new Map(options.issuers.map((issuer) => [issuer.issuer, { ...issuer, key: keySource(issuer.jwks, clock) }]));
  return createJwtCheck(options, async (token) => {
    const claimed = claimedIssuer(token);
    const issuer = claimed === undefined ? undefined : issuers.get(claimed);
    if (issuer === undefined) return rejected('issuer unknown');
    const expected = {
      issuer: issuer.issuer,
      audience: issuer.audience,
      ...(issuer.types === 'common' ? {} : { typ: 'at+jwt' }),
      ...(algorithms && { algorithms: [...algorithms] }),
    };
    return verifyJwt(token, issuer.key, clock, expected, (payload, typ) => {
      if (issuer.types === 'common' && isOfAnotherKind(payload, typ)) return rejected('typed as no access token');
      return readClaims(payload, issuer.issuer);
    });
  });
}

const ACCESS_TOKEN_TYPES: ReadonlySet<string> = new Set(['jwt', 'at+jwt', 'application/at+jwt']);
/** Claims of ID tokens (OpenID Connect Core 1.0, sections 2 and 3.1.3.6). */
const ID_TOKEN_CLAIMS = ['nonce', 'at_hash', 'c_hash'] as const;

/** Whether a token says that it is no access token: by its type, by what only ID tokens have, or as Keycloak and Cognito say it. */
function isOfAnotherKind(payload: JWTPayload, typ: string | undefined): boolean {
  if (typ !== undefined && !ACCESS_TOKEN_TYPES.has(typ.toLowerCase())) return true;
  if (ID_TOKEN_CLAIMS.some((claim) => payload[claim] !== undefined)) return true;
  const { typ: kind, token_use: use } = payload;
  return (kind !== undefined && kind !== 'Bearer') || (use !== undefined && use !== 'access');
}

function readClaims(payload: JWTPayload, issuer: string): TokenResult {
  const clientId = payload['client_id'] ?? payload['azp'];
  if (typeof clientId !== 'string' || clientId === '') return rejected('no client id');
  if (payload['azp'] !== undefined && payload['azp'] !== clientId) return rejected('client_id and azp differ');
  // A token bound to a key is worth nothing without proof of that key (RFC 9449, RFC 8705), and no proof is read here.
  if (payload['cnf'] !== undefined) return rejected('bound to a key, of which no proof is read');
  return {
    kind: 'verified',
    token: { issuer, clientId, subject: payload.sub, assurance: assuranceOf(payload['acr']), expiresAtMs: (payload.exp ?? 0) * 1000 },
  };
}

/** The issuer that the token names, not yet believed; it only selects whose keys must have signed it. */
function claimedIssuer(token: string): string | undefined {
  try {
    return decodeJwt(token).iss;
  } catch {
    return undefined;
  }
}
