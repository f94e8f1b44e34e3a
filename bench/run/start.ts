import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { freePort } from '../../platform/free-port.ts';
import { TARGET_ENVIRONMENT, type Launch, type Target } from '../targets/target.ts';
import { requestBody, WORKS } from '../work/documents.ts';
import type { SubgraphUrls } from '../work/graph.ts';
import { GATEWAY_CORE, LOAD_CORE, startPinned } from './processes.ts';
import { send } from './verify.ts';

/** A target that answers. */
export interface RunningTarget {
  readonly target: Target;
  readonly pid: number;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly beforeRound: () => Promise<void>;
  readonly directory: string;
}

const START_TIMEOUT_MS = 60_000;
const POLL_MS = 100;
const CANNED_MAIN = join(import.meta.dirname, '..', 'canned', 'main.ts');

/** Starts the canned subgraphs on the load's core; gives their addresses. */
export async function startCanned(directory: string, resources: AsyncDisposableStack): Promise<SubgraphUrls> {
  const canned = resources.use(
    startPinned(LOAD_CORE, process.execPath, [CANNED_MAIN], {
      environment: { NODE_OPTIONS: TARGET_ENVIRONMENT.NODE_OPTIONS },
      directory,
      logFile: join(directory, 'canned.log'),
      readStdout: true,
    }),
  );
  const line = new Promise<string>((resolve) => {
    let text = '';
    canned.child.stdout?.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
      if (text.includes('\n')) resolve(text);
    });
  });
  return JSON.parse(await Promise.race([line, canned.ended])) as SubgraphUrls;
}

/** Starts a target on the gateway's core and waits until it answers the smallest work. Rejects with what it wrote when it does not. */
export async function startTarget(
  target: Target,
  parts: {
    readonly subgraphUrls: SubgraphUrls;
    readonly peerSupergraphFile: string;
    readonly directory: string;
    readonly resources: AsyncDisposableStack;
  },
): Promise<RunningTarget> {
  const directory = join(parts.directory, target.name);
  await mkdir(directory);
  const port = await freePort('127.0.0.1');
  const launch: Launch = await target.launch({ ...parts, port, directory });
  const running = parts.resources.use(
    startPinned(GATEWAY_CORE, launch.command, launch.args, {
      environment: { ...TARGET_ENVIRONMENT, ...launch.environment },
      directory,
      logFile: join(directory, 'target.log'),
    }),
  );
  const url = `http://127.0.0.1:${port}${launch.path ?? '/graphql'}`;
  const headers = launch.headers ?? {};
  await Promise.race([untilAnswers(target, url, headers), running.ended]);
  return { target, pid: running.pid, url, headers, beforeRound: launch.beforeRound ?? (async () => undefined), directory };
}

async function untilAnswers({ name, probe }: Target, url: string, headers: Readonly<Record<string, string>>): Promise<void> {
  const body = probe ?? requestBody(WORKS.q3, 0);
  const deadline = performance.now() + START_TIMEOUT_MS;
  let last = 'nothing';
  while (performance.now() < deadline) {
    try {
      const { status, text } = await send(url, headers, body);
      if (status === 200 && text.includes('"fullName":')) return;
      last = `${status} ${text.slice(0, 400)}`;
    } catch (error) {
      // Not listening yet.
      last = error instanceof Error ? error.message : String(error);
    }
    await delay(POLL_MS);
  }
  throw new Error(`${name} did not answer within ${START_TIMEOUT_MS / 1000} s. Last: ${last}`);
}
