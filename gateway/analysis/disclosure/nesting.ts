/**
 * The bin of a coarser level that holds a bin of a finer one, of the same value. Undefined where it does not: the levels are the same, not nested, or
 * the other way round.
 */
export type Nesting = (fine: string, coarse: string, bin: string) => string | undefined;

/** What is needed of the trees of values (`policies/analyses/lattices.yaml`). */
export interface NestedLevels {
  /** By the name of a level. */
  readonly levels: ReadonlyMap<string, { readonly tree: string; readonly binOf: ReadonlyMap<string, string> }>;
}

const AGES: Readonly<Record<string, number>> = { age: 1, 'age-5': 5, 'age-10': 10 };
const UNKNOWN = 'unknown';

/** How the levels of the fixed nested lattice hold each other: ages, months and years, values and the levels of a tree, and whether there is a value. */
export function createNesting({ levels }: NestedLevels): Nesting {
  const ofAge = (fine: number, coarse: number, bin: string): string | undefined => {
    if (coarse <= fine) return undefined;
    const from = Number.parseInt(bin, 10);
    if (Number.isNaN(from) || bin.endsWith('+')) return bin;
    const first = from - (from % coarse);
    return `${first}-${first + coarse - 1}`;
  };

  const ofTree = (fine: string, coarse: string, bin: string): string | undefined => {
    const above = levels.get(coarse);
    if (above === undefined || fine === coarse) return undefined;
    // Values each by itself are the finest level of any tree that holds them.
    if (fine === 'each') return above.binOf.get(bin) ?? bin;
    const below = levels.get(fine);
    if (below === undefined || below.tree !== above.tree) return undefined;
    const values = [...below.binOf].filter(([, ofFine]) => ofFine === bin).map(([value]) => value);
    const bins = new Set(values.map((value) => above.binOf.get(value) ?? bin));
    // Nested the other way round: the finer bins of one coarse bin are several.
    if (bins.size > 1) return undefined;
    return [...bins][0] ?? bin;
  };

  return (fine, coarse, bin) => {
    if (fine === coarse) return undefined;
    if (coarse === 'presence') return bin === UNKNOWN ? 'absent' : 'present';
    const [from, to] = [AGES[fine], AGES[coarse]];
    if (from !== undefined && to !== undefined) return ofAge(from, to, bin);
    if (fine === 'month' && coarse === 'year') return /^\d{4}-/.test(bin) ? bin.slice(0, 4) : bin;
    return ofTree(fine, coarse, bin);
  };
}
