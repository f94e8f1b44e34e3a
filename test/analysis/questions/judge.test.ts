import fc from 'fast-check';
import { expect, test } from 'vitest';
import { UNITS } from '../../../gateway/analysis/disclosure/parameters.ts';
import { BUDGETS, type PastQuestion } from '../../../gateway/analysis/questions/budgets.ts';
import { judge, unitsOf } from '../../../gateway/analysis/questions/judge.ts';
import { epsilonOf, RHO_PER_UNIT, rhoOf } from '../../../gateway/analysis/questions/privacy-loss.ts';
import { type Question, questionKey } from '../../../gateway/analysis/questions/question.ts';

const PROVINCE = { of: 'currentResidence.province', level: 'province', bins: 36, isOfRow: false };
const SEX = { of: 'sex', level: 'each', bins: 3, isOfRow: false };
const QUESTION: Question = {
  population: 'residents',
  period: '2026-11',
  document: 'sha256:1 {}',
  dimensions: [PROVINCE, SEX],
  measures: [],
  filters: [],
};
const ASKER = { analyst: 'analyst-1', team: 'statistics' };
const FILTER = { of: 'sex', level: 'each', bins: ['FEMALE'] };

/** A question that somebody asked, of so many units. */
function past(units: number, about: Partial<PastQuestion> = {}): PastQuestion {
  return {
    key: 'other',
    run: 'run',
    population: 'education',
    period: '2026-11',
    analyst: 'else',
    team: 'else',
    units,
    isFiltered: false,
    ...about,
  };
}

const codeOf = (question: Question, asked: readonly PastQuestion[] = []): string => {
  const judgement = judge(question, ASKER, asked, BUDGETS);
  return judgement.kind === 'refused' ? judgement.code : judgement.kind;
};

test('an equal question is known by what it asks, whatever its order is', () => {
  const turned = { ...QUESTION, dimensions: [SEX, PROVINCE] };
  expect(questionKey(turned)).toBe(questionKey(QUESTION));
  expect(judge(turned, ASKER, [past(1, { key: questionKey(QUESTION), run: 'run-7' })], BUDGETS)).toMatchObject({
    kind: 'answered',
    run: 'run-7',
  });
});

test.for<[string, Partial<Question>]>([
  ['another population', { population: 'education' }],
  ['another period', { period: '2026-12' }],
  ['another document', { document: 'sha256:2 {}' }],
  ['a coarser bin', { dimensions: [{ ...PROVINCE, level: 'region' }, SEX] }],
  ['a dimension less', { dimensions: [PROVINCE] }],
  ['a measure', { measures: [{ of: 'score', kind: 'mean', between: [0, 10] }] }],
  ['a filter', { filters: [FILTER], epsilon: 0.1 }],
])('%s makes it another question', ([, change]) => {
  expect(questionKey({ ...QUESTION, ...change })).not.toBe(questionKey(QUESTION));
});

test.for<[string, number, Partial<PastQuestion>]>([
  ['the analyst', BUDGETS.analyst, { analyst: ASKER.analyst }],
  ['the team, by somebody else of it', BUDGETS.team, { team: ASKER.team }],
  ['the population and period, by anybody', BUDGETS.population, { population: 'residents' }],
  ['all populations together', BUDGETS.everything, {}],
])('the budget of %s is used to the last unit and not beyond', ([, max, about]) => {
  expect(codeOf(QUESTION, [past(max - 1, about)])).toBe('allowed');
  expect(codeOf(QUESTION, [past(max, about)])).toBe('BUDGET_SPENT');
});

test('what was asked of a period counts for twelve months, before and after', () => {
  const spent = (period: string): string => codeOf(QUESTION, [past(UNITS, { period })]);
  expect([spent('2025-11'), spent('2025-12'), spent('2027-10'), spent('2027-11')]).toEqual([
    'allowed',
    'BUDGET_SPENT',
    'BUDGET_SPENT',
    'allowed',
  ]);
});

test('a refusal says whose budget it is, how much is spent, and what can be done', () => {
  const judgement = judge(QUESTION, ASKER, [past(8, { population: 'residents' })], BUDGETS);
  expect(judgement).toEqual({
    kind: 'refused',
    code: 'BUDGET_SPENT',
    message:
      'The budget of residents in 2026-11 is 8 units, of which 8 are spent; this question takes 1. Use what was released, or ask with fewer measures.',
  });
});

test('no order of questions releases more of a person than the units that the noise is made for', () => {
  const Asked = fc.record({
    analyst: fc.constantFrom('a', 'b', 'c'),
    team: fc.constantFrom('x', 'y'),
    population: fc.constantFrom('residents', 'education'),
    period: fc.constantFrom('2026-10', '2026-11', '2027-03'),
    measures: fc.integer({ min: 0, max: 3 }),
    epsilon: fc.option(fc.double({ min: 0.05, max: 1, noNaN: true }), { nil: undefined }),
  });
  fc.assert(
    fc.property(fc.array(Asked, { maxLength: 40 }), (asked) => {
      const taken: PastQuestion[] = [];
      for (const [index, { analyst, team, population, period, measures, epsilon }] of asked.entries()) {
        const question: Question = {
          ...QUESTION,
          population,
          period,
          document: String(index),
          measures: Array.from({ length: measures }, (_, at) => ({ of: `m${at}`, kind: 'distinct' as const })),
          filters: epsilon === undefined ? [] : [FILTER],
          epsilon,
        };
        const judgement = judge(question, { analyst, team }, taken, BUDGETS);
        if (judgement.kind !== 'allowed') continue;
        const { key, cost } = judgement;
        taken.push({ key, run: key, population, period, analyst, team, units: cost.units, isFiltered: epsilon !== undefined });
      }
      expect(taken.reduce((sum, { units }) => sum + units, 0)).toBeLessThanOrEqual(UNITS + 1e-6);
    }),
  );
});

test.for<[string, Partial<Question>]>([
  ['TOO_MANY_DIMENSIONS', { dimensions: [1, 2, 3, 4, 5].map((at) => ({ ...SEX, of: String(at) })) }],
  ['TOO_MANY_CELLS', { dimensions: [PROVINCE, { of: 'registeredOn', level: 'month', bins: 123, isOfRow: false }, SEX] }],
  ['QUANTILE_NEAR_THE_END', { measures: [{ of: 'score', kind: 'quantile', at: 0.99, between: [0, 10] }] }],
  ['BOUNDS_OUT_OF_ORDER', { measures: [{ of: 'score', kind: 'mean', between: [10, 10] }] }],
  ['FILTER_NEEDS_EPSILON', { filters: [FILTER] }],
  ['FILTER_NEEDS_EPSILON', { filters: [FILTER], epsilon: 0 }],
  ['FILTER_NEEDS_EPSILON', { filters: [FILTER], epsilon: Number.NaN }],
  ['EPSILON_WITHOUT_FILTER', { epsilon: 0.5 }],
])('%s is refused before anything is counted', ([code, change]) => {
  expect(codeOf({ ...QUESTION, ...change })).toBe(code);
});

test('filters one by one use the epsilon account up, which is shown before each', () => {
  const taken: PastQuestion[] = [];
  const codes = Array.from({ length: 12 }, (_, at) => {
    const question = { ...QUESTION, filters: [{ ...FILTER, bins: [String(at)] }], epsilon: 0.3 };
    const judgement = judge(question, ASKER, taken, BUDGETS);
    if (judgement.kind === 'refused') return judgement.code;
    if (judgement.kind === 'allowed') {
      expect(judgement.cost.epsilon?.max).toBeCloseTo(epsilonOf(BUDGETS.filters * RHO_PER_UNIT), 9);
      expect(judgement.cost.epsilon?.spent).toBeCloseTo(epsilonOf(taken.length * rhoOf(0.3)), 3);
      taken.push(past(judgement.cost.units, { key: judgement.key, population: 'residents', isFiltered: true }));
    }
    return judgement.kind;
  });
  expect(codes.filter((code) => code === 'allowed')).toHaveLength(5);
  expect(codes.at(-1)).toBe('EPSILON_SPENT');
});

test('ε and ρ are each other the other way round', () => {
  for (const epsilon of [0.05, 0.3, 1, 4]) expect(epsilonOf(rhoOf(epsilon))).toBeCloseTo(epsilon, 9);
});

test('a measure costs as much as the count', () => {
  expect(unitsOf({ ...QUESTION, measures: [{ of: 'score', kind: 'mean', between: [0, 10] }] })).toBe(2);
});
