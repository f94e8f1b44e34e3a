import type { AssuranceLevel } from '../policy/decision.ts';
import type { AdminRole, Officer } from '../policy/officers.ts';
import type { Registry } from '../policy/registry.ts';

/** Who calls the admin API: an account of the registry, with the roles that the registry gives it at this moment. */
export interface Actor {
  /** `agency/officer`. */
  readonly account: string;
  readonly agency: string;
  /** Opaque id of the natural person behind the account: "another" means another of these. */
  readonly person: string;
  /** Every officer of the registry has `officer`. */
  readonly roles: ReadonlySet<ActorRole>;
  readonly login: ActorLogin;
}

export type ActorRole = AdminRole | 'officer';

export type ActorLogin =
  /** By a key that this installation made (`--demo`). `chosen` is false when the command line named nobody. */
  | { readonly kind: 'key'; readonly keyId: string; readonly chosen: boolean }
  /** By the configured issuer. */
  | { readonly kind: 'issuer'; readonly assurance: AssuranceLevel };

/** The account with what it may do now; undefined when the registry has no such account. */
export function actorOf(registry: Pick<Registry, 'accounts'>, account: string, login: ActorLogin, nowMs: number): Actor | undefined {
  const officer = registry.accounts.get(account);
  if (officer === undefined) return undefined;
  const { agency, person } = officer;
  return { account, agency, person, roles: new Set<ActorRole>(['officer', ...rolesAt(officer, nowMs)]), login };
}

/** What an officer may administer at a moment. */
export function rolesAt({ administers, endsAtMs }: Officer, atMs: number): ReadonlySet<AdminRole> {
  return atMs < endsAtMs ? administers : NO_ROLES;
}

const NO_ROLES: ReadonlySet<AdminRole> = new Set();
