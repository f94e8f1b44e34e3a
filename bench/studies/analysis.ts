import { fork, type ChildProcess } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { freePort } from '../../platform/free-port.ts';
import { createSnapshotRegister, periodAt } from '../../gateway/analysis/register.ts';
import type { CommandSettings } from '../../gateway/admin/command-settings.ts';
import { analysisRun } from '../../gateway/admin/commands/analysis-run.ts';
import { citizens as printCitizens } from '../../gateway/admin/commands/citizens.ts';
import { token as printToken } from '../../gateway/admin/commands/token.ts';
import { SUBGRAPH_NAMES, type DemoConfig } from '../../gateway/config.ts';
import { startRegisters, type DemoRegister } from '../../gateway/demo.ts';
import { loadOrCreateKeys } from '../../gateway/identity/keys.ts';
import { LIMITS } from '../../gateway/limits.ts';
import { loadRegistry } from '../../gateway/policy/registry-load.ts';
import { machineName, makeNote } from '../report/note.ts';
import { commit } from '../report/results.ts';
import { whole } from '../report/table.ts';
import { openBenchDatabase } from '../run/database.ts';
import { stopOnSignals } from '../run/signals.ts';
import { ROOT } from '../work/graph.ts';
import type { AnalysisGatewaySettings } from '../targets/analysis.launch.ts';

// Entry file: people a second of an analysis over a whole population on PostgreSQL, on one gateway and on two that share a database, and how long
// requests of people take beside it. node bench/studies/analysis.ts [--people 1000000] [--analysis residents-by-province] [--share 50]

const { values } = parseArgs({
  options: {
    people: { type: 'string', default: '1000000' },
    analysis: { type: 'string', default: 'residents-by-province' },
    share: { type: 'string', default: String(LIMITS.analysisSharePercent) },
    'requests-per-second': { type: 'string', default: '50' },
  },
});
const people = Number(values.people);
const REQUESTS_PER_SECOND = Number(values['requests-per-second']);
/** Requests before anything is counted, for comparison. */
const ALONE_MS = 10_000;
const QUERY = 'query ($id: IdNumber!) { resident(idNumber: $id) { fullName coverage { validTo } } }';
const PEOPLE_ASKED = 500;
const SEED = 1;

await using resources = new AsyncDisposableStack();
const signals = stopOnSignals(resources);
const dataDir = await mkdtemp(join(tmpdir(), 'lien-thong-analysis-'));
resources.defer(async () => rm(dataDir, { recursive: true, force: true }));
const { registry } = loadRegistry(await readFile(join(ROOT, 'policies', 'registry.yaml'), 'utf8'), [...SUBGRAPH_NAMES, 'citizen']);
const applications = [...(registry?.applications.values() ?? [])].filter(({ login }) => login === 'application').map(({ id }) => id);
const officers = [...(registry?.accounts.keys() ?? [])];
const holders = { subgraphs: SUBGRAPH_NAMES, applications: applications.map((id) => ({ id, clientId: id })), officers };
const keys = await loadOrCreateKeys(dataDir, holders);

const registerDatabaseUrls: Record<string, string> = {};
for (const name of SUBGRAPH_NAMES) registerDatabaseUrls[name] = resources.use(await openBenchDatabase()).url;
const base: DemoConfig = {
  kind: 'demo',
  host: '127.0.0.1',
  port: 0,
  logLevel: 'error',
  overrideLabels: [],
  coolingOffMs: 0,
  limits: { ...LIMITS, analysisSharePercent: Number(values.share) },
  dataDir,
  databaseUrl: undefined,
  registerDatabaseUrls,
  citizens: people,
  ledgerWitnesses: [],
  seed: SEED,
};
say(`loading ${whole(people)} people`);
const starting = startRegisters(base, keys, { loading: () => undefined }, resources);
signals.waitFor(starting);
const registers = await starting;
say('taking the snapshot');
for (const { name, url } of registers) {
  const key = keys.seals.get(name)?.key;
  if (key !== undefined) await createSnapshotRegister(url, key, Date.now).take(periodAt(Date.now()));
}
const rows = [await study(1), await study(2)];
const note = makeNote({
  title: `Analyses: ${values.analysis} over ${whole(people)} people`,
  head: ['gateways', 'people/s', 'seconds', 'requests beside', 'p50 alone ms', 'p50 beside ms', 'p99 alone ms', 'p99 beside ms'],
  rows,
  remarks: [
    `A range of ${LIMITS.analysisPeoplePerRange} people at a time in each gateway, which may have one under way ${values.share} % of the time; less while requests of people are slowed. ` +
      `Requests of one person and two registers come ${REQUESTS_PER_SECOND} a second, whether those before are answered or not. The snapshot is taken before.`,
    'Registers, gateways, PostgreSQL and the load share the two cores of the machine.',
  ],
  date: new Date(),
  machine: machineName(),
  commit: commit(),
});
process.stdout.write(`\n${note.terminal}\n`);
await writeFile(join(ROOT, 'bench', 'results', 'analysis.md'), note.markdown);

/** One installation with so many gateways and a database of its own; the registers are shared. */
async function study(gateways: number): Promise<readonly string[]> {
  // Also let go of when the study is stopped in the middle.
  await using own = resources.use(new AsyncDisposableStack());
  const database = own.use(await openBenchDatabase());
  const ports: number[] = [];
  for (let gateway = 0; gateway < gateways; gateway += 1) {
    const port = await freePort('127.0.0.1');
    ports.push(port);
    await startOne({ ...base, port, databaseUrl: database.url }, registers, own);
  }
  const settings = (write: (text: string) => void, port = ports[0]): CommandSettings => ({
    gatewayUrl: `http://127.0.0.1:${port}`,
    dataDir,
    output: { columns: undefined, write, progress: process.stderr },
  });
  const asked = (await printed(async (write) => printCitizens(settings(write), PEOPLE_ASKED, false))).split('\n');
  // Under --demo each gateway is an issuer of its own.
  const targets: Target[] = [];
  for (const port of ports) {
    const bearer = await printed(async (write) => printToken(settings(write, port), 'hospital-counter', false));
    targets.push({ url: `http://127.0.0.1:${port}/graphql`, bearer });
  }
  // Prepared executions and connections are made by those before.
  await load(targets, asked, delay(ALONE_MS / 5));
  const alone = await load(targets, asked, delay(ALONE_MS));
  say(`counting on ${gateways}`);
  const startedAt = performance.now();
  const run = analysisRun(
    settings(() => undefined),
    values.analysis,
    { format: 'json', language: 'en', wait: true },
  );
  const beside = await load(targets, asked, run);
  const seconds = (performance.now() - startedAt) / 1000;
  const at = (latencies: readonly number[], share: number): string => (latencies[Math.floor(latencies.length * share)] ?? NaN).toFixed(1);
  return [
    String(gateways),
    whole(people / seconds),
    seconds.toFixed(1),
    whole(beside.length),
    at(alone, 0.5),
    at(beside, 0.5),
    at(alone, 0.99),
    at(beside, 0.99),
  ];
}

/** A gateway that people ask, with a token of its issuer. */
interface Target {
  readonly url: string;
  readonly bearer: string;
}

/** Asks at an even pace, each gateway in turn, until something else has ended. Gives the latencies in order. Rejects when an answer is none. */
async function load(targets: readonly Target[], asked: readonly string[], until: Promise<unknown>): Promise<readonly number[]> {
  const latencies: number[] = [];
  const ended = new AbortController();
  const over = until.finally(() => ended.abort());
  const requests: Promise<void>[] = [];
  const startedAt = performance.now();
  for (let count = 0; !ended.signal.aborted; count += 1) {
    const target = targets[count % targets.length];
    if (target !== undefined) requests.push(ask(target, asked[count % asked.length] ?? '', latencies));
    await Promise.race([over, delay(Math.max(0, startedAt + ((count + 1) * 1000) / REQUESTS_PER_SECOND - performance.now()))]);
  }
  await over;
  await Promise.all(requests);
  return latencies.toSorted((one, other) => one - other);
}

async function ask({ url, bearer }: Target, id: string, latencies: number[]): Promise<void> {
  const startedAt = performance.now();
  const response = await fetch(url, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${bearer}`,
      'content-type': 'application/json',
      'x-purpose': 'health.check-in',
      'x-officer': 'officer-017',
    },
    body: JSON.stringify({ query: QUERY, variables: { id } }),
  });
  const { data } = (await response.json()) as { data?: unknown };
  if (data === undefined) throw new Error(`A request beside was answered ${response.status}.`);
  latencies.push(performance.now() - startedAt);
}

async function startOne(config: DemoConfig, started: readonly DemoRegister[], own: AsyncDisposableStack): Promise<void> {
  const file = join(dataDir, `gateway-${config.port}.json`);
  await writeFile(file, JSON.stringify({ config, registers: started, officers, applications } satisfies AnalysisGatewaySettings));
  const child: ChildProcess = fork(join(import.meta.dirname, '..', 'targets', 'analysis.launch.ts'), [file]);
  const ended = new Promise<never>((_, reject) => {
    child.once('exit', (code) => reject(new Error(`A gateway ended (${code}).`)));
  });
  ended.catch(() => undefined);
  own.defer(async () => {
    child.kill('SIGTERM');
    await ended.catch(() => undefined);
  });
  await Promise.race([new Promise((resolve) => child.once('message', resolve)), ended]);
}

async function printed(command: (write: (text: string) => void) => Promise<void>): Promise<string> {
  let text = '';
  await command((part) => void (text += part));
  return text.trim();
}

function say(text: string): void {
  process.stderr.write(`${text}\n`);
}
