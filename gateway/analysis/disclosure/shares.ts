import type { ProtectedCell } from './counts.ts';
import type { DisclosureRules } from './parameters.ts';

/**
 * Places of the cells that would say that all of a group share something, or that none does: along a dimension, with the bins of the others
 * fixed, one cell is shown, and in all others together are 7 or fewer by the protected counts. Who is known to belong to the group is then known to have
 * what the cell is about (group disclosure; ONS, "Policy on protecting confidentiality in tables": 0 % and 100 % are disclosive). None is never
 * shown anyway, since small cells are redacted and zero is small.
 */
export function sharedByAll(
  cells: readonly ProtectedCell[],
  isShown: (place: number) => boolean,
  { redactedMax }: DisclosureRules,
): ReadonlySet<number> {
  const disclosive = new Set<number>();
  const dimensions = cells[0]?.bins.length ?? 0;
  for (let dimension = 0; dimension < dimensions; dimension += 1) {
    const lines = Map.groupBy(cells.keys(), (place) => JSON.stringify(cells[place]?.bins.toSpliced(dimension, 1)));
    for (const places of lines.values()) {
      const [only, ...others] = places.filter(isShown);
      if (only === undefined || others.length > 0 || places.length === 1) continue;
      const elsewhere = places.reduce((sum, place) => sum + (place === only ? 0 : (cells[place]?.noisy ?? 0)), 0);
      if (elsewhere <= redactedMax) disclosive.add(only);
    }
  }
  return disclosive;
}
