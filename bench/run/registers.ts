import { createPrivateKey, createPublicKey } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { freePort } from '../../platform/free-port.ts';
import { GRANT_ISSUER, type GovernedKeys } from '../targets/governed.ts';
import { ROOT, SUBGRAPHS, type Subgraph, type SubgraphUrls } from '../work/graph.ts';
import { openBenchDatabase, type BenchDatabase } from './database.ts';
import { GATEWAY_CORE, LOAD_CORE, pin, startPinned, type Pinned } from './processes.ts';

/** The four registers of the project, each with a database of its own on PostgreSQL, loaded with synthetic citizens. */
export interface RunningRegisters {
  readonly urls: SubgraphUrls;
  readonly databases: readonly BenchDatabase[];
  /** Until the last of them answered, databases made before. */
  readonly loadingMs: number;
}

export interface RegistersPlan {
  readonly citizens: number;
  readonly seed: number;
  readonly keys: GovernedKeys;
  readonly directory: string;
  readonly resources: AsyncDisposableStack;
}

/** A million citizens need some minutes on two cores. */
const LOAD_TIMEOUT_MS = 15 * 60_000;
const POLL_MS = 50;

/** Starts the registers, loading on both cores; afterwards they are where the load generator is. */
export async function startRegisters(plan: RegistersPlan): Promise<RunningRegisters> {
  const { directory, keys, resources } = plan;
  await mkdir(directory, { recursive: true });
  const grantKeyFile = join(directory, 'grant.pem');
  await writeFile(grantKeyFile, createPublicKey(createPrivateKey(keys.grantPrivateKey)).export({ format: 'pem', type: 'spki' }));
  const databases: BenchDatabase[] = [];
  for (const _ of SUBGRAPHS) databases.push(resources.use(await openBenchDatabase()));
  const startedAt = performance.now();
  const started = await Promise.all(
    SUBGRAPHS.map(async (name, place) => startRegister(name, place, databases[place]?.url ?? '', { ...plan, grantKeyFile })),
  );
  const loadingMs = performance.now() - startedAt;
  for (const { register } of started) await pin(register.pid, LOAD_CORE);
  return { urls: Object.fromEntries(started.map(({ name, url }) => [name, url])) as SubgraphUrls, databases, loadingMs };
}

async function startRegister(
  name: Subgraph,
  place: number,
  databaseUrl: string,
  { citizens, seed, keys, directory, resources, grantKeyFile }: RegistersPlan & { readonly grantKeyFile: string },
): Promise<{ readonly name: Subgraph; readonly url: string; readonly register: Pinned }> {
  const file = (kind: string): string => join(directory, `${name}.${kind}`);
  await writeFile(file('key'), keys.sealKeys[name] ?? '', { mode: 0o600 });
  await writeFile(file('yaml'), ceilingOf(readFileSync(join(ROOT, 'subgraphs', name, 'schema.graphql'), 'utf8')));
  const port = await freePort('127.0.0.1');
  const register = resources.use(
    startPinned(place % 2 === 0 ? GATEWAY_CORE : LOAD_CORE, process.execPath, [join(ROOT, 'subgraphs', 'main.ts'), name, '--demo'], {
      environment: {
        NODE_ENV: 'production',
        [`${name.toUpperCase().replaceAll('-', '_')}_DATABASE_URL`]: databaseUrl,
        DATA_DIR: directory,
        PORT: String(port),
        CITIZENS: String(citizens),
        SEED: String(seed),
        LOG_LEVEL: 'warn',
        GRANT_ISSUER,
        GRANT_PUBLIC_KEY_FILE: grantKeyFile,
        SEAL_KEY_FILE: file('key'),
        CEILING_FILE: file('yaml'),
      },
      directory,
      logFile: file('log'),
    }),
  );
  await Promise.race([untilReady(name, `http://127.0.0.1:${port}/health/ready`), register.ended]);
  return { name, url: `http://127.0.0.1:${port}/graphql`, register };
}

/** It listens only when it has loaded everything. */
async function untilReady(name: string, url: string): Promise<void> {
  const deadline = performance.now() + LOAD_TIMEOUT_MS;
  while (performance.now() < deadline) {
    const response = await fetch(url).catch(() => undefined);
    await response?.arrayBuffer();
    if (response?.ok) return;
    await delay(POLL_MS);
  }
  throw new Error(`The register ${name} was not ready within ${LOAD_TIMEOUT_MS / 60_000} minutes.`);
}

/** The ceiling file of a register that lets the application of the bench have every group of its SDL. */
export function ceilingOf(sdl: string): string {
  const groups = [...new Set([...sdl.matchAll(/\bgroup: "([^"]+)"/g)].map(([, group = '']) => group))];
  return JSON.stringify({ agencies: { bench: { 'bench.file': groups } } });
}
