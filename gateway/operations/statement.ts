import type { JWK } from 'jose';
import { z } from 'zod';
import { canonicalJson } from '../admin/canonical.ts';
import { signText, type SignedStatement } from '../rules/signature.ts';
import { ContentAddress, Hash, SIGNED_STEP } from '../rules/statement.ts';

/** What is signed begins with it. */
export const OPERATIONS_DOMAIN = 'lien-thong operation statement 1';

const Common = { operation: ContentAddress, ...SIGNED_STEP };

/**
 * What somebody does to an operation, as it is signed. `report` is the hash of what the check said that the operation would disclose, so that
 * author and approvers attest what they saw; `proposal` is the hash of the proposal's statement, so that an approval holds for that proposal,
 * with its report and its end, and for no other of the same content.
 */
const StatementSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('propose'), ...Common, report: Hash, expiresAt: z.iso.datetime() }),
  z.strictObject({ kind: z.literal('approve'), ...Common, proposal: Hash, report: Hash }),
  z.strictObject({ kind: z.literal('reject'), ...Common, proposal: Hash }),
  z.strictObject({ kind: z.literal('suspend'), ...Common, proposal: Hash }),
]);

export type OperationStatement = z.infer<typeof StatementSchema>;
export type OperationStep = OperationStatement['kind'];

/** Signs a statement with the private JWK of its account. */
export function signOperationStatement(statement: OperationStatement, key: JWK): SignedStatement {
  return signText(OPERATIONS_DOMAIN, canonicalJson(statement), key);
}

/** The statement of a text; undefined when it is none, or not in the one form that it may have. */
export function readOperationStatement(text: string): OperationStatement | undefined {
  try {
    const parsed = StatementSchema.safeParse(JSON.parse(text));
    return parsed.success && canonicalJson(parsed.data) === text ? parsed.data : undefined;
  } catch {
    return undefined;
  }
}
