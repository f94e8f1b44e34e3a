import assert from 'node:assert';
import { isCalendarDate } from '../../platform/scalars.ts';
import { OTHER, UNKNOWN, type Trees } from './trees.ts';

/** What a path of an answer leads to, as far as it matters for counting. */
export type Leaf =
  | { readonly kind: 'enum'; readonly values: readonly string[] }
  | { readonly kind: 'boolean' | 'date' | 'number' | 'text' };

/** How one level of a fixed nested lattice puts a value into a bin. */
export interface Binning {
  /** Every bin that there can be, in the order of showing. */
  readonly bins: readonly string[];
  /** The bin of a value of an answer, by its place in `bins`. */
  readonly placeOf: (value: unknown) => number;
}

/** Levels that need no tree. Each nests in the next of its row, so that a coarser table is the sum of a finer one. */
const AGES = ['age', 'age-5', 'age-10'] as const;
const MONTHS = ['month', 'year'] as const;
const FLAT = ['each', 'presence', 'calendar-month'] as const;
export const BUILT_IN_LEVELS: ReadonlySet<string> = new Set([...AGES, ...MONTHS, ...FLAT]);

/** Whoever is older stands with the oldest: of single ages beyond it there are too few people anywhere. */
const AGE_TOP_YEARS = 100;
/** Months and years are told apart for so many calendar years, that of the snapshot the last; the rest is earlier or later. */
const YEARS_TOLD_APART = 10;
const MONTHS_OF_YEAR = Array.from({ length: 12 }, (_, index) => String(index + 1).padStart(2, '0'));
const EARLIER = 'earlier';
const LATER = 'later';
/** Bins of a value that is there, and of none. */
const PRESENT = 'present';
const ABSENT = 'absent';

/** Why values of this kind cannot be put into bins of this level; undefined when they can. */
export function levelProblem(level: string, leaf: Leaf, trees: Trees): string | undefined {
  if (level === 'presence') return undefined;
  if (level === 'each') {
    if (leaf.kind === 'enum' || leaf.kind === 'boolean') {
      const taken = leaf.kind === 'enum' && leaf.values.includes(UNKNOWN);
      return taken ? `one of its values is called "${UNKNOWN}", as the bin of those without one is` : undefined;
    }
    return 'it can have any number of values: choose a level of a lattice, or "presence"';
  }
  if (BUILT_IN_LEVELS.has(level)) return leaf.kind === 'date' ? undefined : `"${level}" is of dates`;
  const tree = trees.levels.get(level);
  if (tree === undefined) return `there is no level "${level}": known are ${[...BUILT_IN_LEVELS, ...trees.levels.keys()].join(', ')}`;
  if (leaf.kind === 'date' || leaf.kind === 'boolean')
    return `"${level}" is a level of the tree "${tree.tree}", which is not of such values`;
  if (leaf.kind !== 'enum') return undefined;
  const missing = leaf.values.filter((value) => !tree.binOf.has(value));
  return missing.length > 0 ? `the tree "${tree.tree}" does not hold ${missing.join(', ')}` : undefined;
}

/**
 * Makes the bins of a level as of a snapshot's day (`YYYY-MM-DD`), to which ages are relative. The level has to fit the values
 * ({@link levelProblem}). Throws when a value is none of its kind: an answer that is not what the schema promises is not counted.
 */
export function createBinning(level: string, leaf: Leaf, trees: Trees, day: string): Binning {
  assert(levelProblem(level, leaf, trees) === undefined, 'The level was checked before.');
  if (level === 'presence') return binning([PRESENT, ABSENT], (value) => (isAbsent(value) ? ABSENT : PRESENT));
  if (level === 'each') {
    const values = leaf.kind === 'enum' ? leaf.values : ['true', 'false'];
    return withUnknown(values, String);
  }
  if (isOneOf(AGES, level)) return ofAges(level === 'age' ? 1 : level === 'age-5' ? 5 : 10, day);
  if (isOneOf(MONTHS, level)) return ofTime(level, Number(day.slice(0, 4)));
  if (level === 'calendar-month') return withUnknown(MONTHS_OF_YEAR, (value) => dateOf(value).slice(5, 7));
  const tree = trees.levels.get(level);
  assert(tree !== undefined, 'A level that is not built in is of a tree.');
  const bins = leaf.kind === 'enum' ? tree.bins : [...tree.bins, OTHER];
  return withUnknown(bins, (value) => tree.binOf.get(String(value)) ?? OTHER);
}

/** How many bins a level has, the same for every day. */
export function binsOf(level: string, leaf: Leaf, trees: Trees): number {
  return createBinning(level, leaf, trees, '2000-01-01').bins.length;
}

/** Full years of age. Who was born on 29 February reaches an age on 1 March of common years. */
function ofAges(width: number, day: string): Binning {
  const top = `${AGE_TOP_YEARS}+`;
  const groups = Array.from({ length: AGE_TOP_YEARS / width }, (_, index) =>
    width === 1 ? String(index) : `${index * width}-${index * width + width - 1}`,
  );
  return withUnknown([...groups, top, OTHER], (value) => {
    const born = dateOf(value);
    const years = Number(day.slice(0, 4)) - Number(born.slice(0, 4)) - (day.slice(5) < born.slice(5) ? 1 : 0);
    // Born after the snapshot was taken: an error of the register, not an age.
    return years < 0 ? OTHER : years >= AGE_TOP_YEARS ? top : (groups[Math.floor(years / width)] ?? OTHER);
  });
}

function ofTime(level: 'month' | 'year', lastYear: number): Binning {
  const firstYear = lastYear - YEARS_TOLD_APART + 1;
  const years = Array.from({ length: YEARS_TOLD_APART }, (_, index) => String(firstYear + index).padStart(4, '0'));
  const told = level === 'year' ? years : years.flatMap((year) => MONTHS_OF_YEAR.map((month) => `${year}-${month}`));
  return withUnknown([EARLIER, ...told, LATER], (value) => {
    const date = dateOf(value);
    const year = Number(date.slice(0, 4));
    if (year < firstYear) return EARLIER;
    return year > lastYear ? LATER : date.slice(0, level === 'year' ? 4 : 7);
  });
}

function withUnknown(bins: readonly string[], binOf: (value: unknown) => string): Binning {
  return binning([...bins, UNKNOWN], (value) => (isAbsent(value) ? UNKNOWN : binOf(value)));
}

function binning(bins: readonly string[], binOf: (value: unknown) => string): Binning {
  const places = new Map(bins.map((bin, place) => [bin, place]));
  return {
    bins,
    placeOf: (value) => {
      const place = places.get(binOf(value));
      if (place === undefined) throw new Error('A register gave a value that its schema does not have.');
      return place;
    },
  };
}

function dateOf(value: unknown): string {
  if (typeof value === 'string' && isCalendarDate(value)) return value;
  throw new Error('A register gave something else than a date where its schema promises one.');
}

function isAbsent(value: unknown): value is null | undefined {
  return value === null || value === undefined;
}

function isOneOf<Level extends string>(levels: readonly Level[], level: string): level is Level {
  return (levels as readonly string[]).includes(level);
}
