import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setInterval } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { databaseVariable, SUBGRAPH_NAMES } from '../../gateway/config.ts';
import { freePort } from '../../platform/free-port.ts';
import { startFixture } from '../federation/fixture.ts';
import { createTestDatabase } from './test-database.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const CITIZENS = '100';

interface Process {
  readonly child: ChildProcess;
  readonly pid: number;
  stdout: string;
  stderr: string;
  /** Resolves when it says that it is ready; rejects with what it said when it ended instead. */
  readonly ready: Promise<void>;
  /** Exit status, or the signal that ended it. */
  readonly ended: Promise<number | NodeJS.Signals | null>;
}

const running = new Set<ChildProcess>();

/** A gateway as its operator starts it. */
function run(args: readonly string[], environment: Record<string, string>): Process {
  const child = spawn(process.execPath, ['entry.mjs', 'gateway/main.ts', ...args], {
    cwd: ROOT,
    env: { PATH: process.env['PATH'] ?? '', ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  running.add(child);
  const ended = once(child, 'close').then(([code, signal]) => {
    running.delete(child);
    return (code ?? signal) as number | NodeJS.Signals | null;
  });
  const { promise: ready, resolve, reject } = Promise.withResolvers<void>();
  const state = { child, pid: child.pid ?? 0, stdout: '', stderr: '', ready, ended };
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    state.stdout += text;
    if (state.stdout.includes('ready')) resolve();
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    state.stderr += text;
  });
  void ended.then((status) => reject(new Error(`It ended with ${status}. ${state.stderr}`)));
  // Whoever does not wait for it to be ready waits for its end.
  ready.catch(() => undefined);
  return state;
}

/** Runs it to its end, which is to be a refusal to start: status 1, nothing on standard output. Returns what it said. */
async function refusal(args: readonly string[], environment: Record<string, string>): Promise<string> {
  const started = run(args, environment);
  expect(await started.ended, started.stderr).toBe(1);
  expect(started.stdout).toBe('');
  expect(started.stderr).not.toMatch(/\n\s+at .*\(|node_modules|Unhandled|triggerUncaughtException/);
  return started.stderr;
}

/** Processes that a process has started and that still run, from proc(5). */
async function childrenOf(pid: number): Promise<readonly number[]> {
  const found: number[] = [];
  for (const entry of await readdir('/proc')) {
    if (!/^\d+$/.test(entry)) continue;
    const stat = await readFile(`/proc/${entry}/stat`, 'utf8').catch(() => '');
    const [state, parent] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    if (Number(parent) === pid && state !== 'Z') found.push(Number(entry));
  }
  return found;
}

const POLL_MS = 20;

/** Waits until the processes are gone, bounded by the test's own time. */
async function gone(pids: readonly number[]): Promise<void> {
  for await (const _ of setInterval(POLL_MS)) {
    const stats = await Promise.all(pids.map(async (pid) => readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined)));
    if (stats.every((stat) => stat === undefined || stat.includes(') Z '))) return;
  }
}

async function cli(command: string, environment: Record<string, string>): Promise<string> {
  const child = spawn(process.execPath, ['entry.mjs', 'gateway/admin/cli.ts', ...command.split(' ')], {
    cwd: ROOT,
    env: { PATH: process.env['PATH'] ?? '', ...environment },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let text = '';
  child.stdout.setEncoding('utf8').on('data', (part: string) => {
    text += part;
  });
  const [code] = (await once(child, 'close')) as [number];
  expect(code, command).toBe(0);
  return text;
}

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'lien-thong-life-'));
});
afterAll(async () => {
  for (const child of running) child.kill('SIGKILL');
  await rm(directory, { recursive: true, force: true });
});

/** A data directory of its own. */
function dataDir(name: string): string {
  return join(directory, name);
}

const onLinux = process.platform === 'linux';

/** Where the five databases are: in the data directory, or made for the test on the server. */
async function databases(resources: AsyncDisposableStack): Promise<Record<string, string>> {
  if (inject('registers').backend === 'embedded') return {};
  const urls: Record<string, string> = {};
  for (const name of ['gateway', ...SUBGRAPH_NAMES]) urls[databaseVariable(name)] = resources.use(await createTestDatabase()).url;
  return urls;
}

describe('a demo gateway with its four registers', () => {
  test.runIf(onLinux)(
    'killed while it loads and killed while it serves, leaves no child behind, starts again unaided with the same people, and stops when told',
    async () => {
      await using resources = new AsyncDisposableStack();
      const port = await freePort('127.0.0.1');
      const environment = { DATA_DIR: dataDir('demo'), PORT: String(port), CITIZENS, ...(await databases(resources)) };
      const unlucky = run(['--demo'], environment);
      let children: readonly number[] = [];
      for await (const _ of setInterval(POLL_MS)) {
        children = await childrenOf(unlucky.pid);
        if (children.length === 4) break;
      }
      unlucky.child.kill('SIGKILL');
      expect(await unlucky.ended).toBe('SIGKILL');

      // Nobody waits for the children, as no supervisor does.
      const first = run(['--demo'], environment);
      await first.ready;
      await gone(children);
      children = await childrenOf(first.pid);
      expect(children.length).toBe(4);
      const people = await cli('citizens --count 3', environment);
      const token = (await cli('token --app hospital-counter', environment)).trim();
      const [id = ''] = people.split('\n');
      const ask = async (): Promise<unknown> => {
        const response = await fetch(`http://127.0.0.1:${port}/graphql`, {
          method: 'POST',
          headers: {
            authorization: `Bearer ${token}`,
            'content-type': 'application/json',
            'x-purpose': 'health.check-in',
            'x-officer': 'officer-017',
          },
          body: JSON.stringify({
            query: 'query ($id: IdNumber!) { resident(idNumber: $id) { idNumber fullName coverage { cardNumber } } }',
            variables: { id },
          }),
        });
        return ((await response.json()) as { data: unknown }).data;
      };
      const before = await ask();
      expect(before).toMatchObject({ resident: { idNumber: id } });
      first.child.kill('SIGKILL');
      expect(await first.ended).toBe('SIGKILL');
      await gone(children);

      // Ids of processes are given out again: what was a register's is now somebody else's.
      for (const file of (await readdir(environment.DATA_DIR)).filter((name) => name.endsWith('.lock'))) {
        const path = join(environment.DATA_DIR, file);
        await writeFile(path, (await readFile(path, 'utf8')).replace(/^\d+/, String(process.pid)));
      }
      const second = run(['--demo'], environment);
      await second.ready;
      // The token is good still: the issuer's key lies in the data directory.
      expect(await ask()).toEqual(before);
      children = await childrenOf(second.pid);
      expect(children.length).toBe(4);
      second.child.kill('SIGTERM');
      expect(await second.ended).toBe(0);
      await gone(children);

      expect(unlucky.stdout).not.toContain('ready');
      for (const { stdout, stderr } of [first, second]) {
        const lines = stdout.trimEnd().split('\n');
        expect(lines.at(-1)).toContain('ready');
        expect(lines.slice(0, -1).join('\n')).not.toContain('ready');
        expect(lines.at(-1)).toContain(`http://127.0.0.1:${port}/graphql`);
        for (const text of [stdout, stderr]) for (const number of people.trim().split('\n')) expect(text).not.toContain(number);
      }
    },
  );

  test('says in one sentence that its port is in use', async () => {
    const taken = createServer();
    await new Promise<void>((resolve) => {
      taken.listen(0, '127.0.0.1', resolve);
    });
    const address = taken.address();
    const port = typeof address === 'object' ? (address?.port ?? 0) : 0;
    const said = await refusal(['--demo'], { DATA_DIR: dataDir('port'), PORT: String(port), CITIZENS });
    expect(said).toBe(`The gateway did not start.\nPort ${port} is in use. Stop what uses it, or set PORT to another.\n`);
    taken.close();
  });

  test('says that its data directory cannot be written', async () => {
    const way = join(dataDir('a-file'), 'deeper');
    await writeFile(dataDir('a-file'), 'in the way');
    const said = await refusal(['--demo'], { DATA_DIR: way, PORT: String(await freePort('127.0.0.1')), CITIZENS });
    expect(said).toContain(`The data directory ${way} cannot be written.`);
    expect(said).toContain('DATA_DIR');
  });

  test('says that a register cannot write, and leaves no other register behind', async () => {
    await mkdir(dataDir('half'));
    await writeFile(join(dataDir('half'), 'residents'), 'in the way');
    const said = await refusal(['--demo'], { DATA_DIR: dataDir('half'), PORT: String(await freePort('127.0.0.1')), CITIZENS });
    expect(said).toMatch(/residents.*DATA_DIR/s);
  });
});

test('a broken supergraph stops the start, with a sentence that says what it is', async () => {
  const file = join(directory, 'supergraph.graphql');
  await writeFile(file, 'type Query { a: Int }');
  const said = await refusal(['--open', '--supergraph', file], { PORT: String(await freePort('127.0.0.1')) });
  expect(said).toContain('The supergraph is not one that Federation 2 composes');
  expect(said.trim().split('\n').length).toBeLessThan(10);
});

test('--open says that it is ready in its last line, and ends with status 0 when told to stop', async () => {
  const { supergraphSdl, close } = await startFixture('shop');
  const file = join(directory, 'open.graphql');
  await writeFile(file, supergraphSdl);
  const port = await freePort('127.0.0.1');
  const started = run(['--open', '--supergraph', file, '--port', String(port)], {});
  await started.ready;
  const response = await fetch(`http://127.0.0.1:${port}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: '{"query":"{ __typename }"}',
  });
  expect(await response.json()).toEqual({ data: { __typename: 'Query' } });
  started.child.kill('SIGTERM');
  expect(await started.ended).toBe(0);
  const lines = started.stdout.trimEnd().split('\n');
  expect(lines.at(-1)).toContain('ready');
  expect(lines.filter((line) => line.includes('ready')).length).toBe(1);
  await close();
});
