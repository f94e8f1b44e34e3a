import { setTimeout as delay } from 'node:timers/promises';
import { GRANT_HEADER, seal, SEAL_HEADER } from '../../platform/grant.ts';
import type { Limits } from '../limits.ts';
import type { Caller, Trace } from '../request.ts';
import { createBreaker } from './breaker.ts';
import type { SignedGrant } from './grants.ts';
import type { CallAnswer, SubgraphOutcome } from './reply.ts';
import { createTransport } from './transport.ts';

/** One subgraph: asked within a time, once more when nobody answered, and left alone while it is down. */
export interface SubgraphClient extends AsyncDisposable {
  send(call: SubgraphRequest): Promise<CallAnswer>;
}

export interface SubgraphRequest {
  readonly query: string;
  readonly operationName: string | undefined;
  readonly variables: Readonly<Record<string, unknown>>;
  /** Queries may be asked twice, mutations never. */
  readonly idempotent: boolean;
  readonly grant: SignedGrant | undefined;
  readonly caller: Caller;
  readonly trace: Trace;
  readonly signal: AbortSignal;
}

export interface SubgraphClientOptions {
  readonly url: string;
  /** HMAC key of the seal; undefined where no grants are sent (`--open`), and for subgraphs that share no key. */
  readonly sealKey: Buffer | undefined;
  readonly limits: Limits;
  readonly clock: () => number;
  /** Between 0 and 1, for the jitter of retries. */
  readonly random: () => number;
  readonly retried: () => void;
  readonly circuitChanged: (isOpen: boolean) => void;
}

const CIRCUIT_OPEN: SubgraphOutcome = { kind: 'unavailable', why: 'its circuit is open', fault: 'circuit-open' };

/** Opens a client; connections are made on first use. Both attempts share one time-out. */
export function createSubgraphClient(options: SubgraphClientOptions): SubgraphClient {
  const { limits, sealKey, clock, random } = options;
  const transport = createTransport({
    url: options.url,
    connectTimeoutMs: limits.subgraphTimeoutMs,
    connectionsMax: limits.subgraphConnectionsMax,
    bytesMax: limits.subgraphBytesMax,
  });
  const breaker = createBreaker({
    failuresMax: limits.breakerFailuresMax,
    openMs: limits.breakerOpenMs,
    clock,
    changed: options.circuitChanged,
  });

  const attempt = async (call: SubgraphRequest, body: string, timeoutMs: number): Promise<CallAnswer> => {
    if (!breaker.admits()) return CIRCUIT_OPEN;
    const outcome = await transport.post({ headers: headersOf(call, body, sealKey, clock), body, timeoutMs, signal: call.signal });
    if (outcome.kind !== 'unavailable' || outcome.fault === 'answer') breaker.succeeded();
    else if (outcome.fault === 'cancelled') breaker.abandoned();
    else breaker.failed();
    return outcome;
  };

  return {
    async send(call) {
      const body = JSON.stringify({ query: call.query, operationName: call.operationName, variables: call.variables });
      const startedAtMs = clock();
      const first = await attempt(call, body, limits.subgraphTimeoutMs);
      if (!call.idempotent || first.kind !== 'unavailable' || first.fault !== 'connection') return first;
      // Jitter, so that requests that failed together do not come back together.
      await delay(random() * limits.retryDelayMsMax);
      const leftMs = limits.subgraphTimeoutMs - (clock() - startedAtMs);
      if (leftMs <= 0 || call.signal.aborted) return first;
      options.retried();
      return attempt(call, body, leftMs);
    },
    async [Symbol.asyncDispose]() {
      await transport[Symbol.asyncDispose]();
    },
  };
}

/** Made anew for each attempt: a subgraph takes a seal once. */
function headersOf({ grant, trace }: SubgraphRequest, body: string, sealKey: Buffer | undefined, clock: () => number) {
  const headers: Record<string, string> = {
    'content-type': 'application/json',
    accept: 'application/graphql-response+json, application/json',
    traceparent: trace.traceparent,
  };
  if (trace.tracestate !== undefined) headers['tracestate'] = trace.tracestate;
  // A subgraph without a seal key, somebody else's, still gets the grant and may look at it.
  if (grant) headers[GRANT_HEADER] = grant.token;
  if (grant && sealKey) headers[SEAL_HEADER] = seal(grant.id, body, sealKey, clock());
  return headers;
}
