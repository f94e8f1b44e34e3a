import fc from 'fast-check';
import { expect, test } from 'vitest';
import { BUILT_IN_LEVELS, createBinning, levelProblem, type Leaf } from '../../gateway/analysis/lattice.ts';
import { NO_TREES, readTrees } from '../../gateway/analysis/trees.ts';

const DAY = '2026-11-26';
const DATE: Leaf = { kind: 'date' };
const TEXT: Leaf = { kind: 'text' };

const TREES = readTrees(
  `trees:
  place:
    levels: [commune, province, region]
    source: Made up for this test
    tree:
      NORTH:
        vi: Bắc
        en: North
        holds:
          HA_NOI: { vi: Hà Nội, en: Ha Noi, holds: [An Bình, Tân Xuân] }
          CAO_BANG: { vi: Cao Bằng, en: Cao Bang, holds: [Hòa Châu] }
      SOUTH:
        vi: Nam
        en: South
        holds:
          CA_MAU: { vi: Cà Mau, en: Ca Mau, holds: [Phú Lộc] }`,
  BUILT_IN_LEVELS,
);

const binOf = (level: string, leaf: Leaf, value: unknown): string => {
  const { bins, placeOf } = createBinning(level, leaf, TREES, DAY);
  return bins[placeOf(value)] ?? 'none';
};

test('puts ages of full years on the day of the snapshot into bins', () => {
  expect(binOf('age', DATE, '2000-11-26')).toBe('26');
  expect(binOf('age', DATE, '2000-11-27')).toBe('25');
  expect(binOf('age-5', DATE, '2000-11-27')).toBe('25-29');
  expect(binOf('age-10', DATE, '2000-11-27')).toBe('20-29');
  expect(binOf('age', DATE, '1910-01-01')).toBe('100+');
  expect(binOf('age-10', DATE, '1926-11-27')).toBe('90-99');
  // Born after the snapshot was taken, and nobody knows when.
  expect(binOf('age', DATE, '2026-11-27')).toBe('other');
  expect(binOf('age', DATE, null)).toBe('unknown');
});

test('counts who was born on 29 February a year older on 1 March of common years', () => {
  const ageOn = (day: string): string => {
    const { bins, placeOf } = createBinning('age', DATE, NO_TREES, day);
    return bins[placeOf('2004-02-29')] ?? '';
  };
  expect([ageOn('2026-02-28'), ageOn('2026-03-01'), ageOn('2028-02-28'), ageOn('2028-02-29')]).toEqual(['21', '22', '23', '24']);
});

test('tells the months and years of ten calendar years apart, and the rest by earlier and later', () => {
  expect(binOf('month', DATE, '2017-01-31')).toBe('2017-01');
  expect(binOf('year', DATE, '2017-01-31')).toBe('2017');
  expect(binOf('month', DATE, '2016-12-31')).toBe('earlier');
  expect(binOf('year', DATE, '2027-01-01')).toBe('later');
  expect(binOf('calendar-month', DATE, '1950-07-02')).toBe('07');
});

test('tells what is there from what is not, without saying what it is', () => {
  expect(binOf('presence', TEXT, 'x')).toBe('present');
  expect(binOf('presence', TEXT, null)).toBe('absent');
  expect(binOf('presence', DATE, undefined)).toBe('absent');
});

test('puts a value that the tree does not hold into a bin of its own', () => {
  expect(['commune', 'province', 'region'].map((level) => binOf(level, TEXT, 'Tân Xuân'))).toEqual(['Tân Xuân', 'HA_NOI', 'NORTH']);
  expect(['commune', 'province', 'region'].map((level) => binOf(level, TEXT, 'Xã Khác'))).toEqual(['other', 'other', 'other']);
  expect(binOf('region', TEXT, null)).toBe('unknown');
});

test('refuses a value that is not what the schema promises, rather than counting it somewhere', () => {
  expect(() => binOf('age', DATE, '2000-13-01')).toThrow('something else than a date');
  expect(() => binOf('each', { kind: 'enum', values: ['A', 'B'] }, 'C')).toThrow('its schema does not have');
});

test('nests each level in the next: who shares a bin shares every coarser one', () => {
  const date = fc
    .date({ min: new Date('1900-01-01'), max: new Date('2040-12-31'), noInvalidDate: true })
    .map((at) => at.toISOString().slice(0, 10));
  const place = fc.constantFrom('An Bình', 'Tân Xuân', 'Hòa Châu', 'Phú Lộc', 'Xã Khác');
  const value = (of: fc.Arbitrary<string>) => fc.option(of, { freq: 10 });
  const chains = [
    { levels: ['age', 'age-5', 'age-10'], leaf: DATE, value: value(date) },
    { levels: ['month', 'year'], leaf: DATE, value: value(date) },
    { levels: ['commune', 'province', 'region'], leaf: TEXT, value: value(place) },
  ];
  for (const { levels, leaf, value: any } of chains) {
    const binnings = levels.map((level) => createBinning(level, leaf, TREES, DAY));
    fc.assert(
      fc.property(any, any, (one, other) => {
        const shared = binnings.map(({ placeOf }) => placeOf(one) === placeOf(other));
        return shared.every((isShared, index) => !isShared || shared[index + 1] !== false);
      }),
    );
  }
});

test('takes no single values of what may have any number of them', () => {
  expect(levelProblem('each', TEXT, NO_TREES)).toContain('any number of values');
  expect(levelProblem('each', DATE, NO_TREES)).toContain('any number of values');
  expect(levelProblem('age', TEXT, NO_TREES)).toContain('of dates');
  expect(levelProblem('district', TEXT, TREES)).toContain('no level "district"');
  expect(levelProblem('province', { kind: 'enum', values: ['An Bình', 'Nowhere'] }, TREES)).toContain('does not hold Nowhere');
  expect(levelProblem('each', { kind: 'enum', values: ['unknown'] }, TREES)).toContain('"unknown"');
});

const tree = (levels: string, holds: string): string => `trees: { t: { levels: ${levels}, source: s, tree: ${holds} } }`;

test.each([
  ['a level that has a meaning already', tree('[age, region]', '{ A: { vi: a, en: a, holds: [x] } }'), 'has a meaning already'],
  ['a value in two places', tree('[a, b]', '{ A: { vi: a, en: a, holds: [x] }, B: { vi: b, en: b, holds: [x] } }'), 'holds "x" twice'],
  ['a way with too few levels', tree('[a, b, c]', '{ A: { vi: a, en: a, holds: [x] } }'), 'has fewer'],
  ['a way with too many', tree('[a, b]', '{ A: { vi: a, en: a, holds: { B: { vi: b, en: b, holds: [x] } } } }'), 'has more'],
  ['a bin that every tree has', tree('[a, b]', '{ other: { vi: a, en: a, holds: [x] } }'), 'is the name of a bin'],
  ['something unknown', 'trees: { t: { level: [a] } }', 'lattices.yaml:1:'],
])('takes no tree with %s', (_, text, problem) => {
  expect(() => readTrees(text, BUILT_IN_LEVELS)).toThrow(problem);
});
