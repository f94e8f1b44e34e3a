import { Pool } from 'undici';
import { GRANT_HEADER, seal, SEAL_HEADER } from '../../platform/grant.ts';
import type { SubgraphError, SubgraphReply } from '../apollo.ts';
import type { Limits } from '../config.ts';
import type { Trace } from '../request.ts';
import type { SignedGrant } from './grants.ts';

/** One subgraph over HTTP: a pool of kept connections, bounded in time and size, that believes nothing it reads. */
export interface SubgraphClient extends AsyncDisposable {
  send(call: SubgraphRequest): Promise<SubgraphOutcome>;
}

export interface SubgraphRequest {
  readonly query: string;
  readonly operationName: string | undefined;
  readonly variables: Readonly<Record<string, unknown>>;
  readonly grant: SignedGrant | undefined;
  readonly trace: Trace;
  readonly signal: AbortSignal;
}

/** `unavailable` covers every way of not answering properly; `why` is for the log and holds nothing that the subgraph sent. */
export type SubgraphOutcome = ({ readonly kind: 'answered' } & SubgraphReply) | { readonly kind: 'unavailable'; readonly why: string };

export interface SubgraphClientOptions {
  readonly name: string;
  readonly url: string;
  /** HMAC key of the seal; undefined where no grants are sent (`--open`). */
  readonly sealKey: Buffer | undefined;
  readonly limits: Limits;
  readonly clock: () => number;
}

const JSON_TYPES = /^application\/(graphql-response\+)?json\s*(;|$)/i;

/** Opens the pool; connections are made on first use. */
export function createSubgraphClient(options: SubgraphClientOptions): SubgraphClient {
  const url = new URL(options.url);
  const path = `${url.pathname}${url.search}`;
  const { subgraphTimeoutMs, subgraphBytesMax, subgraphConnectionsMax } = options.limits;
  const pool = new Pool(url.origin, {
    connections: subgraphConnectionsMax,
    connect: { timeout: subgraphTimeoutMs },
    headersTimeout: subgraphTimeoutMs,
    bodyTimeout: subgraphTimeoutMs,
    // Twice as long, for the servers' own keep-alive times are often shorter than a client would like.
    keepAliveTimeout: 4_000,
  });

  return {
    async send(call) {
      const body = JSON.stringify({ query: call.query, operationName: call.operationName, variables: call.variables });
      const headers: Record<string, string> = {
        'content-type': 'application/json',
        accept: 'application/graphql-response+json, application/json',
        traceparent: call.trace.traceparent,
      };
      if (call.trace.tracestate !== undefined) headers['tracestate'] = call.trace.tracestate;
      if (call.grant && options.sealKey) {
        headers[GRANT_HEADER] = call.grant.token;
        headers[SEAL_HEADER] = seal(call.grant.id, body, options.sealKey, options.clock());
      }
      const signal = AbortSignal.any([call.signal, AbortSignal.timeout(subgraphTimeoutMs)]);
      try {
        const response = await pool.request({ path, method: 'POST', headers, body, signal });
        const type = response.headers['content-type'];
        if (!JSON_TYPES.test(String(type ?? ''))) {
          await response.body.dump();
          return { kind: 'unavailable', why: `status ${response.statusCode} with a content type that is not JSON` };
        }
        const text = await readText(response.body, subgraphBytesMax);
        if (text === undefined) return { kind: 'unavailable', why: `an answer of more than ${subgraphBytesMax} bytes` };
        return readReply(text, response.statusCode);
      } catch (error) {
        return { kind: 'unavailable', why: failureOf(error) };
      }
    },
    async [Symbol.asyncDispose]() {
      await pool.destroy();
    },
  };
}

async function readText(body: AsyncIterable<Buffer> & { destroy(): unknown }, bytesMax: number): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of body) {
    bytes += chunk.length;
    if (bytes > bytesMax) {
      body.destroy();
      return undefined;
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** Reads a GraphQL response (specification, 7.1) and keeps of it only what has the right form. */
function readReply(text: string, status: number): SubgraphOutcome {
  let reply: unknown;
  try {
    reply = parseUntrusted(text);
  } catch {
    return { kind: 'unavailable', why: `status ${status} with a body that is not JSON` };
  }
  if (!isRecord(reply)) return { kind: 'unavailable', why: `status ${status} with JSON that is not a GraphQL response` };
  const { data, errors } = reply;
  const list = Array.isArray(errors) ? errors.filter(isRecord).map(readError) : [];
  if (isRecord(data)) return { kind: 'answered', data, errors: list };
  // Without data the errors say why; a refusal (403 by the guard) comes with a status of its own and is no answer.
  if (list.length > 0 && status < 400) return { kind: 'answered', data: null, errors: list };
  return { kind: 'unavailable', why: `status ${status} without data` };
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
  const suspicious = text.includes('__proto__') || /\\u00(5f|70|72|6f|74)/i.test(text);
  if (!suspicious) return JSON.parse(text);
  return JSON.parse(text, (key: string, value: unknown) => (key === '__proto__' ? undefined : value));
}

function failureOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
  return code ?? (error instanceof Error ? error.name : 'an unknown failure');
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
