import { expect, test } from 'vitest';
import { meter } from '../../gateway/stages/meter.ts';
import type { Admitted } from '../../gateway/stages/admit.ts';

/** As much of an admitted request as is metered. */
function requestOf(action: 'read' | 'aggregate'): Admitted {
  const asked = [{ coordinate: 'Query.residents', ids: ['001099000001', '001099000002'] }];
  return { asked, caller: { application: 'statistics-office', action } } as unknown as Admitted;
}

test.each([
  ['a look-up of two people takes two of the quota, and its numbers are watched', 'read', 2],
  ['a statistic over everybody takes nothing of it, and walks numbers without anybody suspecting a guess', 'aggregate', 0],
] as const)('%s', async (_, action, people) => {
  let taken = 0;
  let watched = 0;
  const refusal = await meter(requestOf(action), {
    watchNumbers: (_application, idNumbers) => void (watched += [...idNumbers].length),
    quotas: {
      peoplePerDay: () => 10,
      taken: {
        take: async (_application, _max, count) => (taken += count) <= 10,
        secondsLeft: () => 1,
        [Symbol.asyncDispose]: async () => undefined,
      },
    },
  });
  expect(refusal).toBeUndefined();
  expect([taken, watched]).toEqual([people, people]);
});
