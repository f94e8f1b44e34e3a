import type { SubgraphError, SubgraphReply } from '../apollo.ts';

/** What came of a call to a subgraph. `why` is for the log and holds nothing that the subgraph sent. */
export type SubgraphOutcome = ({ readonly kind: 'answered' } & SubgraphReply) | Unavailable;

/**
 * An answer that has come and was not read yet. It is read when everything has come that it is put together with, so that the many objects
 * made of it live for one turn of the event loop: until then it is bytes, which no garbage collection copies. Reading twice gives the same.
 */
export interface Unread<Read> {
  readonly kind: 'unread';
  readonly read: () => Read;
}

/** What comes of one call. */
export type CallAnswer = SubgraphOutcome | Unread<SubgraphOutcome>;
/** What comes of a fetch: a part of a call's answer that cannot be told apart is asked for again when it is read. */
export type FetchAnswer = SubgraphOutcome | Unread<SubgraphOutcome | Promise<SubgraphOutcome>>;

/** An answer that `make` reads, once. */
export function unread<Read extends object>(make: () => Read): Unread<Read> {
  let made: Read | undefined;
  return { kind: 'unread', read: () => (made ??= make()) };
}

/** What came, read now. */
export function readNow(answer: CallAnswer): SubgraphOutcome;
export function readNow(answer: FetchAnswer): SubgraphOutcome | Promise<SubgraphOutcome>;
export function readNow(answer: FetchAnswer): SubgraphOutcome | Promise<SubgraphOutcome> {
  return answer.kind === 'unread' ? answer.read() : answer;
}

export interface Unavailable {
  readonly kind: 'unavailable';
  readonly why: string;
  readonly fault: Fault;
}

/**
 * Whose fault it was. `connection`: nobody answered, or a proxy said so (502, 503, 504), and asking again may help; `timeout`; `answer`: it
 * answered, and not properly; `cancelled`: the client has gone; `circuit-open`: it was not asked.
 */
export type Fault = 'connection' | 'timeout' | 'answer' | 'cancelled' | 'circuit-open';

const JSON_TYPES = /^application\/(graphql-response\+)?json\s*(;|$)/i;
const STATUS_OF_PROXIES: ReadonlySet<number> = new Set([502, 503, 504]);

/** Whether a body of this content type is read at all. */
export function isJson(contentType: string | undefined): boolean {
  return JSON_TYPES.test(contentType ?? '');
}

/** An answer that is none. */
export function improper(status: number, why: string): Unavailable {
  return { kind: 'unavailable', why: `status ${status} ${why}`, fault: STATUS_OF_PROXIES.has(status) ? 'connection' : 'answer' };
}

/** Reads a GraphQL response (specification, 7.1) and keeps of it only what has the right form. */
export function readReply(text: string, status: number): SubgraphOutcome {
  let reply: unknown;
  try {
    reply = parseUntrusted(text);
  } catch {
    return improper(status, 'with a body that is not JSON');
  }
  if (!isRecord(reply)) return improper(status, 'with JSON that is not a GraphQL response');
  const { data, errors } = reply;
  const list = Array.isArray(errors) ? errors.filter(isRecord).map(readError) : [];
  if (isRecord(data)) return { kind: 'answered', data, errors: list };
  // Without data the errors say why, also where it is the request that was wrong: a value that a scalar of the subgraph's does not take
  // (GraphQL-over-HTTP, "Status Codes"). A refusal (403 by the guard) comes with a status of its own and is no answer.
  if (list.length > 0 && status <= 400) return { kind: 'answered', data: null, errors: list };
  return improper(status, 'without data');
}

function readError(error: Record<string, unknown>): SubgraphError {
  const { message, path, extensions } = error;
  return {
    message: typeof message === 'string' ? message : 'An error without a message.',
    path: Array.isArray(path) ? path.filter((part) => typeof part === 'string' || typeof part === 'number') : undefined,
    extensions: isRecord(extensions) ? extensions : undefined,
  };
}

/**
 * JSON from somewhere that may lie. A member called `__proto__` would become the prototype of whatever it is merged into (ATTACKS 7);
 * it is looked for in the text first, since a reviver costs several times the parsing.
 */
function parseUntrusted(text: string): unknown {
  const suspicious = text.includes('__proto__') || (text.includes('\\u00') && /\\u00(5f|70|72|6f|74)/i.test(text));
  if (!suspicious) return JSON.parse(text);
  return JSON.parse(text, (key: string, value: unknown) => (key === '__proto__' ? undefined : value));
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
