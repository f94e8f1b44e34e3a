import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { SUBGRAPH_NAMES, type DemoConfig } from '../../gateway/config.ts';
import { LIMITS } from '../../gateway/limits.ts';
import { startRegisters } from '../../gateway/demo.ts';
import { loadOrCreateKeys } from '../../gateway/identity/keys.ts';
import { createTestDatabase } from './test-database.ts';

export const TEST_CITIZENS = 3_000;
export const TEST_SEED = 7;
export const TEST_APPLICATIONS = [
  'hospital-counter',
  'university-admissions',
  'bank-teller',
  'ward-office',
  'police-residence',
  'statistics-office',
] as const;

/** Where the files of an end-to-end run find the four registers, which run once for all of them as processes of their own. */
export interface RegistersContext {
  readonly dataDir: string;
  readonly urls: Readonly<Record<string, string>>;
  readonly backend: 'embedded' | 'postgres';
}

declare module 'vitest' {
  interface ProvidedContext {
    registers: RegistersContext;
  }
}

/** Starts the registers with a small population, on embedded databases or on databases made for this run, and provides where they are. */
export async function provideRegisters(project: TestProject, backend: RegistersContext['backend']): Promise<() => Promise<void>> {
  const resources = new AsyncDisposableStack();
  const dataDir = await mkdtemp(join(tmpdir(), 'lien-thong-e2e-'));
  resources.defer(async () => rm(dataDir, { recursive: true, force: true }));
  const registerDatabaseUrls: Record<string, string> = {};
  if (backend === 'postgres') {
    for (const name of SUBGRAPH_NAMES) registerDatabaseUrls[name] = resources.use(await createTestDatabase()).url;
  }
  const config: DemoConfig = {
    kind: 'demo',
    host: '127.0.0.1',
    port: 0,
    logLevel: 'error',
    overrideLabels: [],
    coolingOffMs: 0,
    limits: LIMITS,
    dataDir,
    databaseUrl: undefined,
    registerDatabaseUrls,
    citizens: TEST_CITIZENS,
    ledgerWitnesses: [],
    seed: TEST_SEED,
  };
  const applications = TEST_APPLICATIONS.map((id) => ({ id, clientId: id }));
  const keys = await loadOrCreateKeys(dataDir, { subgraphs: SUBGRAPH_NAMES, applications });
  const registers = await startRegisters(config, keys, { loading: () => undefined }, resources);
  project.provide('registers', { dataDir, urls: Object.fromEntries(registers.map(({ name, url }) => [name, url])), backend });
  return async () => resources.disposeAsync();
}
