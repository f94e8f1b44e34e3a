import { RECEIPT_HEADER } from '../../gateway/stages/answer.ts';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { ledgerVerify } from '../../gateway/admin/commands/ledger.ts';
import { cutProxy, type CutProxy } from './cut-proxy.ts';
import { createTestDatabase, type TestDatabase } from './test-database.ts';
import { startTestGateway, type Reply, type TestGateway } from './test-gateway.ts';

const QUERY = 'query ($id: IdNumber!) { resident(idNumber: $id) { fullName } }';
const CLIENTS = 8;
const TIMEOUT_MS = 1_000;

// There is nothing between the gateway and an embedded database that could be away.
describe.skipIf(inject('registers').backend !== 'postgres')('a ledger on PostgreSQL that goes away in the middle of load', () => {
  let database: TestDatabase;
  let proxy: CutProxy;
  let gateway: TestGateway;
  let id: string;
  const replies: { readonly reply: Reply; readonly asked: 'joined' | 'away' }[] = [];
  let asked: 'joined' | 'away' = 'joined';
  const load = { going: true };
  let clients: Promise<unknown>;

  const client = async (): Promise<void> => {
    while (load.going) {
      const during = asked;
      replies.push({ reply: await gateway.ask('hospital-counter', QUERY, { id }), asked: during });
      // Whoever is refused gives others a turn.
      await new Promise((resolve) => setImmediate(resolve));
    }
  };
  const seen = async (isIt: (one: (typeof replies)[number]) => boolean): Promise<void> => {
    const from = replies.length;
    while (!replies.slice(from).some(isIt)) await new Promise((resolve) => setImmediate(resolve));
  };

  beforeAll(async () => {
    database = await createTestDatabase();
    const url = new URL(database.url);
    proxy = await cutProxy(url.hostname, Number(url.port));
    url.port = String(proxy.port);
    gateway = await startTestGateway({ databaseUrl: url.href, limits: { recordTimeoutMs: TIMEOUT_MS, consentTimeoutMs: TIMEOUT_MS } });
    [id = ''] = await gateway.citizens(1);
    await gateway.token('hospital-counter');
    clients = Promise.all(Array.from({ length: CLIENTS }, client));
  });
  afterAll(async () => {
    load.going = false;
    proxy.join();
    await clients;
    await gateway[Symbol.asyncDispose]();
    await proxy[Symbol.asyncDispose]();
    await database[Symbol.asyncDispose]();
  });

  test.each(['cut', 'block'] as const)(
    'gives no data while its connections are %s, and again by itself when they are back',
    async (how) => {
      await seen(({ reply }) => reply.status === 200);
      proxy[how]();
      asked = 'away';
      const from = replies.length;
      // Asked and answered while it was away.
      await seen((one) => one.asked === 'away');
      await seen((one) => one.asked === 'away');
      const away = replies.slice(from).filter((one) => one.asked === 'away');
      for (const { reply } of away) {
        expect(reply.status).toBe(503);
        expect(reply.errors[0]?.extensions.code).toBe('AUDIT_UNAVAILABLE');
        expect(reply.text).not.toContain('fullName":"');
      }
      expect((await fetch(`${gateway.url}/health/ready`)).status).toBe(503);
      proxy.join();
      asked = 'joined';
      await seen((one) => one.asked === 'joined' && one.reply.status === 200);
      expect((await fetch(`${gateway.url}/health/ready`)).status).toBe(200);
    },
  );

  test('and is ready again by itself when nobody asks, who is sent to those that are ready', async () => {
    load.going = false;
    await clients;
    proxy.cut();
    expect((await gateway.ask('hospital-counter', QUERY, { id })).status).toBe(503);
    proxy.join();
    await expect.poll(async () => (await fetch(`${gateway.url}/health/ready`)).status).toBe(200);
  });

  test('afterwards every answer that was given is in the ledger, and it verifies', async () => {
    const answered = replies.filter(({ reply }) => reply.status === 200);
    const texts = answered.map(({ reply }) => reply.headers.get(RECEIPT_HEADER) ?? 'an answer without a receipt');
    const file = join(await mkdtemp(join(tmpdir(), 'lien-thong-away-')), 'receipts');
    await writeFile(file, texts.join('\n'));
    const admin = gateway.admin();
    await ledgerVerify(admin.settings, { receipts: file, json: true });
    await rm(dirname(file), { recursive: true });
    expect(JSON.parse(admin.output())).toMatchObject({ ok: true, receipts: texts.length });
  });
});
