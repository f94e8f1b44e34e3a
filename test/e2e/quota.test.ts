import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startTestGateway, type Reply, type TestGateway } from './test-gateway.ts';

const PEOPLE_PER_DAY = 20;
const DAY_MS = 86_400_000;
const QUERY = 'query ($ids: [IdNumber!]!) { residents(idNumbers: $ids) { fullName } }';

let directory: string;
let gateways: readonly TestGateway[];
let people: readonly string[];

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'lien-thong-quota-'));
  await cp(join(import.meta.dirname, '..', '..', 'policies'), directory, { recursive: true });
  const file = join(directory, 'registry.yaml');
  const text = await readFile(file, 'utf8');
  const limited = ['hospital-counter', 'university-admissions', 'ward-office', 'police-residence', 'bank-teller'].reduce(
    (known, id) => known.replace(`\n  ${id}:\n`, `\n  ${id}:\n    peoplePerDay: ${PEOPLE_PER_DAY}\n`),
    text,
  );
  await writeFile(file, limited);
  const first = await startTestGateway({ policiesDir: directory });
  const second = await startTestGateway({ policiesDir: directory, besides: first });
  gateways = [first, second];
  people = await first.citizens(60);
});
afterAll(async () => {
  for (const gateway of gateways.toReversed()) await gateway[Symbol.asyncDispose]();
  await rm(directory, { recursive: true, force: true });
});

const at = (index: number): TestGateway => {
  const gateway = gateways[index];
  if (gateway === undefined) throw new Error('There are two gateways.');
  return gateway;
};
const codes = (reply: Reply): readonly string[] => reply.errors.map(({ extensions }) => extensions.code);

test('counts each person of a request once, however often and under whatever alias it stands there', async () => {
  const [one = ''] = people;
  const query = `{ a: resident(idNumber: "${one}") { fullName } b: resident(idNumber: "${one}") { sex } residents(idNumbers: ["${one}", "${one}"]) { fullName } }`;
  for (let count = 0; count < PEOPLE_PER_DAY; count += 1) expect((await at(0).ask('university-admissions', query)).status).toBe(200);
  const over = await at(0).ask('university-admissions', query);
  expect([over.status, codes(over)]).toEqual([429, ['QUOTA_EXCEEDED']]);
});

test('counts different people under aliases each', async () => {
  const aliased = people.slice(0, 15).map((id, index) => `p${index}: resident(idNumber: "${id}") { fullName }`);
  expect((await at(0).ask('police-residence', `{ ${aliased.join(' ')} }`)).status).toBe(200);
  expect((await at(1).ask('police-residence', `{ ${aliased.join(' ')} }`)).status).toBe(429);
  expect((await at(1).ask('police-residence', QUERY, { ids: people.slice(0, 5) })).status).toBe(200);
  expect((await at(0).ask('police-residence', QUERY, { ids: people.slice(0, 1) })).status).toBe(429);
});

test('counts numbers that nobody has, so that trying them costs as much', async () => {
  const nobody = Array.from({ length: PEOPLE_PER_DAY }, (_, index) => `0000990000${String(index).padStart(2, '0')}`);
  expect(
    (await at(0).ask('bank-teller', 'query ($ids: [IdNumber!]!) { residents(idNumbers: $ids) { isAtLeast(age: 18) } }', { ids: nobody }))
      .status,
  ).toBe(200);
  const [one = ''] = people;
  expect((await at(1).ask('bank-teller', `{ resident(idNumber: "${one}") { isAtLeast(age: 18) } }`)).status).toBe(429);
});

test('serves exactly the quota to requests at once at two gateways, and tells the rest to wait for the next day', async () => {
  const replies = await Promise.all(people.map(async (id, index) => at(index % 2).ask('hospital-counter', QUERY, { ids: [id] })));
  expect(replies.filter(({ status }) => status === 200)).toHaveLength(PEOPLE_PER_DAY);
  const refused = replies.filter(({ status }) => status === 429);
  expect(refused).toHaveLength(people.length - PEOPLE_PER_DAY);
  for (const reply of refused) {
    expect(codes(reply)).toEqual(['QUOTA_EXCEEDED']);
    const seconds = Number(reply.headers.get('retry-after'));
    expect(seconds).toBeGreaterThan(0);
    expect(seconds).toBeLessThanOrEqual(86_400);
    const midnight = new Date(Date.now() + seconds * 1_000 + 7 * 3_600_000);
    expect(Math.abs(midnight.getTime() - Math.round(midnight.getTime() / DAY_MS) * DAY_MS)).toBeLessThan(120_000);
  }
  // Refusals are on the record too.
  const records = await at(0).records();
  expect(records.filter((record) => 'code' in record && record.code === 'QUOTA_EXCEEDED').length).toBeGreaterThanOrEqual(refused.length);
});

test('refuses a request for more than is left as a whole, and takes nothing for it', async () => {
  expect((await at(0).ask('ward-office', QUERY, { ids: people.slice(0, PEOPLE_PER_DAY + 1) })).status).toBe(429);
  expect((await at(1).ask('ward-office', QUERY, { ids: people.slice(0, PEOPLE_PER_DAY) })).status).toBe(200);
});
