import { login } from '../../gateway/admin/commands/login.ts';
import { randomUUID } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import fastify, { type FastifyPluginAsync } from 'fastify';
import { importJWK, SignJWT, type JWK } from 'jose';
import { demoIssuer } from '../../gateway/identity/demo-issuer.ts';
import { applicationKeyFile, loadOrCreateKeys, type DemoKeys } from '../../gateway/identity/keys.ts';
import type { Application, Registry } from '../../gateway/policy/registry.ts';
import { migrate, openDatabase, type Database } from '../../platform/database.ts';
import { freePort } from '../../platform/free-port.ts';
import { createLog, type Logger } from '../../platform/log.ts';

export const MIGRATIONS = resolve(import.meta.dirname, '../../gateway/migrations');
export const APPLICATIONS = [
  { id: 'hospital-counter', clientId: 'hospital-counter' },
  { id: 'bank-teller', clientId: 'bank-client-7' },
];

/** Accounts of the shipped registry that have keys. */
export const OFFICERS = [
  'portal/officer-001',
  'police/officer-064',
  'police/officer-066',
  'bank/officer-043',
  'portal/officer-002',
  'hospital/officer-017',
];

export interface IssuerUnderTest extends AsyncDisposable {
  readonly issuer: string;
  readonly origin: string;
  readonly dataDir: string;
  readonly keys: DemoKeys;
  readonly database: Database;
}

/** The real demo issuer on a free port, with keys in a directory of its own and a database in memory. `more` is served beside it. */
export async function startIssuer(more?: (keys: DemoKeys, database: Database) => Promise<FastifyPluginAsync>): Promise<IssuerUnderTest> {
  const dataDir = await mkdtemp(join(tmpdir(), 'lien-thong-identity-'));
  const keys = await loadOrCreateKeys(dataDir, { subgraphs: ['residents'], applications: APPLICATIONS, officers: OFFICERS });
  const database = await openDatabase({ statementTimeoutMs: 5_000 });
  await migrate(database, MIGRATIONS);
  const app = fastify();
  // The port is part of the issuer's name, so it is found before the issuer is made.
  const port = await freePort('127.0.0.1');
  const origin = `http://127.0.0.1:${port}`;
  const issuer = `${origin}/oidc`;
  await app.register(
    demoIssuer({
      issuer,
      database,
      signingKey: keys.issuer,
      clients: (clientId) => {
        const client = keys.clients.values().find((one) => one.clientId === clientId);
        return client && { clientId, keys: [client.publicKey] };
      },
      loginClients: LOGIN_CLIENTS,
      people: PEOPLE,
      noteLogin: async () => true,
      log: silentLog(),
      clock: Date.now,
    }),
    { prefix: '/oidc' },
  );
  if (more !== undefined) await app.register(await more(keys, database));
  await app.listen({ host: '127.0.0.1', port });
  return {
    issuer,
    origin,
    dataDir,
    keys,
    database,
    async [Symbol.asyncDispose]() {
      await app.close();
      await database[Symbol.asyncDispose]();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}

/** The private key of a demo application. */
export async function clientKey(dataDir: string, application = 'hospital-counter'): Promise<JWK> {
  return JSON.parse(await readFile(applicationKeyFile(dataDir, application), 'utf8')) as JWK;
}

/** A client assertion (RFC 7523), good unless the claims given say otherwise. */
export async function assertion(key: JWK, clientId: string, issuer: string, claims: Record<string, unknown> = {}): Promise<string> {
  const now = Math.floor(Date.now() / 1000);
  return new SignJWT({ iss: clientId, sub: clientId, aud: issuer, jti: randomUUID(), iat: now, exp: now + 60, ...claims })
    .setProtectedHeader({ alg: 'ES256' })
    .sign(await importJWK(key, 'ES256'));
}

const LOGIN_CLIENTS = new Map([
  ['portal', 'citizen'],
  ['desk-login', 'officer'],
] as const);
const PEOPLE = {
  citizens: async () => ['001099000001', '001099000002'],
  officers: () => [
    { value: 'hospital/nurse-12', label: 'Nurse <12>' },
    { value: 'bank/teller-3', label: 'Teller' },
  ],
};

export interface TokenAnswer {
  readonly status: number;
  readonly body: { readonly access_token?: string; readonly expires_in?: number; readonly error?: string };
}

/** Asks the token endpoint. */
export async function requestToken(issuer: string, clientAssertion: string, more: Record<string, string> = {}): Promise<TokenAnswer> {
  const response = await fetch(`${issuer}/token`, {
    method: 'POST',
    body: new URLSearchParams({
      grant_type: 'client_credentials',
      client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
      client_assertion: clientAssertion,
      ...more,
    }),
  });
  return { status: response.status, body: (await response.json()) as TokenAnswer['body'] };
}

/** An access token of a demo application, by the real flow. */
export async function accessToken(gateway: IssuerUnderTest, application = 'hospital-counter'): Promise<string> {
  const clientId = gateway.keys.clients.get(application)?.clientId ?? application;
  const key = await clientKey(gateway.dataDir, application);
  const { body } = await requestToken(gateway.issuer, await assertion(key, clientId, gateway.issuer));
  return body.access_token ?? '';
}

/** An access token of somebody who logged in, by the real flow. */
export async function loginToken(gateway: IssuerUnderTest, app: string, who: string, level: 1 | 2): Promise<string> {
  let printed = '';
  const output = { columns: undefined, write: (text: string) => void (printed += text) };
  const settings = { gatewayUrl: new URL(gateway.issuer).origin, dataDir: gateway.dataDir, output };
  await login(settings, { app, who, level, json: false });
  return printed.trim();
}

/** A registry of two applications, the second one's officers unknown. */
export function registry(issuer: string, change: Partial<Application> = {}): Registry {
  const application = (id: string, agency: string, clientId: string, purpose: string): Application => ({
    id,
    agency,
    issuer: undefined,
    clientId,
    purposes: new Set([purpose]),
    approvedOperationsOnly: false,
    suspended: false,
    login: 'application',
    ...change,
  });
  const applications = new Map([
    ['hospital-counter', application('hospital-counter', 'hospital', 'hospital-counter', 'health.check-in')],
    ['bank-teller', application('bank-teller', 'bank', 'bank-client-7', 'bank.customer-verification')],
  ]);
  const purpose = (id: string): [string, { id: string; text: { vi: string; en: string }; version: number }] => [
    id,
    { id, text: { vi: id, en: id }, version: 1 },
  ];
  return {
    version: 'test',
    agencies: new Map(),
    applications,
    purposes: new Map([purpose('health.check-in'), purpose('bank.customer-verification')]),
    registers: new Map(),
    officers: new Map([['hospital', new Map([['nurse-12', 'reception']])]]),
    accounts: new Map(),
    findApplication: (from, clientId) => (from === issuer ? applications.values().find((one) => one.clientId === clientId) : undefined),
  };
}

export function silentLog(): Logger {
  return createLog('test', 'silent');
}
