import { afterAll, beforeAll, expect, test } from 'vitest';
import type { RecordedRequest } from './recording-proxy.ts';
import { startTestGateway, type Reply, type TestApplication, type TestGateway } from './test-gateway.ts';

type Fields = Record<string, unknown>;

/** As many as one request may ask about. */
const ASKED = 1_000;
const NOBODY = '001099999999';

let gateway: TestGateway;
/** A thousand numbers: people, some of them again, and some whom nobody is. */
let ids: readonly string[];
beforeAll(async () => {
  gateway = await startTestGateway();
  const people = await gateway.citizens(700);
  const all = [...people, NOBODY, ...people.slice(0, 100).toReversed(), NOBODY];
  ids = Array.from({ length: ASKED }, (_, index) => all[index % all.length] ?? NOBODY);
});
afterAll(async () => gateway[Symbol.asyncDispose]());

/** Asks, and says what the registers were asked meanwhile. */
async function askCounting(
  application: TestApplication,
  query: string,
): Promise<{ readonly reply: Reply; readonly requests: readonly RecordedRequest[] }> {
  const before = gateway.requests.length;
  const reply = await gateway.ask(application, query, { ids });
  return { reply, requests: gateway.requests.slice(before) };
}

function entriesOf(reply: Reply): readonly (Fields | null)[] {
  return reply.data?.['residents'] as readonly (Fields | null)[];
}

function callsOf(requests: readonly RecordedRequest[]): Readonly<Record<string, number>> {
  const calls: Record<string, number> = {};
  for (const { subgraph } of requests) calls[subgraph] = (calls[subgraph] ?? 0) + 1;
  return calls;
}

const OF_ALL_REGISTERS = `query ($ids: [IdNumber!]!) { residents(idNumbers: $ids) {
  idNumber fullName dateOfBirth phone religion currentResidence { province }
  birthRecord { registeredOn } coverage { cardNumber validFrom } insuredOn(date: "2026-01-01") visits { facility }
  enrolments { school } examResults { subject score }
} }`;

test.each<[TestApplication, Readonly<Record<string, number>>, string]>([
  ['hospital-counter', { residents: 1, 'health-insurance': 1 }, 'coverage'],
  ['university-admissions', { residents: 1, education: 1 }, 'enrolments'],
  ['police-residence', { residents: 1, 'civil-status': 1 }, 'birthRecord'],
  ['bank-teller', { residents: 1 }, 'idNumber'],
])(
  'a thousand people with fields of all registers cost %s one call for each register that it may ask',
  async (application, calls, field) => {
    const query = OF_ALL_REGISTERS.replace('idNumber fullName', 'idNumber isAtLeast(age: 18) fullName');
    const { reply, requests } = await askCounting(application, query);
    expect(reply.status).toBe(200);
    expect(callsOf(requests)).toEqual(calls);
    const entries = entriesOf(reply);
    expect(entries.length).toBe(ASKED);
    // An application that may not know who exists gets an object for everybody.
    const isTold = application !== 'bank-teller';
    expect(entries.map((entry) => entry?.['idNumber'] ?? null)).toEqual(ids.map((id) => (isTold && id === NOBODY ? null : id)));
    expect(entries.filter((entry) => entry !== null && entry[field] !== null).length).toBeGreaterThan(ASKED / 2);
    // Each refused field has one error, not one for each person; missing consent has one for each, as many as there is room for.
    const refused = reply.errors.filter(({ extensions }) => extensions.code !== 'CONSENT_REQUIRED');
    expect(refused.length).toBe(new Set(refused.map(({ path }) => path?.join('.'))).size);
    expect(refused.length).toBeLessThan(15);
  },
);

test('the same person has the same entry in every place', async () => {
  const { reply } = await askCounting('hospital-counter', OF_ALL_REGISTERS);
  const first = new Map<string, unknown>();
  for (const [index, entry] of entriesOf(reply).entries()) {
    const id = ids[index] ?? '';
    if (first.has(id)) expect(entry).toEqual(first.get(id));
    else first.set(id, entry);
  }
  expect(first.get(NOBODY)).toBeNull();
});

test('the mothers of the mothers of a thousand people cost one call', async () => {
  const { reply, requests } = await askCounting(
    'police-residence',
    'query ($ids: [IdNumber!]!) { residents(idNumbers: $ids) { mother { mother { idNumber fullName father { sex } } } } }',
  );
  expect(callsOf(requests)).toEqual({ residents: 1 });
  const mothers = entriesOf(reply).map((entry) => entry?.['mother'] as Fields | null | undefined);
  expect(mothers.filter((mother) => mother?.['mother']).length).toBeGreaterThan(0);
  expect(reply.errors).toEqual([]);
});

test('going from register to register and back costs a thousand people the calls of one', async () => {
  const query = `query ($ids: [IdNumber!]!) { residents(idNumbers: $ids) {
    fullName birthRecord { registeredOn mother { fullName birthRecord { registeredOn mother { fullName } } } }
  } }`;
  const { reply, requests } = await askCounting('police-residence', query);
  const records = entriesOf(reply).map((entry) => entry?.['birthRecord'] as Fields | null | undefined);
  const one = records.findIndex((record) => ((record?.['mother'] as Fields | null)?.['birthRecord'] as Fields | null)?.['mother']);
  expect(one).toBeGreaterThanOrEqual(0);
  const before = gateway.requests.length;
  await gateway.ask('police-residence', query, { ids: [ids[one]] });
  const ofOne = gateway.requests.slice(before);
  expect(requests.map(({ query: text }) => text).toSorted()).toEqual(ofOne.map(({ query: text }) => text).toSorted());
  for (const { variables } of requests) {
    const asked = (variables['representations'] ?? variables['ids']) as readonly unknown[];
    expect(asked.length).toBeLessThanOrEqual(ASKED);
  }
  expect(reply.errors).toEqual([]);
});

test('the record of a thousand people is one, and names each once', async () => {
  const { reply } = await askCounting('hospital-counter', 'query ($ids: [IdNumber!]!) { residents(idNumbers: $ids) { sex religion } }');
  const records = (await gateway.records()).filter((record) => record.id === reply.extensions.disclosure?.record);
  expect(records.length).toBe(1);
  const pseudonyms = records[0]?.persons.flatMap((entry) => entry.pseudonyms) ?? [];
  expect(new Set(pseudonyms).size).toBe(pseudonyms.length);
  expect(pseudonyms.length).toBe(new Set(ids).size);
});
