import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { promisify } from 'node:util';

/** Where the gateway under measurement runs, alone. */
export const GATEWAY_CORE = 0;
/** Where everything else runs: load generator, canned subgraphs, the bench itself, the database's backends. */
export const LOAD_CORE = 1;

const STOP_TIMEOUT_MS = 5_000;
const run = promisify(execFile);

export interface Pinned extends AsyncDisposable {
  readonly pid: number;
  /** Rejects when the process ends by itself, with the end of what it wrote. */
  readonly ended: Promise<never>;
  readonly child: ChildProcess;
}

/** Starts a process and everything that it will start on one core. What it writes goes into a file. */
export function startPinned(
  core: number,
  command: string,
  args: readonly string[],
  options: {
    readonly environment: Readonly<Record<string, string>>;
    readonly directory: string;
    readonly logFile: string;
    readonly readStdout?: true;
  },
): Pinned {
  const log = createWriteStream(options.logFile);
  const child = spawn('taskset', ['-c', String(core), command, ...args], {
    cwd: options.directory,
    env: { PATH: process.env['PATH'] ?? '', HOME: options.directory, ...options.environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let tail = '';
  const keep = (chunk: Buffer): void => {
    tail = `${tail}${chunk.toString('utf8')}`.slice(-2_000);
    log.write(chunk);
  };
  child.stderr.on('data', keep);
  if (options.readStdout === undefined) child.stdout.on('data', keep);
  const ended = new Promise<never>((_, reject) => {
    child.once('error', reject);
    child.once('exit', (code, signal) => reject(new Error(`${command} ${args.join(' ')} ended (${code ?? signal}). ${tail.trim()}`)));
  });
  // Its end is only news to who waits for it.
  ended.catch(() => undefined);
  if (child.pid === undefined) throw new Error('taskset could not be started. It comes with util-linux.');
  return {
    pid: child.pid,
    ended,
    child,
    async [Symbol.asyncDispose]() {
      await stop(child);
      log.end();
    },
  };
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise<void>((resolve) => {
    child.once('exit', () => resolve());
  });
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), STOP_TIMEOUT_MS);
  await gone;
  clearTimeout(timer);
}

/** Moves a running process with all its threads to a core. */
export async function pin(pid: number, core: number): Promise<void> {
  await run('taskset', ['-a', '-c', '-p', String(core), String(pid)]);
}
