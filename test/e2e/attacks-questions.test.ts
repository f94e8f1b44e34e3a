import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Database } from '../../platform/database.ts';
import { consentGive } from '../../gateway/admin/commands/consent.ts';
import { startTestGateway, type TestApplication, type TestGateway } from './test-gateway.ts';

// What cannot be read is not found out by asking many questions that are answered with yes or no; nor by breaking what answers for consent.

describe('questions in place of data', () => {
  let gateway: TestGateway;
  let person = '';
  beforeAll(async () => {
    gateway = await startTestGateway();
    [person = ''] = await gateway.citizens(1);
  });
  afterAll(async () => gateway[Symbol.asyncDispose]());

  /** How many of the questions were answered, and how many reached a register. */
  const sweep = async (application: TestApplication, field: string, values: readonly string[]) => {
    const before = gateway.requests.length;
    let answered = 0;
    for (const value of values) {
      const { data } = await gateway.ask(application, `query ($id: IdNumber!) { resident(idNumber: $id) { yes: ${field}(${value}) } }`, {
        id: person,
      });
      if (typeof (data?.['resident'] as { yes?: unknown } | null | undefined)?.yes === 'boolean') answered += 1;
    }
    const name = `Resident.${field}`;
    return [answered, gateway.requests.slice(before).filter(({ coordinates }) => coordinates.has(name)).length];
  };

  test('a bank that bisects by ages learns whether somebody is 18 and nothing more', async () => {
    const ages = Array.from({ length: 60 }, (_, index) => `age: ${index + 5}`);
    expect(await sweep('bank-teller', 'isAtLeast', ages)).toEqual([1, 1]);
  });

  test.each(['bank-teller', 'university-admissions'] as const)(
    '%s cannot find when somebody was insured day by day',
    async (application) => {
      const days = Array.from({ length: 20 }, (_, index) => `date: "2026-01-${String(index + 1).padStart(2, '0')}"`);
      expect(await sweep(application, 'insuredOn', days)).toEqual([0, 0]);
    },
  );

  test.each(['bank-teller', 'hospital-counter', 'university-admissions'] as const)(
    '%s cannot find where somebody lives province by province',
    async (application) => {
      const provinces = ['HA_NOI', 'HO_CHI_MINH', 'HUE', 'DA_NANG', 'CAN_THO', 'HAI_PHONG', 'LAM_DONG', 'AN_GIANG'];
      const named = provinces.map((province) => `province: ${province}`);
      expect(await sweep(application, 'livesIn', named)).toEqual([0, 0]);
    },
  );
});

describe('a consent store that does not answer', () => {
  test.each([
    ['fails', async () => Promise.reject(new Error('The store is gone.'))],
    // Longer than it may take; it ends with the process at the latest.
    ['is slow', async () => new Promise<never>((_, reject) => void setTimeout(() => reject(new Error('late')), 5_000).unref())],
  ] as const)('that %s costs what needs consent, and nothing that law gives', async (_, answer) => {
    const broken = (database: Database): Database =>
      new Proxy(database, {
        get: (target, name) => {
          if (name !== 'query') return Reflect.get(target, name, target) as unknown;
          const query: Database['query'] = async (statement, parameters) =>
            statement.name === 'consents-in-force' ? answer() : target.query(statement, parameters);
          return query;
        },
      });
    await using gateway = await startTestGateway({ wrapDatabase: broken, limits: { consentTimeoutMs: 200 } });
    const [id = ''] = await gateway.citizens(1);
    const about = { person: id, agency: 'hospital', purpose: 'health.check-in', group: ['residents.contact'] };
    await consentGive(gateway.admin().settings, about);
    const reply = await gateway.ask('hospital-counter', 'query ($id: IdNumber!) { resident(idNumber: $id) { fullName phone } }', { id });
    expect(reply.data).toEqual({ resident: { fullName: expect.stringMatching(/./), phone: null } });
    expect(reply.errors.map(({ path, extensions }) => [path?.join('.'), extensions.code])).toEqual([
      ['resident.phone', 'CONSENT_UNAVAILABLE'],
    ]);
    expect(gateway.requests.some(({ coordinates }) => coordinates.has('Resident.phone'))).toBe(false);
  });
});
