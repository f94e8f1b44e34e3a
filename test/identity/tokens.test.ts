import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, generateKeyPair, SignJWT, UnsecuredJWT, type CryptoKey, type JWK } from 'jose';
import { beforeAll, describe, expect, it } from 'vitest';
import { createTokenCheck, type TokenCheck } from '../../gateway/identity/tokens.ts';

const ISSUER = 'https://issuer.example';
const AUDIENCE = 'https://lien-thong.example/graph';
const NOW_MS = Date.parse('2026-11-20T08:00:00Z');
const NOW = NOW_MS / 1000;

let signingKey: CryptoKey;
let publicKey: JWK;
let nowMs = NOW_MS;
let check: TokenCheck;

beforeAll(async () => {
  const pair = await generateKeyPair('ES256');
  signingKey = pair.privateKey;
  publicKey = { ...(await exportJWK(pair.publicKey)), kid: 'k1', alg: 'ES256', use: 'sig' };
  nowMs = NOW_MS;
  check = createTokenCheck({ issuers: [{ issuer: ISSUER, audience: AUDIENCE, jwks: { keys: [publicKey] } }], clock: () => nowMs });
});

interface Shape {
  readonly claims?: Record<string, unknown>;
  readonly header?: Record<string, unknown>;
  readonly key?: CryptoKey | Uint8Array;
}

async function token(shape: Shape = {}): Promise<string> {
  return new SignJWT({ iss: ISSUER, aud: AUDIENCE, sub: 'app', client_id: 'app', iat: NOW, exp: NOW + 600, ...shape.claims })
    .setProtectedHeader({ alg: 'ES256', typ: 'at+jwt', kid: 'k1', ...shape.header })
    .sign(shape.key ?? signingKey);
}

describe('the check of access tokens', () => {
  it('accepts a token after RFC 9068 and says who it was issued to', async () => {
    expect(await check(await token())).toEqual({
      kind: 'verified',
      token: { issuer: ISSUER, clientId: 'app', subject: 'app', assurance: 0, expiresAtMs: NOW_MS + 600_000 },
    });
  });

  it('accepts the long form of the type and a client named by azp', async () => {
    expect((await check(await token({ header: { typ: 'application/at+jwt' } }))).kind).toBe('verified');
    expect(await check(await token({ claims: { client_id: undefined, azp: 'other' } }))).toMatchObject({ token: { clientId: 'other' } });
  });

  it.each<[string, Shape]>([
    ['expired', { claims: { exp: NOW - 60 } }],
    ['without an expiry', { claims: { exp: undefined } }],
    ['not valid yet', { claims: { nbf: NOW + 60 } }],
    ['of a foreign issuer', { claims: { iss: 'https://foreign.example' } }],
    ['without an issuer', { claims: { iss: undefined } }],
    ['for another audience', { claims: { aud: 'https://elsewhere.example' } }],
    ['without an audience', { claims: { aud: undefined } }],
    ['of another type', { header: { typ: 'JWT' } }],
    ['without a type', { header: { typ: undefined } }],
    ['signed under an unknown key id', { header: { kid: 'k2' } }],
    ['without a client id', { claims: { client_id: undefined } }],
    ['with a client id that is no text', { claims: { client_id: ['app'] } }],
    ['whose client_id and azp differ', { claims: { azp: 'other' } }],
    ['bound to a key by DPoP', { claims: { cnf: { jkt: 'x' } } }],
    ['with an unknown critical header', { header: { crit: ['x'], x: 1 } }],
  ])('rejects a token %s', async (_name, shape) => {
    const made = shape.header?.['crit'] === undefined ? await token(shape) : withHeader(await token(), { crit: ['x'], x: 1 });
    expect((await check(made)).kind).toBe('rejected');
  });

  it('rejects a token signed with another key of the same id', async () => {
    const { privateKey } = await generateKeyPair('ES256');
    expect(await check(await token({ key: privateKey }))).toEqual({ kind: 'rejected', reason: 'ERR_JWS_SIGNATURE_VERIFICATION_FAILED' });
  });

  it('rejects the algorithm "none"', async () => {
    const unsigned = new UnsecuredJWT({ iss: ISSUER, aud: AUDIENCE, client_id: 'app', exp: NOW + 600 }).encode();
    expect((await check(unsigned)).kind).toBe('rejected');
    expect((await check(withHeader(await token(), { alg: 'none', typ: 'at+jwt' }).replace(/\.[^.]*$/, '.'))).kind).toBe('rejected');
  });

  it('rejects HMAC with the public key as the secret', async () => {
    for (const secret of [JSON.stringify(publicKey), publicKey.x ?? '']) {
      const forged = await token({ header: { alg: 'HS256' }, key: new TextEncoder().encode(secret.padEnd(32, ' ')) });
      expect((await check(forged)).kind).toBe('rejected');
    }
  });

  it('rejects a token whose claims were changed after signing, also when the good one is remembered', async () => {
    const good = await token();
    expect((await check(good)).kind).toBe('verified');
    const [header, payload, signature] = good.split('.') as [string, string, string];
    const claims = { ...(JSON.parse(Buffer.from(payload, 'base64url').toString()) as object), client_id: 'police' };
    const changed = `${header}.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.${signature}`;
    expect((await check(changed)).kind).toBe('rejected');
  });

  it.each(['', 'x', 'a.b.c', '..', 'x'.repeat(9_000), '\u0000.\u0000.\u0000', 'e30.e30.e30'])(
    'rejects what is no token without failing (%#)',
    async (text) => {
      expect((await check(text)).kind).toBe('rejected');
    },
  );

  it('forgets a remembered token when it expires', async () => {
    const short = await token({ claims: { exp: NOW + 60 } });
    expect((await check(short)).kind).toBe('verified');
    nowMs = NOW_MS + 120_000;
    expect((await check(short)).kind).toBe('rejected');
    nowMs = NOW_MS;
  });

  it('keeps issuers apart: a key of one does not sign for another', async () => {
    const other = await generateKeyPair('ES256');
    const two = createTokenCheck({
      issuers: [
        { issuer: ISSUER, audience: AUDIENCE, jwks: { keys: [publicKey] } },
        { issuer: 'https://two.example', audience: AUDIENCE, jwks: { keys: [{ ...(await exportJWK(other.publicKey)), kid: 'k1' }] } },
      ],
      clock: () => NOW_MS,
    });
    expect((await two(await token({ claims: { iss: 'https://two.example' } }))).kind).toBe('rejected');
    expect((await two(await token({ claims: { iss: 'https://two.example' }, key: other.privateKey }))).kind).toBe('verified');
  });
});

describe('keys that an issuer publishes', () => {
  it('are fetched once and then used', async () => {
    await using keys = await serveKeys(() => ({ status: 200, body: JSON.stringify({ keys: [publicKey] }) }));
    const remote = createTokenCheck({ issuers: [{ issuer: ISSUER, audience: AUDIENCE, jwks: keys.url }], clock: () => NOW_MS });
    const results = await Promise.all([remote(await token()), remote(await token({ claims: { jti: '2' } })), remote(await token())]);
    expect(results.map((result) => result.kind)).toEqual(['verified', 'verified', 'verified']);
    expect(keys.requests).toBe(1);
  });

  it.each([
    ['an error', { status: 500, body: 'oops' }],
    ['no JSON', { status: 200, body: '<html>' }],
    ['no key set', { status: 200, body: '[]' }],
    ['a redirect', { status: 302, body: '' }],
  ])('leave a token unchecked while the issuer answers with %s, and are not asked for again at once', async (_name, answer) => {
    await using keys = await serveKeys(() => answer);
    let laterMs = NOW_MS;
    const remote = createTokenCheck({ issuers: [{ issuer: ISSUER, audience: AUDIENCE, jwks: keys.url }], clock: () => laterMs });
    for (let times = 0; times < 5; times += 1) expect((await remote(await token())).kind).toBe('unavailable');
    expect(keys.requests).toBe(1);
    laterMs += 3_000;
    expect((await remote(await token())).kind).toBe('unavailable');
    expect(keys.requests).toBe(2);
  });

  it('leave a token unchecked while nothing listens, and are used once it does', async () => {
    let up = false;
    await using keys = await serveKeys(() => (up ? { status: 200, body: JSON.stringify({ keys: [publicKey] }) } : undefined));
    let laterMs = NOW_MS;
    const remote = createTokenCheck({ issuers: [{ issuer: ISSUER, audience: AUDIENCE, jwks: keys.url }], clock: () => laterMs });
    expect((await remote(await token())).kind).toBe('unavailable');
    up = true;
    laterMs += 3_000;
    expect((await remote(await token())).kind).toBe('verified');
  });
});

function withHeader(made: string, header: Record<string, unknown>): string {
  const [, payload, signature] = made.split('.');
  const text = JSON.stringify({ alg: 'ES256', typ: 'at+jwt', kid: 'k1', ...header });
  return `${Buffer.from(text).toString('base64url')}.${payload}.${signature}`;
}

interface KeyServer extends AsyncDisposable {
  readonly url: URL;
  readonly requests: number;
}

/** A key endpoint; `undefined` breaks the connection off. */
async function serveKeys(answer: () => { readonly status: number; readonly body: string } | undefined): Promise<KeyServer> {
  let requests = 0;
  const server = createServer((incoming, response) => {
    requests += 1;
    const given = answer();
    if (given === undefined) incoming.destroy();
    else response.writeHead(given.status, { 'content-type': 'application/json', location: '/elsewhere' }).end(given.body);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/jwks`),
    get requests() {
      return requests;
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
