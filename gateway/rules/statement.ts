import type { JWK } from 'jose';
import { z } from 'zod';
import { holdsIdNumber } from '../../platform/id-number.ts';
import { canonicalJson } from '../admin/canonical.ts';
import { signText, type SignedStatement } from './signature.ts';

/** What is signed begins with it. */
export const RULES_DOMAIN = 'lien-thong policy statement 1';

/** Longest reason, in characters. */
const REASON_LENGTH_MAX = 2_000;

export const ContentAddress = z.string().regex(/^sha256:[0-9a-f]{64}$/);
export const Hash = z.string().regex(/^[0-9a-f]{64}$/);

const Registers = z.array(z.string().max(200)).max(1_000);

/** What every signed step says, whatever it is about. */
export const SIGNED_STEP = {
  /** `agency/officer`. */
  account: z.string().min(1).max(200),
  /** ISO 8601, UTC. */
  at: z.iso.datetime(),
  /** Kept and shown; it names no citizen. */
  reason: z
    .string()
    .max(REASON_LENGTH_MAX)
    .refine((text) => !holdsIdNumber(text)),
};

const Common = { version: ContentAddress, ...SIGNED_STEP };

/**
 * What somebody does to a version, as it is signed. `proposal` is the hash of the draft's statement, so that an approval holds for the draft that was
 * read and for no other of the same content; `after` is the hash of the activation that a new one takes the place of, so that an old activation
 * cannot be played again.
 */
const StatementSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('import'), ...Common, after: z.null() }),
  z.strictObject({ kind: z.literal('draft'), ...Common, parent: ContentAddress }),
  /** `widens` are the registers on which access widens: submitter and approvers attest what the impact said. */
  z.strictObject({ kind: z.literal('submit'), ...Common, proposal: Hash, widens: Registers }),
  z.strictObject({ kind: z.literal('approve'), ...Common, proposal: Hash, widens: Registers }),
  z.strictObject({ kind: z.literal('reject'), ...Common, proposal: Hash }),
  z.strictObject({ kind: z.literal('activate'), ...Common, proposal: Hash, after: Hash }),
  /** Activated by one person because nothing widens; reviewed afterwards. */
  z.strictObject({ kind: z.literal('narrow'), ...Common, proposal: Hash, after: Hash }),
  z.strictObject({ kind: z.literal('rollback'), ...Common, after: Hash }),
  z.strictObject({ kind: z.literal('review'), ...Common, activation: Hash }),
]);

export type Statement = z.infer<typeof StatementSchema>;
export type StepKind = Statement['kind'];

/** Signs a statement with the private JWK of its account. */
export function signStatement(statement: Statement, key: JWK): SignedStatement {
  return signText(RULES_DOMAIN, canonicalJson(statement), key);
}

/** The statement of a text; undefined when it is none, or not in the one form that it may have. */
export function readStatement(text: string): Statement | undefined {
  try {
    const parsed = StatementSchema.safeParse(JSON.parse(text));
    return parsed.success && canonicalJson(parsed.data) === text ? parsed.data : undefined;
  } catch {
    return undefined;
  }
}
