import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { parse } from 'graphql';
import { expect, inject, test } from 'vitest';
import { loadConsentGroups } from '../../gateway/consent/groups.ts';
import { createConsents } from '../../gateway/consent/lookup.ts';
import { testLedger } from '../ledger/event-ledger.ts';
import type { FindFamily } from '../../gateway/consent/minors.ts';
import { createConsentService } from '../../gateway/consent/service.ts';
import { loadPolicies, type LoadedPolicies } from '../../gateway/policy/load.ts';
import { createTakeProbes } from '../../gateway/probes/probes.ts';
import { classify, type Classification } from '../../platform/classification.ts';
import { migrate, openDatabase, type Database } from '../../platform/database.ts';
import { createTestDatabase } from './test-database.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const SDL = await readFile(join(ROOT, 'schema', 'supergraph.graphql'), 'utf8');
const CLASSIFICATION = classify(parse(SDL));
const HOSPITAL = { agency: 'hospital', purpose: 'health.check-in' };
const OPERATOR = { channel: 'operator', evidence: undefined } as const;
const START_MS = Date.parse('2026-11-24T08:00:00Z');

/** Civil status without anybody in it. */
const nobodyKnown = async () => ({ kind: 'family', dateOfBirth: undefined, representatives: new Set<string>() }) as const;

/** One gateway's part in consents, on a connection of its own. */
async function part(
  database: Database,
  clock: () => number,
  classification: Classification = CLASSIFICATION,
  change?: (policies: LoadedPolicies) => LoadedPolicies,
  findFamily: FindFamily = nobodyKnown,
) {
  const loaded = await loadPolicies({ directory: join(ROOT, 'policies'), supergraphSdl: SDL, clock, decisionCacheMax: 1_000 });
  const policies = change?.(loaded) ?? loaded;
  const { registry } = policies;
  const groups = await loadConsentGroups(database, classification, clock);
  return {
    groups,
    service: createConsentService(database, () => ({ registry, policies, groups }), findFamily, testLedger(database, clock).events, clock),
    consents: createConsents({ database, groups, purposes: () => registry.purposes, clock, timeoutMs: 5_000 }),
  };
}

/** Two connections to one database: two gateways on PostgreSQL, one and the same where the database is in the process. */
async function connections(): Promise<AsyncDisposable & { readonly one: Database; readonly other: Database }> {
  await using resources = new AsyncDisposableStack();
  const url = inject('registers').backend === 'postgres' ? resources.use(await createTestDatabase()).url : undefined;
  const one = resources.use(await openDatabase({ url, statementTimeoutMs: 10_000 }));
  const other = url === undefined ? one : resources.use(await openDatabase({ url, statementTimeoutMs: 10_000 }));
  await migrate(one, join(ROOT, 'gateway', 'migrations'));
  const owned = resources.move();
  return { one, other, [Symbol.asyncDispose]: async () => owned.disposeAsync() };
}

test('what one gateway notes holds for the next look-up of another, a thousand times in a row', async () => {
  await using databases = await connections();
  const here = await part(databases.one, Date.now);
  const there = await part(databases.other, Date.now);
  const idNumber = '001090000001';
  const key = there.groups.keyOf('Resident.phone') ?? '';
  const isGiven = async (): Promise<boolean> =>
    (await there.consents.find({ ...HOSPITAL, idNumbers: [idNumber] })).get(idNumber)?.has(key) === true;
  for (let turn = 0; turn < 1_000; turn += 1) {
    const given = await here.service.give({ ...HOSPITAL, idNumber, groups: ['residents.contact'], until: undefined }, OPERATOR);
    if ('kind' in given) throw new Error(given.message);
    if (!(await isGiven())) throw new Error(`Not found after ${turn} turns.`);
    await here.service.withdraw({ ...HOSPITAL, idNumber, groups: undefined }, OPERATOR);
    if (await isGiven()) throw new Error(`Found after its withdrawal, after ${turn} turns.`);
  }
  expect(await here.service.list({ idNumber, representative: undefined })).toHaveLength(1_000);
});

test.each([
  ['before', -60_000],
  ['after', 60_000],
])('a gateway whose clock goes a minute %s the other takes what that one notes at once', async (_, differenceMs) => {
  await using databases = await connections();
  const here = await part(databases.one, () => START_MS);
  const there = await part(databases.other, () => START_MS + differenceMs);
  const idNumber = '001090000005';
  const isGiven = async (): Promise<boolean> => (await there.consents.find({ ...HOSPITAL, idNumbers: [idNumber] })).has(idNumber);
  await here.service.give({ ...HOSPITAL, idNumber, groups: ['residents.contact'], until: undefined }, OPERATOR);
  expect(await isGiven()).toBe(true);
  await here.service.withdraw({ ...HOSPITAL, idNumber, groups: undefined }, OPERATOR);
  expect(await isGiven()).toBe(false);
});

test('giving, withdrawing, extending and time do what a naive reading of them does', async () => {
  await using databases = await connections();
  let nowMs = START_MS;
  const { service, consents, groups } = await part(databases.one, () => nowMs);
  const NAMES = ['residents.contact', 'health-insurance.visits'] as const;
  const step = fc.oneof(
    fc.record({
      kind: fc.constant('give' as const),
      some: fc.subarray([...NAMES], { minLength: 1 }),
      days: fc.integer({ min: 1, max: 4 }),
    }),
    fc.record({ kind: fc.constant('withdraw' as const), some: fc.subarray([...NAMES], { minLength: 1 }) }),
    fc.record({ kind: fc.constant('wait' as const), days: fc.integer({ min: 1, max: 3 }) }),
    fc.record({ kind: fc.constant('extend' as const), days: fc.integer({ min: 1, max: 6 }) }),
  );
  let person = 0;
  const dayOf = (ms: number): string => new Date(ms + 7 * 3_600_000).toISOString().slice(0, 10);
  const endOf = (day: string): number => Date.parse(`${day}T00:00:00+07:00`) + 86_400_000;
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 8 }), async (steps) => {
      person += 1;
      const idNumber = `0010900${String(person).padStart(5, '0')}`;
      const ends = new Map<string, number>();
      let last: { id: string; some: readonly string[] } | undefined;
      for (const one of steps) {
        nowMs += 1_000;
        if (one.kind === 'wait') nowMs += one.days * 86_400_000;
        else if (one.kind === 'give') {
          const until = dayOf(nowMs + one.days * 86_400_000);
          const given = await service.give({ ...HOSPITAL, idNumber, groups: one.some, until }, OPERATOR);
          if ('kind' in given) throw new Error(given.message);
          last = { id: given.record.id, some: one.some };
          for (const name of one.some) ends.set(name, endOf(until));
        } else if (one.kind === 'withdraw') {
          await service.withdraw({ ...HOSPITAL, idNumber, groups: one.some }, OPERATOR);
          for (const name of one.some) ends.delete(name);
          if (last) last = { ...last, some: last.some.filter((name) => !one.some.some((gone) => gone === name)) };
        } else if (last) {
          const until = dayOf(nowMs + one.days * 86_400_000);
          await service.extend(last.id, until, OPERATOR);
          for (const name of last.some) if ((ends.get(name) ?? 0) > nowMs) ends.set(name, Math.max(ends.get(name) ?? 0, endOf(until)));
        }
        const found = (await consents.find({ ...HOSPITAL, idNumbers: [idNumber] })).get(idNumber);
        for (const name of NAMES) {
          const coordinate = groups.current.get(name)?.coordinates[0] ?? '';
          expect(found?.has(groups.keyOf(coordinate) ?? '') ?? false).toBe((ends.get(name) ?? 0) > nowMs);
        }
      }
    }),
    { numRuns: 40 },
  );
});

test('what was given for a child of six ends at seven and is not extended without the child, as far as it is sensitive', async () => {
  await using databases = await connections();
  const [idNumber, representative] = ['001219000001', '001090000007'];
  const family = { kind: 'family', dateOfBirth: '2019-11-30', representatives: new Set([representative]) } as const;
  let nowMs = Date.parse('2026-11-29T16:59:59Z');
  const { service, consents } = await part(
    databases.one,
    () => nowMs,
    CLASSIFICATION,
    undefined,
    async () => family,
  );
  const inForce = async (): Promise<readonly string[]> =>
    [...((await consents.find({ ...HOSPITAL, idNumbers: [idNumber] })).get(idNumber)?.keys() ?? [])]
      .map((key) => key.split('#')[0] ?? '')
      .toSorted();
  const give = async (group: string, childAgreement?: string): Promise<string> => {
    const input = { ...HOSPITAL, idNumber, representative, groups: [group], until: '2026-12-31', childAgreement };
    const given = await service.give(input, OPERATOR);
    if ('kind' in given) throw new Error(given.message);
    return given.record.id;
  };
  const extended = async (id: string) => {
    const answer = await service.extend(id, '2027-06-30', OPERATOR, { idNumber, representative });
    return 'kind' in answer ? answer.message : 'extended';
  };
  const [visits, contact] = [await give('health-insurance.visits'), await give('residents.contact')];
  expect(await inForce()).toEqual(['health-insurance.visits', 'residents.contact']);
  nowMs += 1_000;
  expect(await inForce()).toEqual(['residents.contact']);
  expect(await extended(visits)).toMatch(/From the age of seven a child agrees/);
  expect(await extended(contact)).toBe('extended');
  expect(await extended(await give('health-insurance.visits', 'form 17'))).toBe('extended');
});

test('a field that joins a group later is not covered by what was given before', async () => {
  await using databases = await connections();
  const idNumber = '001090000002';
  const before = await part(databases.one, () => START_MS);
  await before.service.give({ ...HOSPITAL, idNumber, groups: ['residents.contact'], until: undefined }, OPERATOR);
  const personal = new Map([
    ...CLASSIFICATION.personal,
    ['Resident.origin', { class: 'BASIC', group: 'residents.contact', sources: [] }] as const,
  ]);
  const after = await part(databases.other, () => START_MS + 1, { ...CLASSIFICATION, personal });
  const keys = (await after.consents.find({ ...HOSPITAL, idNumbers: [idNumber] })).get(idNumber);
  expect(keys?.has(after.groups.keyOf('Resident.phone') ?? '')).toBe(true);
  expect(keys?.has(after.groups.keyOf('Resident.origin') ?? '')).toBe(false);
  await after.service.give({ ...HOSPITAL, idNumber, groups: ['residents.contact'], until: undefined }, OPERATOR);
  const anew = (await after.consents.find({ ...HOSPITAL, idNumbers: [idNumber] })).get(idNumber);
  expect(anew?.has(after.groups.keyOf('Resident.origin') ?? '')).toBe(true);
});

test('a purpose whose text has changed needs new consent', async () => {
  await using databases = await connections();
  const idNumber = '001090000003';
  const before = await part(databases.one, () => START_MS);
  await before.service.give({ ...HOSPITAL, idNumber, groups: ['residents.contact'], until: undefined }, OPERATOR);
  const after = await part(
    databases.other,
    () => START_MS + 1,
    CLASSIFICATION,
    (policies) => {
      const purposes = new Map(policies.registry.purposes);
      const purpose = purposes.get('health.check-in');
      if (purpose) purposes.set('health.check-in', { ...purpose, version: purpose.version + 1 });
      return { ...policies, registry: { ...policies.registry, purposes } };
    },
  );
  expect((await after.consents.find({ ...HOSPITAL, idNumbers: [idNumber] })).size).toBe(0);
});

test('a consent given at a counter leaves a message owed to the person, and its record keeps what was shown', async () => {
  await using databases = await connections();
  const { service } = await part(databases.one, () => START_MS);
  const given = await service.give(
    { ...HOSPITAL, idNumber: '001090000004', groups: ['health-insurance.visits'], until: '2027-01-31' },
    OPERATOR,
  );
  if ('kind' in given) throw new Error(given.message);
  const [notice] = await databases.one.query<{ count: string }>({ text: 'SELECT count(*)::text AS count FROM consent_notices' });
  expect(notice?.count).toBe('1');
  expect(given.record.notice.vi).toContain('nhạy cảm');
  expect(given.record.notice.en).toContain('until 2027-01-31');
  expect(given.record.groups[0]?.coordinates).toContain('Resident.visits');
});

test('questions are counted for both gateways together, and equal ones once', async () => {
  await using databases = await connections();
  const take = [databases.one, databases.other].map((database) => createTakeProbes(database, Buffer.from('key'), () => START_MS));
  const ask = async (gateway: number, question: string): Promise<boolean> => {
    const [allowed] = (await take[gateway]?.('bank-teller', [{ coordinate: 'A.b', max: 3, question, idNumbers: ['1'] }])) ?? [];
    return allowed?.has('1') === true;
  };
  const answers = await Promise.all(Array.from({ length: 20 }, async (_, index) => ask(index % 2, `question ${index}`)));
  expect(answers.filter(Boolean)).toHaveLength(3);
  const first = answers.indexOf(true);
  expect(await ask(0, `question ${first}`)).toBe(true);
  expect(await ask(1, 'another')).toBe(false);
});
