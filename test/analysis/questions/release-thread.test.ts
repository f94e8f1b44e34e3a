import { expect, test } from 'vitest';
import type { Question } from '../../../gateway/analysis/questions/question.ts';
import { makeRelease, type ReleaseTask } from '../../../gateway/analysis/questions/release-task.ts';
import { releaseInThread } from '../../../gateway/analysis/questions/release-thread.ts';
import { alike, dimensionsOf, nesting, RULES, SECRET, solver, tabulate, TREES } from '../disclosure/world.ts';

const dimensions = dimensionsOf('province', 'sex');
const question: Question = {
  population: 'residents',
  period: '2026-11',
  document: 'residents by province and sex',
  dimensions: dimensions.map(({ of, level, bins }) => ({ of, level, bins: bins.length, isOfRow: false })),
  measures: [],
  filters: [],
};
const task: ReleaseTask = {
  question,
  key: 'key',
  raw: tabulate(alike(400, { 'residence.province': '01', dateOfBirth: '20-24', sex: 'FEMALE' }), dimensions),
  dimensions,
  contribution: { cells: 1, items: 1 },
  rules: RULES,
  secret: SECRET,
  linked: [],
};

test('a thread of its own makes the same release', async () => {
  const [inThread, here] = [await releaseInThread(task, TREES), makeRelease(task, { nesting, solver })];
  expect(inThread).toEqual(here);
  expect(here.table.cells.some(({ count }) => count !== null)).toBe(true);
});

test('what goes wrong there is told here', async () => {
  await expect(releaseInThread({ ...task, rules: { ...RULES, bound: -1 } }, TREES)).rejects.toThrow(/bound of noise/);
});
