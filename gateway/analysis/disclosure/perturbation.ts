import assert from 'node:assert';

/** A law of noise: whole numbers from -bound to bound. */
export interface Perturbation {
  readonly bound: number;
  /** Before the law was cut off. */
  readonly variance: number;
  /** Standard deviation, after the law was cut off. */
  readonly deviation: number;
  /** The noise for a number that is equally likely any of 0 to 2^32 - 1. */
  readonly draw: (uniform: number) => number;
  /** How likely the noise is larger than a number. */
  readonly isAbove: (noise: number) => number;
  readonly probability: (noise: number) => number;
}

const UNIFORM_VALUES = 2 ** 32;

/**
 * The perturbation table of the cell-key method: among the laws of whole numbers up to a bound, with mean zero and a given variance, the one of
 * largest entropy, which is the discrete Gaussian cut off at the bound (Giessing 2016, "Computational issues in the design of transition probabilities
 * and disclosure risk estimation for additive noise"; R package ptable). Unlike the tables of the ABS, the law is the same for every count: zero
 * has noise too. A zero that stays zero tells that nobody is there, and a one that does not tells that somebody is. `sigma` 0 is no noise.
 */
export function createPerturbation(sigma: number, bound: number): Perturbation {
  assert(Number.isSafeInteger(bound) && bound >= 0, 'The bound of noise is a whole number.');
  const values = Array.from({ length: 2 * bound + 1 }, (_, index) => index - bound);
  const weights = values.map((noise) => (sigma === 0 ? Number(noise === 0) : Math.exp(-(noise * noise) / (2 * sigma * sigma))));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const probabilities = weights.map((weight) => weight / total);
  const cumulative: number[] = [];
  for (const probability of probabilities) cumulative.push((cumulative.at(-1) ?? 0) + probability);

  return {
    bound,
    variance: sigma * sigma,
    deviation: Math.sqrt(values.reduce((sum, noise, index) => sum + noise * noise * (probabilities[index] ?? 0), 0)),
    draw(uniform) {
      const point = (uniform + 0.5) / UNIFORM_VALUES;
      let low = 0;
      let high = values.length - 1;
      while (low < high) {
        const middle = (low + high) >>> 1;
        if ((cumulative[middle] ?? 1) < point) low = middle + 1;
        else high = middle;
      }
      return low - bound;
    },
    probability: (noise) => probabilities[noise + bound] ?? 0,
    isAbove(noise) {
      if (noise < -bound) return 1;
      return noise >= bound ? 0 : 1 - (cumulative[Math.floor(noise) + bound] ?? 1);
    },
  };
}
