import type { KeptRelease } from './kept.ts';
import type { Nesting } from './nesting.ts';

/** Kinds of people that the linked tables tell apart; more are not held against each other, for the time that it takes. */
const KINDS_MAX = 20_000;

/** Tables over the same people, and which kinds of people each of their cells holds. */
export interface Linked {
  readonly kinds: number;
  readonly tables: readonly LinkedTable[];
}

export interface LinkedTable {
  readonly release: KeptRelease;
  /** By cell: the kinds that it holds. No kind is in two cells of a table. */
  readonly kindsOf: readonly (readonly number[])[];
}

/** One value of a person at the finest level that any table has it at, and under it what coarser levels call it. */
interface Axis {
  readonly of: string;
  readonly level: string;
  readonly names: readonly ReadonlyMap<string, string>[];
}

/**
 * Finds what the cells of tables have in common. Each value that a dimension is of is taken at its finest level, a coarser level is a sum of it,
 * and all values together are crossed: a kind of person for each combination, so that any table's cell is a sum of kinds and what follows from the tables
 * together follows from those sums. Levels that do not nest are crossed as if they were two values, which says less than could be known.
 *
 * The first table is always there. Of the others the ones that share most values with it come first, as many as fit into {@link KINDS_MAX}.
 */
export function linkTables(first: KeptRelease, others: readonly KeptRelease[], nesting: Nesting): Linked {
  const values = new Set(first.dimensions.map(({ of }) => of));
  const shared = ({ dimensions }: KeptRelease): number => dimensions.filter(({ of }) => values.has(of)).length;
  let chosen = [first];
  let axes = axesOf(chosen, nesting);
  for (const other of others.toSorted((one, another) => shared(another) - shared(one))) {
    const wider = axesOf([...chosen, other], nesting);
    if (kindsOf(wider) > KINDS_MAX) continue;
    chosen = [...chosen, other];
    axes = wider;
  }
  return { kinds: kindsOf(axes), tables: chosen.map((release) => ({ release, kindsOf: placeKinds(release, axes) })) };
}

function axesOf(releases: readonly KeptRelease[], nesting: Nesting): readonly Axis[] {
  const axes: Axis[] = [];
  // The finest first: a coarser level then finds what it is a sum of.
  for (const { of, level, bins } of releases.flatMap(({ dimensions }) => dimensions).toSorted((a, b) => b.bins.length - a.bins.length)) {
    const known = axes.some((axis) => axis.of === of && axis.names.every((names) => names.has(level)));
    if (known) continue;
    const index = axes.findIndex((axis) => axis.of === of && axis.names.every((names) => isNamed(nesting, axis.level, level, names)));
    const axis = axes[index];
    if (axis === undefined) {
      axes.push({ of, level, names: bins.map((bin) => new Map([[level, bin]])) });
    } else {
      axes[index] = {
        ...axis,
        names: axis.names.map((names) => new Map([...names, [level, nesting(axis.level, level, names.get(axis.level) ?? '') ?? '']])),
      };
    }
  }
  return axes;
}

function isNamed(nesting: Nesting, fine: string, coarse: string, names: ReadonlyMap<string, string>): boolean {
  const bin = names.get(fine);
  return bin !== undefined && nesting(fine, coarse, bin) !== undefined;
}

function kindsOf(axes: readonly Axis[]): number {
  return axes.reduce((product, { names }) => product * names.length, 1);
}

/** Puts every kind into the cell of a table that holds it. */
function placeKinds({ dimensions, cells }: KeptRelease, axes: readonly Axis[]): readonly (readonly number[])[] {
  const held: number[][] = cells.map(() => []);
  const places = new Map(cells.map(({ bins }, place) => [JSON.stringify(bins), place]));
  const axisOf = dimensions.map(({ of, level }) => axes.findIndex((axis) => axis.of === of && axis.names[0]?.has(level) === true));
  const total = kindsOf(axes);
  for (let kind = 0; kind < total; kind += 1) {
    // A kind is a number whose digits are the places on the axes.
    let rest = kind;
    const at = axes.map(({ names }) => {
      const place = rest % names.length;
      rest = (rest - place) / names.length;
      return names[place];
    });
    const bins = dimensions.map(({ level }, index) => at[axisOf[index] ?? -1]?.get(level) ?? '');
    const place = places.get(JSON.stringify(bins));
    if (place !== undefined) held[place]?.push(kind);
  }
  return held;
}
