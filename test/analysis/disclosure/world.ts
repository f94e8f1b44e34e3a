import { createCellKeyNoise, createRecordKeys } from '../../../gateway/analysis/disclosure/cell-key.ts';
import type { KeptDimension, KeptRelease } from '../../../gateway/analysis/disclosure/kept.ts';
import { createNesting, type NestedLevels } from '../../../gateway/analysis/disclosure/nesting.ts';
import { type DisclosureRules, rulesFor, UNITS } from '../../../gateway/analysis/disclosure/parameters.ts';
import { release, type Release, type ReleaseContext } from '../../../gateway/analysis/disclosure/release.ts';
import { loadSolver } from '../../../gateway/analysis/disclosure/solver.ts';
import type { MeasureSpec, RawCell, RawNumbers, RawTable } from '../../../gateway/analysis/model.ts';

/** A person of a test: an ID and a bin for each value at its finest level; and numbers by measure. */
export interface TestPerson {
  readonly id: string;
  readonly values: Readonly<Record<string, string>>;
  readonly numbers?: Readonly<Record<string, readonly number[]>>;
}

/** Two provinces in each of two regions. */
export const PROVINCES = ['01', '02', '03', '04'] as const;
export const TREES: NestedLevels = {
  levels: new Map([
    ['province', { tree: 'area', binOf: new Map(PROVINCES.map((province) => [province, province])) }],
    ['region', { tree: 'area', binOf: new Map(PROVINCES.map((province, index) => [province, index < 2 ? 'north' : 'south'])) }],
  ]),
};
export const nesting = createNesting(TREES);
export const solver = await loadSolver();

const AGES_5 = ['20-24', '25-29', '30-34', '35-39'];
/** Every dimension that tests count by. */
export const DIMENSIONS: Readonly<Record<string, KeptDimension>> = {
  province: { of: 'residence.province', level: 'province', bins: PROVINCES },
  region: { of: 'residence.province', level: 'region', bins: ['north', 'south'] },
  'age-5': { of: 'dateOfBirth', level: 'age-5', bins: AGES_5 },
  'age-10': { of: 'dateOfBirth', level: 'age-10', bins: ['20-29', '30-39'] },
  sex: { of: 'sex', level: 'each', bins: ['FEMALE', 'MALE'] },
};
/** Dimensions by their levels. */
export function dimensionsOf(...names: readonly string[]): readonly KeptDimension[] {
  return names.map((name) => {
    const dimension = DIMENSIONS[name];
    if (dimension === undefined) throw new Error(`No dimension ${name}.`);
    return dimension;
  });
}

/** The finest level of each value that a test person has. */
const FINEST: Readonly<Record<string, string>> = { 'residence.province': 'province', dateOfBirth: 'age-5', sex: 'each' };

export const RULES = rulesFor(UNITS);
export const SECRET: Buffer = Buffer.alloc(32, 7);

/** The bin of a person in a dimension. */
export function binOf(person: TestPerson, { of, level }: KeptDimension): string {
  const bin = person.values[of] ?? 'unknown';
  return nesting(FINEST[of] ?? level, level, bin) ?? bin;
}

/** Counts people as a run does. */
export function tabulate(
  people: readonly TestPerson[],
  dimensions: readonly KeptDimension[],
  { secret = SECRET, population = 'residents', period = '2026-11', measures = [] as readonly MeasureSpec[] } = {},
): RawTable {
  const keyOf = createRecordKeys(secret, population, period);
  const cells = Map.groupBy(people, (person) => JSON.stringify(dimensions.map((dimension) => binOf(person, dimension))));
  return {
    dimensions: dimensions.map(({ level }) => level),
    measures,
    cells: [...cells].map(([bins, members]): RawCell => ({
      bins: JSON.parse(bins) as string[],
      people: members.length,
      cellKey: members.reduce((sum, { id }) => (sum + keyOf(id)) % 2 ** 32, 0),
      numbers: Object.fromEntries(measures.map(({ name }) => [name, numbersOf(members, name)])),
    })),
  };
}

function numbersOf(members: readonly TestPerson[], name: string): RawNumbers {
  const values = new Map<number, number>();
  for (const value of members.flatMap(({ numbers }) => numbers?.[name] ?? [])) values.set(value, (values.get(value) ?? 0) + 1);
  return values;
}

export interface Asking {
  readonly dimensions: readonly KeptDimension[];
  readonly question?: string;
  readonly secret?: Buffer;
  readonly rules?: DisclosureRules;
  readonly linked?: readonly KeptRelease[];
  readonly period?: string;
  readonly population?: string;
  readonly measures?: readonly MeasureSpec[];
  readonly context?: Partial<ReleaseContext>;
}

/** Counts and releases. */
export function ask(people: readonly TestPerson[], asking: Asking): Release {
  const { dimensions, secret = SECRET, rules = RULES, linked = [], period = '2026-11', population = 'residents', measures = [] } = asking;
  const question = `${population} ${period} ${asking.question ?? dimensions.map(({ of, level }) => `${of} by ${level}`).join(', ')}`;
  return release(tabulate(people, dimensions, { secret, population, period, measures }), {
    question,
    dimensions,
    contribution: { cells: 1, items: 1 },
    rules,
    noise: createCellKeyNoise(secret, question),
    linked,
    nesting,
    solver,
    ...asking.context,
  });
}

/** So many people who are alike. */
export function alike(count: number, values: TestPerson['values'], prefix = 'person'): readonly TestPerson[] {
  return Array.from({ length: count }, (_, index) => ({ id: `${prefix} ${index}`, values }));
}
