import { request } from 'node:http';
import { createLocalJWKSet, generateKeyPair, exportJWK, jwtVerify, SignJWT, type JSONWebKeySet } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ACCESS_TOKEN_SECONDS, GRAPH_AUDIENCE } from '../../gateway/identity/demo-issuer.ts';
import { accessToken, assertion, clientKey, requestToken, startIssuer, type IssuerUnderTest } from './demo-gateway.ts';

let gateway: IssuerUnderTest;
beforeAll(async () => {
  gateway = await startIssuer();
});
afterAll(async () => gateway[Symbol.asyncDispose]());

describe('the demo issuer', () => {
  it('gives a registered application an ES256 access token after RFC 9068, for the graph, for ten minutes', async () => {
    const jwks = (await (await fetch(`${gateway.issuer}/jwks`)).json()) as JSONWebKeySet;
    const token = await accessToken(gateway, 'bank-teller');
    const { payload, protectedHeader } = await jwtVerify(token, createLocalJWKSet(jwks), {
      issuer: gateway.issuer,
      audience: GRAPH_AUDIENCE,
      typ: 'at+jwt',
      algorithms: ['ES256'],
    });
    expect(payload['client_id']).toBe('bank-client-7');
    expect((payload.exp ?? 0) - (payload.iat ?? 0)).toBe(ACCESS_TOKEN_SECONDS);
    expect(protectedHeader.kid).toBe(gateway.keys.issuer.kid);
  });

  it('publishes the public half of its key only', async () => {
    const text = await (await fetch(`${gateway.issuer}/jwks`)).text();
    expect(text).not.toContain('"d"');
  });

  it('describes itself by its own address whatever host the client names', async () => {
    const metadata = await discover('evil.example');
    expect(metadata['issuer']).toBe(gateway.issuer);
    expect(metadata['token_endpoint']).toBe(`${gateway.issuer}/token`);
    expect(metadata['jwks_uri']).toBe(`${gateway.issuer}/jwks`);
    expect(metadata['grant_types_supported']).toEqual(['client_credentials', 'authorization_code']);
    expect(metadata['authorization_endpoint']).toBe(`${gateway.issuer}/auth`);
  });

  it('lets nobody log in to an application that asks for itself', async () => {
    expect((await fetch(`${gateway.issuer}/auth?client_id=hospital-counter`, { redirect: 'manual' })).status).toBe(400);
  });

  it('refuses a client assertion used again', async () => {
    const once = await assertion(await clientKey(gateway.dataDir), 'hospital-counter', gateway.issuer);
    expect((await requestToken(gateway.issuer, once)).status).toBe(200);
    expect(await requestToken(gateway.issuer, once)).toMatchObject({ status: 401, body: { error: 'invalid_client' } });
  });

  it('accepts one of ten uses of the same assertion at once', async () => {
    const once = await assertion(await clientKey(gateway.dataDir), 'hospital-counter', gateway.issuer);
    const answers = await Promise.all(Array.from({ length: 10 }, async () => requestToken(gateway.issuer, once)));
    expect(answers.map((answer) => answer.status).toSorted((a, b) => a - b)).toEqual([200, ...Array.from({ length: 9 }, () => 401)]);
  });

  it('refuses an assertion signed with a key of another application', async () => {
    const stolen = await assertion(await clientKey(gateway.dataDir, 'bank-teller'), 'hospital-counter', gateway.issuer);
    expect(await requestToken(gateway.issuer, stolen)).toMatchObject({ status: 401, body: { error: 'invalid_client' } });
  });

  it('refuses an application that it does not know', async () => {
    const { privateKey } = await generateKeyPair('ES256', { extractable: true });
    for (const name of ['somebody', 'a\u0000b', "'; DROP TABLE oidc_payload"]) {
      const unknown = await assertion(await exportJWK(privateKey), name, gateway.issuer);
      expect(await requestToken(gateway.issuer, unknown)).toMatchObject({ status: 401, body: { error: 'invalid_client' } });
    }
  });

  it('refuses an assertion for another audience, for several, or for longer than five minutes', async () => {
    const key = await clientKey(gateway.dataDir);
    const now = Math.floor(Date.now() / 1000);
    for (const claims of [
      { aud: 'https://elsewhere.example' },
      { aud: [gateway.issuer, 'https://elsewhere.example'] },
      { exp: now + 3_600 },
    ]) {
      const bad = await assertion(key, 'hospital-counter', gateway.issuer, claims);
      expect((await requestToken(gateway.issuer, bad)).status).toBe(401);
    }
  });

  it('refuses an expired assertion and one without an id', async () => {
    const key = await clientKey(gateway.dataDir);
    const past = Math.floor(Date.now() / 1000) - 600;
    const expired = await assertion(key, 'hospital-counter', gateway.issuer, { iat: past - 60, exp: past });
    expect((await requestToken(gateway.issuer, expired)).status).toBe(401);
    const anonymous = await assertion(key, 'hospital-counter', gateway.issuer, { jti: undefined });
    expect((await requestToken(gateway.issuer, anonymous)).status).toBe(401);
  });

  it('refuses an assertion signed with HMAC, the public key taken for the secret', async () => {
    const publicKey = gateway.keys.clients.get('hospital-counter')?.publicKey;
    const forged = await new SignJWT({ iss: 'hospital-counter', sub: 'hospital-counter', aud: gateway.issuer, jti: 'x' })
      .setProtectedHeader({ alg: 'HS256' })
      .setExpirationTime('1m')
      .sign(new TextEncoder().encode(JSON.stringify(publicKey)));
    expect((await requestToken(gateway.issuer, forged)).status).toBe(401);
  });

  it('gives no token for another resource', async () => {
    const good = await assertion(await clientKey(gateway.dataDir), 'hospital-counter', gateway.issuer);
    const answer = await requestToken(gateway.issuer, good, { resource: 'https://elsewhere.example' });
    expect(answer).toMatchObject({ status: 400, body: { error: 'invalid_target' } });
  });

  it('answers what is not a token request with a client error', async () => {
    for (const [type, body] of [
      ['application/json', '{"grant_type":"client_credentials"}'],
      ['application/x-www-form-urlencoded; charset=nonsense', 'grant_type=client_credentials'],
      ['application/x-www-form-urlencoded', `grant_type=client_credentials&x=${'x'.repeat(100_000)}`],
      ['application/x-www-form-urlencoded', 'grant_type=password'],
      ['application/x-www-form-urlencoded', ''],
    ] as const) {
      const response = await fetch(`${gateway.issuer}/token`, { method: 'POST', headers: { 'content-type': type }, body });
      expect(response.status, `${type} ${body.slice(0, 40)}`).toBe(400);
      await response.body?.cancel();
    }
  });
});

/** The metadata as a client gets it that sends `host`; fetch does not let one choose it. */
async function discover(host: string): Promise<Record<string, unknown>> {
  return new Promise((resolve, reject) => {
    request(`${gateway.issuer}/.well-known/openid-configuration`, { headers: { host } }, (response) => {
      let text = '';
      response.on('data', (chunk: Buffer) => (text += chunk.toString()));
      response.on('end', () => resolve(JSON.parse(text) as Record<string, unknown>));
    })
      .on('error', reject)
      .end();
  });
}
