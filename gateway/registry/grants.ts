import { createPublicKey, verify } from 'node:crypto';
import { z } from 'zod';
import { ADMIN_ROLES, type AdminRole, type Officer } from '../policy/officers.ts';
import type { Entry } from './entries.ts';

/**
 * A right that was given, as both people signed it. The registry lies in a database that others can write to, so that rights and keys are
 * believed only where they stand in the configuration (registry.yaml) or were given by two people whose own rights are believed.
 */
export interface GrantStatement {
  readonly kind: 'registry.grant';
  /** A UUID, of the proposal. */
  readonly id: string;
  readonly account: string;
  /** The natural person behind the account. */
  readonly person: string;
  readonly administers: readonly AdminRole[];
  readonly role: string | null;
  /** An Ed25519 public key, 32 bytes in base64url. */
  readonly key: string | null;
  readonly at: string;
}

export interface GrantSignature {
  /** The public key, base64url. */
  readonly key: string;
  readonly signature: string;
}

/** A grant that was confirmed, as it lies in the database. */
export interface ConfirmedGrant {
  readonly statement: string;
  readonly signatures: readonly GrantSignature[];
}

const Statement = z.strictObject({
  kind: z.literal('registry.grant'),
  id: z.uuid(),
  account: z.string().max(200),
  person: z.string().max(200),
  administers: z.array(z.enum(ADMIN_ROLES)),
  role: z.string().max(100).nullable(),
  key: z
    .string()
    .regex(/^[A-Za-z0-9_-]{43}$/)
    .nullable(),
  at: z.iso.datetime(),
});

/** Reads a statement; undefined when it is none. */
export function readGrant(text: string): GrantStatement | undefined {
  try {
    return Statement.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}

/** What is signed: the prefix keeps a signature from meaning anything else. */
export function grantBytes(statement: string): Buffer {
  return Buffer.from(`lien-thong registry v1\n${statement}`, 'utf8');
}

export function verifiesGrant(statement: string, { key: x, signature }: GrantSignature): boolean {
  try {
    const key = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' });
    return verify(null, grantBytes(statement), key, Buffer.from(signature, 'base64url'));
  } catch {
    return false;
  }
}

interface Believed {
  readonly agency: string;
  readonly person: string;
  readonly administers: Set<AdminRole>;
  readonly keys: Set<string>;
}

/** What trust begins with: the officers of the configuration, and under `--demo` the keys that the installation made, by account. */
export interface GrantRoot {
  readonly officers: Iterable<Officer>;
  readonly madeKeys: ReadonlyMap<string, readonly string[]>;
}

/**
 * The rows of a registry without rights and keys of officers that nobody believed gave. Grants are taken in their order; one is believed when two
 * natural persons, neither the one who gets it, signed it with believed keys and had the right to. INVARIANT: no row makes an administrator.
 */
export function believedEntries(
  entries: readonly Entry[],
  grants: readonly ConfirmedGrant[],
  { officers, madeKeys }: GrantRoot,
): { readonly entries: readonly Entry[]; readonly stripped: readonly string[] } {
  const believed = new Map<string, Believed>();
  for (const { account, agency, person, administers, keys } of officers) {
    const own = new Set([...keys.map(({ x }) => x), ...(madeKeys.get(account) ?? [])]);
    believed.set(account, { agency, person, administers: new Set(administers), keys: own });
  }
  for (const grant of grants) apply(grant, believed);

  const stripped: string[] = [];
  const kept = entries.map((entry) => {
    if (entry.kind !== 'officer' || typeof entry.body !== 'object' || entry.body === null) return entry;
    const body = entry.body as { readonly administers?: readonly AdminRole[]; readonly keys?: readonly string[]; readonly person?: string };
    const of = believed.get(entry.id);
    const isSamePerson = of !== undefined && of.person === (body.person ?? entry.id);
    const administers = (body.administers ?? []).filter((role) => isSamePerson && of.administers.has(role));
    const keys = (body.keys ?? []).filter((key) => isSamePerson && of.keys.has(key));
    if (administers.length === (body.administers ?? []).length && keys.length === (body.keys ?? []).length) return entry;
    stripped.push(entry.id);
    return { ...entry, body: { ...body, administers, keys } };
  });
  return { entries: kept, stripped };
}

function apply({ statement: text, signatures }: ConfirmedGrant, believed: Map<string, Believed>): void {
  const statement = readGrant(text);
  if (statement === undefined) return;
  const { account, person, administers, key } = statement;
  const agency = account.split('/')[0] ?? '';
  const known = believed.get(account) ?? { agency, person, administers: new Set<AdminRole>(), keys: new Set<string>() };
  if (known.person !== person) return;
  const signers = new Set<string>();
  for (const one of signatures) {
    const signer = [...believed.values()].find(({ keys }) => keys.has(one.key));
    if (signer === undefined || signer.person === person || !verifiesGrant(text, one)) continue;
    const isNational = signer.administers.has('national-administrator');
    const isOwn = signer.administers.has('registry-administrator') && signer.agency === agency;
    const needsNational = administers.includes('national-administrator') || known.administers.has('national-administrator');
    if (isNational || (isOwn && !needsNational)) signers.add(signer.person);
  }
  if (signers.size < 2) return;
  for (const role of administers) known.administers.add(role);
  if (key !== null) known.keys.add(key);
  believed.set(account, known);
}
