import { afterAll, beforeAll, expect, test } from 'vitest';
import { FairQueue } from '../../gateway/execution/fair-queue.ts';
import { startPlanner, type Planner } from '../../gateway/execution/planner.ts';
import { FIXTURES } from '../federation/fixture.ts';
import { inProcess } from './in-process.ts';

const { supergraph } = inProcess(FIXTURES.shop.subgraphs).graph;
let planner: Planner;
beforeAll(async () => {
  planner = await startPlanner({ supergraphSdl: supergraph.sdl, timeoutMs: 30_000, queueMax: 6, queuePerOwnerMax: 3 });
});
afterAll(async () => planner[Symbol.asyncDispose]());

const question = (owner: string, selection: string) => ({ document: `{ ${selection} }`, overrides: [], owner });

test('owners take turns, in the order of what each put in', () => {
  const queue = new FairQueue<string>();
  for (const item of ['a1', 'a2', 'a3', 'b1', 'c1', 'b2']) queue.add(item.slice(0, 1), item);
  expect([queue.size, queue.sizeOf('a'), queue.sizeOf('nobody')]).toEqual([6, 3, 0]);
  expect([queue.take(), queue.take(), queue.take(), queue.take()]).toEqual(['a1', 'b1', 'c1', 'a2']);
  expect(queue.takeAll()).toEqual(['b2', 'a3']);
  expect([queue.size, queue.take()]).toEqual([0, undefined]);
});

test('an owner whose part of the queue is full is told so, and the others are planned for', async () => {
  const many = Array.from({ length: 6 }, () => planner.plan(question('many', 'me { name }')));
  const one = planner.plan(question('one', 'me { name }'));
  // One is with the thread, three wait, the others are too many.
  expect((await Promise.all(many)).map(({ kind }) => kind)).toEqual([
    'planned',
    'planned',
    'planned',
    'planned',
    'overloaded',
    'overloaded',
  ]);
  expect((await one).kind).toBe('planned');
});

test('a document that cannot be planned fails with its reason and hurts nobody', async () => {
  const [bad, good] = await Promise.all([planner.plan(question('a', 'nothing')), planner.plan(question('b', 'me { name }'))]);
  expect(bad).toMatchObject({ kind: 'failed', reason: expect.stringContaining('nothing') });
  expect(good.kind).toBe('planned');
});
