import { z } from 'zod';
import { holdsIdNumber } from '../../platform/id-number.ts';
import { canonicalJson } from '../admin/canonical.ts';
import { hashOf } from '../rules/signature.ts';
import { VariablesSchema } from './variable-schema.ts';

/** Characters of a document, of the reason and of the whole content. */
const DOCUMENT_LENGTH_MAX = 50_000;
const WHY_LENGTH_MAX = 2_000;
const CONTENT_LENGTH_MAX = 200_000;

const Name = z
  .string()
  .max(80)
  .regex(/^[a-z][a-z0-9]*(?:-[a-z0-9]+)*$/, 'must be small letters and digits in words joined by "-", such as patient-check-in');
const Id = z.string().min(1).max(200);

/** What is registered, proposed, approved and run: an operation for an application, or an analysis, which the engine runs over a population. */
export const OperationContent = z.strictObject({
  kind: z.enum(['operation', 'analysis']),
  name: Name,
  application: Id,
  purpose: Id,
  document: z.string().min(1).max(DOCUMENT_LENGTH_MAX),
  variables: VariablesSchema,
  why: z.string().trim().min(1).max(WHY_LENGTH_MAX),
  /** The grouping of an analysis; what it has to be is said by the engine's definition. */
  analysis: z.record(z.string(), z.json()).optional(),
});
export type OperationContent = z.infer<typeof OperationContent>;
export type OperationKind = OperationContent['kind'];

/**
 * The one text of a content: canonical JSON (RFC 8785), of which its address is made and which officers sign by that address. Changing a
 * character of anything makes another operation.
 */
export function textOfContent(content: OperationContent): string {
  return canonicalJson(content);
}

/** Content address of an operation or analysis, by the text of its content. */
export function addressOf(text: string): string {
  return `sha256:${hashOf(text)}`;
}

/**
 * Identifier of a document: `sha256:` and the SHA-256 of its source text in UTF-8, 64 lower-case hexadecimal digits (GraphQL-over-HTTP, Appendix
 * "Persisted Documents", "SHA256 Hex Document Identifier").
 */
export function documentIdOf(document: string): string {
  return `sha256:${hashOf(document)}`;
}

/** Reads a content that somebody wrote; texts say what is wrong with it, one sentence each. */
export function parseContent(value: unknown): OperationContent | readonly string[] {
  const parsed = OperationContent.safeParse(value);
  if (!parsed.success) return parsed.error.issues.map(({ path, message }) => `${path.map(String).join('.') || 'The content'}: ${message}.`);
  const { data } = parsed;
  const text = textOfContent(data);
  if (text.length > CONTENT_LENGTH_MAX) return [`The content is longer than ${CONTENT_LENGTH_MAX} characters. Shorten it.`];
  if (holdsIdNumber(text)) return ['Something in it looks like the ID number of a person: twelve digits. Give numbers by variables.'];
  if ((data.kind === 'analysis') !== (data.analysis !== undefined))
    return ['An analysis has the member "analysis", and an operation has not.'];
  return data;
}

/** The content of a stored text; undefined when it is none, or not in its one form. */
export function readContent(text: string): OperationContent | undefined {
  try {
    const content = parseContent(JSON.parse(text));
    return 'kind' in content && textOfContent(content) === text ? content : undefined;
  } catch {
    return undefined;
  }
}
