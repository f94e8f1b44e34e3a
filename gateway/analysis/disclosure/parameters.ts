/**
 * The numbers of disclosure control, and why they are what they are.
 *
 * **What is promised.** Somebody knows everybody in the registers but one thing: whether a person is among them, as likely as not. From
 * everything that is released within the window of the budget they guess it at most 55 % of the time (`GUESSED_MAX`).
 *
 * **Why everything is made from noisy counts.** Whatever is computed from protected counts alone (redaction, rounding, withholding shares,
 * complementary suppression, means, quantiles) tells no more than the counts do: the data-processing inequality. So each number of a cell gets
 * its noise first, and no later step looks at the raw number again. Redacting by the raw count would tell the bit itself, of a cell of seven
 * others with or without the person.
 *
 * **What one count tells.** The person moves a count by one. With Gaussian noise of standard deviation σ the best test of the two laws N(n, σ²) and
 * N(n + 1, σ²) is right with probability Φ(1 / 2σ) (Neyman and Pearson).
 *
 * **What many tell.** A person stands in one cell of a table. K counts with independent noise are together one observation whose two means are √K
 * apart, in units of σ, so the best test is right with probability Φ(√K / 2σ). Noise shared between nested cells would not help against
 * somebody who knows all the other cells: they read the shared part off those. It is the budget that bounds K, `UNITS` in all: a unit is one
 * count with noise of σ. So
 *
 *     Φ(√K / 2σ) ≤ GUESSED_AIM   ⇔   σ ≥ √K / (2 Φ⁻¹(GUESSED_AIM))
 *
 * and K = 12 gives σ = 16: 54.3 % when everything is spent, 51.2 % after one table. GUESSED_AIM is half a point below what is promised, for
 * what is not Gaussian here: whole numbers, and the ends of the noise. A count at an end tells the bit, which happens once in 8,000.
 * A bit that moves a person from one cell to another shows twice in each table that has that dimension, so it is kept for K / 2 such tables.
 *
 * **Why noise has an end.** A count that may be off by anything is of no use to its reader; three and a quarter standard deviations are the end, 52 people, and the
 * linear program of `attack.ts` knows it. The law is the one of largest entropy for its variance and bound (perturbation.ts).
 *
 * **Over time.** The window is twelve months, over all populations. A bit that stays the same longer is told by more windows: √2 further apart
 * after the second, 56.1 %, and so on. Noise that stays the same would help against that, and tell every change: rounding alone hides one person
 * in five times only.
 *
 * **What it costs.** About σ = 16 people in each count: of 10,000 in 34 provinces, some 300 each, 5 %; of a million, 0.05 %. An installation that
 * releases more sets more units and gets more noise: of a hundred million people a series of a dozen tables every month (K = 144, σ = 54) is
 * still exact to 0.002 % for a province.
 */

/** How often a membership bit that is true half of the time may be guessed. */
export const GUESSED_MAX = 0.55;
/** Φ⁻¹ of 0.545, half a point below {@link GUESSED_MAX}. */
const GUESSED_AIM_QUANTILE = 0.1131;
/** Noise ends at so many standard deviations. */
const BOUND_SIGMAS = 3.25;

/** What one release is protected with. */
export interface DisclosureRules {
  /** Standard deviation of the noise of a count that one person moves by one, before it is cut off at `bound`. */
  readonly sigma: number;
  /** The noise is never larger. */
  readonly bound: number;
  /** Whether the noise has that end. Under differential privacy it has none, and `bound` is where its tail is taken for nothing. */
  readonly hasEnd: boolean;
  /** Cells of so many people or fewer, with noise, are redacted (OpenSAFELY, output checks: 7). */
  readonly redactedMax: number;
  /** Counts are rounded to its multiples (OpenSAFELY, output checks: 5). */
  readonly roundingBase: number;
  /** Empty cells that a table shows as if somebody were there, at most, on average. */
  readonly phantomsMax: number;
  /** The p of the p% rule: a total that lets one person's part be estimated to within so much of it is withheld. */
  readonly dominancePercent: number;
}

/** What is released from one window of budget: so many counts of one person at most. */
export const UNITS = 12;

/** The rules for a budget of so many units, see above. */
export function rulesFor(units: number): DisclosureRules {
  const sigma = Math.ceil(Math.sqrt(units) / (2 * GUESSED_AIM_QUANTILE));
  return {
    sigma,
    bound: Math.ceil(BOUND_SIGMAS * sigma),
    hasEnd: true,
    redactedMax: 7,
    roundingBase: 5,
    phantomsMax: 0.1,
    dominancePercent: 10,
  };
}

/** The most that one person adds to a table; whoever counts keeps to it, by leaving out what is beyond, and wider noise pays for it. */
export interface Contribution {
  /** Cells that one person stands in: 1, or up to `ROW_ITEMS_MAX` where a dimension is of rows. */
  readonly cells: number;
  /** Numbers of one measure: 1, or up to `ROW_ITEMS_MAX` where the measure is of rows. */
  readonly items: number;
}

/** Rows of one person that are counted, where rows are. */
export const ROW_ITEMS_MAX = 4;

/** Each dimension multiplies the cells; five tell a person apart in most populations (Sweeney 2000: three did for most of the United States). */
export const DIMENSIONS_MAX = 4;

/** Cells of one table. Beyond it most are empty, and whether they hold is not proved in a time that a run has. */
export const CELLS_MAX = 5_000;
