import { expect, test } from 'vitest';
import { isDominated } from '../../../gateway/analysis/disclosure/dominance.ts';
import { createRecordKeys } from '../../../gateway/analysis/disclosure/cell-key.ts';
import { redactedUpTo } from '../../../gateway/analysis/disclosure/counts.ts';
import { createPerturbation } from '../../../gateway/analysis/disclosure/perturbation.ts';
import { alike, ask, dimensionsOf, RULES, SECRET, type TestPerson } from './world.ts';

const NO_NOISE = { ...RULES, sigma: 0, bound: 0 };
const NORTH = { 'residence.province': '01', dateOfBirth: '20-24', sex: 'FEMALE' };
const SOUTH = { ...NORTH, 'residence.province': '03' };

test('the same people in the same cell have the same count, and other people another noise', () => {
  const people = [...alike(300, NORTH, 'north'), ...alike(300, SOUTH, 'south')];
  const first = ask(people, { dimensions: dimensionsOf('region') });
  expect(ask([...people].toReversed(), { dimensions: dimensionsOf('region') })).toEqual(first);
  const noises = Array.from(
    { length: 40 },
    (_, at) => ask(people, { dimensions: dimensionsOf('region'), question: String(at) }).table.cells[0]?.count,
  );
  expect(new Set(noises).size).toBeGreaterThan(5);
});

test('of three hundred people the count is five per cent off, and never more than its bound', () => {
  const people = alike(300, NORTH);
  const off = Array.from(
    { length: 300 },
    (_, at) => Number(ask(people, { dimensions: [], question: String(at) }).table.cells[0]?.count) - 300,
  );
  expect(Math.max(...off.map(Math.abs))).toBeLessThanOrEqual(RULES.bound + 2);
  const mean = off.reduce((sum, one) => sum + one, 0) / off.length;
  expect(Math.abs(mean)).toBeLessThan(3);
  expect(Math.sqrt(off.reduce((sum, one) => sum + one * one, 0) / off.length) / 300).toBeLessThan(0.06);
});

test('cells of seven or fewer are redacted, the rest are multiples of five, and an empty cell looks like a small one', () => {
  const people = [...alike(7, NORTH, 'a'), ...alike(8, { ...NORTH, 'residence.province': '02' }, 'b'), ...alike(58, SOUTH, 'c')];
  const { table } = ask(people, { dimensions: dimensionsOf('province'), rules: NO_NOISE });
  expect(table.cells.map(({ bins, count }) => [bins[0], count])).toEqual([
    ['01', null],
    ['02', 10],
    ['03', 60],
    ['04', null],
  ]);
});

test('the more cells a table has the more is redacted, so that nearly nobody is shown who is not there', () => {
  const law = createPerturbation(RULES.sigma, RULES.bound);
  expect([1, 36, 5_000].map((cells) => redactedUpTo(cells, law, RULES))).toEqual([20, 43, RULES.bound]);
});

test('a group of whom all share something is withheld, and shown when eight do not', () => {
  const women = alike(100, NORTH, 'women');
  const sexes = (men: number) =>
    ask([...women, ...alike(men, { ...NORTH, sex: 'MALE' }, 'men')], { dimensions: dimensionsOf('sex'), rules: NO_NOISE }).table.cells.map(
      ({ count }) => count,
    );
  expect([sexes(0), sexes(7), sexes(8)]).toEqual([
    [null, null],
    [null, null],
    [100, 10],
  ]);
});

test('record keys are those of a population and period, and are no number of a person', () => {
  const key = createRecordKeys(SECRET, 'residents', '2026-11');
  expect(key('one')).toBe(createRecordKeys(SECRET, 'residents', '2026-11')('one'));
  expect(
    new Set([
      key('one'),
      key('two'),
      createRecordKeys(SECRET, 'residents', '2026-12')('one'),
      createRecordKeys(SECRET, 'education', '2026-11')('one'),
    ]).size,
  ).toBe(4);
});

/** Pupils with a score each. */
function pupils(scores: readonly number[]): readonly TestPerson[] {
  return scores.map((score, index) => ({ id: `pupil ${index}`, values: NORTH, numbers: { score: [score] } }));
}
const SCORES = Array.from({ length: 2_000 }, (_, index) => (index % 41) / 4);
const measured = (
  scores: readonly number[],
  kind: 'mean' | 'quantile' | 'distinct',
  between: readonly [number, number] | undefined = [0, 10],
) => ask(pupils(scores), { dimensions: [], measures: [{ name: 'score', kind, at: 0.5, between }] }).table.cells[0]?.measures['score'];

test('means and quantiles of two thousand are near the truth', () => {
  expect(measured(SCORES, 'mean')).toBeCloseTo(5, 0);
  expect(Math.abs(Number(measured(SCORES, 'quantile')) - 5)).toBeLessThan(0.8);
});

test('a mean is withheld of few people, without bounds, and at either end of its range', () => {
  expect(measured(SCORES.slice(0, 60), 'mean')).toBeNull();
  expect(ask(pupils(SCORES), { dimensions: [], measures: [{ name: 'score', kind: 'mean' }] }).table.cells[0]?.measures['score']).toBeNull();
  const bare = (score: number) =>
    ask(pupils(SCORES.map(() => score)), { dimensions: [], rules: NO_NOISE, measures: [{ name: 'score', kind: 'mean', between: [0, 10] }] })
      .table.cells[0]?.measures['score'];
  expect([bare(0), bare(10), bare(9)]).toEqual([null, null, 9]);
});

test('one who has a number beyond the bounds counts as the nearest bound', () => {
  expect(Number(measured([...SCORES.slice(1), 1_000_000], 'mean'))).toBeLessThan(6);
});

test('a total is dominated when the second could tell the first to within ten per cent', () => {
  expect([isDominated(20, 10, 10), isDominated(20.9, 10, 10), isDominated(21, 10, 10)]).toEqual([true, true, false]);
});
