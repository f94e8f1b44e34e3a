import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { KeptDimension, KeptRelease } from '../../../gateway/analysis/disclosure/kept.ts';
import { type DisclosureRules, rulesFor } from '../../../gateway/analysis/disclosure/parameters.ts';
import type { Program } from '../../../gateway/analysis/disclosure/solver.ts';
import { ask, binOf, dimensionsOf, RULES, solver, type TestPerson } from './world.ts';

// Everything that the attacker has is written here once more, from what is released alone: kinds of people by province, age and sex, and one
// linear program for each redacted cell and direction.

const RUNS = Number(process.env['LINEAR_PROGRAMMING_RUNS'] ?? 100);

/** People for each province, 5-year age group and sex: mostly few, so that much is redacted. */
const Counts = fc.array(fc.oneof({ weight: 3, arbitrary: fc.integer({ min: 0, max: 9 }) }, fc.integer({ min: 0, max: 90 })), {
  minLength: 32,
  maxLength: 32,
});
/** Two or three tables of up to three dimensions, coarse and fine, the total among them. */
const Tables = fc.uniqueArray(
  fc
    .tuple(fc.constantFrom('', 'province', 'region'), fc.constantFrom('', 'age-5', 'age-10'), fc.constantFrom('', 'sex'))
    .map((names) => names.filter((name) => name !== '')),
  { minLength: 2, maxLength: 4, selector: (names) => names.join() },
);
/** Without noise everything rests on redaction, rounding and hidden complements; with the noise that is shipped, hardly anything. */
const Rules: fc.Arbitrary<DisclosureRules> = fc.constantFrom(
  { ...RULES, sigma: 0, bound: 0 },
  { ...RULES, sigma: 1, bound: 3 },
  { ...RULES, sigma: 3, bound: 6 },
  rulesFor(1),
  RULES,
);

const KINDS = Array.from({ length: 32 }, (_, kind) => ({
  'residence.province': `0${1 + Math.floor(kind / 8)}`,
  dateOfBirth: ['20-24', '25-29', '30-34', '35-39'][kind % 4] ?? '',
  sex: Math.floor(kind / 4) % 2 === 0 ? 'FEMALE' : 'MALE',
}));

function peopleOf(counts: readonly number[]): readonly TestPerson[] {
  return counts.flatMap((count, kind) =>
    Array.from({ length: count }, (_, index) => ({ id: `${kind} ${index}`, values: KINDS[kind] ?? {} })),
  );
}

interface Released {
  readonly dimensions: readonly KeptDimension[];
  readonly kept: KeptRelease;
}

function releaseAll(counts: readonly number[], tables: readonly (readonly string[])[], rules: DisclosureRules): readonly Released[] {
  const people = peopleOf(counts);
  const released: Released[] = [];
  for (const names of tables) {
    const dimensions = dimensionsOf(...names);
    const { kept } = ask(people, { dimensions, rules, linked: released.map((one) => one.kept) });
    if (kept !== undefined) released.push({ dimensions, kept });
  }
  return released;
}

/** Which kinds a cell holds. */
function holds({ dimensions, kept }: Released, cell: number): readonly number[] {
  return [...KINDS.keys()].filter((kind) =>
    dimensions.every((dimension, index) => binOf({ id: '', values: KINDS[kind] ?? {} }, dimension) === kept.cells[cell]?.bins[index]),
  );
}

/** Nothing is without end, which solvers like to be told. */
const PEOPLE_MAX = 10_000;

/** What the attacker knows, with a column after the kinds for each cell that is looked at. */
function attackerProgram(
  released: readonly Released[],
  { bound, roundingBase }: DisclosureRules,
  wanted: readonly (readonly number[])[],
): Program {
  const off = bound + (roundingBase - 1) / 2;
  const known = released.flatMap((one) =>
    one.kept.cells.flatMap(({ count }, cell) =>
      count === null ? [] : [{ lower: count - off, upper: count + off, terms: holds(one, cell).map((kind) => [kind, 1] as const) }],
    ),
  );
  const looked = wanted.flatMap((kinds, index) => [
    { lower: 0, upper: 0, terms: [...kinds.map((kind) => [kind, 1] as const), [KINDS.length + index, -1] as const] },
    { lower: 0, upper: PEOPLE_MAX, terms: [[KINDS.length + index, 1] as const] },
  ]);
  return { columns: KINDS.length + wanted.length, rows: [...known, ...looked] };
}

test('by linear programming over all linked releases a redacted cell can still be anything from 0 to 7', () => {
  let redacted = 0;
  let complements = 0;
  fc.assert(
    fc.property(Counts, Tables, Rules, (counts, tables, rules) => {
      const released = releaseAll(counts, tables, rules);
      const cells = released.flatMap((one) => one.kept.cells.map((cell, place) => ({ ...cell, kinds: holds(one, place) })));
      const small = cells.filter(({ isPrimary }) => isPrimary);
      redacted += small.length;
      complements += cells.filter(({ isPrimary, count }) => count === null && !isPrimary).length;
      solver.work(
        attackerProgram(
          released,
          rules,
          small.map(({ kinds }) => kinds),
        ),
        (program) => {
          for (const column of small.keys()) {
            expect(program.optimise('smallest', [KINDS.length + column])?.value).toBeLessThanOrEqual(1e-5);
            expect(program.optimise('largest', [KINDS.length + column])?.value).toBeGreaterThanOrEqual(7 - 1e-5);
          }
        },
      );
    }),
    { numRuns: RUNS, seed: 7 },
  );
  // The property is about something.
  expect(redacted).toBeGreaterThan(RUNS);
  expect(complements).toBeGreaterThan(RUNS / 10);
});

test('a total that would tell of a redacted cell is hidden, since the cells cannot be taken back', () => {
  const rules = { ...RULES, sigma: 0, bound: 0 };
  const people = peopleOf([3, 42, 42, 42]);
  const ages = ask(people, { dimensions: dimensionsOf('age-5'), rules });
  expect(ages.table.cells.map(({ count }) => count)).toEqual([null, 40, 40, 40]);
  expect(ask(people, { dimensions: [], rules }).table.cells[0]?.count).toBe(130);
  // From 128 to 132 people, less three times 38 to 42: two at least.
  expect(ask(people, { dimensions: [], rules, linked: ages.kept ? [ages.kept] : [] }).table.cells[0]?.count).toBeNull();
});

test('what nothing follows from stays shown', () => {
  const rules = { ...RULES, sigma: 0, bound: 0 };
  const people = peopleOf([3, 40, 40, 40]);
  const ages = ask(people, { dimensions: dimensionsOf('age-5'), rules });
  expect(ask(people, { dimensions: [], rules, linked: ages.kept ? [ages.kept] : [] }).table.cells[0]?.count).toBe(125);
});

test('tables over other people, where consent decides who is counted, are not held against each other', () => {
  const rules = { ...RULES, sigma: 0, bound: 0 };
  const all = ask(peopleOf([3, 42, 42, 42]), { dimensions: dimensionsOf('age-5'), rules });
  const consenting = ask(peopleOf([0, 20, 20, 20]), { dimensions: [], rules, linked: all.kept ? [all.kept] : [] });
  expect(consenting.table.cells[0]?.count).toBe(60);
});
