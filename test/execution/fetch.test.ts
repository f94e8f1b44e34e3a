import { createServer, type ServerResponse } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { expect, test } from 'vitest';
import { LIMITS, type Limits } from '../../gateway/limits.ts';
import { createSubgraphClient, type SubgraphRequest } from '../../gateway/execution/fetch.ts';
import { readNow, type SubgraphOutcome } from '../../gateway/execution/reply.ts';
import { SEAL_HEADER } from '../../platform/grant.ts';

type Behave = (reply: ServerResponse) => void;

/** A subgraph over HTTP that behaves as told, one behaviour a call, the last one for all that follow. */
async function subgraph(...behaviours: readonly Behave[]) {
  const calls: { readonly body: string; readonly seal: unknown }[] = [];
  const server = createServer((request, reply) => {
    const behave = behaviours[Math.min(calls.length, behaviours.length - 1)];
    calls.push({ body: '', seal: request.headers[SEAL_HEADER] });
    void buffer(request).then(() => behave?.(reply));
  });
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (typeof address !== 'object' || address === null) throw new Error('The server listens on TCP.');
  return {
    url: `http://127.0.0.1:${address.port}/graphql`,
    calls,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => void server.close(resolve));
    },
  };
}

const answer: Behave = (reply) => reply.setHeader('content-type', 'application/json').end('{"data":{"a":1}}');
const hangUp: Behave = (reply) => reply.destroy();
const cutOff: Behave = (reply) => {
  reply.writeHead(200, { 'content-type': 'application/json', 'content-length': '100' });
  reply.write('{"data":{"a"', () => reply.destroy());
};
const status =
  (code: number): Behave =>
  (reply) =>
    reply.writeHead(code, { 'content-type': 'text/plain' }).end('no');
const drip: Behave = (reply) => {
  reply.writeHead(200, { 'content-type': 'application/json' });
  const timer = setInterval(() => reply.write(' '), 5);
  reply.on('close', () => clearInterval(timer));
};

interface Watched {
  /** What came, read at once. */
  readonly send: (call: SubgraphRequest) => Promise<SubgraphOutcome>;
  readonly retries: () => number;
  readonly circuit: readonly boolean[];
}

function clientOf(url: string, limits: Partial<Limits> = {}, clock: () => number = Date.now): Watched & AsyncDisposable {
  let retries = 0;
  const circuit: boolean[] = [];
  const client = createSubgraphClient({
    url,
    sealKey: Buffer.alloc(32, 1),
    limits: { ...LIMITS, retryDelayMsMax: 1, ...limits },
    clock,
    random: () => 0.5,
    retried: () => {
      retries += 1;
    },
    circuitChanged: (isOpen) => void circuit.push(isOpen),
  });
  const send = async (call: SubgraphRequest): Promise<SubgraphOutcome> => readNow(await client.send(call));
  return { send, retries: () => retries, circuit, [Symbol.asyncDispose]: async () => client[Symbol.asyncDispose]() };
}

const QUERY: SubgraphRequest = {
  query: '{ a }',
  operationName: undefined,
  variables: {},
  idempotent: true,
  grant: { id: 'grant', token: 'token' },
  caller: {} as SubgraphRequest['caller'],
  trace: { traceId: '0', traceparent: '00-0-0-00', tracestate: undefined },
  signal: new AbortController().signal,
};

test.each([
  ['hangs up', hangUp],
  ['breaks off', cutOff],
  ['is behind a proxy that does not reach it', status(502)],
  ['says that it is unavailable', status(503)],
])('a query is asked once more of a subgraph that %s, under a new seal', async (_what, behave) => {
  await using served = await subgraph(behave, answer);
  await using watched = clientOf(served.url);
  expect(await watched.send(QUERY)).toEqual({ kind: 'answered', data: { a: 1 }, errors: [] });
  expect(watched.retries()).toBe(1);
  expect(new Set(served.calls.map(({ seal }) => seal)).size).toBe(2);
});

test('a query is asked twice at most', async () => {
  await using served = await subgraph(hangUp);
  await using watched = clientOf(served.url);
  expect(await watched.send(QUERY)).toMatchObject({ kind: 'unavailable', fault: 'connection' });
  expect(served.calls.length).toBe(2);
});

test('a mutation is asked once, whatever becomes of it', async () => {
  await using served = await subgraph(hangUp, answer);
  await using watched = clientOf(served.url);
  expect(await watched.send({ ...QUERY, idempotent: false })).toMatchObject({ kind: 'unavailable', fault: 'connection' });
  expect(served.calls.length).toBe(1);
});

test.each([
  ['an error of its own', status(500)],
  ['a refusal', status(403)],
  ['a redirect', (reply: ServerResponse) => void reply.writeHead(302, { location: '/elsewhere' }).end()],
])('%s is an answer, and not asked for again', async (_what, behave) => {
  await using served = await subgraph(behave, answer);
  await using watched = clientOf(served.url);
  expect(await watched.send(QUERY)).toMatchObject({ kind: 'unavailable', fault: 'answer' });
  expect(served.calls.length).toBe(1);
});

test('a request that the subgraph finds wrong is answered with its errors, and nothing is held against the subgraph', async () => {
  const wrong: Behave = (reply) =>
    reply.writeHead(400, { 'content-type': 'application/graphql-response+json' }).end('{"errors":[{"message":"no time"}]}');
  await using served = await subgraph(wrong);
  await using watched = clientOf(served.url);
  const { kind, ...rest } = await watched.send(QUERY);
  expect([kind, rest]).toEqual(['answered', { data: null, errors: [{ message: 'no time', path: undefined, extensions: undefined }] }]);
});

test('a subgraph that drips is given up at the deadline, and not asked again', async () => {
  await using served = await subgraph(drip);
  await using watched = clientOf(served.url, { subgraphTimeoutMs: 60 });
  expect(await watched.send(QUERY)).toMatchObject({ kind: 'unavailable', fault: 'timeout' });
  expect(served.calls.length).toBe(1);
});

test('an answer that does not end is given up at its size', async () => {
  await using served = await subgraph((reply) => {
    reply.writeHead(200, { 'content-type': 'application/json' });
    const more = (): void => void (reply.write('x'.repeat(1_000)) ? setImmediate(more) : reply.once('drain', more));
    reply.on('close', () => reply.removeAllListeners('drain'));
    more();
  });
  await using watched = clientOf(served.url, { subgraphBytesMax: 50_000 });
  expect(await watched.send(QUERY)).toEqual({ kind: 'unavailable', why: 'an answer of more than 50000 bytes', fault: 'answer' });
});

test('a client that goes away ends the call and says nothing of the subgraph', async () => {
  await using served = await subgraph(drip);
  await using watched = clientOf(served.url, { breakerFailuresMax: 1 });
  const gone = new AbortController();
  const sent = watched.send({ ...QUERY, signal: gone.signal });
  gone.abort();
  expect(await sent).toMatchObject({ kind: 'unavailable', fault: 'cancelled' });
  expect(await watched.send({ ...QUERY, signal: gone.signal })).toMatchObject({ fault: 'cancelled' });
  expect(watched.circuit).toEqual([]);
});

test('a subgraph that keeps failing is left alone, and asked again when its time is over', async () => {
  let now = 0;
  await using served = await subgraph(hangUp, hangUp, hangUp, answer);
  await using watched = clientOf(served.url, { breakerFailuresMax: 3, breakerOpenMs: 1_000 }, () => now);
  await watched.send(QUERY);
  expect(await watched.send(QUERY)).toMatchObject({ fault: 'circuit-open' });
  expect(served.calls.length).toBe(3);
  expect(await watched.send(QUERY)).toMatchObject({ fault: 'circuit-open' });
  expect(served.calls.length).toBe(3);
  now = 1_000;
  expect(await watched.send(QUERY)).toMatchObject({ kind: 'answered' });
  expect(watched.circuit).toEqual([true, false]);
});
