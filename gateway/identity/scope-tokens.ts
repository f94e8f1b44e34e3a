import type { JSONWebKeySet, JWTPayload } from 'jose';
import { createJwtCheck, keySource, rejected, verifyJwt, type JwtCheckOptions, type JwtResult } from './jwt-check.ts';

export interface ScopeTokenOptions extends JwtCheckOptions {
  readonly jwks: URL | JSONWebKeySet;
  /** Checked where given. Without an audience, any token that the keys have signed is taken, those for other services too. */
  readonly issuer: string | undefined;
  readonly audience: string | undefined;
}

export interface ScopeToken {
  readonly scopes: readonly string[];
  readonly expiresAtMs: number;
}

export type ScopeTokenCheck = (token: string) => Promise<JwtResult<ScopeToken>>;

/**
 * Makes the check of bearer tokens for access directives: signature, expiry, issuer and audience. Issuers of foreign graphs seldom follow
 * RFC 9068 to the letter, so `typ` may be missing; what is typed as something else than an access token or a plain JWT is rejected
 * (RFC 8725, section 3.11).
 */
export function createScopeTokenCheck(options: ScopeTokenOptions): ScopeTokenCheck {
  const { clock, issuer, audience } = options;
  const key = keySource(options.jwks, clock);
  const expected = { ...(issuer === undefined ? {} : { issuer }), ...(audience === undefined ? {} : { audience }) };
  return createJwtCheck(options, async (token) => verifyJwt(token, key, clock, expected, readClaims));
}

const TYPES: ReadonlySet<string> = new Set(['jwt', 'at+jwt', 'application/at+jwt']);

function readClaims(payload: JWTPayload, typ: string | undefined): JwtResult<ScopeToken> {
  if (typ !== undefined && !TYPES.has(typ.toLowerCase())) return rejected('typed as no access token');
  // A token bound to a key is worth nothing without proof of that key (RFC 9449, RFC 8705), and no proof is read here.
  if (payload['cnf'] !== undefined) return rejected('bound to a key, of which no proof is read');
  return { kind: 'verified', token: { scopes: scopesOf(payload['scope']), expiresAtMs: (payload.exp ?? 0) * 1000 } };
}

/** A string with spaces between (RFC 8693, section 4.2), or a list, as some issuers write it. */
function scopesOf(claim: unknown): readonly string[] {
  if (typeof claim === 'string') return claim.split(' ').filter((scope) => scope !== '');
  return Array.isArray(claim) ? claim.filter((scope) => typeof scope === 'string') : [];
}
