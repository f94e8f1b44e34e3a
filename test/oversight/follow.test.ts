import fc from 'fast-check';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { LedgerRecord } from '../../gateway/ledger/events.ts';
import { boundOf, findAnomalies } from '../../gateway/oversight/anomalies/anomalies.ts';
import { readDayBeside } from '../../gateway/oversight/anomalies/store.ts';
import { rollUp } from '../../gateway/oversight/follow/rollup.ts';
import { addRollup } from '../../gateway/oversight/follow/store.ts';
import { createCount } from '../../gateway/oversight/scope/scope.ts';
import { OVERSIGHT_DEFAULTS } from '../../gateway/oversight/settings.ts';
import { createDays, VIETNAM } from '../../gateway/quota/day.ts';
import { migrate, openDatabase } from '../../platform/database.ts';
import { createLog } from '../../platform/log.ts';
import { testLedger } from '../ledger/event-ledger.ts';

const days = createDays(VIETNAM);
const USUAL = { from: 6, to: 21 };

const pseudonym = (index: number): string => index.toString(16).padStart(32, '0');

const ANSWER = {
  kind: 'disclosure',
  phase: 'complete',
  application: 'a',
  agency: 'x',
  purpose: 'p',
  officer: 'o1',
  emergency: null,
  grants: [],
  at: '2026-11-10T03:00:00Z',
} as const;

const anyRecord: fc.Arbitrary<LedgerRecord> = fc
  .record({
    isRefusal: fc.boolean(),
    application: fc.constantFrom('a', 'b'),
    officer: fc.constantFrom('o1', 'o2'),
    purpose: fc.constantFrom('p', 'q'),
    hour: fc.integer({ min: 0, max: 60 }),
    emergency: fc.boolean(),
    people: fc.uniqueArray(fc.integer({ min: 0, max: 6 }), { maxLength: 4 }),
    absent: fc.boolean(),
    phase: fc.constantFrom('complete', 'intent', 'outcome'),
  })
  .map(({ isRefusal, hour, emergency, people, absent, phase, ...asker }) => {
    const fields = { released: ['P.name'], transformed: [], withheld: [], inputs: [], absent };
    const common = {
      writer: 'w',
      epoch: 1,
      sequence: 1,
      id: '0199a000-0000-7000-8000-000000000000',
      pseudonymKey: '2026-11',
      agency: 'x',
      officerRole: null,
      case: null,
      assurance: 0,
      documentHash: '0',
      policyVersion: 'v',
      withheld: [],
      grants: [],
      at: new Date(Date.parse('2026-11-10T00:00:00Z') + hour * 3_600_000).toISOString(),
      emergency: emergency ? 'why' : null,
      persons: people.length === 0 ? [] : [{ part: 'subject', pseudonyms: people.map(pseudonym), ...fields }],
      ...asker,
    };
    const event = isRefusal
      ? { kind: 'refusal', code: 'FIELD_NOT_PERMITTED' }
      : { kind: 'disclosure', phase, intent: null, operation: null, bases: {}, references: {}, inputs: [], consents: [] };
    return { ...common, ...event } as unknown as LedgerRecord;
  });

test('sums are those of a naive count, in whatever runs the records come', async () => {
  await using database = await openDatabase({ statementTimeoutMs: 5_000 });
  await migrate(database, join(import.meta.dirname, '..', '..', 'gateway', 'migrations'));
  await fc.assert(
    fc.asyncProperty(fc.array(anyRecord, { maxLength: 25 }), fc.integer({ min: 1, max: 9 }), async (records, size) => {
      await database.query({ text: 'TRUNCATE oversight_hours, oversight_days, oversight_people, oversight_reviews' });
      for (let at = 0; at < records.length; at += size) await addRollup(database, rollUp(records.slice(at, at + size), days, USUAL), 3_600);
      const counted = records.filter((one) => one.kind === 'refusal' || (one.kind === 'disclosure' && one.phase !== 'intent'));
      const [sums] = await database.query<Record<string, number>>({
        text: `SELECT coalesce(sum(requests), 0)::float8 AS requests, coalesce(sum(emergencies), 0)::float8 AS emergencies FROM oversight_hours WHERE outcome <> 'withheld'`,
      });
      expect(sums).toEqual({
        requests: counted.length,
        emergencies: counted.filter((one) => 'emergency' in one && one.emergency !== null).length,
      });
      const rows = await database.query<{ key: string; people: number }>({
        text: `SELECT day::text || ' ' || application || ' ' || officer || ' ' || purpose AS key, people::float8 AS people FROM oversight_days`,
      });
      const naive = new Map<string, Set<string>>();
      for (const one of counted) {
        if (one.kind !== 'refusal' && one.kind !== 'disclosure') continue;
        const day = days.at(Date.parse(one.at));
        for (const key of [`${day} ${one.application}  `, `${day} ${one.application} ${one.officer} ${one.purpose}`]) {
          const known = naive.get(key) ?? new Set<string>();
          naive.set(key, known);
          for (const { pseudonyms } of one.persons) for (const each of pseudonyms) known.add(each);
        }
      }
      expect(new Map(rows.map(({ key, people }) => [key, people]))).toEqual(
        new Map(Array.from(naive, ([key, people]) => [key, people.size])),
      );
    }),
    { numRuns: 40 },
  );
});

test('what people have not consented to is a reason of its own beside what rules withhold, once for each answer', async () => {
  const withheld = [{ coordinate: 'P.religion', code: 'FIELD_NOT_PERMITTED' }];
  const person = { part: 'subject', released: ['P.name'], transformed: [], inputs: [], absent: false } as const;
  const about = { ...ANSWER, withheld };
  const of = (...some: readonly (readonly string[])[]): LedgerRecord =>
    ({
      ...about,
      persons: some.map((names, index) => ({ ...person, pseudonyms: [pseudonym(index)], withheld: names })),
    }) as unknown as LedgerRecord;
  const codes = (...records: LedgerRecord[]) =>
    rollUp(records, days, USUAL)
      .hours.filter(({ outcome }) => outcome === 'withheld')
      .map(({ code, requests }) => [code, requests]);
  expect(codes(of(['P.religion']))).toEqual([['FIELD_NOT_PERMITTED', 1]]);
  expect(codes(of(['P.religion', 'P.phone'], ['P.phone']), of(['P.religion']))).toEqual([
    ['FIELD_NOT_PERMITTED', 2],
    ['CONSENT_REQUIRED', 1],
  ]);
});

test('an application is held against its own past: what is usual for one is an anomaly of another', async () => {
  await using database = await openDatabase({ statementTimeoutMs: 5_000 });
  await migrate(database, join(import.meta.dirname, '..', '..', 'gateway', 'migrations'));
  const day = (application: string, at: string, people: number): string => `('${at}', '${application}', '', '', 1, ${people}, 0, 0, 0, 0)`;
  const rows = [
    day('busy', '2026-11-23', 900),
    day('busy', '2026-11-24', 1100),
    day('busy', '2026-11-25', 1200),
    day('quiet', '2026-11-24', 10),
    day('quiet', '2026-11-25', 600),
  ];
  await database.query({
    text: `INSERT INTO oversight_days (day, application, officer, purpose, requests, people, misses, emergencies, unusual_hours, sequential) VALUES ${rows.join(', ')}`,
  });
  const beside = (await readDayBeside(database, '2026-11-25', OVERSIGHT_DEFAULTS.least)).filter(({ kind }) => kind === 'people');
  const raised = beside
    .filter((row) => row.seen >= boundOf(row, OVERSIGHT_DEFAULTS))
    .map(({ application, seen, usual }) => ({ application, seen, usual }));
  expect(raised).toEqual([{ application: 'quiet', seen: 600, usual: 10 }]);
});

test('too many people, misses, neighbouring numbers, unusual hours and emergencies of an officer are each an anomaly of its own, told once a day', async () => {
  await using database = await openDatabase({ statementTimeoutMs: 5_000 });
  await migrate(database, join(import.meta.dirname, '..', '..', 'gateway', 'migrations'));
  const columns = ['people', 'misses', 'sequential', 'unusual_hours', 'emergencies'];
  const rows = columns.flatMap((column) => {
    const values = (value: number): string => columns.map((other) => (other === column ? value : 0)).join(', ');
    // One less than is worth looking at, and the same as ever, are none.
    return [
      `('2026-11-25', '${column}', 'officer', 'purpose', 1, ${values(100_000)})`,
      `('2026-11-25', '${column}-few', 'officer', 'purpose', 1, ${values(4)})`,
      `('2026-11-24', '${column}-usual', 'officer', 'purpose', 1, ${values(90_000)})`,
      `('2026-11-25', '${column}-usual', 'officer', 'purpose', 1, ${values(100_000)})`,
    ];
  });
  await database.query({
    text: `INSERT INTO oversight_days (day, application, officer, purpose, requests, ${columns.join(', ')}) VALUES ${rows.join(', ')}`,
  });
  const clock = (): number => Date.parse('2026-11-25T05:00:00Z');
  const { recorder, events } = testLedger(database, clock);
  const told: string[] = [];
  const find = async (): Promise<void> =>
    findAnomalies({
      database,
      days,
      settings: OVERSIGHT_DEFAULTS,
      events,
      raised: (kind) => told.push(kind),
      log: createLog('gateway', 'silent'),
      clock,
    });
  await find();
  await find();
  await recorder[Symbol.asyncDispose]();
  expect(told.toSorted()).toEqual(['emergencies', 'misses', 'people', 'sequential', 'unusual-hours']);
  const recorded = await database.query<{ details: Record<string, string> }>({
    text: `SELECT head::jsonb->'details' AS details FROM ledger_records WHERE head::jsonb->>'action' = 'anomaly.raised' ORDER BY head::jsonb->'details'->>'kind'`,
  });
  expect(recorded.map(({ details }) => `${details['application']} ${details['kind']}`)).toEqual([
    'emergencies emergencies',
    'misses misses',
    'people people',
    'sequential sequential',
    'unusual_hours unusual-hours',
  ]);
});

test('the scope counts nobody twice and nothing that was not shown', () => {
  fc.assert(
    fc.property(fc.array(anyRecord, { maxLength: 30 }), (records) => {
      const count = createCount();
      for (const record of records) count.add(record);
      const scope = count.scope({ application: 'a', from: new Date(0), to: new Date(1), withPseudonyms: true }, true);
      const shown = new Set(
        records.flatMap((one) =>
          one.kind === 'disclosure' && one.phase !== 'intent'
            ? one.persons.flatMap(({ absent, pseudonyms }) => (absent ? [] : pseudonyms))
            : [],
        ),
      );
      expect(scope.people).toBe(shown.size);
      expect(new Set(scope.pseudonyms?.map((one) => one.pseudonym))).toEqual(shown);
      expect(scope.fields.every(({ people, count: times }) => people <= scope.people && people <= times)).toBe(true);
    }),
  );
});

test('a statistic is no look-up: its grants are known, and neither people nor requests are counted', () => {
  fc.assert(
    fc.property(fc.array(anyRecord, { minLength: 1, maxLength: 10 }), fc.nat(), (records, at) => {
      const analysis = { name: 'residents-by-province', run: 'r', snapshot: '2026-11' };
      const counted = { ...records[at % records.length], grants: ['grant-of-the-analysis'], analysis } as LedgerRecord;
      const { grants, ...sums } = rollUp([...records, counted], days, USUAL);
      const { grants: _, ...without } = rollUp(records, days, USUAL);
      expect(sums).toEqual(without);
      expect(grants.map(({ id }) => id)).toEqual(['grant-of-the-analysis']);
    }),
  );
});
