import { refuse, type Refusal } from '../errors.ts';

/** A GraphQL request as its body says it. */
export interface Parameters {
  readonly kind: 'parameters';
  /** The document itself, or the identifier of one that is registered; never both. */
  readonly query: string | undefined;
  readonly documentId: string | undefined;
  readonly operationName: string | undefined;
  readonly variables: Readonly<Record<string, unknown>>;
}

/** SHA256 hex document identifier (GraphQL-over-HTTP, Appendix "Persisted Documents"). */
const DOCUMENT_ID = /^sha256:[0-9a-f]{64}$/;

/**
 * Reads the request parameters out of a JSON body (GraphQL-over-HTTP, "Request Parameters" and "Persisted Document Request Parameters"). A
 * member that is null counts as absent.
 */
export function readParameters(body: unknown): Parameters | Refusal {
  if (Array.isArray(body)) return refuse('BAD_REQUEST', 'Batches are not taken. Send one operation in a JSON object.');
  if (!isRecord(body)) return refuse('BAD_REQUEST');
  const { query, documentId, operationName, variables, extensions } = body;
  const named = documentId ?? undefined;
  if (named === undefined) {
    if (typeof query !== 'string' || query.trim() === '') return refuse('BAD_REQUEST');
  } else {
    if (query !== undefined && query !== null)
      return refuse('BAD_REQUEST', 'The request has both "query" and "documentId". Send one of them.');
    if (typeof named !== 'string' || !DOCUMENT_ID.test(named)) {
      return refuse('BAD_REQUEST', '"documentId" is "sha256:" and 64 lower-case hexadecimal digits. Correct it.');
    }
  }
  if (operationName !== undefined && operationName !== null && typeof operationName !== 'string') {
    return refuse('BAD_REQUEST', '"operationName" is a string or null. Correct the request.');
  }
  if (variables !== undefined && variables !== null && !isRecord(variables)) {
    return refuse('BAD_REQUEST', '"variables" is a JSON object or null. Correct the request.');
  }
  if (extensions !== undefined && extensions !== null && !isRecord(extensions)) {
    return refuse('BAD_REQUEST', '"extensions" is a JSON object or null. Correct the request.');
  }
  return {
    kind: 'parameters',
    query: typeof query === 'string' ? query : undefined,
    documentId: named,
    // An empty name means the same as none; clients that always send the member rely on it.
    operationName: operationName === null || operationName === '' ? undefined : operationName,
    variables: variables ?? {},
  };
}

/** Whether a JSON value has more objects and lists inside of each other than that. Goes no deeper, so that no value can exhaust the stack. */
export function nestsDeeper(value: unknown, depthMax: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  if (depthMax === 0) return true;
  if (Array.isArray(value)) return value.some((item) => nestsDeeper(item, depthMax - 1));
  return Object.values(value).some((item) => nestsDeeper(item, depthMax - 1));
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
