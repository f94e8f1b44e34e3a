import { expect, test } from 'vitest';
import { createFindFamily } from '../../gateway/citizen/family.ts';
import { createLog } from '../../platform/log.ts';
import { SHIPPED_REGISTRY } from '../admin/shipped-registry.ts';

const WARD = '001215000001';
const GUARDIAN = '001080000002';

/** Who acts for the ward at a moment, when civil status holds a guardianship of these days. */
async function representativesAt(moment: string, beganOn: string | null, endedOn: string | null): Promise<readonly string[]> {
  const guardianships = [{ ward: { idNumber: WARD }, guardian: { idNumber: GUARDIAN }, beganOn, endedOn }];
  const resident = { dateOfBirth: '2015-06-01', birthRecord: null, adoptions: [], guardianships };
  const find = createFindFamily({
    registry: () => SHIPPED_REGISTRY,
    ask: async () => ({ status: 200, code: 'OK', headers: {}, body: Buffer.from(JSON.stringify({ data: { resident } })) }),
    log: createLog('gateway', 'silent'),
    clock: () => Date.parse(moment),
  });
  const family = await find(WARD);
  if (family.kind === 'unavailable') throw new Error('The answer was not read.');
  return [...family.representatives];
}

test.each([
  ['acts from midnight in Vietnam of the day on which it begins', '2026-11-26T00:00:00+07:00', '2026-11-26', null, [GUARDIAN]],
  ['does not act a second before that', '2026-11-25T23:59:59+07:00', '2026-11-26', null, []],
  ['acts until midnight in Vietnam of the day on which it ends', '2026-11-25T23:59:59+07:00', null, '2026-11-26', [GUARDIAN]],
  ['does not act from then on', '2026-11-26T00:00:00+07:00', null, '2026-11-26', []],
])('a guardian %s', async (_, moment, beganOn, endedOn, expected) => {
  expect(await representativesAt(moment, beganOn, endedOn)).toEqual(expected);
});
