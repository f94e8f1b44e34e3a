import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { consentGive, consentWithdraw } from '../../gateway/admin/commands/consent.ts';
import { startTestGateway, type TestGateway } from './test-gateway.ts';

// Replicas have no state of their own: what is given or withdrawn at one holds for the next request at the other. Embedded, the two share
// one connection in one process, where fewer turns show as much. The long form: CONSENT_TURNS=1000.
const TURNS = Number(process.env['CONSENT_TURNS'] ?? (inject('registers').backend === 'postgres' ? 200 : 100));
const TIMEOUT_MS = 240_000 + TURNS * 1_000;
const QUERY = 'query ($id: IdNumber!) { resident(idNumber: $id) { phone } }';

let here: TestGateway;
let there: TestGateway;
let person: string;
let other: string;
beforeAll(async () => {
  here = await startTestGateway();
  there = await startTestGateway({ besides: here });
  [person = '', other = ''] = await here.citizens(2);
});
afterAll(async () => {
  await there[Symbol.asyncDispose]();
  await here[Symbol.asyncDispose]();
});

async function phone(gateway: TestGateway, idNumber: string): Promise<unknown> {
  const { data } = await gateway.ask('hospital-counter', QUERY, { id: idNumber });
  return (data?.['resident'] as { phone: unknown } | undefined)?.phone;
}

test(
  `a consent at one gateway holds for the next request at the other, and so does its withdrawal, ${TURNS} times in a row`,
  async () => {
    const about = { person, agency: 'hospital', purpose: 'health.check-in' };
    for (let turn = 0; turn < TURNS; turn += 1) {
      const [one, another] = turn % 2 === 0 ? [here, there] : [there, here];
      await consentGive(one.admin().settings, { ...about, group: ['residents.contact'] });
      expect([turn, await phone(another, person)]).toEqual([turn, expect.any(String)]);
      await consentWithdraw(another.admin().settings, about);
      expect([turn, await phone(one, person)]).toEqual([turn, null]);
    }
    expect(await phone(here, other)).toBeNull();
  },
  TIMEOUT_MS,
);
