import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { openDatabase } from '../platform/database.ts';
import type { Logger } from '../platform/log.ts';
import { startGateway, type Gateway, type GatewayPlan } from './assemble.ts';
import { SUBGRAPH_NAMES, type Config, type DemoConfig, type OpenConfig, type ProductionConfig, type ScopesConfig } from './config.ts';
import { CITIZEN_SUBGRAPH } from './citizen/subgraph.ts';
import { demoGovernance, claimPort, openDemoDatabase, startRegisters, type DemoProgress } from './demo.ts';
import { readPrivateKey, readSealKey } from './identity/key-files.ts';
import { loadOrCreateKeys } from './identity/keys.ts';
import { PolicyError } from './policy/problems.ts';
import { loadRegistry, REGISTRY_FILE } from './policy/registry-load.ts';
import type { Application } from './policy/registry.ts';
import { readTruths } from './policy/scopes-load.ts';

export interface StartParts {
  readonly log: Logger;
  readonly clock: () => number;
  readonly progress: DemoProgress;
}

const ROOT = join(import.meta.dirname, '..');
const SUPERGRAPH_FILE = join(ROOT, 'schema', 'supergraph.graphql');
const POLICIES_DIR = join(ROOT, 'policies');

/** Starts the gateway in the profile that the configuration names. Rejects with a sentence that says what to do. */
export async function start(config: Config, parts: StartParts): Promise<Gateway> {
  switch (config.kind) {
    case 'demo':
      return startDemo(config, parts);
    case 'production':
      return startProduction(config, parts);
    case 'open':
      return startOpen(config, parts);
    case 'scopes':
      return startScopes(config, parts);
  }
}

async function startDemo(config: DemoConfig, { log, clock, progress }: StartParts): Promise<Gateway> {
  await using resources = new AsyncDisposableStack();
  const supergraphSdl = await readSupergraph(SUPERGRAPH_FILE);
  const applications = await readApplications();
  const port = await claimPort(config.host, config.port);
  const keys = await loadOrCreateKeys(config.dataDir, { subgraphs: SUBGRAPH_NAMES, applications });
  // The registers load their people while the gateway gets everything else ready.
  const registers = startRegisters(config, keys, progress, resources);
  const subgraphUrls = registers.then((started) => Object.fromEntries(started.map(({ name, url }) => [name, url])));
  // Whatever of the two fails first is what the start fails with; the other's failure is then no news.
  subgraphUrls.catch(() => undefined);
  const database = resources.use(await openDemoDatabase(config));
  const gateway = await startGateway({
    host: config.host,
    port,
    limits: config.limits,
    overrideLabels: config.overrideLabels,
    log,
    clock,
    supergraphSdl,
    subgraphUrls,
    governance: demoGovernance({ config, port, keys, database, registers, policiesDir: POLICIES_DIR, supergraphSdl, log, clock }),
  });
  resources.use(gateway);
  const owned = resources.move();
  return { ...gateway, [Symbol.asyncDispose]: async () => owned.disposeAsync() };
}

async function startProduction(config: ProductionConfig, { log, clock }: StartParts): Promise<Gateway> {
  await using resources = new AsyncDisposableStack();
  const { issuer } = config;
  const database = resources.use(
    await openDatabase({
      url: config.databaseUrl,
      directory: join(config.dataDir, 'gateway'),
      statementTimeoutMs: config.limits.statementTimeoutMs,
    }),
  );
  const gateway = await startGateway({
    host: config.host,
    port: config.port,
    limits: config.limits,
    overrideLabels: config.overrideLabels,
    log,
    clock,
    supergraphSdl: await readSupergraph(config.supergraphFile),
    subgraphUrls: config.subgraphUrls,
    governance: {
      database,
      policiesDir: config.policiesDir,
      defaultIssuer: issuer.issuer,
      tokenIssuers: [{ issuer: issuer.issuer, audience: issuer.audience, jwks: new URL(issuer.jwks) }],
      grants: {
        issuer: config.grantIssuer,
        privateKey: await readPrivateKey(config.grantPrivateKeyFile),
        sealKeys: await readSealKeys(config.sealKeyDir),
      },
      pseudonymKey: await readSealKey(config.pseudonymKeyFile),
      plugins: async () => [],
    },
  });
  resources.use(gateway);
  const owned = resources.move();
  return { ...gateway, [Symbol.asyncDispose]: async () => owned.disposeAsync() };
}

async function startOpen(config: OpenConfig, parts: StartParts): Promise<Gateway> {
  return startGateway(await planOfForeign(config, parts));
}

async function startScopes(config: ScopesConfig, parts: StartParts): Promise<Gateway> {
  const { jwks, issuer, audience, onUnauthorized } = config;
  return startGateway({
    ...(await planOfForeign(config, parts)),
    access: {
      tokens: { jwks: new URL(jwks), issuer, audience },
      truths: await readTruths(config.scopePolicies),
      onUnauthorized,
    },
  });
}

/** A gateway on somebody's supergraph, without Cedar policies, record or database. */
async function planOfForeign(config: OpenConfig | ScopesConfig, { log, clock }: StartParts): Promise<GatewayPlan> {
  return {
    host: config.host,
    port: config.port,
    limits: config.limits,
    overrideLabels: config.overrideLabels,
    log,
    clock,
    supergraphSdl: await readSupergraph(config.supergraphFile),
    subgraphUrls: config.subgraphUrls,
    governance: undefined,
  };
}

/** The demo applications, which need keys before the policies are loaded with everything else. */
async function readApplications(): Promise<readonly Application[]> {
  const { registry, problems } = loadRegistry(await readFile(join(POLICIES_DIR, REGISTRY_FILE), 'utf8'), [
    ...SUBGRAPH_NAMES,
    CITIZEN_SUBGRAPH,
  ]);
  if (!registry || problems.length > 0) throw new PolicyError(POLICIES_DIR, problems);
  // Only an application that asks for itself has a key; people log in with the others.
  return [...registry.applications.values()].filter(({ login }) => login === 'application');
}

async function readSupergraph(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (cause) {
    throw new Error(`The supergraph ${file} cannot be read. Give the path of a composed supergraph SDL file.`, { cause });
  }
}

/** Files `<subgraph>.key` of a directory, each 32 bytes in base64. */
async function readSealKeys(directory: string): Promise<ReadonlyMap<string, Buffer>> {
  const keys = new Map<string, Buffer>();
  for (const file of await readdir(directory)) {
    if (file.endsWith('.key')) keys.set(file.slice(0, -'.key'.length), await readSealKey(join(directory, file)));
  }
  return keys;
}
