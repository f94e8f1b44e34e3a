import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { randomBytes } from 'node:crypto';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import { expect, inject, test } from 'vitest';
import { ConfigError, readConfig } from '../../gateway/config.ts';
import { DEMO_GRANT_ISSUER } from '../../gateway/demo.ts';
import { start } from '../../gateway/start.ts';
import { createLog } from '../../platform/log.ts';
import { createTestDatabase } from './test-database.ts';

const AUDIENCE = 'urn:example:graph';
const ROOT = join(import.meta.dirname, '..', '..');

/** An issuer of somebody else's: publishes a key and signs what it is asked to. */
async function startIssuer(): Promise<
  AsyncDisposable & { readonly url: string; readonly sign: (claims: Record<string, unknown>) => Promise<string> }
> {
  const { publicKey, privateKey } = await generateKeyPair('ES256');
  const jwk = { ...(await exportJWK(publicKey)), kid: 'k1', alg: 'ES256' };
  const server = createServer((_, response) => response.setHeader('content-type', 'application/json').end(JSON.stringify({ keys: [jwk] })));
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const address = server.address();
  const url = `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`;
  return {
    url,
    sign: async (claims) =>
      new SignJWT(claims)
        .setProtectedHeader({ alg: 'ES256', typ: 'at+jwt', kid: 'k1' })
        .setIssuer(url)
        .setAudience(AUDIENCE)
        .setIssuedAt()
        .setExpirationTime('5m')
        .sign(privateKey),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => {
        server.close(resolve);
      });
    },
  };
}

test('serves the registers of others with tokens of a configured issuer, and has no demo issuer, no showcase, no administration by an application', async () => {
  const { dataDir, urls, backend } = inject('registers');
  await using resources = new AsyncDisposableStack();
  const issuer = resources.use(await startIssuer());
  const own = await mkdtemp(join(tmpdir(), 'lien-thong-production-'));
  resources.defer(async () => rm(own, { recursive: true, force: true }));
  await writeFile(join(own, 'pseudonym.key'), randomBytes(32).toString('base64'));
  const database = backend === 'postgres' ? resources.use(await createTestDatabase()).url : '';
  const environment = {
    PORT: '0',
    DATA_DIR: own,
    GATEWAY_DATABASE_URL: database,
    SUPERGRAPH: join(ROOT, 'schema', 'supergraph.graphql'),
    POLICIES: join(ROOT, 'policies'),
    ISSUER: issuer.url,
    AUDIENCE,
    JWKS: `${issuer.url}/jwks`,
    SUBGRAPH_URLS: Object.entries(urls)
      .map(([name, url]) => `${name}=${url}`)
      .join(','),
    GRANT_ISSUER: DEMO_GRANT_ISSUER,
    GRANT_PRIVATE_KEY_FILE: join(dataDir, 'keys', 'grant.private.pem'),
    SEAL_KEY_DIR: join(dataDir, 'keys', 'seals'),
    PSEUDONYM_KEY_FILE: join(own, 'pseudonym.key'),
  };
  const config = readConfig([], environment);
  expect(config.kind).toBe('production');
  const gateway = resources.use(
    await start(config, { log: createLog('gateway', 'silent'), clock: Date.now, progress: { loading: () => undefined } }),
  );

  const ask = async (token: string): Promise<Response> =>
    fetch(`${gateway.url}/graphql`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${token}`,
        'content-type': 'application/json',
        'x-purpose': 'residence.management',
        'x-officer': 'o-1',
      },
      body: JSON.stringify({ query: '{ resident(idNumber: "001099999999") { fullName phone } }' }),
    });
  const answered = await ask(await issuer.sign({ client_id: 'police-residence' }));
  expect(answered.status).toBe(200);
  expect(await answered.json()).toMatchObject({
    data: { resident: null },
    extensions: { disclosure: { record: expect.stringMatching(/^[0-9a-f-]{36}$/) } },
  });
  expect((await ask(await issuer.sign({ azp: 'police-residence' }))).status).toBe(200);
  expect((await ask(await issuer.sign({ client_id: 'nobody-knows' }))).status).toBe(403);
  expect((await ask(await issuer.sign({ sub: 'police-residence' }))).status).toBe(401);

  for (const path of ['/oidc/token', '/oidc/.well-known/openid-configuration', '/synthetic/showcase']) {
    expect((await fetch(`${gateway.url}${path}`, { method: 'POST' })).status, path).toBe(404);
  }
  // Administrators log in by the issuer; an application's token is none of theirs.
  const administer = {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${await issuer.sign({ client_id: 'police-residence' })}` },
    body: '{}',
  };
  expect((await fetch(`${gateway.url}/admin/graphql`, administer)).status).toBe(401);
});

test('says every setting that is missing or wrong, and what to give', () => {
  const message = (args: readonly string[], environment: Record<string, string> = {}): string => {
    try {
      readConfig(args, environment);
      return '';
    } catch (error) {
      expect(error).toBeInstanceOf(ConfigError);
      return (error as Error).message;
    }
  };
  expect(message([])).toContain('--supergraph FILE');
  expect(message(['--open'])).toContain('--supergraph FILE');
  expect(message(['--nonsense'])).toContain('--nonsense');
  expect(message(['--demo', '--open'])).toContain('exclude each other');
  expect(message(['--demo'], { PORT: 'x', CITIZENS: '0' })).toMatch(/PORT.*\nCITIZENS/);
  expect(message(['--demo'], { HOST: '0.0.0.0' })).toContain('127.0.0.1');
  expect(message(['--open', '--supergraph', 'x'], { SEAL_KEY_DIR: '/keys' })).toContain('production keys');
  expect(message([], { SUPERGRAPH: 'a', POLICIES: 'b', ISSUER: 'c', AUDIENCE: 'd', JWKS: 'not a url' })).toContain('JWKS');
  expect(message(['--demo'], { SUBGRAPH_URLS: 'x' })).toBe('');
});
