import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { expect, inject, test } from 'vitest';
import { citizens } from '../../gateway/admin/commands/citizens.ts';
import { ledgerVerify } from '../../gateway/admin/commands/ledger.ts';
import { token } from '../../gateway/admin/commands/token.ts';
import { databaseVariable, SUBGRAPH_NAMES } from '../../gateway/config.ts';
import { freePort } from '../../platform/free-port.ts';
import { RECEIPT_HEADER } from '../../gateway/stages/answer.ts';
import type { VerifyReport } from '../../gateway/ledger/verify/report.ts';
import { createTestDatabase } from './test-database.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const QUERY = 'query ($id: IdNumber!) { resident(idNumber: $id) { fullName coverage { validTo } } }';
const KILLS = 3;
const CLIENTS = 16;
/** A gateway is killed at some moment of this much load, in milliseconds. */
const LOAD_MS_MAX = 1_500;

/** A demo gateway as its operator starts it, ready. */
async function started(environment: Record<string, string>): Promise<ChildProcess> {
  const child = spawn(process.execPath, ['entry.mjs', 'gateway/main.ts', '--demo'], {
    cwd: ROOT,
    env: { PATH: process.env['PATH'] ?? '', ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (said += text));
  const ended = once(child, 'exit').then(() => {
    throw new Error(`The gateway did not start again. ${said}`);
  });
  child.stdout.setEncoding('utf8');
  for (let text = ''; !text.includes('ready');) {
    const [part] = (await Promise.race([once(child.stdout, 'data'), ended])) as [string];
    text += part;
  }
  ended.catch(() => undefined);
  return child;
}

test(
  'killed three times under load, the gateway starts again unaided, and every answer that a client received is in the ledger',
  { timeout: 600_000 },
  async () => {
    await using resources = new AsyncDisposableStack();
    const directory = await mkdtemp(join(tmpdir(), 'lien-thong-kill-'));
    resources.defer(async () => rm(directory, { recursive: true, force: true }));
    const urls: Record<string, string> = {};
    if (inject('registers').backend === 'postgres') {
      for (const name of ['gateway', ...SUBGRAPH_NAMES]) urls[databaseVariable(name)] = resources.use(await createTestDatabase()).url;
    }
    const port = await freePort('127.0.0.1');
    const environment = { ...urls, PORT: String(port), DATA_DIR: directory, CITIZENS: '100', LOG_LEVEL: 'fatal' };
    const gatewayUrl = `http://127.0.0.1:${port}`;
    const printed = async (
      command: (settings: {
        gatewayUrl: string;
        dataDir: string;
        output: { columns: undefined; write: (text: string) => void };
      }) => Promise<unknown>,
    ) => {
      let text = '';
      await command({ gatewayUrl, dataDir: directory, output: { columns: undefined, write: (part) => void (text += part) } });
      return text.trim();
    };

    let gateway = await started(environment);
    resources.defer(() => void gateway.kill('SIGKILL'));
    const [id = ''] = (await printed(async (settings) => citizens(settings, 1, false))).split('\n');
    const bearer = await printed(async (settings) => token(settings, 'hospital-counter', false));
    const body = JSON.stringify({ query: QUERY, variables: { id } });
    const headers = {
      authorization: `Bearer ${bearer}`,
      'content-type': 'application/json',
      'x-purpose': 'health.check-in',
      'x-officer': 'officer-001',
    };
    const receipts: string[] = [];
    /** Asks until the gateway is gone. */
    const client = async (): Promise<void> => {
      for (;;) {
        const reply = await fetch(`${gatewayUrl}/graphql`, { method: 'POST', headers, body })
          .then(async (response) => ({ ...((await response.json()) as { data?: unknown }), receipt: response.headers.get(RECEIPT_HEADER) }))
          .catch(() => undefined);
        if (reply === undefined) return;
        if (reply.data !== undefined) receipts.push(reply.receipt ?? 'an answer without a receipt');
      }
    };
    for (let kill = 0; kill < KILLS; kill += 1) {
      const before = receipts.length;
      const clients = Array.from({ length: CLIENTS }, client);
      while (receipts.length === before) await new Promise((resolve) => setImmediate(resolve));
      // The moment is the point of the test: nobody waits here for something to happen.
      await setTimeout(Math.random() * LOAD_MS_MAX);
      const ended = once(gateway, 'exit');
      gateway.kill('SIGKILL');
      await ended;
      await Promise.all(clients);
      gateway = await started(environment);
    }
    expect(receipts.length).toBeGreaterThan(KILLS);
    const file = join(directory, 'receipts');
    await writeFile(file, receipts.join('\n'));
    const verify = async (): Promise<VerifyReport> =>
      JSON.parse(await printed(async (settings) => ledgerVerify(settings, { receipts: file, json: true }))) as VerifyReport;
    // What was written last before a kill is taken into the tree by whoever comes after.
    let report = await verify();
    while (report.tail.records > 0) report = await verify();
    expect(report).toMatchObject({ ok: true, receipts: receipts.length, findings: 0 });
    expect(report.size).toBeGreaterThanOrEqual(receipts.length);
  },
);
