import type { RawCell, RawTable } from '../model.ts';
import type { Noise } from './cell-key.ts';
import type { DisclosureRules } from './parameters.ts';
import type { Perturbation } from './perturbation.ts';

/** A cell once its people are counted with noise. The raw cell is kept for its measures only, which get noise of their own. */
export interface ProtectedCell {
  readonly bins: readonly string[];
  /** People with noise, a whole number that may be below zero. */
  readonly noisy: number;
  readonly raw: RawCell;
}

/**
 * Every cell that the table can have, in the order of the bins, with noise. Cells without anybody are among them: a cell that is missing would
 * tell that one which is redacted has somebody. What does not lie in `bins` is left out: bins are what the analysis says there can be.
 */
export function protectCounts(
  raw: RawTable,
  bins: readonly (readonly string[])[],
  law: Perturbation,
  noise: Noise,
): readonly ProtectedCell[] {
  const counted = new Map(raw.cells.map((cell) => [JSON.stringify(cell.bins), cell]));
  return everyCombination(bins).map((combination) => {
    const cell = counted.get(JSON.stringify(combination)) ?? { bins: combination, people: 0, cellKey: 0, numbers: {} };
    return { bins: combination, noisy: cell.people + noise({ part: 'people', bins: combination, cellKey: cell.cellKey }, law), raw: cell };
  });
}

/**
 * The largest noisy count that is redacted. At least `redactedMax` (OpenSAFELY output checks: counts of 7 or fewer), and so much that of a table whose
 * cells were all empty `phantomsMax` would be shown on average: a table of a thousand cells would else show hundreds of people who are not there. It
 * follows from the question alone.
 */
export function redactedUpTo(cells: number, law: Perturbation, { redactedMax, phantomsMax }: DisclosureRules): number {
  let most = redactedMax;
  while (most < law.bound && cells * law.isAbove(most) > phantomsMax) most += 1;
  return most;
}

/** A multiple of `base`, the nearest (OpenSAFELY output checks: rounding to 5). */
export function rounded(noisy: number, base: number): number {
  return base * Math.round(noisy / base);
}

function everyCombination(bins: readonly (readonly string[])[]): readonly (readonly string[])[] {
  return bins.reduce<readonly (readonly string[])[]>(
    (combinations, ofDimension) => combinations.flatMap((combination) => ofDimension.map((bin) => [...combination, bin])),
    [[]],
  );
}
