import { randomBytes } from 'node:crypto';

/** A whole number from 0 to below `bound`, each equally likely. */
export type UniformBelow = (bound: bigint) => bigint;

/**
 * Samples the discrete Gaussian N_Z(0, variance) exactly: Canonne, Kamath and Steinke, "The Discrete Gaussian for Differential Privacy" (2020), algorithms 1 to 3.
 * Everything is a ratio of whole numbers, since what floating point leaves out is what Mironov (2012) reads the data off. `variance` is a whole number above zero.
 */
export function sampleDiscreteGaussian(variance: bigint, uniform: UniformBelow = uniformFromCrypto): number {
  const scale = squareRoot(variance) + 1n;
  for (;;) {
    const candidate = sampleDiscreteLaplace(scale, uniform);
    const size = candidate < 0n ? -candidate : candidate;
    // exp(-(|y| - σ² / t)² / 2σ²), with both brought to whole numbers by t.
    const off = size * scale - variance;
    if (bernoulliExp(off * off, 2n * variance * scale * scale, uniform)) return Number(candidate);
  }
}

/** Algorithm 2 with s = 1: the discrete Laplace distribution of a whole scale t. */
function sampleDiscreteLaplace(scale: bigint, uniform: UniformBelow): bigint {
  for (;;) {
    const part = uniform(scale);
    if (!bernoulliExp(part, scale, uniform)) continue;
    let whole = 0n;
    while (bernoulliExp(1n, 1n, uniform)) whole += 1n;
    const size = part + scale * whole;
    const isNegative = uniform(2n) === 1n;
    // Zero would else be twice as likely.
    if (!(isNegative && size === 0n)) return isNegative ? -size : size;
  }
}

/** Algorithm 1: true with probability exp(-numerator / denominator). */
function bernoulliExp(numerator: bigint, denominator: bigint, uniform: UniformBelow): boolean {
  let rest = numerator;
  for (; rest > denominator; rest -= denominator) if (!bernoulliExp(1n, 1n, uniform)) return false;
  let step = 1n;
  // Bernoulli(γ / k) until it fails.
  while (uniform(denominator * step) < rest) step += 1n;
  return step % 2n === 1n;
}

/** From the operating system, by rejection. */
export function uniformFromCrypto(bound: bigint): bigint {
  const bits = (bound - 1n).toString(2).length;
  const bytes = Math.ceil(bits / 8);
  const surplus = BigInt(bytes * 8 - bits);
  for (;;) {
    const drawn = BigInt(`0x${randomBytes(bytes).toString('hex')}`) >> surplus;
    if (drawn < bound) return drawn;
  }
}

/** The largest whole number whose square is not larger (Newton's method). */
function squareRoot(value: bigint): bigint {
  let root = value;
  for (let next = (value + 1n) / 2n; next < root; next = (root + value / root) / 2n) root = next;
  return root;
}
