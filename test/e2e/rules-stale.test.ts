import { expect, test } from 'vitest';
import type { Database } from '../../platform/database.ts';
import { startTestGateway } from './test-gateway.ts';

test('a gateway that cannot look which rules are in force goes on for a while, then refuses, and answers again once it can', async () => {
  const line = { isCut: false };
  const wrapDatabase = (database: Database): Database => ({
    ...database,
    get statements() {
      return database.statements;
    },
    listen: async (channel, notified) => {
      const listener = await database.listen(channel, notified);
      return {
        query: async (statement, values) => {
          if (line.isCut) throw new Error('cut off');
          return listener.query(statement, values);
        },
        [Symbol.asyncDispose]: async () => listener[Symbol.asyncDispose](),
      };
    },
  });
  await using gateway = await startTestGateway({ wrapDatabase, limits: { rulesStaleMsMax: 2_000, rulesPollMs: 20 } });
  const [person = ''] = await gateway.citizens(1);
  const ask = async () => gateway.ask('ward-office', 'query ($id: IdNumber!) { resident(idNumber: $id) { fullName } }', { id: person });
  /** Asks until the status is the one waited for; the test's own time-out ends it. */
  const until = async (status: number) => {
    for (;;) {
      const reply = await ask();
      if (reply.status === status) return reply;
      expect([200, 503]).toContain(reply.status);
    }
  };
  expect((await ask()).status).toBe(200);
  line.isCut = true;
  expect((await ask()).status).toBe(200);
  const refused = await until(503);
  expect(refused.errors[0]?.extensions.code).toBe('RULES_UNAVAILABLE');
  expect(refused.headers.get('retry-after')).toBe('5');
  expect(refused.data).toBeUndefined();
  const ready = await fetch(`${gateway.url}/health/ready`);
  expect([ready.status, await ready.json()]).toMatchObject([503, { parts: { ledger: 'up', rules: 'down' } }]);
  line.isCut = false;
  expect((await until(200)).data).toMatchObject({ resident: { fullName: expect.any(String) } });
  expect((await fetch(`${gateway.url}/health/ready`)).status).toBe(200);
});
