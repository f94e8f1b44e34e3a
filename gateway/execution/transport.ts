import { Pool, type Dispatcher } from 'undici';
import { improper, isJson, readReply, unread, type CallAnswer } from './reply.ts';

/** A pool of kept connections to one subgraph, each exchange bounded in time and size. Believes nothing that it reads. */
export interface Transport extends AsyncDisposable {
  /** Posts a body. Never rejects: whatever is no proper answer is `unavailable`. */
  post(exchange: Exchange): Promise<CallAnswer>;
}

export interface Exchange {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly timeoutMs: number;
  /** Ends when the client has gone away. */
  readonly signal: AbortSignal;
}

export interface TransportOptions {
  readonly url: string;
  readonly connectTimeoutMs: number;
  readonly connectionsMax: number;
  readonly bytesMax: number;
}

/** Connections are given up before the server would close them: shorter than the five seconds that Node's and others' servers keep them. */
const KEEP_ALIVE_MS = 4_000;

/** Opens the pool; connections are made on first use. Redirects are not followed: an answer that is one is no answer. */
export function createTransport({ url, connectTimeoutMs, connectionsMax, bytesMax }: TransportOptions): Transport {
  const { origin, pathname, search } = new URL(url);
  const path = `${pathname}${search}`;
  const pool = new Pool(origin, {
    connections: connectionsMax,
    connect: { timeout: connectTimeoutMs },
    // Each exchange has a deadline of its own, which covers headers and body.
    headersTimeout: 0,
    bodyTimeout: 0,
    keepAliveTimeout: KEEP_ALIVE_MS,
  });
  return {
    post: async ({ headers, body, timeoutMs, signal }) =>
      new Promise((resolve) => {
        pool.dispatch({ path, method: 'POST', headers, body }, receive({ bytesMax, timeoutMs, signal, resolve }));
      }),
    async [Symbol.asyncDispose]() {
      await pool.destroy();
    },
  };
}

interface Receiving {
  readonly bytesMax: number;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
  readonly resolve: (outcome: CallAnswer) => void;
}

/**
 * Takes the chunks as they come. A readable stream around them, as undici's `request` makes one, costs a third of a whole exchange; so does
 * a signal combined of client and deadline.
 */
function receive({ bytesMax, timeoutMs, signal, resolve }: Receiving): Dispatcher.DispatchHandler {
  const chunks: Buffer[] = [];
  let bytes = 0;
  let status = 0;
  let controller: Dispatcher.DispatchController | undefined;
  let settled = false;

  const settle = (outcome: CallAnswer): void => {
    if (settled) return;
    settled = true;
    clearTimeout(timer);
    signal.removeEventListener('abort', cancel);
    resolve(outcome);
  };
  /** What is still to come is not waited for; the connection goes with it. */
  const giveUp = (outcome: CallAnswer): void => {
    settle(outcome);
    controller?.abort(new Error('The answer is no longer wanted.'));
  };
  const cancel = (): void => giveUp({ kind: 'unavailable', why: 'the client has gone', fault: 'cancelled' });
  const timer = setTimeout(() => giveUp({ kind: 'unavailable', why: `no answer in ${timeoutMs} ms`, fault: 'timeout' }), timeoutMs);
  signal.addEventListener('abort', cancel);
  if (signal.aborted) cancel();

  return {
    onRequestStart(started) {
      controller = started;
      if (settled) started.abort(new Error('The answer is no longer wanted.'));
    },
    onResponseStart(_controller, statusCode, headers) {
      // Informational responses (RFC 9110, 15.2) come before the one that counts.
      if (statusCode < 200) return;
      status = statusCode;
      const type = headers['content-type'];
      if (!isJson(typeof type === 'string' ? type : undefined)) giveUp(improper(status, 'with a content type that is not JSON'));
    },
    onResponseData(_controller, chunk) {
      bytes += chunk.length;
      if (bytes > bytesMax) giveUp({ kind: 'unavailable', why: `an answer of more than ${bytesMax} bytes`, fault: 'answer' });
      else if (!settled) chunks.push(chunk);
    },
    onResponseEnd() {
      if (settled) return;
      // What may be asked for again is looked at now.
      settle(status < 400 ? unread(() => readReply(textOf(chunks), status)) : readReply(textOf(chunks), status));
    },
    onResponseError(_controller, error) {
      settle({ kind: 'unavailable', why: nameOf(error), fault: TIMEOUTS.has(nameOf(error)) ? 'timeout' : 'connection' });
    },
  };
}

/** undici's own, for connecting. */
const TIMEOUTS: ReadonlySet<string> = new Set(['UND_ERR_CONNECT_TIMEOUT', 'ETIMEDOUT']);

function textOf(chunks: readonly Buffer[]): string {
  const [only] = chunks;
  return only !== undefined && chunks.length === 1 ? only.toString('utf8') : Buffer.concat(chunks).toString('utf8');
}

function nameOf(error: Error): string {
  return 'code' in error && typeof error.code === 'string' ? error.code : error.name;
}
