import { createHash } from 'node:crypto';
import { z } from 'zod';
import { holdsIdNumber } from '../../platform/id-number.ts';
import { isCalendarDate } from '../../platform/scalars.ts';
import { endOfDayMs } from './annotations.ts';

/**
 * What an officer may administer. A national administrator sees and changes everything and still approves nothing alone; a policy editor
 * changes rules of the own agency's applications; a data owner changes and approves rules on the registers that the own agency owns; an auditor
 * reads; a registry administrator changes who is connected; a consent operator notes consents at a counter; an analyst
 * proposes operations and analyses for the own agency's applications, and runs analyses.
 */
export const ADMIN_ROLES = [
  'national-administrator',
  'registry-administrator',
  'policy-editor',
  'data-owner',
  'auditor',
  'consent-operator',
  'analyst',
] as const;
export type AdminRole = (typeof ADMIN_ROLES)[number];

/** Those who administer rules, registry or consents, or look after those who do: all but analysts. */
export const ADMINISTRATOR_ROLES = ADMIN_ROLES.filter((role) => role !== 'analyst');

const Opaque = z
  .string()
  .regex(/^[!-~]{1,64}$/, 'must be 1 to 64 printable ASCII characters without spaces')
  .refine((text) => !holdsIdNumber(text), 'must be no ID number of a citizen');
const PublicKey = z.string().regex(/^[A-Za-z0-9_-]{43}$/, 'must be an Ed25519 public key: 32 bytes in base64url without padding');
const Role = z.string().regex(/^[a-z][a-z0-9]*(?:[.-][a-z0-9]+)*$/, 'must be small letters and digits in parts joined by "-" or "."');

/** An officer in `registry.yaml`: the role at work alone, or with what the officer administers. */
export const OfficerEntry = z.union([
  Role,
  z.strictObject({
    role: Role,
    administers: z.array(z.enum(ADMIN_ROLES)).default([]),
    /** Opaque id of the natural person behind the account; accounts of one person name the same. The account itself without it. */
    person: Opaque.optional(),
    /** Public keys that the officer signs with. */
    keys: z.array(PublicKey).default([]),
    /** Last day on which the officer administers anything. The entry stays, so that what was signed before can still be verified. */
    until: z.string().refine(isCalendarDate, 'must be a day like "2027-12-31"').optional(),
    /** The moment at which the rights were taken away (ISO 8601). What was signed before stays good. */
    ended: z.iso.datetime().optional(),
  }),
]);

/** An account of an officer and what it may do. */
export interface Officer {
  /** `agency/officer`: ids of officers are each agency's own. */
  readonly account: string;
  readonly agency: string;
  readonly officer: string;
  /** At work, as policies see it (`context.officer.role`). */
  readonly role: string;
  /** Opaque id of the natural person behind the account. */
  readonly person: string;
  readonly administers: ReadonlySet<AdminRole>;
  readonly keys: readonly SigningKey[];
  /** First moment at which the officer administers nothing any more, milliseconds since the epoch. */
  readonly endsAtMs: number;
}

/** A public Ed25519 key. */
export interface SigningKey {
  /** JWK thumbprint (RFC 7638). */
  readonly id: string;
  /** 32 bytes in base64url. */
  readonly x: string;
}

/** The officers of one agency of the registry. */
export function readOfficers(agency: string, entries: Readonly<Record<string, z.infer<typeof OfficerEntry>>>): readonly Officer[] {
  return Object.entries(entries).map(([officer, entry]) => {
    const account = `${agency}/${officer}`;
    const { role, administers, person, keys, until, ended } =
      typeof entry === 'string' ? { role: entry, administers: [], person: undefined, keys: [], until: undefined, ended: undefined } : entry;
    return {
      account,
      agency,
      officer,
      role,
      person: person ?? account,
      administers: new Set(administers),
      keys: keys.map(signingKey),
      endsAtMs: Math.min(until === undefined ? Infinity : endOfDayMs(until), ended === undefined ? Infinity : Date.parse(ended)),
    };
  });
}

/** A public key with its id (RFC 7638: the members that the type of key needs, in order of their names). */
export function signingKey(x: string): SigningKey {
  const id = createHash('sha256')
    .update(JSON.stringify({ crv: 'Ed25519', kty: 'OKP', x }))
    .digest('base64url');
  return { id, x };
}
