import { expect, test } from 'vitest';
import { GUESSED_MAX, rulesFor, UNITS } from '../../../gateway/analysis/disclosure/parameters.ts';
import { createPerturbation } from '../../../gateway/analysis/disclosure/perturbation.ts';

/** The distribution of a sum of so many independent draws. */
function sumOf(draws: number, probabilities: Float64Array): Float64Array {
  let sum = Float64Array.of(1);
  for (let draw = 0; draw < draws; draw += 1) {
    const next = new Float64Array(sum.length + probabilities.length - 1);
    for (let at = 0; at < sum.length; at += 1) {
      const weight = sum[at] ?? 0;
      for (let by = 0; by < probabilities.length; by += 1) next[at + by] = (next[at + by] ?? 0) + weight * (probabilities[by] ?? 0);
    }
    sum = next;
  }
  return sum;
}

/**
 * At most how often a bit is guessed from K counts, each one larger with the person than without. Away from the ends of the noise the sum of the counts is all that
 * matters (it is sufficient for a Gaussian); a count at an end that one of the two cases does not reach tells everything.
 */
function guessedAtMost(units: number, sigma: number, bound: number): number {
  const law = createPerturbation(sigma, bound);
  const sum = sumOf(
    units,
    Float64Array.from({ length: 2 * bound + 1 }, (_, index) => law.probability(index - bound)),
  );
  let variation = 0;
  for (let at = 0; at < sum.length + units; at += 1) variation += Math.abs((sum[at] ?? 0) - (sum[at - units] ?? 0)) / 2;
  return 0.5 + (variation + units * law.probability(bound)) / 2;
}

// Many counts take seconds to sum.
const MANY = process.env['ATTACK_TRIALS'] === undefined ? [] : [144];

test.for([1, 4, UNITS, 40, ...MANY])(
  'with %i counts of a person a membership bit is guessed at most 55 times in a hundred, by exact sums',
  (units) => {
    const { sigma, bound } = rulesFor(units);
    expect(guessedAtMost(units, sigma, bound)).toBeLessThanOrEqual(GUESSED_MAX);
  },
);

test('a third more counts than the budget has would break it', () => {
  const { sigma, bound } = rulesFor(UNITS);
  expect(guessedAtMost(Math.ceil((UNITS * 5) / 3), sigma, bound)).toBeGreaterThan(GUESSED_MAX);
});

test('noise is whole, ends at its bound, has mean zero and the width that is told', () => {
  const { sigma, bound } = rulesFor(UNITS);
  const law = createPerturbation(sigma, bound);
  const values = Array.from({ length: 2 * bound + 1 }, (_, index) => index - bound);
  expect(values.reduce((sum, noise) => sum + law.probability(noise), 0)).toBeCloseTo(1, 12);
  expect(values.reduce((sum, noise) => sum + noise * law.probability(noise), 0)).toBeCloseTo(0, 12);
  expect(law.deviation).toBeGreaterThan(0.95 * sigma);
  expect(law.deviation).toBeLessThanOrEqual(sigma);
  expect([law.draw(0), law.draw(2 ** 31), law.draw(2 ** 32 - 1)]).toEqual([-bound, 0, bound]);
});

test('every uniform number draws the noise of its share', () => {
  const law = createPerturbation(3, 9);
  const drawn = new Map<number, number>();
  const steps = 100_000;
  for (let step = 0; step < steps; step += 1) {
    const noise = law.draw(Math.floor((step / steps) * 2 ** 32));
    drawn.set(noise, (drawn.get(noise) ?? 0) + 1);
  }
  for (const [noise, times] of drawn) expect(times / steps).toBeCloseTo(law.probability(noise), 3);
});
