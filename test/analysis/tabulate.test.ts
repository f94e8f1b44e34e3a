import { ROW_ITEMS_MAX } from '../../gateway/analysis/disclosure/parameters.ts';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { emptyAccumulator, mergeInto, readAccumulator, writeAccumulator, type Accumulator } from '../../gateway/analysis/accumulator.ts';
import { AnalysisDefinition, type Analysis } from '../../gateway/analysis/definition.ts';
import type { RawTable } from '../../gateway/analysis/model.ts';
import { layOut, rawTableOf, tabulate, withheldOf, type Batch } from '../../gateway/analysis/tabulate.ts';
import { NO_TREES } from '../../gateway/analysis/trees.ts';

const label = { vi: 'x', en: 'x' };
const KIND = { name: 'kind', level: 'each', leaf: { kind: 'enum', values: ['A', 'B', 'C'] }, coordinate: 'P.kind' } as const;
const AGE = { name: 'age', level: 'age-10', leaf: { kind: 'date' }, coordinate: 'P.born' } as const;

/** People by age and the kind of their rows, with the mean score of the rows. */
const ROWS: Analysis = {
  definition: AnalysisDefinition.parse({
    title: label,
    population: 'p',
    people: 'people',
    rows: 'rows',
    dimensions: [
      { name: 'kind', path: 'rows.kind', bins: 'each', label },
      { name: 'age', path: 'born', bins: 'age-10', label },
    ],
    measures: [{ name: 'score', path: 'rows.score', kind: 'mean', label }],
    filters: [{ name: 'kind', path: 'rows.kind', bins: 'each', label }],
  }),
  people: ['people'],
  rows: ['rows'],
  dimensions: [
    { ...KIND, ofRow: true, path: ['kind'] },
    { ...AGE, ofRow: false, path: ['born'] },
  ],
  filters: [{ ...KIND, ofRow: true, path: ['kind'] }],
  measures: [{ name: 'score', ofRow: true, path: ['score'] }],
  cells: 52,
  registers: new Set(['p']),
};
const TABULATION = layOut(ROWS, NO_TREES, '2026-11-26');

interface Person {
  readonly id: number;
  readonly born: string | null;
  readonly rows: readonly { readonly kind: string | null; readonly score: number | null }[] | null;
}

const anyPeople: fc.Arbitrary<readonly Person[]> = fc.uniqueArray(
  fc.record({
    id: fc.integer({ min: 0, max: 10_000 }),
    born: fc.option(fc.constantFrom('1950-01-01', '2001-05-05', '2001-12-01', '2026-11-26')),
    rows: fc.option(
      fc.array(fc.record({ kind: fc.option(fc.constantFrom('A', 'B', 'C')), score: fc.option(fc.integer({ min: -5, max: 5 })) }), {
        maxLength: 4,
      }),
    ),
  }),
  { selector: ({ id }) => id, maxLength: 30 },
);

const idOf = ({ id }: Person): string => String(id).padStart(12, '0');
const keyOf = ({ id }: Person): number => (Math.imul(id + 1, 2_654_435_761) >>> 0) % 2 ** 32;
const batchOf = (people: readonly Person[], more: Partial<Batch> = {}): Batch => ({
  data: { people: people.map(({ born, rows }) => ({ born, rows })) },
  idNumbers: people.map(idOf),
  recordKeys: people.map(keyOf),
  ...more,
});
const count = (people: readonly Person[], more?: Partial<Batch>): Accumulator => {
  const accumulator = emptyAccumulator();
  tabulate(TABULATION, accumulator, batchOf(people, more));
  return accumulator;
};
const tableOf = (accumulator: Accumulator): RawTable => rawTableOf(TABULATION, accumulator);

/** Cell by cell, person by person, in the plainest way. */
function naive(people: readonly Person[], isWanted = (_kind: string | null): boolean => true) {
  const ages: Readonly<Record<string, string>> = {
    '1950-01-01': '70-79',
    '2001-05-05': '20-29',
    '2001-12-01': '20-29',
    '2026-11-26': '0-9',
  };
  return tableOf(emptyAccumulator()).cells.map(({ bins: [kind, age] }) => {
    const inside = people.flatMap((person) => {
      const rows = (person.rows ?? []).filter((row) => isWanted(row.kind) && (row.kind ?? 'unknown') === kind);
      return rows.length > 0 && (person.born === null ? 'unknown' : ages[person.born]) === age ? [{ person, rows }] : [];
    });
    const scores = inside.flatMap(({ rows }) => rows.flatMap(({ score }) => (score === null ? [] : [score])));
    const times = new Map<number, number>();
    for (const score of scores) times.set(score, (times.get(score) ?? 0) + 1);
    return {
      bins: [kind, age],
      people: inside.length,
      cellKey: inside.reduce((sum, { person }) => (sum + keyOf(person)) % 2 ** 32, 0),
      numbers: { score: times },
    };
  });
}

test('counts what a naive count does', () => {
  fc.assert(
    fc.property(anyPeople, (people) => {
      expect(tableOf(count(people)).cells).toEqual(naive(people));
    }),
  );
});

test('gives the same in whatever batches and order people come, merged in whatever order, written and read in between', () => {
  fc.assert(
    fc.property(anyPeople, fc.array(fc.nat(4), { minLength: 30, maxLength: 30 }), fc.nat(), (people, parts, turn) => {
      const whole = writeAccumulator(count(people));
      const groups = [...Map.groupBy(people, (_, index) => parts[index] ?? 0).values()].map((group) => count(group.toReversed()));
      const turned = [...groups.slice(turn % (groups.length + 1)), ...groups.slice(0, turn % (groups.length + 1))];
      const left = emptyAccumulator();
      for (const group of turned) mergeInto(left, readAccumulator(writeAccumulator(group)));
      // The other association: each is added to the sum of those behind it.
      const right = turned.reduceRight((sum, group) => {
        const added = readAccumulator(writeAccumulator(group));
        mergeInto(added, sum);
        return added;
      }, emptyAccumulator());
      expect(writeAccumulator(left)).toBe(whole);
      expect(writeAccumulator(right)).toBe(whole);
    }),
  );
});

test('counts nobody twice in a cell, whatever rows they have there, and no more rows of a person than disclosure control reckons with', () => {
  const [cell] = tableOf(count([{ id: 1, born: null, rows: Array.from({ length: 9 }, () => ({ kind: 'A', score: 2 })) }])).cells.filter(
    ({ people }) => people > 0,
  );
  expect(cell).toMatchObject({ bins: ['A', 'unknown'], people: 1, numbers: { score: new Map([[2, ROW_ITEMS_MAX]]) } });
});

test('counts who withheld their consent nowhere', () => {
  fc.assert(
    fc.property(anyPeople, fc.uniqueArray(fc.nat(29)), (people, places) => {
      const errors = places.map((place) => ({ path: ['people', place, 'rows', 0, 'kind'] }));
      const withheld = withheldOf(TABULATION, [...errors, { path: ['other', 0] }, {}]);
      const table = tableOf(count(people, { withheld })).cells;
      expect(table).toEqual(naive(people.filter((_, index) => !places.includes(index))));
    }),
  );
});

test('counts only the bins that a filter names', () => {
  fc.assert(
    fc.property(anyPeople, (people) => {
      const table = tableOf(count(people, { where: { kind: ['A', 'unknown'] } })).cells;
      expect(table).toEqual(naive(people, (kind) => kind === 'A' || kind === null));
    }),
  );
});

test('has a cell for every combination of bins, so that none that is missing says that nobody is there', () => {
  const { cells, dimensions } = tableOf(emptyAccumulator());
  expect(dimensions).toEqual(['kind', 'age']);
  expect(cells).toHaveLength(4 * 13);
  expect(new Set(cells.map(({ bins }) => bins.join('/'))).size).toBe(cells.length);
});

test.each([
  ['fewer people than asked', { data: { people: [] } }, 'an entry for each person'],
  ['no list', { data: { people: null } }, 'an entry for each person'],
  ['people without keys', { recordKeys: [] }, 'has a record key'],
  ['text where a number is measured', { data: { people: [{ rows: [{ kind: 'A', score: '1' }] }] } }, 'does not lead to numbers'],
  ['a filter of another analysis', { where: { sex: ['MALE'] } }, 'are of the analysis'],
])('counts nothing of an answer with %s', (_, more, problem) => {
  expect(() => count([{ id: 1, born: null, rows: [] }], more as Partial<Batch>)).toThrow(problem);
});

test('asks for nobody twice', () => {
  const person = { id: 1, born: null, rows: [] };
  expect(() => count([person, person])).toThrow('asked for once');
});
