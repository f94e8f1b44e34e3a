import { WORKS, type WorkName } from '../work/documents.ts';
import { measure, untilIdle, type Measured } from './measure.ts';
import type { RunningTarget } from './start.ts';
import { verify } from './verify.ts';
import { runWrk, writeScript } from './wrk.ts';

export const CONNECTIONS = [32, 256] as const;
export type Connections = (typeof CONNECTIONS)[number];

export interface RoundsPlan {
  readonly works: readonly WorkName[];
  readonly rounds: number;
  readonly seconds: number;
  readonly warmUpSeconds: number;
  readonly progress: (text: string) => void;
}

/** All rounds of one target at one work and number of connections. */
export interface Cell {
  readonly target: string;
  readonly work: WorkName;
  readonly connections: Connections;
  /** By round; undefined where the round failed. */
  readonly rounds: readonly (Measured | undefined)[];
}

export interface RoundFailure {
  readonly target: string;
  readonly reason: string;
}

/**
 * Warms every target up, then goes round: in each round every target has its turn at each work and number of connections, so that
 * whatever else the machine does meets all of them. Answers are compared with the data before the first round and after the last.
 */
export async function runRounds(
  targets: readonly RunningTarget[],
  plan: RoundsPlan,
): Promise<{ readonly cells: readonly Cell[]; readonly failures: readonly RoundFailure[] }> {
  const scripts = new Map<RunningTarget, Map<WorkName, string>>();
  for (const running of targets) scripts.set(running, await scriptsOf(running, plan.works));
  const scriptOf = (running: RunningTarget, work: WorkName): string => scripts.get(running)?.get(work) ?? '';

  await verifyAll(targets, plan);
  const rates = await warmUp(targets, plan, scriptOf);
  const cells = new Map<string, (Measured | undefined)[]>();
  const failures: RoundFailure[] = [];
  for (let round = 0; round < plan.rounds; round += 1) {
    for (const { work, connections } of turns(plan.works)) {
      for (const running of rotated(targets, round)) {
        const { name } = running.target;
        const seconds = secondsFor(plan.seconds, connections, rates.get(`${name} ${work}`) ?? Infinity);
        const where = `round ${round + 1} of ${plan.rounds}: ${work}, ${connections} connections, ${name}`;
        let measured: Measured | undefined;
        try {
          measured = await turn(running, scriptOf(running, work), connections, seconds);
          plan.progress(`${where}: ${Math.round(measured.requestsPerSecond)}/s`);
        } catch (error) {
          const reason = error instanceof Error ? error.message : String(error);
          plan.progress(`${where}: failed. ${reason}`);
          failures.push({ target: name, reason: `${where}: ${reason}` });
        }
        const key = cellKey(running, work, connections);
        cells.set(key, [...(cells.get(key) ?? []), measured]);
      }
    }
  }
  await verifyAll(targets, plan);
  const cellOf = (running: RunningTarget, work: WorkName, connections: Connections): Cell => ({
    target: running.target.name,
    work,
    connections,
    rounds: cells.get(cellKey(running, work, connections)) ?? [],
  });
  return {
    cells: targets.flatMap((running) => turns(plan.works).map(({ work, connections }) => cellOf(running, work, connections))),
    failures,
  };
}

function cellKey(running: RunningTarget, work: WorkName, connections: Connections): string {
  return `${running.target.name} ${work} ${connections}`;
}

async function turn(running: RunningTarget, scriptFile: string, connections: Connections, seconds: number): Promise<Measured> {
  await running.beforeRound();
  const measured = await measure(running, scriptFile, connections, seconds);
  await untilIdle(running);
  return measured;
}

/** Lets every target compile what it will run. Gives the requests per second of each target and work, roughly. */
async function warmUp(
  targets: readonly RunningTarget[],
  plan: RoundsPlan,
  scriptOf: (running: RunningTarget, work: WorkName) => string,
): Promise<ReadonlyMap<string, number>> {
  const rates = new Map<string, number>();
  for (const running of targets) {
    plan.progress(`warming up ${running.target.name}`);
    await running.beforeRound();
    const { url, directory } = running;
    for (const work of plan.works) {
      const scriptFile = scriptOf(running, work);
      const load = await runWrk({ url, scriptFile, connections: CONNECTIONS[0], seconds: plan.warmUpSeconds, directory });
      rates.set(`${running.target.name} ${work}`, load.requests / load.seconds);
      await untilIdle(running);
    }
  }
  return rates;
}

function turns(works: readonly WorkName[]): readonly { readonly work: WorkName; readonly connections: Connections }[] {
  return works.flatMap((work) => CONNECTIONS.map((connections) => ({ work, connections })));
}

/** Answers that come after wrk has stopped do not count, one for each connection; so a turn lasts for several times as many. */
const ANSWERS_PER_CONNECTION_MIN = 4;
const SECONDS_FACTOR_MAX = 2;

function secondsFor(seconds: number, connections: number, requestsPerSecond: number): number {
  // A cold gateway may not have answered anything while it warmed up.
  const needed = requestsPerSecond === 0 ? Infinity : Math.ceil((connections * ANSWERS_PER_CONNECTION_MIN) / requestsPerSecond);
  return Math.min(Math.max(seconds, needed), seconds * SECONDS_FACTOR_MAX);
}

async function scriptsOf(running: RunningTarget, works: readonly WorkName[]): Promise<Map<WorkName, string>> {
  const files = new Map<WorkName, string>();
  for (const work of works) files.set(work, await writeScript(WORKS[work], running.headers, running.directory));
  return files;
}

async function verifyAll(targets: readonly RunningTarget[], { works, progress }: RoundsPlan): Promise<void> {
  for (const { target, url, headers } of targets) {
    progress(`comparing answers of ${target.name} with the data`);
    for (const work of works) {
      await verify(url, headers, WORKS[work], target.withheld).catch((cause: unknown) => {
        throw new Error(`${target.name} answers wrongly.`, { cause });
      });
    }
  }
}

/** Each round begins with another target, so that none always comes after the same one. */
function rotated<T>(list: readonly T[], by: number): readonly T[] {
  const at = by % Math.max(1, list.length);
  return [...list.slice(at), ...list.slice(0, at)];
}
