import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createBatching, type BatchingOptions, type SendBatched, type Send } from '../../gateway/execution/batch.ts';
import { readNow, type SubgraphOutcome } from '../../gateway/execution/reply.ts';

const LANE = {};
const STAYS = new AbortController().signal;
const ids = (variables: Readonly<Record<string, unknown>>): string[] =>
  (variables['representations'] as { id: string }[]).map(({ id }) => id);
const asking = (...keys: string[]) => ({ representations: keys.map((id) => ({ id })) });

/** What a subgraph answers to representations, each by itself: nobody's name is missing for `none…`, and `bad…` has an error. */
function answer(keys: readonly string[]): SubgraphOutcome {
  return {
    kind: 'answered',
    data: { _entities: keys.map((id) => (/^(none|bad)/.test(id) ? null : { name: `name of ${id}` })) },
    errors: keys.flatMap((id, at) => (id.startsWith('bad') ? [{ message: `no ${id}`, path: ['_entities', at, 'name'] }] : [])),
  };
}

/** A subgraph that answers when told to. */
function held(reply: (keys: readonly string[], call: number) => SubgraphOutcome = answer) {
  const calls: { readonly keys: string[]; readonly signal: AbortSignal; release: () => void }[] = [];
  const send: Send = async (variables, signal) =>
    new Promise((resolve) => {
      const keys = ids(variables);
      const at = calls.length;
      calls.push({ keys, signal, release: () => resolve(reply(keys, at)) });
    });
  return { calls, send };
}

const settled = async (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));

/** What is asked for together is told apart when it is read: here at once. */
function batching(options: BatchingOptions): (...asked: Parameters<SendBatched>) => Promise<SubgraphOutcome> {
  const batched = createBatching(options);
  return async (...asked) => readNow(await batched(...asked));
}

test('an idle gateway sends at once, and what comes meanwhile goes together', async () => {
  const { calls, send } = held();
  const batched = batching({ representationsMax: 100, waitMsMax: 60_000 });
  const asked = ['a', 'b', 'c'].map(async (key) => batched(LANE, asking(key), STAYS, send));
  expect(calls.map(({ keys }) => keys)).toEqual([['a']]);
  calls[0]?.release();
  await settled();
  expect(calls.map(({ keys }) => keys)).toEqual([['a'], ['b', 'c']]);
  calls[1]?.release();
  expect(await Promise.all(asked)).toEqual([answer(['a']), answer(['b']), answer(['c'])]);
});

test('other variables, and the fetch of another prepared execution, are not asked for together', async () => {
  const { calls, send } = held();
  const batched = batching({ representationsMax: 100, waitMsMax: 60_000 });
  void batched(LANE, { ...asking('a'), age: 18 }, STAYS, send);
  void batched(LANE, { ...asking('b'), age: 19 }, STAYS, send);
  void batched({}, { ...asking('c'), age: 18 }, STAYS, send);
  expect(calls.map(({ keys }) => keys)).toEqual([['a'], ['b'], ['c']]);
});

test('nobody waits for a call that does not come back', async () => {
  const { calls, send } = held();
  const batched = batching({ representationsMax: 100, waitMsMax: 1 });
  void batched(LANE, asking('slow'), STAYS, send);
  const quick = batched(LANE, asking('quick'), STAYS, async (variables) => answer(ids(variables)));
  expect(await quick).toEqual(answer(['quick']));
  expect(calls.map(({ keys }) => keys)).toEqual([['slow']]);
});

test('a call takes so many representations and no more, and a request’s own stay together', async () => {
  const { calls, send } = held();
  const batched = batching({ representationsMax: 3, waitMsMax: 60_000 });
  for (const keys of [['a'], ['b', 'c'], ['d', 'e'], ['f', 'g', 'h', 'i']]) void batched(LANE, asking(...keys), STAYS, send);
  await settled();
  while (calls.some(({ keys }) => keys.length > 0) && calls.length < 4) {
    for (const call of calls) call.release();
    await settled();
  }
  expect(calls.map(({ keys }) => keys)).toEqual([['a'], ['b', 'c'], ['d', 'e'], ['f', 'g', 'h', 'i']]);
});

test('a client that goes away ends its own call, and not one that others share', async () => {
  const { calls, send } = held();
  const batched = batching({ representationsMax: 100, waitMsMax: 60_000 });
  const gone = new AbortController();
  void batched(LANE, asking('a'), gone.signal, send);
  void batched(LANE, asking('b'), gone.signal, send);
  void batched(LANE, asking('c'), STAYS, send);
  calls[0]?.release();
  await settled();
  gone.abort();
  expect(calls.map(({ signal }) => signal.aborted)).toEqual([true, false]);
});

test.each<[string, SubgraphOutcome]>([
  ['an error without a path', { kind: 'answered', data: { _entities: [null, null] }, errors: [{ message: 'no' }] }],
  ['too few entities', { kind: 'answered', data: { _entities: [null] }, errors: [] }],
  ['no data', { kind: 'answered', data: null, errors: [{ message: 'no' }] }],
  [
    'an error of an entity that is not there',
    { kind: 'answered', data: { _entities: [null, null] }, errors: [{ message: 'no', path: ['_entities', 2] }] },
  ],
  ['nothing that is an answer', { kind: 'unavailable', why: 'status 400 without data', fault: 'answer' }],
])('%s for several is asked for again, one by one', async (_what, together) => {
  const { calls, send } = held((keys) => (keys.length > 1 ? together : answer(keys)));
  const batched = batching({ representationsMax: 100, waitMsMax: 60_000 });
  const asked = ['a', 'b', 'c'].map(async (key) => batched(LANE, asking(key), STAYS, send));
  for (let round = 0; round < 3; round += 1) {
    for (const call of calls) call.release();
    await settled();
  }
  expect(calls.map(({ keys }) => keys)).toEqual([['a'], ['b', 'c'], ['b'], ['c']]);
  expect(await Promise.all(asked)).toEqual([answer(['a']), answer(['b']), answer(['c'])]);
});

test('a subgraph that is down is told to all, and not asked again for each', async () => {
  const down: SubgraphOutcome = { kind: 'unavailable', why: 'ECONNREFUSED', fault: 'connection' };
  const { calls, send } = held(() => down);
  const batched = batching({ representationsMax: 100, waitMsMax: 60_000 });
  const asked = ['a', 'b', 'c'].map(async (key) => batched(LANE, asking(key), STAYS, send));
  for (let round = 0; round < 2; round += 1) {
    for (const call of calls) call.release();
    await settled();
  }
  expect(await Promise.all(asked)).toEqual([down, down, down]);
  expect(calls.length).toBe(2);
});

test('a failure inside the gateway reaches everybody who waits', async () => {
  let first: (() => void) | undefined;
  let calls = 0;
  const send: Send = async () => {
    calls += 1;
    if (calls === 1) await new Promise<void>((resolve) => (first = resolve));
    throw new Error('no grant');
  };
  const batched = batching({ representationsMax: 100, waitMsMax: 60_000 });
  const asked = ['a', 'b', 'c'].map(async (key) => batched(LANE, asking(key), STAYS, send));
  first?.();
  expect((await Promise.allSettled(asked)).map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected']);
});

test('everybody gets what they would have got alone, whoever asks meanwhile', async () => {
  const key = fc.tuple(fc.constantFrom('', 'none', 'bad'), fc.nat(20)).map(([kind, number]) => `${kind}${number}`);
  const request = fc.record({ keys: fc.array(key, { minLength: 1, maxLength: 4 }), delay: fc.nat(3) });
  await fc.assert(
    fc.asyncProperty(fc.array(request, { maxLength: 20 }), fc.integer({ min: 1, max: 12 }), async (requests, representationsMax) => {
      const batched = batching({ representationsMax, waitMsMax: 5 });
      const send: Send = async (variables) => {
        for (let turn = 0; turn < ids(variables).length % 3; turn += 1) await settled();
        return answer(ids(variables));
      };
      const got = await Promise.all(
        requests.map(async ({ keys, delay }) => {
          for (let turn = 0; turn < delay; turn += 1) await settled();
          return batched(LANE, asking(...keys), STAYS, send);
        }),
      );
      expect(got).toEqual(requests.map(({ keys }) => answer(keys)));
    }),
    { numRuns: 200 },
  );
});
