import { createPublicKey, verify } from 'node:crypto';
import { z } from 'zod';
import type { GrantAction } from './grant.ts';

/**
 * The most that the owner of a register lets the gateway give, whatever the gateway's policies say: agency × purpose × action × groups.
 * Signed by people of the owner, and believed by the register for their signatures alone.
 */
export interface CeilingStatement {
  readonly kind: 'ceiling';
  readonly register: string;
  /** Counts up: an older one is never taken again. */
  readonly version: number;
  /** ISO 8601. */
  readonly at: string;
  readonly agencies: CeilingRules;
}

/** By agency, purpose and action: groups. */
export type CeilingRules = Readonly<
  Record<string, Readonly<Record<string, { readonly [action in GrantAction]?: readonly string[] | undefined }>>>
>;

export interface CeilingSignature {
  /** The public Ed25519 key, 32 bytes in base64url. */
  readonly key: string;
  /** Over {@link ceilingBytes}, base64url. */
  readonly signature: string;
}

export interface SignedCeiling {
  /** The statement as it was signed, JSON. */
  readonly statement: string;
  readonly signatures: readonly CeilingSignature[];
}

/** A key of somebody who may sign for the owner, and the natural person behind it. */
export interface OwnerKey {
  readonly key: string;
  readonly person: string;
}

const ACTIONS = ['read', 'write', 'aggregate'] as const;
const Group = z.string().regex(/^[a-z][a-z0-9-]*\.[a-z][a-z0-9-]*$/, 'must be a group such as "residents.contact"');
const Groups = z.array(Group);
const ByAction = z.strictObject({ read: Groups.optional(), write: Groups.optional(), aggregate: Groups.optional() });
const Rules = z.record(z.string(), z.record(z.string(), ByAction));
const Statement = z.strictObject({
  kind: z.literal('ceiling'),
  register: z.string().min(1),
  version: z.int().positive(),
  at: z.iso.datetime(),
  agencies: Rules,
});

/** In files a list of groups is short for reading them. */
export const CeilingFile = z.strictObject({
  agencies: z.record(z.string(), z.record(z.string(), z.union([Groups.transform((read) => ({ read })), ByAction]))),
});

export const SignedCeilingShape = z.strictObject({
  statement: z.string().max(262_144),
  signatures: z.array(z.strictObject({ key: z.string().max(100), signature: z.string().max(200) })).max(10),
});

/** Reads a statement; undefined when it is none, or names groups of another register. */
export function readCeilingStatement(text: string): CeilingStatement | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  const read = Statement.safeParse(value);
  if (!read.success || foreignGroup(read.data.agencies, read.data.register) !== undefined) return undefined;
  return read.data;
}

/** A group that does not belong to the register, undefined when all do. */
export function foreignGroup(rules: CeilingRules, register: string): string | undefined {
  return [...entriesOf(rules)].map(([, , , group]) => group).find((group) => !group.startsWith(`${register}.`));
}

/** Whether the ceiling lets this through. */
export type Ceiling = (agency: string, purpose: string, group: string, action: GrantAction) => boolean;

export function ceilingOf(rules: CeilingRules): Ceiling {
  const allowed = new Set([...entriesOf(rules)].map((entry) => JSON.stringify(entry)));
  return (agency, purpose, group, action) => allowed.has(JSON.stringify([agency, purpose, action, group]));
}

/** What one ceiling lets through that another does not. */
export function widening(before: CeilingRules, after: CeilingRules): readonly string[] {
  const within = ceilingOf(before);
  return [...entriesOf(after)]
    .filter(([agency, purpose, action, group]) => !within(agency, purpose, group, action))
    .map(([agency, purpose, action, group]) => `${agency} ${purpose} ${action} ${group}`);
}

function* entriesOf(rules: CeilingRules): Generator<readonly [agency: string, purpose: string, action: GrantAction, group: string]> {
  for (const [agency, purposes] of Object.entries(rules)) {
    for (const [purpose, byAction] of Object.entries(purposes)) {
      for (const action of ACTIONS) for (const group of byAction[action] ?? []) yield [agency, purpose, action, group];
    }
  }
}

/** What is signed: the prefix keeps a signature from meaning anything else. */
export function ceilingBytes(statement: string): Buffer {
  return Buffer.from(`lien-thong ceiling v1\n${statement}`, 'utf8');
}

/** The natural persons of the owner who signed it. A signature by any other key counts for nobody. */
export function signersOf({ statement, signatures }: SignedCeiling, owners: readonly OwnerKey[]): ReadonlySet<string> {
  const persons = new Set<string>();
  for (const { key, signature } of signatures) {
    const owner = owners.find((one) => one.key === key);
    if (owner !== undefined && verifies(statement, key, signature)) persons.add(owner.person);
  }
  return persons;
}

function verifies(statement: string, x: string, signature: string): boolean {
  try {
    const key = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' });
    return verify(null, ceilingBytes(statement), key, Buffer.from(signature, 'base64url'));
  } catch {
    return false;
  }
}

/** How many natural persons a ceiling needs after another: two where it widens. */
export function signersNeeded(before: CeilingRules, after: CeilingRules): 1 | 2 {
  return widening(before, after).length > 0 ? 2 : 1;
}
