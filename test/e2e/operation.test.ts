import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Database } from '../../platform/database.ts';
import { SUBGRAPH_NAMES } from '../../gateway/config.ts';
import { startTestGateway, type TestGateway } from './test-gateway.ts';

const QUERY = 'query ($id: IdNumber!) { resident(idNumber: $id) { fullName coverage { validTo } } }';

/** A database whose connection to the ledger can be cut and joined again. */
function cuttable(): { cut: boolean; readonly wrap: (database: Database) => Database } {
  const state = {
    cut: false,
    wrap: (database: Database): Database => ({
      kind: database.kind,
      get statements() {
        return database.statements;
      },
      query: async (statement, values) => {
        if (state.cut) throw new Error('the connection is cut');
        return database.query(statement, values);
      },
      transaction: async (work) => database.transaction(work),
      copyIn: async (table, columns, lines) => database.copyIn(table, columns, lines),
      session: (options) => {
        const session = database.session(options);
        return {
          query: async (statement, values) => {
            if (state.cut) throw new Error('the connection is cut');
            return session.query(statement, values);
          },
          [Symbol.asyncDispose]: async () => session[Symbol.asyncDispose](),
        };
      },
      listen: async (channel, notified) => database.listen(channel, notified),
      [Symbol.asyncDispose]: async () => database[Symbol.asyncDispose](),
    }),
  };
  return state;
}

describe('operating a gateway', () => {
  const database = cuttable();
  let gateway: TestGateway;
  let id: string;
  beforeAll(async () => {
    gateway = await startTestGateway({ wrapDatabase: database.wrap });
    [id = ''] = await gateway.citizens(1);
  });
  afterAll(async () => gateway[Symbol.asyncDispose]());

  test('is live, and ready while its ledger can be written', async () => {
    expect((await fetch(`${gateway.url}/health/live`)).status).toBe(200);
    expect(await (await fetch(`${gateway.url}/health/ready`)).json()).toEqual({
      status: 'ready',
      parts: {
        ledger: 'up',
        ...Object.fromEntries(SUBGRAPH_NAMES.map((name) => [`register ${name}`, 'up'])),
      },
    });
  });

  test('answers nothing that it cannot record, says so in its readiness, and goes on by itself when it can', async () => {
    await gateway.token('hospital-counter');
    database.cut = true;
    const refused = await gateway.ask('hospital-counter', QUERY, { id });
    expect(refused.status).toBe(503);
    expect(refused.headers.get('retry-after')).toBe('5');
    expect(refused.errors).toMatchObject([{ extensions: { code: 'AUDIT_UNAVAILABLE' } }]);
    expect(refused.text).not.toContain('"data"');
    expect((await fetch(`${gateway.url}/health/ready`)).status).toBe(503);
    database.cut = false;
    expect((await gateway.ask('hospital-counter', QUERY, { id })).status).toBe(200);
    expect((await fetch(`${gateway.url}/health/ready`)).status).toBe(200);
  });

  test("continues the caller's trace at every register, and begins one where there is none or a broken one", async () => {
    const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';
    gateway.requests.length = 0;
    const reply = await gateway.ask(
      'hospital-counter',
      QUERY,
      { id },
      { traceparent: `00-${traceId}-00f067aa0ba902b7-01`, tracestate: 'vendor=1' },
    );
    expect(reply.headers.get('x-trace-id')).toBe(traceId);
    expect(gateway.requests.length).toBeGreaterThan(1);
    for (const { headers } of gateway.requests) {
      expect(headers['traceparent']).toMatch(new RegExp(`^00-${traceId}-[0-9a-f]{16}-01$`));
      expect(headers['traceparent']).not.toContain('00f067aa0ba902b7');
      expect(headers['tracestate']).toBe('vendor=1');
    }
    const broken = await gateway.ask('hospital-counter', QUERY, { id }, { traceparent: `00-${'0'.repeat(32)}-00f067aa0ba902b7-01` });
    expect(broken.headers.get('x-trace-id')).toMatch(/^(?!0{32})[0-9a-f]{32}$/);
  });

  test('logs each answer with its trace, application and code, and nothing of the person', async () => {
    const reply = await gateway.ask('hospital-counter', QUERY, { id });
    const line = gateway.log.map((text) => JSON.parse(text) as Record<string, unknown>).findLast((entry) => entry['msg'] === 'answered');
    expect(line).toMatchObject({
      application: 'hospital-counter',
      purpose: 'health.check-in',
      status: 200,
      code: 'OK',
      traceId: reply.headers.get('x-trace-id'),
    });
    expect(line?.['record']).toBe(reply.extensions.disclosure?.record);
    const { fullName: name } = (reply.data?.['resident'] ?? {}) as { fullName: string };
    for (const text of gateway.log) {
      expect(text).not.toContain(id);
      expect(text).not.toContain(name);
    }
  });

  test('counts requests, refusals, register calls and records for Prometheus, with labels from closed lists', async () => {
    await gateway.ask('hospital-counter', 'query ($id: IdNumber!) { resident(idNumber: $id) { religion } }', { id });
    await gateway.ask('hospital-counter', 'query ($id: IdNumber!) { resident(idNumber: $id) { fullName phone } }', { id });
    const response = await fetch(`${gateway.url}/metrics`);
    expect(response.headers.get('content-type')).toContain('text/plain');
    const text = await response.text();
    expect(text).toMatch(/lienthong_requests_total\{status="200",code="OK"\} [1-9]/);
    expect(text).toMatch(/lienthong_requests_total\{status="403",code="FIELD_NOT_PERMITTED"\} [1-9]/);
    expect(text).toMatch(/lienthong_fields_refused_total\{code="FIELD_NOT_PERMITTED"\} [1-9]/);
    expect(text).toMatch(/lienthong_fields_refused_total\{code="CONSENT_REQUIRED"\} [1-9]/);
    expect(text).toMatch(/lienthong_subgraph_seconds_count\{subgraph="residents",outcome="answered"\} [1-9]/);
    expect(text).toMatch(/lienthong_records_total\{outcome="written"\} [1-9]/);
    expect(text).toMatch(/lienthong_stage_seconds_count\{stage="execute"\} [1-9]/);
    expect(text).not.toContain(id);
  });
});

test('finishes the requests under way before it stops', async () => {
  const gateway = await startTestGateway();
  const [id = ''] = await gateway.citizens(1);
  await gateway.ask('hospital-counter', QUERY, { id });
  const asked = Array.from({ length: 20 }, async () => gateway.ask('hospital-counter', QUERY, { id }));
  // The requests have to have reached the gateway; a register that has been asked shows it.
  const before = gateway.requests.length;
  while (gateway.requests.length === before) await new Promise((resolve) => setImmediate(resolve));
  const [replies] = await Promise.all([Promise.allSettled(asked), gateway[Symbol.asyncDispose]()]);
  const answered = replies.filter((reply) => reply.status === 'fulfilled');
  expect(answered.filter(({ value }) => value.status === 200).length).toBeGreaterThan(0);
  // What comes in while it stops is told to come again elsewhere; nothing is half answered.
  for (const { value } of answered) expect([200, 503]).toContain(value.status);
});
