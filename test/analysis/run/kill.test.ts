import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { expect, test } from 'vitest';
import type { StoredResult } from '../../../gateway/analysis/run/store.ts';
import { createTestDatabase, postgresAnswers } from '../../e2e/test-database.ts';

/** ANALYSIS_KILLS=10 for the long form. */
const KILLS = Number(process.env['ANALYSIS_KILLS'] ?? 3);
const PEOPLE_PER_KILL = 8_000;
/** A process is killed at some moment of this much work. */
const WORK_MS_MAX = 700;
const TIMEOUT_MS = 240_000 + KILLS * 60_000;

interface Ended {
  readonly kind: 'ended';
  readonly state: string;
  readonly peopleDone: number;
  readonly result: StoredResult;
}
type Message = { readonly kind: 'started' } | { readonly kind: 'counted' } | Ended;

/** A process that takes part in runs, and what it said last. */
function start(
  where: string,
  people: number,
): { readonly child: ChildProcess; readonly ended: Promise<Ended>; readonly started: Promise<void> } {
  const child = fork(join(import.meta.dirname, 'killed.ts'), [where, String(people)], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
  const started = Promise.withResolvers<void>();
  const ended = Promise.withResolvers<Ended>();
  child.on('message', (message: Message) => {
    if (message.kind === 'started') started.resolve();
    if (message.kind === 'ended') ended.resolve(message);
  });
  child.once('exit', (code, signal) => {
    const error = new Error(`It ended (${code ?? signal}).`);
    started.reject(error);
    ended.reject(error);
  });
  ended.promise.catch(() => undefined);
  return { child, started: started.promise, ended: ended.promise };
}

async function undisturbed(people: number): Promise<StoredResult> {
  const directory = await mkdtemp(join(tmpdir(), 'lien-thong-run-'));
  try {
    const { child, ended } = start(directory, people);
    const { result } = await ended;
    if (child.exitCode === null) await once(child, 'exit');
    return result;
  } finally {
    await rm(directory, { recursive: true, force: true });
    await rm(`${directory}.lock`, { force: true });
  }
}

/** Kills at random moments and starts again until the run has ended. Gives how often it was in time. */
async function disturb(where: string, people: number): Promise<{ readonly kills: number; readonly last: Ended }> {
  let kills = 0;
  for (;;) {
    const { child, started, ended } = start(where, people);
    await started;
    // The moment is the point of the test: nobody waits here for something to happen.
    const moment = kills < KILLS ? setTimeout(Math.random() * WORK_MS_MAX, 'now' as const) : new Promise<never>(() => undefined);
    const first = await Promise.race([moment, ended]);
    if (first !== 'now') {
      if (child.exitCode === null) await once(child, 'exit');
      return { kills, last: first };
    }
    const gone = once(child, 'exit');
    child.kill('SIGKILL');
    await gone;
    kills += 1;
  }
}

test(
  `killed at ${KILLS} random moments and started again, an embedded gateway's run ends as if nothing had been`,
  { timeout: TIMEOUT_MS },
  async () => {
    const people = KILLS * PEOPLE_PER_KILL + 50;
    const directory = await mkdtemp(join(tmpdir(), 'lien-thong-run-'));
    try {
      const { kills, last } = await disturb(directory, people);
      expect(kills).toBe(KILLS);
      expect(last).toMatchObject({ state: 'released', peopleDone: people });
      expect(last.result).toEqual(await undisturbed(people));
    } finally {
      await rm(directory, { recursive: true, force: true });
      await rm(`${directory}.lock`, { force: true });
    }
  },
);

test.runIf(await postgresAnswers())(
  'of two gateways that share a run one is killed, and the other takes its range over and counts nobody twice',
  { timeout: TIMEOUT_MS },
  async () => {
    await using database = await createTestDatabase();
    const people = 2 * PEOPLE_PER_KILL;
    const one = start(database.url, people);
    await one.started;
    const other = start(database.url, people);
    await other.started;
    await setTimeout(Math.random() * WORK_MS_MAX);
    one.child.kill('SIGKILL');
    const last = await other.ended;
    if (other.child.exitCode === null) await once(other.child, 'exit');
    expect(last).toMatchObject({ state: 'released', peopleDone: people });
    expect(last.result).toEqual(await undisturbed(people));
  },
);
