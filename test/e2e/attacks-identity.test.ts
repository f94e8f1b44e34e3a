import { createPublicKey } from 'node:crypto';
import { decodeJwt, generateKeyPair, importJWK, SignJWT, type JWTPayload } from 'jose';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { SUBGRAPH_NAMES } from '../../gateway/config.ts';
import { loadOrCreateKeys, type DemoKeys } from '../../gateway/identity/keys.ts';
import { TEST_APPLICATIONS } from './registers.ts';
import { PURPOSES, startTestGateway, type Reply, type TestGateway } from './test-gateway.ts';

let gateway: TestGateway;
let keys: DemoKeys;
let token: string;
let claims: JWTPayload;
let id: string;
beforeAll(async () => {
  gateway = await startTestGateway();
  keys = await loadOrCreateKeys(inject('registers').dataDir, {
    subgraphs: SUBGRAPH_NAMES,
    applications: TEST_APPLICATIONS.map((application) => ({ id: application, clientId: application })),
  });
  token = await gateway.token('police-residence');
  claims = decodeJwt(token);
  [id = ''] = await gateway.citizens(1);
});
afterAll(async () => gateway[Symbol.asyncDispose]());

const QUERY = 'query ($id: IdNumber!) { resident(idNumber: $id) { fullName } }';

async function askWith(authorization: string | undefined, headers: Record<string, string | undefined> = {}): Promise<Reply> {
  const before = gateway.requests.length;
  const reply = await gateway.ask('police-residence', QUERY, { id }, { authorization, ...headers });
  if (reply.status !== 200) expect(gateway.requests.length).toBe(before);
  return reply;
}

function expectCode(reply: Reply, status: number, code: string): void {
  expect(reply.errors.map(({ extensions }) => extensions.code)).toEqual([code]);
  expect(reply.status).toBe(status);
  expect(reply.text).not.toContain('"data"');
}

/** A token by the issuer's own key, right but for what is changed. */
async function signed(change: Record<string, unknown>, header: Record<string, unknown> = {}): Promise<string> {
  return new SignJWT({ ...claims, ...change })
    .setProtectedHeader({ alg: 'ES256', typ: 'at+jwt', kid: keys.issuer.kid ?? '', ...header })
    .sign(await importJWK(keys.issuer, 'ES256'));
}

function encoded(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}

describe('asking without being the application', () => {
  test('the token made as these tests make them is good, so that what is changed in it is what is refused', async () => {
    expect((await askWith(`Bearer ${await signed({})}`)).status).toBe(200);
    expect((await askWith(`bearer ${token}`)).status).toBe(200);
  });

  test.each<[string, () => Promise<string | undefined>]>([
    ['no token', async () => undefined],
    ['an empty one', async () => 'Bearer '],
    ['a password', async () => `Basic ${Buffer.from('police-residence:x').toString('base64')}`],
    ['nonsense', async () => 'Bearer nonsense'],
    ['a token in no scheme', async () => token],
    ['two tokens', async () => `Bearer ${token}, Bearer ${token}`],
    ['a token without its signature', async () => `Bearer ${token.slice(0, token.lastIndexOf('.') + 1)}`],
    [
      'a token with another’s signature',
      async () => `Bearer ${token.slice(0, token.lastIndexOf('.'))}.${(await gateway.token('bank-teller')).split('.')[2]}`,
    ],
    ['an expired one', async () => `Bearer ${await signed({ exp: Math.floor(Date.now() / 1000) - 60 })}`],
    ['one without expiry', async () => `Bearer ${await signed({ exp: undefined })}`],
    ['one that is not valid yet', async () => `Bearer ${await signed({ nbf: Math.floor(Date.now() / 1000) + 600 })}`],
    ['one of a foreign issuer', async () => `Bearer ${await signed({ iss: 'https://elsewhere.example' })}`],
    ['one without issuer', async () => `Bearer ${await signed({ iss: undefined })}`],
    ['one for another audience', async () => `Bearer ${await signed({ aud: 'https://lien-thong.example/admin' })}`],
    ['one without audience', async () => `Bearer ${await signed({ aud: undefined })}`],
    ['one without client', async () => `Bearer ${await signed({ client_id: undefined, azp: undefined })}`],
    ['one whose clients differ', async () => `Bearer ${await signed({ azp: 'hospital-counter' })}`],
    ['one bound to a key that nobody proves to have', async () => `Bearer ${await signed({ cnf: { jkt: 'x' } })}`],
    ['an identity token', async () => `Bearer ${await signed({}, { typ: 'JWT' })}`],
    ['one of no type', async () => `Bearer ${await signed({}, { typ: undefined })}`],
    ['one that demands what nobody knows', async () => `Bearer ${await signed({}, { crit: ['b64'], b64: true })}`.slice(0, -1)],
    ['one signed by nobody', async () => `Bearer ${encoded({ alg: 'none', typ: 'at+jwt' })}.${encoded(claims)}.`],
    [
      'one signed with the public key as a secret',
      async () => {
        const pem = createPublicKey({ key: keys.issuer, format: 'jwk' }).export({ format: 'pem', type: 'spki' });
        return `Bearer ${await new SignJWT(claims).setProtectedHeader({ alg: 'HS256', typ: 'at+jwt' }).sign(Buffer.from(pem))}`;
      },
    ],
    [
      'one signed by a stranger',
      async () => {
        const { privateKey } = await generateKeyPair('ES256');
        return `Bearer ${await new SignJWT(claims).setProtectedHeader({ alg: 'ES256', typ: 'at+jwt', kid: keys.issuer.kid ?? '' }).sign(privateKey)}`;
      },
    ],
    [
      'one signed by a stranger who brings the key',
      async () => {
        const { privateKey, publicKey } = await generateKeyPair('ES256', { extractable: true });
        const jwk = (await crypto.subtle.exportKey('jwk', publicKey)) as Record<string, unknown>;
        return `Bearer ${await new SignJWT(claims).setProtectedHeader({ alg: 'ES256', typ: 'at+jwt', jwk, jku: 'http://127.0.0.1:1/' }).sign(privateKey)}`;
      },
    ],
    ['one as long as a book', async () => `Bearer ${await signed({ more: 'x'.repeat(9_000) })}`],
  ])('%s is answered 401 and asks no register', async (_what, authorization) => {
    const reply = await askWith(await authorization());
    expectCode(reply, 401, 'UNAUTHENTICATED');
    expect(reply.headers.get('www-authenticate')).toBe('Bearer');
  });

  test('every wrong token gets the same answer, so that a forger learns nothing', async () => {
    const replies = await Promise.all(
      [undefined, 'Bearer x', `Bearer ${await signed({ aud: 'x' })}`, `Bearer ${await signed({ exp: 1 })}`].map(async (one) =>
        askWith(one),
      ),
    );
    expect(new Set(replies.map(({ text }) => text)).size).toBe(1);
  });

  test('a token of an application that is not registered is answered 403', async () => {
    for (const client of ['nobody', '__proto__', 'constructor']) {
      expectCode(
        await askWith(`Bearer ${await signed({ client_id: client, azp: undefined, sub: client })}`),
        403,
        'APPLICATION_NOT_REGISTERED',
      );
    }
  });

  test('what a token says of itself but who it is for counts for nothing', async () => {
    const boast = {
      agency: 'hospital',
      purpose: 'health.check-in',
      assurance: 2,
      acr: 'urn:level:2',
      roles: ['admin'],
      scope: 'everything',
    };
    const reply = await gateway.ask(
      'bank-teller',
      'query ($id: IdNumber!) { resident(idNumber: $id) { idNumber fullName } }',
      { id },
      { authorization: `Bearer ${await signed({ ...boast, client_id: 'bank-teller', sub: 'police-residence' })}` },
    );
    expect(reply.data).toEqual({ resident: { idNumber: id, fullName: null } });
  });
});

describe('asking without saying why or who', () => {
  test.each<[string, Record<string, string | undefined>, string]>([
    ['no purpose', { 'x-purpose': undefined }, 'PURPOSE_REQUIRED'],
    ['an empty purpose', { 'x-purpose': ' ' }, 'PURPOSE_REQUIRED'],
    ['a purpose that nobody has', { 'x-purpose': 'curiosity' }, 'PURPOSE_NOT_REGISTERED'],
    ['a purpose of another application', { 'x-purpose': PURPOSES['hospital-counter'] }, 'PURPOSE_NOT_REGISTERED'],
    ['two purposes', { 'x-purpose': 'residence.management, health.check-in' }, 'PURPOSE_NOT_REGISTERED'],
    ['a purpose in capitals', { 'x-purpose': 'RESIDENCE.MANAGEMENT' }, 'PURPOSE_NOT_REGISTERED'],
    ['a purpose with a name of the prototype', { 'x-purpose': '__proto__' }, 'PURPOSE_NOT_REGISTERED'],
    ['no officer', { 'x-officer': undefined }, 'OFFICER_REQUIRED'],
    ['an empty officer', { 'x-officer': ' ' }, 'OFFICER_REQUIRED'],
    ['no purpose and no officer', { 'x-purpose': undefined, 'x-officer': undefined }, 'PURPOSE_REQUIRED'],
    ['a foreign purpose and no officer', { 'x-purpose': 'health.check-in', 'x-officer': undefined }, 'PURPOSE_NOT_REGISTERED'],
  ])('with %s', async (_what, headers, code) => {
    expectCode(await askWith(`Bearer ${token}`, headers), 403, code);
  });

  test.each<[string, Record<string, string>]>([
    ['a citizen for an officer', { 'x-officer': '001090000001' }],
    ['a citizen within an officer', { 'x-officer': 'officer-001090000001' }],
    ['a citizen for a case', { 'x-case': '001090000001' }],
    ['an officer as long as a book', { 'x-officer': 'x'.repeat(1_000) }],
    ['an emergency without reason', { 'x-emergency': '' }],
    ['an emergency as long as a book', { 'x-emergency': 'x'.repeat(1_000) }],
    ['an unknown wish', { 'x-on-refusal': 'ignore' }],
  ])('with %s is answered 400 and repeats nothing', async (_what, headers) => {
    const reply = await askWith(`Bearer ${token}`, headers);
    expectCode(reply, 400, 'HEADER_INVALID');
    expect(reply.text).not.toContain('001090000001');
  });

  test('checks come in the order token, purpose, officer, document', async () => {
    const wrong = { authorization: undefined, 'x-purpose': undefined, 'x-officer': undefined } as Record<string, string | undefined>;
    const ask = async (): Promise<string | undefined> =>
      (await gateway.ask('police-residence', '{ broken', {}, { ...wrong })).errors[0]?.extensions.code;
    expect(await ask()).toBe('UNAUTHENTICATED');
    delete wrong['authorization'];
    expect(await ask()).toBe('PURPOSE_REQUIRED');
    delete wrong['x-purpose'];
    expect(await ask()).toBe('OFFICER_REQUIRED');
    delete wrong['x-officer'];
    expect(await ask()).toBe('GRAPHQL_PARSE_FAILED');
  });
});

describe('the statistics office, which may run approved operations only', () => {
  test.each(['{ __typename }', QUERY, '{ __schema { types { name } } }', '{ broken', '{ nothing }', 'mutation { x }'])(
    'is refused %s',
    async (query) => {
      const before = gateway.requests.length;
      expectCode(await gateway.ask('statistics-office', query, { id }), 403, 'OPERATION_NOT_APPROVED');
      expectCode(await gateway.ask('statistics-office', query, { id }, { 'x-emergency': 'a deadline' }), 403, 'OPERATION_NOT_APPROVED');
      expect(gateway.requests.length).toBe(before);
    },
  );
});
