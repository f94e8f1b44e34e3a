import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isCardNumber, benefitRate, objectCodeMatchesDigit } from '../../subgraphs/health-insurance/benefit.ts';
import { healthInsurance } from '../../subgraphs/health-insurance/register.ts';
import { addDays } from '../../subgraphs/population/dates.ts';
import { createPopulation } from '../../subgraphs/population.ts';
import { register } from '../../subgraphs/register.ts';
import { createPostgresDatabase, postgresAnswers, startRegister, type TestRegister } from './harness.ts';

const INSURANCE = register(healthInsurance);
const SYNTHETIC = { seed: 7, size: 1_000 };
const NOW = new Date('2026-11-23T05:00:00Z');
const UNKNOWN = '001099999999';

const onPostgres = await postgresAnswers();
const databases = [{ name: 'PGlite' }, ...(onPostgres ? [{ name: 'PostgreSQL' }] : [])];

describe.each(databases)('health insurance on $name', ({ name }) => {
  const resources = new AsyncDisposableStack();
  let running: TestRegister;
  const people = [...createPopulation(SYNTHETIC).people()].map((person) => person.idNumber);

  beforeAll(async () => {
    const databaseUrl = name === 'PostgreSQL' ? resources.use(await createPostgresDatabase()).url : undefined;
    running = resources.use(await startRegister(INSURANCE, { databaseUrl, synthetic: SYNTHETIC, clock: () => NOW }));
  });
  afterAll(async () => resources.disposeAsync());

  it('answers coverage, predicate and visits of a thousand people with one statement for each table and argument set', async () => {
    const selection = `idNumber coverage { cardNumber validFrom validTo objectCode benefitDigit benefitRate objectCodeMatchesDigit }
      today: insuredOn(date: "2026-11-23") visits(first: 5) { facility diagnosisCode date totalAmount fundAmount patientAmount }`;
    const { statements, found } = await running.counted(people, selection);
    expect(statements).toBe(2);
    expect(found.map((person) => person['idNumber'])).toEqual(people);
    const insured = found.filter((person) => person['coverage'] !== null);
    expect(insured.length).toBeGreaterThan(700);
    expect(insured.length).toBeLessThan(990);
    for (const person of found) {
      expect(person['today']).toBe(person['coverage'] !== null);
      const coverage = person['coverage'] as Record<string, unknown> | null;
      if (coverage === null) continue;
      if (typeof coverage['cardNumber'] === 'string') expect(isCardNumber(coverage['cardNumber'])).toBe(true);
      expect(coverage['objectCodeMatchesDigit']).toBe(true);
      expect(coverage['benefitRate']).toBe(benefitRate(Number(coverage['benefitDigit'])));
      expect(String(coverage['validFrom']) <= '2026-11-23' && '2026-11-23' <= String(coverage['validTo'])).toBe(true);
    }
    const visits = found.flatMap((person) => person['visits'] as readonly Record<string, number>[]);
    expect(visits.length).toBeGreaterThan(500);
    for (const visit of visits) expect(visit['patientAmount']).toBe(Number(visit['totalAmount']) - Number(visit['fundAmount']));
  });

  it('gives a number that nobody has the answer of a person without records, by the same statements', async () => {
    const { statements, found } = await running.counted(
      [UNKNOWN],
      'coverage { cardNumber } insuredOn(date: "2026-11-23") visits { facility } coverageHistory { validFrom }',
    );
    expect(statements).toBe(3);
    expect(found).toEqual([{ coverage: null, insuredOn: false, visits: [], coverageHistory: [] }]);
  });

  it('counts the last day of a card as insured and the day after it as not', async () => {
    const all = await running.entities(people, 'idNumber coverageHistory(first: 1) { validTo }');
    const lapsed = all.find((person) => {
      const [card] = person['coverageHistory'] as readonly { validTo: string }[];
      return card !== undefined && card.validTo < '2026-01-01';
    });
    const [card] = (lapsed?.['coverageHistory'] ?? []) as readonly { validTo: string }[];
    const last = card?.validTo ?? '';
    const [answer] = await running.entities(
      [String(lapsed?.['idNumber'])],
      `onLast: insuredOn(date: "${last}") after: insuredOn(date: "${addDays(last, 1)}")`,
    );
    expect(answer).toEqual({ onLast: true, after: false });
  });

  it('pages through visits without a gap or a repetition, and honours the range of dates', async () => {
    const all = await running.entities(people, 'idNumber visits(first: 100) { cursor date }');
    const most = all.toSorted((one, other) => listOf(other).length - listOf(one).length)[0];
    const idNumber = String(most?.['idNumber']);
    const expected = listOf(most).map((visit) => visit['cursor']);
    expect(expected.length).toBeGreaterThan(5);

    const paged: unknown[] = [];
    for (let after = ''; ;) {
      const [page] = await running.entities([idNumber], `visits(first: 3${after === '' ? '' : `, after: "${after}"`}) { cursor }`);
      const cursors = listOf(page).map((visit) => String(visit['cursor']));
      paged.push(...cursors);
      after = cursors.at(-1) ?? '';
      if (cursors.length < 3) break;
    }
    expect(paged).toEqual(expected);

    const dates = listOf(most).map((visit) => String(visit['date']));
    const [from, to] = [dates[4] ?? '', dates[1] ?? ''];
    const [ranged] = await running.entities([idNumber], `visits(from: "${from}", to: "${to}") { date }`);
    expect(listOf(ranged).map((visit) => visit['date'])).toEqual(dates.filter((date) => from <= date && date <= to).slice(0, 20));
  });
});

it.skipIf(onPostgres)('needs a PostgreSQL server for its other half (none answers at TEST_DATABASE_URL)', (context) => context.skip());

describe('bad arguments of health insurance', () => {
  let running: TestRegister;
  beforeAll(async () => {
    running = await startRegister(INSURANCE);
  });
  afterAll(async () => running[Symbol.asyncDispose]());

  it.each([
    ['first: 0', '"first" is a number from 1 to 100'],
    ['first: 101', '"first" is a number from 1 to 100'],
    ['after: "made up"', '"after" is the "cursor" of an entry of this list'],
    [`after: "${Buffer.from('2026-02-31|1').toString('base64url')}"`, '"after" is the "cursor" of an entry of this list'],
  ])('refuses visits(%s) with a sentence and the code BAD_USER_INPUT', async (argument, sentence) => {
    const answer = await running.call({
      query: `query ($r: [_Any!]!) { _entities(representations: $r) { ... on Resident { visits(${argument}) { facility } } } }`,
      variables: { r: [{ __typename: 'Resident', idNumber: UNKNOWN }] },
    });
    expect(answer.errors?.[0]?.message).toContain(sentence);
    expect(answer.errors?.[0]?.extensions?.code).toBe('BAD_USER_INPUT');
    expect(answer.data).toEqual({ _entities: [{ visits: null }] });
  });

  it('refuses a representation whose key is no ID number before any statement', async () => {
    const before = running.subgraph.database.statements;
    const answer = await running.call({
      query: `query ($r: [_Any!]!) { _entities(representations: $r) { ... on Resident { insuredOn(date: "2026-01-01") } } }`,
      variables: { r: [{ __typename: 'Resident', idNumber: { like: '%' } }] },
    });
    expect(answer.errors?.[0]?.extensions?.code).toBe('ID_NUMBER_INVALID');
    expect(running.subgraph.database.statements).toBe(before);
  });
});

describe('what a card says', () => {
  it('pays by the benefit digit', () => {
    expect([1, 2, 3, 4, 5].map(benefitRate)).toEqual([100, 100, 95, 80, 100]);
    expect(benefitRate(6)).toBeNull();
  });

  it('warns of an object code that does not belong to the digit', () => {
    expect(objectCodeMatchesDigit('DN', 4)).toBe(true);
    expect(objectCodeMatchesDigit('DN', 1)).toBe(false);
    expect(objectCodeMatchesDigit('ZZ', 4)).toBe(false);
  });

  it('has a card number of two letters, a digit from 1 to 5, a province and ten digits', () => {
    expect(isCardNumber('DN4790123456789')).toBe(true);
    expect(isCardNumber('DN6790123456789')).toBe(false);
    expect(isCardNumber('dn4790123456789')).toBe(false);
    expect(isCardNumber('DN479012345678')).toBe(false);
  });
});

function listOf(person: Record<string, unknown> | undefined): readonly Record<string, unknown>[] {
  return (person?.['visits'] ?? []) as readonly Record<string, unknown>[];
}
