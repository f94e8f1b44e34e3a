import fc from 'fast-check';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createDays, VIETNAM } from '../../gateway/quota/day.ts';
import { createQuotas } from '../../gateway/quota/quota.ts';
import { forgetPastDays } from '../../gateway/past-days.ts';
import { createTakeProbes } from '../../gateway/probes/probes.ts';
import { migrate, openDatabase, type Database } from '../../platform/database.ts';
import { createLog } from '../../platform/log.ts';

const MIGRATIONS = join(import.meta.dirname, '..', '..', 'gateway', 'migrations');
const log = createLog('quota', 'silent');

async function open(): Promise<Database> {
  const database = await openDatabase({ statementTimeoutMs: 5_000 });
  await migrate(database, MIGRATIONS);
  return database;
}

const gatewayOn = (database: Database, clock: () => number) => createQuotas({ database, days: createDays(VIETNAM), clock, log });

describe('a quota', () => {
  let database: Database;
  beforeAll(async () => {
    database = await open();
  });
  afterAll(async () => database[Symbol.asyncDispose]());

  test('is never passed, and is used up to the last, whatever gateways ask at once', async () => {
    let application = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 60 }),
        fc.array(fc.tuple(fc.integer({ min: 0, max: 2 }), fc.integer({ min: 1, max: 9 })), { minLength: 1, maxLength: 40 }),
        async (max, asks) => {
          application += 1;
          const name = `application-${application}`;
          const gateways = [0, 1, 2].map(() => gatewayOn(database, () => 1_764_000_000_000));
          const taken = await Promise.all(asks.map(async ([at, people]) => (await gateways[at]?.take(name, max, people)) === true));
          const served = asks.reduce((sum, [, people], index) => sum + (taken[index] === true ? people : 0), 0);
          expect(served).toBeLessThanOrEqual(max);
          const rest = max - served;
          // Whoever was refused did not fit when it was asked, so what is left is less than the largest of them.
          const refused = asks.filter((_, index) => taken[index] === false).map(([, people]) => people);
          if (refused.length > 0) expect(rest).toBeLessThan(Math.max(...refused));
          for (let left = rest; left > 0; left -= 1) expect(await gateways[left % 3]?.take(name, max, 1)).toBe(true);
          expect(await gateways[0]?.take(name, max, 1)).toBe(false);
          for (const gateway of gateways) await gateway[Symbol.asyncDispose]();
        },
      ),
      { numRuns: 20 },
    );
  });

  test('needs far fewer statements than people while much is left, and gives back what was taken ahead', async () => {
    const quotas = gatewayOn(database, () => 1_764_000_000_000);
    const before = database.statements;
    for (let count = 0; count < 1_000; count += 1) expect(await quotas.take('busy', 1_000_000, 1)).toBe(true);
    expect(database.statements - before).toBeLessThan(5);
    await quotas[Symbol.asyncDispose]();
    const [row] = await database.query<{ taken: string }>({ text: "SELECT taken::text FROM quota_days WHERE application = 'busy'" });
    expect(row?.taken).toBe('1000');
  });

  test('begins anew at midnight in Vietnam, and says how long that is', async () => {
    let nowMs = Date.parse('2026-11-25T16:59:30Z');
    await using quotas = gatewayOn(database, () => nowMs);
    expect(await quotas.take('midnight', 1, 1)).toBe(true);
    expect(await quotas.take('midnight', 1, 1)).toBe(false);
    expect(quotas.secondsLeft()).toBe(30);
    nowMs = Date.parse('2026-11-25T17:00:00Z');
    expect(await quotas.take('midnight', 1, 1)).toBe(true);
    expect(quotas.secondsLeft()).toBe(86_400);
  });

  test('leaves nothing behind of days that are over, nor do bounded questions', async () => {
    const days = createDays(VIETNAM);
    const morningMs = Date.parse('2026-11-20T02:00:00Z');
    const ask = async (atMs: number) =>
      createTakeProbes(
        database,
        Buffer.from('key'),
        () => atMs,
      )('past', [{ coordinate: 'Resident.isAtLeast', max: 1, question: String(atMs), idNumbers: ['001099000001'] }]);
    const counted = async (): Promise<readonly string[]> => {
      const text = `SELECT 'probes ' || day AS row FROM probes WHERE application = 'past'
                    UNION ALL SELECT 'quota ' || day FROM quota_days WHERE application = 'past' ORDER BY 1`;
      return (await database.query<{ row: string }>({ text })).map(({ row }) => row);
    };
    for (const atMs of [morningMs, morningMs + 86_400_000]) {
      expect((await ask(atMs))[0]?.size).toBe(1);
      await using quotas = gatewayOn(database, () => atMs);
      expect(await quotas.take('past', 1, 1)).toBe(true);
    }
    const both = ['probes 2026-11-20', 'probes 2026-11-21', 'quota 2026-11-20', 'quota 2026-11-21'];
    await forgetPastDays({ database, days, clock: () => morningMs + 2 * 86_400_000 });
    expect(await counted()).toEqual(both);
    await forgetPastDays({ database, days, clock: () => morningMs + 3 * 86_400_000 });
    expect(await counted()).toEqual(both.filter((row) => row.endsWith('21')));
    // What is kept still counts.
    expect((await ask(morningMs + 86_400_001))[0]?.size).toBe(0);
  });

  test('is refused, and not granted, when it cannot be counted', async () => {
    const away = await openDatabase({ statementTimeoutMs: 5_000 });
    await using quotas = gatewayOn(away, () => 1_764_000_000_000);
    await away[Symbol.asyncDispose]();
    await expect(quotas.take('one', 10, 1)).rejects.toThrow();
  });
});

describe('days of a time zone', () => {
  test.each([
    ['in Vietnam', VIETNAM, '2026-11-25T17:00:00Z', '2026-11-26', 86_400],
    ['of 25 hours, when clocks go back', 'Europe/Berlin', '2026-10-24T22:00:00Z', '2026-10-25', 90_000],
    ['of 23 hours, when clocks go forward', 'Europe/Berlin', '2026-03-28T23:00:00Z', '2026-03-29', 82_800],
    ['in the last second', VIETNAM, '2026-11-25T16:59:59.500Z', '2026-11-25', 1],
  ])('are told %s', (_, zone, moment, day, seconds) => {
    const days = createDays(zone);
    expect([days.at(Date.parse(moment)), days.secondsLeft(Date.parse(moment))]).toEqual([day, seconds]);
  });

  test('do not depend on what was asked before', () => {
    const kept = createDays(VIETNAM);
    fc.assert(
      fc.property(fc.integer({ min: 1_700_000_000_000, max: 1_900_000_000_000 }), (ms) => {
        expect(kept.at(ms)).toBe(createDays(VIETNAM).at(ms));
        expect(kept.secondsLeft(ms)).toBe(createDays(VIETNAM).secondsLeft(ms));
      }),
    );
  });
});
