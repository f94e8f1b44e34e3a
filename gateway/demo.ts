import { fork, type ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import { request } from 'undici';
import { openDatabase, type Database } from '../platform/database.ts';
import type { OwnerKey } from '../platform/ceiling.ts';
import { freePort, probePort } from '../platform/free-port.ts';
import { seal, SEAL_HEADER } from '../platform/grant.ts';
import type { Logger } from '../platform/log.ts';
import { startAdminApi } from './admin/start.ts';
import type { AdminKey } from './admin/token.ts';
import { ownerKeys, ownerOf } from './ceilings/service.ts';
import { databaseVariable, SUBGRAPH_NAMES, type DemoConfig } from './config.ts';
import type { Governance } from './assemble.ts';
import { listenError } from './server.ts';
import { demoIssuer, GRAPH_AUDIENCE, type DemoClient } from './identity/demo-issuer.ts';
import type { DemoLoginNote } from './identity/demo-login.ts';
import { writeKeyFile } from './identity/key-files.ts';
import { DEMO_LEDGER, publicJwk, type DemoKeys } from './identity/keys.ts';
import type { EventOf } from './ledger/events.ts';
import type { EventPeople } from './ledger/recording.ts';
import { noteSigner } from './ledger/tree/note.ts';
import { witnessesOf } from './ledger/tree/witness-client.ts';
import type { Choice } from './identity/demo-login-page.ts';
import type { Webhook } from './notices/notices.ts';
import { signingKey, type SigningKey } from './policy/officers.ts';
import type { Registry } from './policy/registry.ts';

/** Told of what happens while a demo installation starts. */
export interface DemoProgress {
  readonly loading: (register: string, done: number, total: number) => void;
}

/** A register that runs as a child process of this one. */
export interface DemoRegister {
  readonly name: string;
  readonly url: string;
}

/** Name under which demo registers know this gateway. */
export const DEMO_GRANT_ISSUER = 'lien-thong-demo';

/** Who changes something by the command line without naming an officer. */
const DEMO_ADMINISTRATOR = 'portal/officer-001';

/** Registers that say who shows well in a demonstration: a citizen is shown who shows well in all of them. */
const SHOWCASE_REGISTERS = ['residents', 'health-insurance'] as const;
/** Citizens suggested at a login. */
const LOGIN_CHOICES = 6;
const SHOWCASE_PAGE = 500;
const SHOWCASE_PAGES_MAX = 200;

export interface DemoParts {
  readonly config: DemoConfig;
  readonly port: number;
  readonly keys: DemoKeys;
  readonly database: Database;
  /** They may still be starting. */
  readonly registers: Promise<readonly DemoRegister[]>;
  /** Where messages to people are handed over. */
  readonly webhook?: Webhook | undefined;
  readonly policiesDir: string;
  readonly supergraphSdl: string;
  readonly log: Logger;
  readonly clock: () => number;
}

/** The governance of a demo gateway: its own issuer, keys made at first start, and an admin API for the command line. */
export function demoGovernance(parts: DemoParts): Governance {
  const { keys, database, clock, log } = parts;
  const issuer = `http://${parts.config.host}:${parts.port}/oidc`;
  return {
    database,
    policiesDir: parts.policiesDir,
    defaultIssuer: issuer,
    // Its keys are at hand; asking itself over HTTP would only add a way to fail.
    tokenIssuers: [{ issuer, audience: GRAPH_AUDIENCE, jwks: { keys: [publicJwk(keys.issuer)] } }],
    grants: {
      issuer: DEMO_GRANT_ISSUER,
      privateKey: keys.grant.privateKey,
      sealKeys: new Map([...keys.seals].map(([name, { key }]) => [name, key])),
    },
    pseudonymKey: keys.pseudonym,
    timeZone: parts.config.timeZone,
    oversight: parts.config.oversight,
    webhook: parts.webhook,
    ledger: {
      writer: 'demo',
      receiptKey: keys.grant.privateKey,
      signer: noteSigner('log', DEMO_LEDGER, keys.ledger),
      witnesses: witnessesOf(parts.config.ledgerWitnesses),
    },
    madeKeys: new Map([...keys.clients].map(([id, { publicKey }]) => [id, publicKey])),
    trust: {
      // The demo administrator has two: the installation's and the officer's own.
      keys: signingKeys(keys),
      importer: { account: DEMO_ADMINISTRATOR, key: keys.adminPrivate },
      coolingOffMs: parts.config.coolingOffMs,
    },
    operationSigners: { author: { account: DEMO_ADMINISTRATOR, key: keys.adminPrivate }, officers: keys.officersPrivate },
    plugins: async ({ readiness, events, ...basis }) => {
      const { registry } = basis.rules();
      const admin = await startAdminApi({
        ...basis,
        events,
        profile: 'demo',
        database,
        keys: adminKeys(keys),
        isReady: async () => (await readiness()).ready,
        showcase: async (count) => showcase(parts, count),
        log,
        clock,
      });
      return [
        {
          prefix: '/oidc',
          plugin: demoIssuer({
            issuer,
            database,
            signingKey: keys.issuer,
            clients: (clientId) => clientOf(basis.rules().registry, clientId, clock()),
            loginClients: loginClients(registry),
            people: { citizens: async () => showcase(parts, LOGIN_CHOICES), officers: () => officerChoices(basis.rules().registry) },
            noteLogin: async (login) => events.record(loginEvent(login), clock(), citizenOf(login)),
            log,
            clock,
          }),
        },
        ...admin,
      ];
    },
  };
}

/** The key of the installation acts as the demo administrator, each officer's own key as that officer. */
export function adminKeys({ admin, officers }: DemoKeys): readonly AdminKey[] {
  return [{ key: admin, account: DEMO_ADMINISTRATOR }, ...Array.from(officers, ([account, key]) => ({ key, account }))];
}

function loginEvent({ client, kind, accountId, assurance }: DemoLoginNote): EventOf<'login'> {
  const officer = kind === 'officer' ? (accountId ?? null) : null;
  return { kind: 'login', client, login: kind, officer, assurance, outcome: accountId === undefined ? 'refused' : 'granted' };
}

function citizenOf({ kind, accountId }: DemoLoginNote): EventPeople {
  return kind === 'citizen' && accountId !== undefined ? { subjects: [accountId] } : {};
}

function signingKeys(keys: DemoKeys): ReadonlyMap<string, readonly SigningKey[]> {
  const byAccount = Map.groupBy(adminKeys(keys), ({ account }) => account);
  return new Map(Array.from(byAccount, ([account, own]) => [account, own.map(({ key }) => signingKey(key.x ?? ''))]));
}

/** The client that an application is to the issuer, with the keys that it has now. */
function clientOf({ applications }: Registry, clientId: string, nowMs: number): DemoClient | undefined {
  const application = applications.values().find((one) => one.clientId === clientId && one.login === 'application');
  const keys = (application?.keys ?? []).filter(({ endsAtMs }) => nowMs < endsAtMs).map(({ jwk }) => ({ ...jwk, kty: jwk['kty'] ?? '' }));
  return application?.suspended !== false || keys.length === 0 ? undefined : { clientId, keys };
}

/** By register: whose signatures change its ceiling, of the people and keys of this installation. */
export function demoOwners(registry: Registry, keys: DemoKeys, nowMs: number): ReadonlyMap<string, readonly OwnerKey[]> {
  const made = new Map([...keys.officers].map(([account, { x }]) => [account, x === undefined ? [] : [x]]));
  return new Map(SUBGRAPH_NAMES.map((name) => [name, ownerKeys(registry, ownerOf(registry, name) ?? '', made, nowMs)]));
}

function loginClients({ applications }: Registry): ReadonlyMap<string, 'citizen' | 'officer'> {
  const logins = [...applications.values()].map(({ clientId, login }) => [clientId, login] as const);
  return new Map(logins.filter((one): one is [string, 'citizen' | 'officer'] => one[1] === 'citizen' || one[1] === 'officer'));
}

function officerChoices({ officers, agencies }: Registry): readonly Choice[] {
  return [...officers].flatMap(([agency, of]) =>
    [...of].map(([officer, role]) => ({
      value: `${agency}/${officer}`,
      label: `${agencies.get(agency)?.name.vi ?? agency}: ${officer} (${role})`,
    })),
  );
}

/** Opens the gateway's own database of a demo installation. */
export async function openDemoDatabase(config: DemoConfig): Promise<Database> {
  return openDatabase({
    url: config.databaseUrl,
    directory: join(config.dataDir, 'gateway'),
    statementTimeoutMs: config.limits.statementTimeoutMs,
  });
}

/**
 * Starts the four registers as child processes and waits until each answers. They end with this process, also when it is killed: each
 * stops when its channel to the parent closes. Rejects with the register's own sentence when one cannot start.
 */
export async function startRegisters(
  config: DemoConfig,
  keys: DemoKeys,
  progress: DemoProgress,
  resources: AsyncDisposableStack,
  /** Whose signatures change each register's ceiling. */
  owners: ReadonlyMap<string, readonly OwnerKey[]> = new Map(),
): Promise<readonly DemoRegister[]> {
  return Promise.all(
    SUBGRAPH_NAMES.map(async (name) => {
      const ownersFile = join(config.dataDir, 'keys', `owners-${name}.json`);
      await writeKeyFile(ownersFile, JSON.stringify(owners.get(name) ?? []));
      return startRegister(name, { config, keys, ownersFile }, progress, resources);
    }),
  );
}

type ChildMessage =
  | { readonly kind: 'ready'; readonly url: string }
  | { readonly kind: 'progress'; readonly register: string; readonly done: number; readonly total: number };

async function startRegister(
  name: string,
  { config, keys, ownersFile }: { readonly config: DemoConfig; readonly keys: DemoKeys; readonly ownersFile: string },
  progress: DemoProgress,
  resources: AsyncDisposableStack,
): Promise<DemoRegister> {
  const databaseUrl = config.registerDatabaseUrls[name];
  const child = fork(join(import.meta.dirname, '..', 'subgraphs', 'main.ts'), [name, '--demo'], {
    // Optimising PGlite's WebAssembly costs each of them two seconds of CPU at the start, more than a demonstration gets back.
    execArgv: databaseUrl === undefined ? ['--liftoff-only'] : [],
    // Its log goes where this process's goes under --demo: to standard error.
    stdio: ['ignore', STANDARD_ERROR, 'pipe', 'ipc'],
    env: {
      ...(databaseUrl === undefined ? {} : { [databaseVariable(name)]: databaseUrl }),
      PORT: '0',
      HOST: '127.0.0.1',
      DATA_DIR: config.dataDir,
      CITIZENS: String(config.citizens),
      SEED: String(config.seed),
      LOG_LEVEL: config.logLevel,
      GRANT_ISSUER: DEMO_GRANT_ISSUER,
      GRANT_PUBLIC_KEY_FILE: keys.grant.publicKeyFile,
      SEAL_KEY_FILE: keys.seals.get(name)?.file ?? '',
      OWNER_KEYS_FILE: ownersFile,
    },
  });
  resources.defer(async () => stop(child));
  let complaint = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    complaint = `${complaint}${text}`.slice(-COMPLAINT_LENGTH_MAX);
    process.stderr.write(text);
  });
  const url = await new Promise<string>((resolve, reject) => {
    child.on('message', (message: ChildMessage) => {
      if (message.kind === 'ready') resolve(message.url);
      else progress.loading(name, message.done, message.total);
    });
    child.once('error', reject);
    child.once('exit', (code) => reject(new Error(`The register ${name} did not start (exit status ${code}). ${complaint.trim()}`)));
  });
  return { name, url };
}

const STANDARD_ERROR = 2;
const COMPLAINT_LENGTH_MAX = 2_000;
const STOP_TIMEOUT_MS = 5_000;

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise<void>((resolve) => {
    child.once('exit', () => resolve());
  });
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), STOP_TIMEOUT_MS);
  await ended;
  clearTimeout(timer);
}

/**
 * The port that the gateway will listen on, which has to be known before: it stands in the issuer's address. 0 finds a free one. Rejects
 * when it is taken, before anything has been opened or loaded.
 */
export async function claimPort(host: string, wanted: number): Promise<number> {
  if (wanted === 0) return freePort(host);
  await probePort(host, wanted).catch((error: unknown) => Promise.reject(listenError(error, wanted)));
  return wanted;
}

/** ID numbers of synthetic people who show well in every showcase register, in order: a merge of sorted pages. */
async function showcase(parts: DemoParts, count: number): Promise<readonly string[]> {
  const found: string[] = [];
  let after = '';
  for (let page = 0; page < SHOWCASE_PAGES_MAX && found.length < count; page += 1) {
    const lists = await Promise.all(SHOWCASE_REGISTERS.map(async (name) => showcasePage(parts, name, after)));
    const ends = lists.filter((list) => list.length === SHOWCASE_PAGE).map((list) => list.at(-1) ?? '');
    // Beyond the earliest end of a full page, another register's list may have gaps that are only not read yet.
    const upTo = ends.length === 0 ? undefined : ends.toSorted()[0];
    const [first = [], ...others] = lists.map((list) => (upTo === undefined ? list : list.filter((id) => id <= upTo)));
    const sets = others.map((list) => new Set(list));
    found.push(...first.filter((id) => sets.every((set) => set.has(id))));
    if (upTo === undefined) break;
    after = upTo;
  }
  return found.slice(0, count);
}

async function showcasePage(parts: DemoParts, name: string, after: string): Promise<readonly string[]> {
  const register = (await parts.registers).find((candidate) => candidate.name === name);
  const key = parts.keys.seals.get(name)?.key;
  if (!register || !key) throw new Error(`The demo has no register ${name}.`);
  const body = JSON.stringify({ after, limit: SHOWCASE_PAGE });
  const response = await request(new URL('/synthetic/showcase', register.url), {
    method: 'POST',
    headers: { 'content-type': 'application/json', [SEAL_HEADER]: seal('showcase', body, key, parts.clock()) },
    body,
  });
  const answered = (await response.body.json()) as { idNumbers?: unknown };
  if (response.statusCode !== 200 || !Array.isArray(answered.idNumbers)) throw new Error(`The register ${name} names nobody.`);
  return answered.idNumbers.map(String);
}
