import fc from 'fast-check';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { BUDGETS } from '../../../gateway/analysis/questions/budgets.ts';
import { createQuestions, type Questions } from '../../../gateway/analysis/questions/questions.ts';
import type { Question } from '../../../gateway/analysis/questions/question.ts';
import { makeRelease } from '../../../gateway/analysis/questions/release-task.ts';
import { type Database, migrate, openDatabase } from '../../../platform/database.ts';
import { createTestDatabase, postgresAnswers } from '../../e2e/test-database.ts';
import { alike, dimensionsOf, nesting, SECRET, solver, tabulate } from '../disclosure/world.ts';

const MIGRATIONS = join(import.meta.dirname, '..', '..', '..', 'gateway', 'migrations');
const ASKER = { analyst: 'analyst-1', team: 'statistics' };
const PEOPLE = [
  ...alike(300, { 'residence.province': '01', dateOfBirth: '20-24', sex: 'FEMALE' }, 'one'),
  ...alike(200, { 'residence.province': '02', dateOfBirth: '20-24', sex: 'MALE' }, 'other'),
];

const gatewayOn = (database: Database): Questions =>
  createQuestions({
    database,
    budgets: BUDGETS,
    secret: SECRET,
    makeRelease: async (task) => makeRelease(task, { nesting, solver }),
    clock: () => Date.parse('2026-11-25T00:00:00Z'),
  });

function questionOf(document: string, about: Partial<Question> = {}): Question {
  const dimensions = dimensionsOf('province').map(({ of, level, bins }) => ({ of, level, bins: bins.length, isOfRow: false }));
  return { population: 'residents', period: '2026-11', document, dimensions, measures: [], filters: [], ...about };
}

const counted = (question: Question) => ({
  question,
  raw: tabulate(PEOPLE, dimensionsOf('province')),
  dimensions: dimensionsOf('province'),
  contribution: { cells: 1, items: 1 },
});

/** Two gateways on one database, embedded or PostgreSQL. */
async function open(kind: 'embedded' | 'PostgreSQL'): Promise<AsyncDisposable & { readonly gateways: readonly [Questions, Questions] }> {
  const server = kind === 'PostgreSQL' ? await createTestDatabase() : undefined;
  const database = await openDatabase({ url: server?.url, statementTimeoutMs: 10_000 });
  await migrate(database, MIGRATIONS);
  return {
    gateways: [gatewayOn(database), gatewayOn(database)],
    async [Symbol.asyncDispose]() {
      await database[Symbol.asyncDispose]();
      await server?.[Symbol.asyncDispose]();
    },
  };
}

const kinds = (await postgresAnswers()) ? (['embedded', 'PostgreSQL'] as const) : (['embedded'] as const);

describe.for(kinds)('questions on the %s database', (kind) => {
  test('two gateways at once do not spend more than there is, and what there is they spend', async () => {
    await using opened = await open(kind);
    let population = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.integer({ min: 0, max: 1 }), fc.integer({ min: 0, max: 5 })), { minLength: 9, maxLength: 16 }),
        async (asks) => {
          // Windows apart, so that each try has all its budget.
          population += 1;
          const period = `${2000 + 2 * population}-01`;
          const judged = await Promise.all(
            asks.map(([gateway, document], at) =>
              opened.gateways[gateway === 0 ? 0 : 1].take(
                questionOf(String(document), { period }),
                { ...ASKER, analyst: `a${at}` },
                `${period} ${at}`,
              ),
            ),
          );
          // Equal questions are taken once, and six differ at most, which the population has units for.
          const allowed = judged.filter((one) => one.kind === 'allowed');
          expect(allowed).toHaveLength(new Set(asks.map(([, document]) => document)).size);
          expect(judged.every((one) => one.kind !== 'refused')).toBe(true);
          const more = await Promise.all(
            [7, 8, 9, 10].map((at) =>
              opened.gateways[at % 2 === 0 ? 0 : 1].take(questionOf(`more ${at}`, { period }), ASKER, `${period} more ${at}`),
            ),
          );
          expect(more.filter((one) => one.kind === 'allowed')).toHaveLength(Math.min(4, BUDGETS.population - allowed.length));
        },
      ),
      { numRuns: 5 },
    );
  });

  test('an equal question has the same table and spends nothing', async () => {
    await using opened = await open(kind);
    const [here, there] = opened.gateways;
    expect(await here.take(questionOf('one'), ASKER, 'run-1')).toMatchObject({ kind: 'allowed', cost: { units: 1 } });
    expect(await there.take(questionOf('one'), { ...ASKER, analyst: 'another' }, 'run-2')).toMatchObject({
      kind: 'answered',
      run: 'run-1',
    });
    const first = await here.release('run-1', counted(questionOf('one')));
    expect(await there.release('run-1', counted(questionOf('one')))).toEqual(first);
    expect(first.cells.slice(0, 2).map(({ bins, count }) => [bins[0], count !== null && count % 5 === 0])).toEqual([
      ['01', true],
      ['02', true],
    ]);
    const preview = await here.preview(questionOf('two'), ASKER);
    expect(preview).toMatchObject({
      cost: { accounts: [{ name: 'analyst', spent: 1, max: 10 }, {}, { name: 'population', spent: 1, max: 8 }, {}, {}] },
    });
  });

  test('a filtered question is drawn once: the gateway that takes over gives the same numbers', async () => {
    await using opened = await open(kind);
    const [here, there] = opened.gateways;
    const question = questionOf('one', { filters: [{ of: 'sex', level: 'each', bins: ['FEMALE'] }], epsilon: 0.4 });
    expect(await here.preview(question, ASKER)).toMatchObject({ kind: 'allowed', cost: { epsilon: { ofQuestion: 0.4, spent: 0 } } });
    expect(await here.take(question, ASKER, 'run-1')).toMatchObject({ kind: 'allowed' });
    const table = await here.release('run-1', counted(question));
    expect(await there.release('run-1', counted(question))).toEqual(table);
    expect(await here.preview(questionOf('two', { filters: question.filters, epsilon: 0.1 }), ASKER)).toMatchObject({
      cost: { epsilon: { spent: expect.closeTo(0.4, 3) } },
    });
  });

  test('budget is given back while nothing was released, and never after', async () => {
    await using opened = await open(kind);
    const [here] = opened.gateways;
    // The run could not be begun, so that there is none to send anybody to.
    const cannot = async (): Promise<void> => Promise.reject(new Error('The gateway ended here.'));
    await expect(here.take(questionOf('one'), ASKER, 'run-0', cannot)).rejects.toThrow('ended here');
    expect(await here.take(questionOf('one'), ASKER, 'run-1')).toMatchObject({ kind: 'allowed' });
    await here.giveBack('run-1');
    await expect(here.release('run-1', counted(questionOf('one')))).rejects.toThrow('Ask the question again');
    expect(await here.take(questionOf('one'), ASKER, 'run-2')).toMatchObject({ kind: 'allowed' });
    await here.release('run-2', counted(questionOf('one')));
    await here.giveBack('run-2');
    expect(await here.take(questionOf('one'), ASKER, 'run-3')).toMatchObject({ kind: 'answered', run: 'run-2' });
  });
});
