import { createLog, redactNumbers, type Logger } from '../platform/log.ts';
import type { LoadProgress } from './load.ts';
import { REGISTERS } from './registers.ts';
import { startSubgraph, type Subgraph } from './serve.ts';
import { readSettings } from './settings.ts';

/**
 * Runs one register as a process of its own: `node subgraphs/main.ts NAME [--demo]`, settings by environment (settings.ts). Forked with
 * an IPC channel, it reports to its parent and ends with it.
 */
export type MessageToParent = { readonly kind: 'ready'; readonly url: string } | ({ readonly kind: 'progress' } & LoadProgress);

/** Calls in flight may take this long to end once the process is told to stop. */
const STOP_TIMEOUT_MS = 5_000;

const NOT_PERMITTED =
  'The data directory or the port cannot be used by this user. Check the permissions of DATA_DIR, or set PORT above 1023.';
const NOT_OUR_ADDRESS = 'HOST is no address of this machine. Set it to one that is, such as 127.0.0.1.';
const SENTENCES: ReadonlyMap<string, string> = new Map([
  ['EADDRINUSE', 'The port is in use. Set PORT to another one, or to 0 for a free one.'],
  ['EACCES', NOT_PERMITTED],
  ['EPERM', NOT_PERMITTED],
  ['EROFS', NOT_PERMITTED],
  ['ENOTDIR', NOT_PERMITTED],
  ['EEXIST', NOT_PERMITTED],
  ['EADDRNOTAVAIL', NOT_OUR_ADDRESS],
  ['ENOTFOUND', NOT_OUR_ADDRESS],
  ['ENOSPC', 'The disk is full. Make room in DATA_DIR.'],
]);

await main(process.argv.slice(2)).catch((error: unknown) => {
  process.stderr.write(`${sentenceFor(error)}\n`);
  // The database or server that could not be opened may hold handles; there is nothing left to finish.
  process.exit(1);
});

async function main(args: readonly string[]): Promise<void> {
  // First of all, so that a parent that dies while this one is still loading takes it along too.
  process.on('disconnect', () => process.exit(0));
  const name = args.find((arg) => !arg.startsWith('-')) ?? '';
  const unknown = args.find((arg) => arg.startsWith('-') && arg !== '--demo');
  const register = REGISTERS.get(name);
  if (register === undefined || unknown !== undefined) {
    throw new Error(`Usage: node subgraphs/main.ts REGISTER [--demo], where REGISTER is one of ${[...REGISTERS.keys()].join(', ')}.`);
  }
  const settings = await readSettings(name, process.env);
  const log = createLog(name, settings.logLevel);
  const subgraph = await startSubgraph({
    ...settings,
    register,
    dataDirectory: settings.databaseUrl === undefined ? settings.dataDirectory : undefined,
    synthetic: args.includes('--demo') ? settings.synthetic : undefined,
    log,
    onProgress: (progress) => tellParent({ kind: 'progress', ...progress }),
  });
  stopOn(subgraph, log);
  log.info({ url: subgraph.url }, 'ready');
  tellParent({ kind: 'ready', url: subgraph.url });
}

/** Ends calls in flight and writes what waits, once, whatever asks first. */
function stopOn(subgraph: Subgraph, log: Logger): void {
  let stopping = false;
  const stop = (why: string): void => {
    if (stopping) return;
    stopping = true;
    log.info({ why }, 'stopping');
    setTimeout(() => process.exit(1), STOP_TIMEOUT_MS).unref();
    subgraph[Symbol.asyncDispose]().then(
      () => process.exit(0),
      (error: unknown) => {
        log.error({ err: error }, 'did not stop cleanly');
        process.exit(1);
      },
    );
  };
  process.removeAllListeners('disconnect');
  process.on('disconnect', () => stop('the parent process is gone'));
  process.on('SIGTERM', () => stop('SIGTERM'));
  process.on('SIGINT', () => stop('SIGINT'));
}

function tellParent(message: MessageToParent): void {
  // A parent that has just gone is noticed by 'disconnect'; the error of this message says nothing more.
  if (process.connected) process.send?.(message, undefined, undefined, () => undefined);
}

/** What an operator can do something with: never an address with a password in it, never a person's number. */
function sentenceFor(error: unknown): string {
  const known = SENTENCES.get(String((error as NodeJS.ErrnoException).code));
  return known ?? redactNumbers(error instanceof Error ? error.message : String(error));
}
