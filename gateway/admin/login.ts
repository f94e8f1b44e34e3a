import { decodeProtectedHeader, type JWK } from 'jose';
import type { Database } from '../../platform/database.ts';
import type { TokenCheck } from '../identity/tokens.ts';
import type { Registry } from '../policy/registry.ts';
import { actorOf, type Actor } from './actor.ts';
import { ADMIN_TOKEN_TYPE, createAdminTokenCheck, type AdminKey } from './token.ts';

export type LoginResult =
  | { readonly kind: 'verified'; readonly actor: Actor }
  /** `reason` is for the log, never for the client. */
  | { readonly kind: 'rejected'; readonly reason: string };

export interface LoginParts {
  /** The registry as it is now. */
  readonly registry: () => Registry;
  readonly database: Database;
  readonly clock: () => number;
  /** Keys that log accounts in, under `--demo`; undefined where only the issuer does. */
  readonly keys: readonly AdminKey[] | undefined;
  /** Checks tokens of the configured issuer. */
  readonly checkToken: TokenCheck;
}

/** Level of the electronic identity (Decree 69/2024/NĐ-CP) that administering takes. */
const ASSURANCE_MIN = 2;

/**
 * Who calls, by either way of logging in. Whatever the token is, roles are the registry's at this moment: a role that was revoked is gone
 * with the next call, and so is an account.
 */
export function createAdminLogin(parts: LoginParts): (token: string) => Promise<LoginResult> {
  const { registry, clock } = parts;
  const byKey = parts.keys === undefined ? undefined : createAdminTokenCheck(createFindKey(parts.keys, registry), parts.database, clock);

  const ofAccount = (account: string, login: Actor['login']): LoginResult => {
    const actor = actorOf(registry(), account, login, clock());
    return actor ? { kind: 'verified', actor } : { kind: 'rejected', reason: 'the registry has no such account' };
  };

  return async (token) => {
    if (byKey !== undefined && typeOf(token) === ADMIN_TOKEN_TYPE) {
      const result = await byKey(token);
      if (result.kind === 'rejected') return result;
      const { account, keyId, named } = result.holder;
      return ofAccount(account, { kind: 'key', keyId, chosen: named });
    }
    const result = await parts.checkToken(token);
    if (result.kind !== 'verified') return { kind: 'rejected', reason: result.reason };
    const { issuer, clientId, subject, assurance } = result.token;
    const application = registry().findApplication(issuer, clientId);
    // INVARIANT: only a login that was made for administering administers. An officer's login for x-officer-token is handed to the agency's
    // applications, which would otherwise hold the officer's administrative rights too.
    if (application?.login !== 'administrator' || application.suspended) return { kind: 'rejected', reason: 'no login of administrators' };
    if (assurance < ASSURANCE_MIN) return { kind: 'rejected', reason: 'a login of too low a level' };
    return ofAccount(subject ?? '', { kind: 'issuer', assurance });
  };
}

/** Keys of the installation, and those that the registry names for an account. */
function createFindKey(keys: readonly AdminKey[], registry: () => Registry): (keyId: string) => AdminKey | undefined {
  const own = new Map(keys.map((key) => [key.key.kid, key]));
  return (keyId) => own.get(keyId) ?? registeredKey(registry(), keyId);
}

function registeredKey({ accounts }: Registry, keyId: string): AdminKey | undefined {
  for (const { account, keys } of accounts.values()) {
    const key = keys.find(({ id }) => id === keyId);
    if (key !== undefined) return { key: { kty: 'OKP', crv: 'Ed25519', x: key.x, kid: key.id, alg: 'EdDSA' } satisfies JWK, account };
  }
  return undefined;
}

function typeOf(token: string): string | undefined {
  try {
    return decodeProtectedHeader(token).typ;
  } catch {
    return undefined;
  }
}
