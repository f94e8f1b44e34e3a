import { expect, test } from 'vitest';
import { sampleDiscreteGaussian, uniformFromCrypto } from '../../../gateway/analysis/questions/discrete-gaussian.ts';
import { varianceFor } from '../../../gateway/analysis/questions/privacy-loss.ts';
import { seeded } from '../disclosure/attacker.ts';

test.for([1, 9, 256])('the discrete Gaussian of variance %i has the frequencies of its law', (variance) => {
  const random = seeded(variance);
  const draws = 20_000;
  const drawn = new Map<number, number>();
  for (let draw = 0; draw < draws; draw += 1) {
    const value = sampleDiscreteGaussian(BigInt(variance), (bound) => BigInt(Math.floor(random() * Number(bound))));
    drawn.set(value, (drawn.get(value) ?? 0) + 1);
  }
  const reach = Math.ceil(8 * Math.sqrt(variance));
  const values = Array.from({ length: 2 * reach + 1 }, (_, index) => index - reach);
  const weight = (value: number): number => Math.exp(-(value * value) / (2 * variance));
  const total = values.reduce((sum, value) => sum + weight(value), 0);
  // Pearson's statistic over values that are expected often enough has about as many degrees of freedom.
  const common = values.filter((value) => (draws * weight(value)) / total >= 20);
  const statistic = common.reduce((sum, value) => {
    const expected = (draws * weight(value)) / total;
    return sum + ((drawn.get(value) ?? 0) - expected) ** 2 / expected;
  }, 0);
  expect(statistic).toBeLessThan(common.length + 4 * Math.sqrt(2 * common.length));
});

test('uniform numbers from the operating system reach every value, and no other', () => {
  const drawn = new Set(Array.from({ length: 600 }, () => uniformFromCrypto(10n)));
  expect(drawn).toEqual(new Set([0n, 1n, 2n, 3n, 4n, 5n, 6n, 7n, 8n, 9n]));
  expect(uniformFromCrypto(1n)).toBe(0n);
});

test('several numbers share a loss, each with more noise', () => {
  expect(varianceFor(1 / 512, 1)).toBe(256);
  expect(varianceFor(1 / 512, 3)).toBe(768);
});
