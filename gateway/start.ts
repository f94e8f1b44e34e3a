import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse } from 'graphql';
import { openDatabase } from '../platform/database.ts';
import type { Logger } from '../platform/log.ts';
import { startAdminApi } from './admin/start.ts';
import { startGateway, type Gateway, type GatewayPlan } from './assemble.ts';
import { SUBGRAPH_NAMES, type Config, type DemoConfig, type OpenConfig, type ProductionConfig, type ScopesConfig } from './config.ts';
import { CITIZEN_SUBGRAPH } from './citizen/subgraph.ts';
import { personKeys } from './consent/person-keys.ts';
import { demoGovernance, demoOwners, claimPort, openDemoDatabase, startRegisters, type DemoProgress } from './demo.ts';
import { readPrivateKey, readSealKey } from './identity/key-files.ts';
import { noteSigner } from './ledger/tree/note.ts';
import { witnessesOf } from './ledger/tree/witness-client.ts';
import type { Webhook } from './notices/notices.ts';
import { loadOrCreateGatewayKeys, loadOrCreateKeys, type GatewayKeys } from './identity/keys.ts';
import { classifyByDirectory } from './policy/classification-file.ts';
import { subgraphNames } from './policy/decided-fields.ts';
import { PolicyError } from './policy/problems.ts';
import { loadRegistry, REGISTRY_FILE } from './policy/registry-load.ts';
import type { Application, Registry } from './policy/registry.ts';
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
  const { registry, applications, officers } = await readKeyHolders();
  const port = await claimPort(config.host, config.port);
  const keys = await loadOrCreateKeys(config.dataDir, { subgraphs: SUBGRAPH_NAMES, applications, officers });
  // The registers load their people while the gateway gets everything else ready.
  const registers = startRegisters(config, keys, progress, resources, demoOwners(registry, keys, clock()));
  const subgraphUrls = registers.then((started) => Object.fromEntries(started.map(({ name, url }) => [name, url])));
  // Whatever of the two fails first is what the start fails with; the other's failure is then no news.
  subgraphUrls.catch(() => undefined);
  const database = resources.use(await openDemoDatabase(config));
  const gateway = await startGateway({
    host: config.host,
    port,
    limits: config.limits,
    overrideLabels: config.overrideLabels,
    operation: config.operation,
    log,
    clock,
    supergraphSdl,
    subgraphUrls,
    governance: demoGovernance({
      config,
      port,
      keys,
      database,
      registers,
      webhook: await readWebhook(config),
      policiesDir: POLICIES_DIR,
      supergraphSdl,
      log,
      clock,
    }),
  });
  resources.use(gateway);
  const owned = resources.move();
  return { ...gateway, [Symbol.asyncDispose]: async () => owned.disposeAsync() };
}

async function startProduction(config: ProductionConfig, { log, clock }: StartParts): Promise<Gateway> {
  await using resources = new AsyncDisposableStack();
  const supergraphSdl = await readSupergraph(config.supergraphFile);
  const classified = await classifyByDirectory(supergraphSdl, config.policiesDir);
  const errors = classified.problems.filter(({ severity }) => severity === 'error');
  if (errors.length > 0) throw new PolicyError(config.policiesDir, errors);
  const { issuer } = config;
  const database = resources.use(
    await openDatabase({
      url: config.databaseUrl,
      directory: join(config.dataDir, 'gateway'),
      statementTimeoutMs: config.limits.statementTimeoutMs,
    }),
  );
  const keys = await productionKeys(config, supergraphSdl, log);
  const gateway = await startGateway({
    host: config.host,
    port: config.port,
    limits: config.limits,
    overrideLabels: config.overrideLabels,
    operation: config.operation,
    log,
    clock,
    supergraphSdl,
    foreign: classified.isForeign ? { classifiedSdl: classified.sdl } : undefined,
    subgraphUrls: config.subgraphUrls,
    governance: {
      database,
      policiesDir: config.policiesDir,
      defaultIssuer: issuer.issuer,
      tokenIssuers: [{ issuer: issuer.issuer, audience: issuer.audience, jwks: new URL(issuer.jwks), types: 'common' }],
      grants: { issuer: config.grantIssuer, privateKey: keys.grantPrivateKey, sealKeys: keys.sealKeys },
      pseudonymKey: keys.pseudonymKey,
      timeZone: config.timeZone,
      oversight: config.oversight,
      webhook: await readWebhook(config),
      ledger: {
        writer: config.writer,
        receiptKey: keys.grantPrivateKey,
        signer:
          config.ledgerKeyFile === undefined ? undefined : noteSigner('log', config.ledgerName, await readPrivateKey(config.ledgerKeyFile)),
        witnesses: witnessesOf(config.ledgerWitnesses),
      },
      trust: { keys: new Map(), importer: undefined, coolingOffMs: config.coolingOffMs },
      plugins: async ({ readiness, ...basis }) =>
        startAdminApi({
          ...basis,
          profile: 'production',
          isPersonKey: personKeys(classified.isForeign),
          database,
          keys: undefined,
          isReady: async () => (await readiness()).ready,
          showcase: undefined,
          log,
          clock,
        }),
    },
  });
  resources.use(gateway);
  const owned = resources.move();
  return { ...gateway, [Symbol.asyncDispose]: async () => owned.disposeAsync() };
}

type ProductionKeys = Pick<GatewayKeys, 'grantPrivateKey' | 'sealKeys' | 'pseudonymKey'>;

/** The keys that the settings name, else those of the data directory, made there at the first start. */
async function productionKeys(
  { keyFiles, dataDir, databaseUrl }: ProductionConfig,
  supergraphSdl: string,
  log: Logger,
): Promise<ProductionKeys> {
  if (keyFiles !== undefined) {
    return {
      grantPrivateKey: await readPrivateKey(keyFiles.grantPrivateKeyFile),
      sealKeys: await readSealKeys(keyFiles.sealKeyDir),
      pseudonymKey: await readSealKey(keyFiles.pseudonymKeyFile),
    };
  }
  const keys = await loadOrCreateGatewayKeys(dataDir, subgraphNames(parse(supergraphSdl, { noLocation: true })));
  if (keys.made) {
    log.warn(
      { directory: keys.directory },
      'keys were made for grants, seals and pseudonyms; keep them, and give each subgraph that is to check calls its seal key and grant.public.pem',
    );
  }
  if (databaseUrl !== undefined) {
    log.warn('gateways that share a database need the same keys: set GRANT_PRIVATE_KEY_FILE, SEAL_KEY_DIR and PSEUDONYM_KEY_FILE for each');
  }
  return keys;
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
    operation: config.operation,
    log,
    clock,
    supergraphSdl: await readSupergraph(config.supergraphFile),
    subgraphUrls: config.subgraphUrls,
    governance: undefined,
  };
}

/** The demo applications and officers, who need keys before the policies are loaded with everything else. */
interface KeyHolders {
  readonly registry: Registry;
  readonly applications: readonly Application[];
  readonly officers: readonly string[];
}

async function readKeyHolders(): Promise<KeyHolders> {
  const { registry, problems } = loadRegistry(await readFile(join(POLICIES_DIR, REGISTRY_FILE), 'utf8'), [
    ...SUBGRAPH_NAMES,
    CITIZEN_SUBGRAPH,
  ]);
  if (!registry || problems.length > 0) throw new PolicyError(POLICIES_DIR, problems);
  // Only an application that asks for itself has a key; people log in with the others.
  return {
    registry,
    applications: [...registry.applications.values()].filter(({ login }) => login === 'application'),
    officers: [...registry.accounts.keys()],
  };
}

async function readSupergraph(file: string): Promise<string> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (cause) {
    throw new Error(`The supergraph ${file} cannot be read. Give the path of a composed supergraph SDL file.`, { cause });
  }
  try {
    parse(text, { noLocation: true });
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new Error(`The supergraph is not one that Federation 2 composes: ${reason}\nCompose it again, and give that file.`, { cause });
  }
  return text;
}

async function readWebhook({ webhook }: Config): Promise<Webhook | undefined> {
  return webhook && { url: webhook.url, key: await readSealKey(webhook.keyFile) };
}

/** Files `<subgraph>.key` of a directory, each 32 bytes in base64. */
async function readSealKeys(directory: string): Promise<ReadonlyMap<string, Buffer>> {
  const keys = new Map<string, Buffer>();
  for (const file of await readdir(directory)) {
    if (file.endsWith('.key')) keys.set(file.slice(0, -'.key'.length), await readSealKey(join(directory, file)));
  }
  return keys;
}
