import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { combinationTotal, priorityPoints, type ExamSubject } from '../../subgraphs/education/admission.ts';
import { education } from '../../subgraphs/education/register.ts';
import { createPopulation } from '../../subgraphs/population.ts';
import { register } from '../../subgraphs/register.ts';
import { createPostgresDatabase, postgresAnswers, startRegister, type TestRegister } from './harness.ts';

const EDUCATION = register(education);
const SYNTHETIC = { seed: 7, size: 1_000 };
const UNKNOWN = '001099999999';

const onPostgres = await postgresAnswers();
const databases = [{ name: 'PGlite' }, ...(onPostgres ? [{ name: 'PostgreSQL' }] : [])];

describe.each(databases)('education on $name', ({ name }) => {
  const resources = new AsyncDisposableStack();
  let running: TestRegister;
  const people = [...createPopulation(SYNTHETIC).people()];
  const idNumbers = people.map((person) => person.idNumber);

  beforeAll(async () => {
    const databaseUrl = name === 'PostgreSQL' ? resources.use(await createPostgresDatabase()).url : undefined;
    running = resources.use(await startRegister(EDUCATION, { databaseUrl, synthetic: SYNTHETIC }));
  });
  afterAll(async () => resources.disposeAsync());

  it('answers the whole record of a thousand people with one statement for each table and argument set', async () => {
    const { statements, found } = await running.counted(
      idNumbers,
      `idNumber enrolments { school level grade from to } examResults { year subject score }
       examRegistrations { year candidateNumber council subjects } diplomas { number level issuedOn }
       admissionWishes { year order school subjectCombination total region priorityGroup priorityPoints outcome }`,
    );
    // Five tables, and exam results once more for the totals of wishes.
    expect(statements).toBe(6);
    expect(found.map((person) => person['idNumber'])).toEqual(idNumbers);
    const results = found.flatMap((person) => person['examResults'] as readonly { score: number | null }[]);
    expect(results.some(({ score }) => score === null)).toBe(true);
    expect(results.every(({ score }) => score === null || (score >= 0 && score <= 10))).toBe(true);
    const registrations = found.flatMap((person) => person['examRegistrations'] as readonly Record<string, unknown>[]);
    expect(registrations.every((each) => /^\d{8}$/.test(String(each['candidateNumber'])))).toBe(true);
    expect(registrations.some((each) => String(each['candidateNumber']).startsWith('0'))).toBe(true);
    const since2025 = registrations.filter((each) => Number(each['year']) >= 2025);
    for (const each of since2025) {
      expect(each['subjects']).toHaveLength(4);
      expect((each['subjects'] as readonly string[]).slice(0, 2)).toEqual(['MATHEMATICS', 'LITERATURE']);
    }
    const wishes = found.flatMap((person) => person['admissionWishes'] as readonly Wish[]);
    expect(wishes.length).toBeGreaterThan(20);
    for (const wish of wishes) {
      expect(wish.priorityPoints).toBe(wish.total === null ? null : priorityPoints(wish.year, wish.total, wish.region, wish.priorityGroup));
    }
  });

  it('orders wishes by preference within their year and admits at most one', async () => {
    const found = await running.entities(idNumbers, 'admissionWishes { year order outcome }');
    for (const person of found) {
      const wishes = person['admissionWishes'] as readonly { order: number; outcome: string }[];
      expect(wishes.map(({ order }) => order)).toEqual(wishes.map((_, index) => index + 1));
      expect(wishes.filter(({ outcome }) => outcome === 'ADMITTED').length).toBeLessThanOrEqual(1);
    }
  });

  it('keeps schooling after birth and before death', async () => {
    const found = await running.entities(idNumbers, 'enrolments { from to }');
    for (const [index, person] of people.entries()) {
      for (const { from, to } of (found[index]?.['enrolments'] ?? []) as readonly { from: string; to: string | null }[]) {
        expect(from > person.dateOfBirth).toBe(true);
        if (person.statusSince !== null) expect(to !== null && from <= to && to <= person.statusSince).toBe(true);
      }
    }
  });

  it('gives a number that nobody has the answer of a person without records, by the same statements', async () => {
    const { statements, found } = await running.counted([UNKNOWN], 'enrolments { school } examResults { score } diplomas { number }');
    expect(statements).toBe(3);
    expect(found).toEqual([{ enrolments: [], examResults: [], diplomas: [] }]);
  });

  it.each(['enrolments', 'examResults', 'examRegistrations', 'diplomas', 'admissionWishes'])(
    'pages through %s without a gap or a repetition',
    async (list) => {
      const all = await running.entities(idNumbers, `idNumber ${list}(first: 100) { cursor }`);
      const most = all.toSorted((one, other) => cursorsOf(other, list).length - cursorsOf(one, list).length)[0];
      const expected = cursorsOf(most, list);
      expect(expected.length).toBeGreaterThan(0);
      const paged: string[] = [];
      for (let after = ''; ;) {
        const argument = after === '' ? '' : `, after: "${after}"`;
        const [page] = await running.entities([String(most?.['idNumber'])], `${list}(first: 1${argument}) { cursor }`);
        const [cursor] = cursorsOf(page, list);
        if (cursor === undefined) break;
        paged.push(cursor);
        after = cursor;
      }
      expect(paged).toEqual(expected);
      expect(new Set(paged).size).toBe(paged.length);
    },
  );

  it('gives only the results of the year asked for', async () => {
    const found = await running.entities(idNumbers, 'examResults(year: 2025) { year }');
    const years = new Set(found.flatMap((person) => (person['examResults'] as readonly { year: number }[]).map(({ year }) => year)));
    expect([...years]).toEqual([2025]);
  });
});

it.skipIf(onPostgres)('needs a PostgreSQL server for its other half (none answers at TEST_DATABASE_URL)', (context) => context.skip());

describe('priority in admission', () => {
  it('adds region and group whole below a total of 22.5', () => {
    expect(priorityPoints(2025, 22.25, 'KV1', 'UT1')).toBe(2.75);
    expect(priorityPoints(2025, 10, 'KV2_NT', null)).toBe(0.5);
    expect(priorityPoints(2025, 10, 'KV3', 'UT2')).toBe(1);
  });

  it('shrinks from 22.5 on in proportion to what is missing to 30, to two decimals', () => {
    expect(priorityPoints(2025, 22.5, 'KV1', 'UT1')).toBe(2.75);
    expect(priorityPoints(2025, 26.25, 'KV1', 'UT1')).toBe(1.38);
    expect(priorityPoints(2025, 27, 'KV1', null)).toBe(0.3);
    expect(priorityPoints(2025, 30, 'KV1', 'UT1')).toBe(0);
  });

  it('did not shrink before 2023, and is unknown before 2018', () => {
    expect(priorityPoints(2022, 30, 'KV1', 'UT1')).toBe(2.75);
    expect(priorityPoints(2017, 20, 'KV1', null)).toBeNull();
  });
});

describe('the total of a combination', () => {
  const scores = new Map<ExamSubject, number | null>([
    ['MATHEMATICS', 8.2],
    ['PHYSICS', 7.35],
    ['CHEMISTRY', 9.1],
    ['BIOLOGY', null],
  ]);

  it('is the sum of its three scores without binary noise', () => {
    expect(combinationTotal('A00', scores)).toBe(24.65);
  });

  it('is unknown when the candidate was absent from one, did not take one, or the combination is not known', () => {
    expect(combinationTotal('B00', scores)).toBeNull();
    expect(combinationTotal('D01', scores)).toBeNull();
    expect(combinationTotal('Z99', scores)).toBeNull();
  });
});

interface Wish {
  readonly year: number;
  readonly total: number | null;
  readonly region: 'KV1' | 'KV2_NT' | 'KV2' | 'KV3';
  readonly priorityGroup: 'UT1' | 'UT2' | null;
  readonly priorityPoints: number | null;
}

function cursorsOf(person: Record<string, unknown> | undefined, list: string): readonly string[] {
  return ((person?.[list] ?? []) as readonly { cursor: string }[]).map(({ cursor }) => cursor);
}
