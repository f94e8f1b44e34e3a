import { MultiBar, Presets, type SingleBar } from 'cli-progress';
import { destination } from 'pino';
import { createLog } from '../platform/log.ts';
import { ConfigError, readConfig, type Config } from './config.ts';
import type { DemoProgress } from './demo.ts';
import { watchParents } from './parent.ts';
import { start } from './start.ts';

// Entry file of the gateway: reads the settings, starts, says where it listens, and stops in order when told to.

// Apollo's packages send statistics to their maker unless told otherwise; a gateway for citizens' data tells nobody anything.
process.env['APOLLO_TELEMETRY_DISABLED'] = 'true';

const STANDARD_ERROR = 2;

async function main(): Promise<void> {
  const config = readConfig(process.argv.slice(2), process.env);
  // Standard output carries the last line of the start and, in production, the log.
  const log = createLog('gateway', config.logLevel, config.kind === 'production' ? undefined : destination(STANDARD_ERROR));
  const bars = progressBars();
  // Before it has started there is nothing to finish; the registers go when this process does.
  const stopWatching = watchParents(process.env, () => process.exit(1));
  const gateway = await start(config, { log, clock: Date.now, progress: bars.progress });
  bars.stop();
  stopWatching();

  let stopping = false;
  const stop = (why: string): void => {
    if (stopping) return;
    stopping = true;
    log.info({ why }, 'stopping: requests under way are finished first');
    const timer = setTimeout(() => {
      log.error('requests did not finish in time');
      process.exit(1);
    }, config.limits.drainTimeoutMs);
    timer.unref();
    gateway[Symbol.asyncDispose]().then(
      () => process.exit(0),
      (error: unknown) => {
        log.error({ error }, 'stopping failed');
        process.exit(1);
      },
    );
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
  watchParents(process.env, () => stop('npm is gone'));
  process.stdout.write(`${lastLine(config, gateway.url)}\n`);
}

function lastLine(config: Config, url: string): string {
  if (config.kind !== 'demo') return `Liên Thông is ready at ${url}/graphql`;
  return `Liên Thông is ready at ${url}/graphql with ${config.citizens} synthetic citizens; in another terminal try: npm run --silent cli -- citizens --count 5`;
}

/** Bars on a terminal while people are loaded, a line per register elsewhere. */
function progressBars(): { readonly progress: DemoProgress; readonly stop: () => void } {
  if (!process.stderr.isTTY) {
    const told = new Set<string>();
    return {
      progress: {
        loading: (register, done, total) => {
          if (done < total || told.has(register)) return;
          told.add(register);
          process.stderr.write(`${register}: ${total} rows loaded\n`);
        },
      },
      stop: () => undefined,
    };
  }
  const multi = new MultiBar(
    { stream: process.stderr, hideCursor: true, format: '{register} {bar} {value}/{total} rows' },
    Presets.shades_classic,
  );
  const bars = new Map<string, SingleBar>();
  return {
    progress: {
      loading: (register, done, total) => {
        const bar = bars.get(register) ?? multi.create(total, 0, { register: register.padEnd(16) });
        bars.set(register, bar);
        bar.update(done);
      },
    },
    stop: () => multi.stop(),
  };
}

main().catch((error: unknown) => {
  const message = error instanceof Error ? error.message : String(error);
  process.stderr.write(`${error instanceof ConfigError ? 'The settings are wrong.\n' : 'The gateway did not start.\n'}${message}\n`);
  process.exit(1);
});
