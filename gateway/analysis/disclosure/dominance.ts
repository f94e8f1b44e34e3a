/**
 * The p% rule for a total (Hundepool and others, "Statistical Disclosure Control", chapter 4.2): whoever gave the second largest part knows the largest to within the
 * rest, which therefore has to be p % of the largest at least. What the two largest parts are is data, and withholding by it would tell that
 * somebody dominates; so the rule is held against the largest that anybody could give by the measure's bounds, and is at least as strict.
 *
 * `total` is the protected total of what people gave, each part from 0 to `largestPossible`.
 */
export function isDominated(total: number, largestPossible: number, percent: number): boolean {
  return total - 2 * largestPossible < (percent / 100) * largestPossible;
}
