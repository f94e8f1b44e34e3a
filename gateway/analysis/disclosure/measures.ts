import type { MeasureSpec, RawNumbers } from '../model.ts';
import { rounded } from './counts.ts';
import { isDominated } from './dominance.ts';
import type { DisclosureRules } from './parameters.ts';
import type { Perturbation } from './perturbation.ts';

/** One measure of one cell, and what protects it. */
export interface MeasuredCell {
  readonly numbers: RawNumbers | undefined;
  /** People of the cell, with noise. */
  readonly noisyPeople: number;
  /** Numbers of one person at most. */
  readonly items: number;
  readonly rules: DisclosureRules;
  /** A law for what one person moves by up to so much. */
  readonly lawFor: (moves: number) => Perturbation;
  /** Noise of a part of the measure. */
  readonly noise: (part: string, law: Perturbation) => number;
}

/** A mean is told when there are so many times more numbers than their noise is wide: it is then exact to a sixth of half the range. */
const NUMBERS_PER_SIGMA = 6;
/** Means and quantiles are told to so many parts of the range. */
const STEPS_OF_RANGE = 1_000;
/** The range of a quantile is cut into parts of so many standard deviations of noise, so that most parts hold more people than noise. */
const SIGMAS_PER_PART = 8;
const PARTS_MIN = 4;
const PARTS_MAX = 64;

/** The measure of a shown cell as it may leave; null when it is withheld. */
export function protectMeasure(spec: MeasureSpec, cell: MeasuredCell): number | null {
  if (spec.kind === 'distinct') return distinct(cell);
  // Without bounds one person can move a mean by anything, and no noise hides that.
  if (spec.between === undefined) return null;
  return spec.kind === 'mean' ? mean(spec.between, cell) : quantile(spec.between, spec.at ?? 0.5, cell);
}

/** How many different numbers there are, as a count: one person adds as many as they have. */
function distinct({ numbers, items, rules, lawFor, noise }: MeasuredCell): number | null {
  const noisy = (numbers?.size ?? 0) + noise('distinct', lawFor(items));
  return noisy <= rules.redactedMax ? null : rounded(noisy, rules.roundingBase);
}

/**
 * A mean from a protected sum and a protected count of numbers. A number outside of the bounds counts as the nearest bound. The sum is of whole
 * steps from the middle of the range, half the range being one: its fraction would tell who is in it, whatever the noise.
 */
function mean([low, high]: readonly [number, number], { numbers, items, rules, lawFor, noise }: MeasuredCell): number | null {
  const middle = (low + high) / 2;
  const half = (high - low) / 2;
  let sum = 0;
  let count = 0;
  for (const [value, times] of numbers ?? []) {
    sum += (times * (Math.min(high, Math.max(low, value)) - middle)) / half;
    count += times;
  }
  // One person moves the sum and the count by one for each of their numbers: the two together by √2 times as much.
  const law = lawFor(Math.SQRT2 * items);
  const noisySum = Math.round(sum) + noise('sum', law);
  const noisyCount = count + noise('numbers', law);
  if (noisyCount < NUMBERS_PER_SIGMA * law.deviation) return null;
  // As if everybody had one of the two bounds: how many have the one, and the other.
  const atHigh = (noisyCount + noisySum) / 2;
  const atLow = (noisyCount - noisySum) / 2;
  // A mean at a bound says that (nearly) all have it: the minimum and the maximum are withheld, and so is a share of 0 or 100 %.
  if (Math.min(atHigh, atLow) <= rules.redactedMax) return null;
  if (isDominated(atHigh, items, rules.dominancePercent)) return null;
  return toSteps(middle + (half * noisySum) / noisyCount, low, high);
}

/**
 * A quantile from protected counts of equal parts of the range, straight between the ends of a part. Withheld when so few are below or above that it
 * comes near to the minimum or maximum. A number outside of the bounds counts as the nearest bound.
 */
function quantile([low, high]: readonly [number, number], at: number, cell: MeasuredCell): number | null {
  const law = cell.lawFor(cell.items);
  const parts = Math.min(PARTS_MAX, Math.max(PARTS_MIN, Math.floor(cell.noisyPeople / (SIGMAS_PER_PART * law.deviation))));
  const counts = Array.from({ length: parts }, () => 0);
  for (const [value, times] of cell.numbers ?? []) {
    const part = Math.min(parts - 1, Math.max(0, Math.floor((parts * (value - low)) / (high - low))));
    counts[part] = (counts[part] ?? 0) + times;
  }
  const noisy = counts.map((count, part) => Math.max(0, count + cell.noise(`part ${part} of ${parts}`, law)));
  const total = noisy.reduce((sum, count) => sum + count, 0);
  if (total * Math.min(at, 1 - at) < NUMBERS_PER_SIGMA * law.deviation) return null;
  let below = 0;
  for (const [part, count] of noisy.entries()) {
    if (below + count >= at * total) {
      return toSteps(low + ((part + (at * total - below) / count) * (high - low)) / parts, low, high);
    }
    below += count;
  }
  return null;
}

function toSteps(value: number, low: number, high: number): number {
  const step = (high - low) / STEPS_OF_RANGE;
  return Number((low + step * Math.round((value - low) / step)).toPrecision(6));
}
