import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { inject } from 'vitest';
import { startGateway, type GatewayPlan } from '../../gateway/assemble.ts';
import type { CommandSettings } from '../../gateway/admin/command-settings.ts';
import { login, type LoginOptions } from '../../gateway/admin/commands/login.ts';
import { token } from '../../gateway/admin/commands/token.ts';
import { SUBGRAPH_NAMES } from '../../gateway/config.ts';
import { LIMITS, type Limits } from '../../gateway/limits.ts';
import { demoGovernance } from '../../gateway/demo.ts';
import { loadOrCreateKeys } from '../../gateway/identity/keys.ts';
import type { DisclosureEvent, LedgerRecord } from '../../gateway/ledger/events.ts';
import { recordOf } from '../../gateway/ledger/store.ts';
import type { Webhook } from '../../gateway/notices/notices.ts';
import type { OversightSettings } from '../../gateway/oversight/settings.ts';
import { openDatabase, type Database } from '../../platform/database.ts';
import { freePort } from '../../platform/free-port.ts';
import { createLog } from '../../platform/log.ts';
import { SHIPPED_REGISTRY } from '../admin/shipped-registry.ts';
import { recordRequests, type RecordedRequest } from './recording-proxy.ts';
import { TEST_APPLICATIONS, TEST_CITIZENS, TEST_SEED } from './registers.ts';
import { createTestDatabase } from './test-database.ts';

export type TestApplication = (typeof TEST_APPLICATIONS)[number];

/** The purpose that each demo application has registered. */
export const PURPOSES: Readonly<Record<TestApplication, string>> = {
  'hospital-counter': 'health.check-in',
  'university-admissions': 'education.admission',
  'bank-teller': 'bank.customer-verification',
  'ward-office': 'civil-status.registration',
  'police-residence': 'residence.management',
  'statistics-office': 'statistics.official',
};

export interface Reply {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  readonly data: Record<string, unknown> | null | undefined;
  readonly errors: readonly ReplyError[];
  readonly extensions: { readonly disclosure?: { readonly record: string; readonly policyVersion: string } };
}
export interface ReplyError {
  readonly message: string;
  readonly path?: readonly (string | number)[];
  readonly extensions: { readonly code: string; readonly coordinate?: string };
}

export interface TestGateway extends AsyncDisposable {
  readonly url: string;
  readonly database: Database;
  /** Of the database; undefined where it is in this process. */
  readonly databaseUrl: string | undefined;
  /** What the gateway logged, line by line. */
  readonly log: readonly string[];
  /** Every GraphQL request that reached a register from this gateway. */
  readonly requests: RecordedRequest[];
  /** Asks as an application with its own purpose and an officer; headers given win, `undefined` takes one out. */
  ask(
    application: TestApplication,
    query: string,
    variables?: Record<string, unknown>,
    headers?: Record<string, string | undefined>,
  ): Promise<Reply>;
  /** Asks with the token of somebody who logged in, without an officer between. */
  askAs(login: Omit<LoginOptions, 'json'>, purpose: string, query: string, variables?: Record<string, unknown>): Promise<Reply>;
  /** A token of somebody who logged in. */
  loginToken(login: Omit<LoginOptions, 'json'>): Promise<string>;
  /** Sends whatever is given to /graphql. */
  send(init: RequestInit): Promise<Reply>;
  token(application: TestApplication): Promise<string>;
  /** All records, the oldest first, with the fields that most kinds have. */
  records(): Promise<readonly LedgerRecord<DisclosureEvent>[]>;
  /** What commands of the command line are called with, `--as` an officer if one is named, and all that they printed. */
  admin(as?: string): { readonly settings: CommandSettings; readonly output: () => string };
  /** ID numbers of living adults with a phone, an address and current coverage. */
  citizens(count: number): Promise<readonly string[]>;
}

export interface TestGatewayOptions {
  readonly limits?: Partial<Limits>;
  readonly policiesDir?: string;
  /** Replaces a register by another address. */
  readonly subgraphUrls?: Readonly<Record<string, string>>;
  /** The same, without the recorder in front, which would soften what a broken register does to a connection. */
  readonly unrecordedUrls?: Readonly<Record<string, string>>;
  readonly clock?: () => number;
  /** Where messages to people are handed over. */
  readonly webhook?: Webhook;
  readonly oversight?: OversightSettings;
  readonly ledgerWitnesses?: readonly { readonly url: string; readonly key: string }[];
  /** What the test's own rules give besides the shipped ones, `application: Type.field`. */
  readonly alsoGiven?: readonly string[];
  /** What widens access waits this long before it is activated. */
  readonly coolingOffMs?: number;
  readonly wrapDatabase?: (database: Database) => Database;
  /** A PostgreSQL database of the test's own making. */
  readonly databaseUrl?: string;
  /** Another gateway whose database it works on, too: by a connection of its own where that is PostgreSQL. */
  readonly besides?: TestGateway;
}

const ROOT = join(import.meta.dirname, '..', '..');

/**
 * Starts a whole gateway in this process, governed by the shipped policies, in front of the run's four real registers, with a database of
 * its own. Everything it asks a register goes through a recorder, and disposing fails when something was asked that no rule gives.
 */
export async function startTestGateway(options: TestGatewayOptions = {}): Promise<TestGateway> {
  const { dataDir, urls, backend } = inject('registers');
  await using resources = new AsyncDisposableStack();
  const clock = options.clock ?? Date.now;
  const lines: string[] = [];
  const log = createLog('gateway', 'debug', { write: (line: string) => void lines.push(line) });
  const keys = await loadOrCreateKeys(dataDir, {
    subgraphs: SUBGRAPH_NAMES,
    applications: TEST_APPLICATIONS.map((id) => ({ id, clientId: id })),
    officers: [...SHIPPED_REGISTRY.accounts.keys()],
  });
  const { besides } = options;
  const url =
    options.databaseUrl ?? besides?.databaseUrl ?? (backend === 'postgres' ? resources.use(await createTestDatabase()).url : undefined);
  const opened =
    besides !== undefined && url === undefined
      ? besides.database
      : resources.use(await openDatabase({ url, statementTimeoutMs: LIMITS.statementTimeoutMs }));
  const database = options.wrapDatabase?.(opened) ?? opened;
  const requests: RecordedRequest[] = [];
  const proxied: Record<string, string> = {};
  for (const [name, address] of Object.entries({ ...urls, ...options.subgraphUrls })) {
    proxied[name] = resources.use(await recordRequests(name, address, requests, options.alsoGiven)).url;
  }
  const supergraphSdl = await readFile(join(ROOT, 'schema', 'supergraph.graphql'), 'utf8');
  const policiesDir = options.policiesDir ?? join(ROOT, 'policies');
  const port = await freePort('127.0.0.1');
  const limits = { ...LIMITS, ...options.limits };
  const common = { host: '127.0.0.1', port, log, clock, limits };
  const plan: GatewayPlan = {
    ...common,
    supergraphSdl,
    subgraphUrls: { ...proxied, ...options.unrecordedUrls },
    governance: demoGovernance({
      config: {
        kind: 'demo',
        ...common,
        logLevel: 'debug',
        oversight: options.oversight,
        overrideLabels: [],
        coolingOffMs: options.coolingOffMs ?? 0,
        dataDir,
        databaseUrl: url,
        registerDatabaseUrls: {},
        citizens: TEST_CITIZENS,
        seed: TEST_SEED,
        ledgerWitnesses: options.ledgerWitnesses ?? [],
      },
      webhook: options.webhook,
      port,
      keys,
      database,
      registers: Promise.resolve(Object.entries(urls).map(([name, address]) => ({ name, url: address }))),
      policiesDir,
      supergraphSdl,
      log,
      clock,
    }),
  };
  const gateway = resources.use(await startGateway(plan));
  const settings = { gatewayUrl: gateway.url, dataDir };
  const tokens = new Map<string, Promise<string>>();
  const tokenOf = async (application: TestApplication): Promise<string> => {
    const known =
      tokens.get(application) ??
      printed(async (write) => token({ ...settings, output: { columns: undefined, write } }, application, false));
    tokens.set(application, known);
    return known;
  };
  const loginToken = async (options: Omit<LoginOptions, 'json'>): Promise<string> => {
    const key = JSON.stringify(options);
    const known =
      tokens.get(key) ??
      printed(async (write) => login({ ...settings, output: { columns: undefined, write } }, { ...options, json: false }));
    tokens.set(key, known);
    return known;
  };
  const send = async (init: RequestInit): Promise<Reply> => readReply(await fetch(`${gateway.url}/graphql`, init));
  const owned = resources.move();
  return {
    url: gateway.url,
    database,
    databaseUrl: url,
    log: lines,
    requests,
    send,
    token: tokenOf,
    loginToken,
    async askAs(options, purpose, query, variables) {
      const headers = {
        authorization: `Bearer ${await loginToken(options)}`,
        'content-type': 'application/json',
        accept: 'application/graphql-response+json',
        'x-purpose': purpose,
      };
      return send({ method: 'POST', headers, body: JSON.stringify({ query, variables }) });
    },
    async ask(application, query, variables, headers) {
      const all: Record<string, string | undefined> = {
        authorization: `Bearer ${await tokenOf(application)}`,
        'content-type': 'application/json',
        accept: 'application/graphql-response+json',
        'x-purpose': PURPOSES[application],
        'x-officer': 'officer-001',
        ...headers,
      };
      const kept = Object.fromEntries(Object.entries(all).filter((entry): entry is [string, string] => entry[1] !== undefined));
      return send({ method: 'POST', headers: kept, body: JSON.stringify({ query, variables }) });
    },
    async records() {
      const text = 'SELECT head, persons FROM ledger_records ORDER BY at, chain, sequence';
      const rows = await opened.query<{ head: string; persons: string }>({ text });
      return rows.map(recordOf) as readonly LedgerRecord<DisclosureEvent>[];
    },
    admin(as) {
      let printedText = '';
      const write = (text: string): void => void (printedText += text);
      return { settings: { ...settings, as, output: { columns: undefined, write } }, output: () => printedText };
    },
    async citizens(count) {
      const { citizens } = await import('../../gateway/admin/commands/citizens.ts');
      const text = await printed(async (write) => citizens({ ...settings, output: { columns: undefined, write } }, count, false));
      return text.split('\n');
    },
    [Symbol.asyncDispose]: async () => owned.disposeAsync(),
  };
}

async function printed(command: (write: (text: string) => void) => Promise<void>): Promise<string> {
  let text = '';
  await command((part) => {
    text += part;
  });
  return text.trim();
}

async function readReply(response: Response): Promise<Reply> {
  const text = await response.text();
  const body = (text.startsWith('{') ? JSON.parse(text) : {}) as Partial<Reply>;
  return {
    status: response.status,
    headers: response.headers,
    text,
    data: body.data,
    errors: body.errors ?? [],
    extensions: body.extensions ?? {},
  };
}
