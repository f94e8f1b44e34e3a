import { spawn, type ChildProcess } from 'node:child_process';
import { createPrivateKey, createPublicKey } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Pool } from 'undici';
import { freePort } from '../../platform/free-port.ts';
import { RECEIPT_HEADER } from '../../gateway/stages/answer.ts';
import { readReceipt, type Receipt } from '../../gateway/ledger/receipt.ts';
import { noteSigner, verifierText } from '../../gateway/ledger/tree/note.ts';
import { merge } from '../../gateway/ledger/tree/sequencer.ts';
import { exportPage } from '../../gateway/ledger/verify/export.ts';
import { verifyLedger } from '../../gateway/ledger/verify/verify.ts';
import { openDatabase } from '../../platform/database.ts';
import { openBenchDatabase } from '../run/database.ts';
import { startCanned } from '../run/start.ts';
import { createGovernedKeys, launchGoverned, LEDGER_NAME } from '../targets/governed.ts';
import { requestBody, REQUESTS_PER_WORK, WORKS } from '../work/documents.ts';

// Entry file: SIGKILL to the gateway at random moments under load; afterwards every answer that was received must be in the ledger, and the
// ledger must verify. node bench/studies/kill.ts [postgres|embedded] [seconds under load] [kills]

const backend = process.argv[2] === 'embedded' ? 'embedded' : 'postgres';
const seconds = Number(process.argv[3] ?? 60);
const kills = Number(process.argv[4] ?? 10);
const CONNECTIONS = 64;
const TIMEOUT_MS = 10_000;
const START_TIMEOUT_MS = 180_000;

await using resources = new AsyncDisposableStack();
const directory = await mkdtemp(join(tmpdir(), 'lien-thong-kill-'));
resources.defer(async () => rm(directory, { recursive: true, force: true }));
const subgraphUrls = await startCanned(directory, resources);
const url = backend === 'postgres' ? resources.use(await openBenchDatabase()).url : undefined;
const databaseDirectory = url === undefined ? join(directory, 'ledger') : undefined;
const port = await freePort('127.0.0.1');
const keys = createGovernedKeys();
const more = databaseDirectory === undefined ? { keys } : { keys, databaseDirectory };
const launch = await launchGoverned({ port, subgraphUrls, directory, peerSupergraphFile: '', resources }, url, more);
const pool = new Pool(`http://127.0.0.1:${port}`, { connections: CONNECTIONS, headersTimeout: TIMEOUT_MS, bodyTimeout: TIMEOUT_MS });
resources.defer(async () => pool.destroy());

const receipts: string[] = [];
let refused = 0;
let asked = 0;
let current: ChildProcess | undefined;

/** One request; false when the connection broke or nothing listens. */
async function ask(): Promise<boolean> {
  const body = requestBody(WORKS.q1, (asked += 1) % REQUESTS_PER_WORK);
  try {
    const response = await pool.request({
      method: 'POST',
      path: '/graphql',
      headers: { 'content-type': 'application/json', ...launch.headers },
      body,
    });
    const answer = (await response.body.json()) as { data?: unknown };
    if (answer.data === undefined) refused += 1;
    else receipts.push(String(response.headers[RECEIPT_HEADER]));
    return true;
  } catch {
    return false;
  }
}

async function start(): Promise<number> {
  const startedAt = performance.now();
  const child = spawn(launch.command, launch.args, { stdio: ['ignore', 'ignore', 'inherit'] });
  current = child;
  while (!(await ask())) {
    if (child.exitCode !== null || performance.now() - startedAt > START_TIMEOUT_MS) throw new Error('The gateway did not start again.');
    await delay(20);
  }
  return performance.now() - startedAt;
}

async function killCurrent(): Promise<void> {
  if (current === undefined) return;
  const ended = once(current, 'exit');
  current.kill('SIGKILL');
  await ended;
}

/** Keeps every connection busy until told; the connections that break at a kill are not asked again. */
async function load(until: () => boolean): Promise<void> {
  await Promise.all(
    Array.from({ length: CONNECTIONS }, async () => {
      while (!until() && (await ask()));
    }),
  );
}

const moments = Array.from({ length: kills }, () => Math.random() * seconds * 1_000).toSorted((a, b) => a - b);
resources.defer(() => void current?.kill('SIGKILL'));
const starts = [await start()];
let underLoadMs = 0;
let answeredUnderLoad = 0;
for (const [index, moment] of [...moments, seconds * 1_000].entries()) {
  const isLast = index === moments.length;
  const before = receipts.length;
  const startedAt = performance.now();
  let over = false;
  const loading = load(() => over);
  await delay(moment - underLoadMs);
  over = isLast;
  const killed = isLast ? undefined : killCurrent();
  await loading;
  underLoadMs = moment;
  answeredUnderLoad += receipts.length - before;
  if (isLast) process.stdout.write(`last stretch ${Math.round(performance.now() - startedAt)} ms\n`);
  else {
    await killed;
    starts.push(await start());
  }
}
await killCurrent();

const grantKey = createPrivateKey(keys.grantPrivateKey);
const signer = noteSigner('log', LEDGER_NAME, grantKey);
await using database = await openDatabase({ url, directory: databaseDirectory, statementTimeoutMs: TIMEOUT_MS });
while ((await merge({ database, signer, clock: Date.now })) !== undefined);
const read = receipts.map(readReceipt).filter((receipt): receipt is Receipt => receipt !== undefined);
const report = await verifyLedger(lines(), { key: signer, receipts: read, receiptKey: createPublicKey(grantKey), nowMs: Date.now() });
const rate = Math.round(answeredUnderLoad / seconds);
process.stdout.write(
  `${backend}: ${kills} kills in ${seconds} s of load, ${rate} answers a second, ${receipts.length} answers with ${read.length} receipts, ` +
    `${refused} refused; ${report.size} records in ${report.checkpoints} checkpoints; started in ${starts.map((ms) => Math.round(ms)).join(', ')} ms\n` +
    `${report.ok && read.length === receipts.length ? 'Every answer has its record, and the ledger verifies.' : `FAULT: ${report.first?.message}`}\n`,
);
if (!report.ok || read.length < receipts.length) process.exitCode = 1;

async function* lines(): AsyncGenerator<string> {
  for (let from: number | undefined = 0; from !== undefined;) {
    const page = await exportPage(database, from, { key: verifierText(signer), witnesses: [] });
    yield* page.lines;
    from = page.next;
  }
}
