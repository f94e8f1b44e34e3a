import { expect, test } from 'vitest';
import type { FetchPart } from '../../gateway/execution/plan-run.ts';
import type { SubgraphOutcome } from '../../gateway/execution/reply.ts';
import { repeatedFetches, shareCalls } from '../../gateway/execution/share-calls.ts';
import { fixtureSubgraphs, inProcess, prepare, run } from './in-process.ts';
import { FIXTURES } from '../federation/fixture.ts';

function part(index: number, more: Partial<FetchPart> = {}): FetchPart {
  return {
    index,
    subgraph: 'a',
    operation: '{ x }',
    operationName: undefined,
    operationKind: 'query',
    isEntities: false,
    ...more,
  };
}

function counted() {
  const asked: number[] = [];
  const call = async ({ index }: FetchPart): Promise<SubgraphOutcome> => {
    asked.push(index);
    return { kind: 'answered', data: { x: { y: index } }, errors: [] };
  };
  return { asked, call };
}

test('equal texts of one subgraph are repeated, mutations and the texts of others are not', () => {
  const fetches = [
    part(0),
    part(1),
    part(2, { subgraph: 'b' }),
    part(3, { operation: '{ z }' }),
    part(4, { operationKind: 'mutation', operation: 'mutation { m }' }),
    part(5, { operationKind: 'mutation', operation: 'mutation { m }' }),
  ];
  expect([...repeatedFetches(fetches)]).toEqual([0, 1]);
});

test('equal calls under way are one, and nobody merges into what another reads', async () => {
  const { asked, call } = counted();
  const shared = shareCalls(call, new Set([0, 1, 2]));
  const outcomes = await Promise.all([shared(part(0), { id: 1 }), shared(part(1), { id: 1 }), shared(part(2), { id: 1 })]);
  expect(asked).toEqual([0]);
  expect(outcomes).toEqual(outcomes.map(() => ({ kind: 'answered', data: { x: { y: 0 } }, errors: [] })));
  const objects = outcomes.map((outcome) => (outcome.kind === 'answered' ? outcome.data?.['x'] : undefined));
  expect(new Set(objects).size).toBe(3);
});

test('calls with other variables, and calls after the answer, are made', async () => {
  const { asked, call } = counted();
  const shared = shareCalls(call, new Set([0, 1]));
  await Promise.all([shared(part(0), { id: 1 }), shared(part(1), { id: 2 })]);
  await shared(part(1), { id: 1 });
  expect(asked).toEqual([0, 1, 1]);
});

test('a call that fails inside the gateway fails for everybody who shares it, and nowhere else', async () => {
  const unhandled: unknown[] = [];
  const listen = (reason: unknown): void => void unhandled.push(reason);
  process.on('unhandledRejection', listen);
  const shared = shareCalls(async () => Promise.reject(new Error('no grant')), new Set([0, 1]));
  await expect(shared(part(0), { id: 1 })).rejects.toThrow('no grant');
  const both = await Promise.allSettled([shared(part(0), { id: 2 }), shared(part(1), { id: 2 })]);
  await new Promise((resolve) => void setImmediate(resolve));
  process.off('unhandledRejection', listen);
  expect(both.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  expect(unhandled).toEqual([]);
});

test('a document that leads to the same people in two ways asks for them once', async () => {
  const { call, calls } = fixtureSubgraphs(FIXTURES.shop);
  const prepared = prepare(inProcess(FIXTURES.shop.subgraphs), 'query Named { a: me { reviews { stars } } b: me { reviews { stars } } }');
  const { data } = await run(prepared, call);
  expect(data?.['a']).toEqual(data?.['b']);
  expect(calls.filter(({ subgraph }) => subgraph === 'reviews').length).toBe(1);
});
