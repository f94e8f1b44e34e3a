import { readFile } from 'node:fs/promises';
import { exportJWK, generateKeyPair, importJWK, SignJWT, UnsecuredJWT, type JWK } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createAdminLogin } from '../../gateway/admin/login.ts';
import { adminKeys } from '../../gateway/demo.ts';
import { adminKeyFile, officerKeyFile } from '../../gateway/identity/keys.ts';
import { ADMIN_AUDIENCE, signAdminToken } from '../../gateway/admin/token.ts';
import { accessToken, type IssuerUnderTest } from '../identity/demo-gateway.ts';
import { startAdmin } from './admin-gateway.ts';
import { SHIPPED_REGISTRY } from './shipped-registry.ts';

let gateway: IssuerUnderTest;
let key: JWK;
beforeAll(async () => {
  gateway = await startAdmin();
  key = await adminKey(gateway);
});
afterAll(async () => gateway[Symbol.asyncDispose]());

interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: {
    readonly data?: Record<string, unknown>;
    readonly errors?: readonly { message: string; extensions: { code: string } }[];
  };
  readonly text: string;
}

async function send(query: unknown, token?: string, change: RequestInit = {}, to = gateway): Promise<Answer> {
  const response = await fetch(`${to.origin}/admin/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...(token === undefined ? {} : { authorization: `Bearer ${token}` }) },
    body: typeof query === 'string' ? JSON.stringify({ query }) : JSON.stringify(query),
    ...change,
  });
  const text = await response.text();
  return { status: response.status, headers: response.headers, body: JSON.parse(text) as Answer['body'], text };
}

const fresh = async (): Promise<string> => signAdminToken(key, Date.now());

/** A token that is good but for what is given. */
async function token(claims: Record<string, unknown>, header: Record<string, unknown> = {}, signedWith: JWK = key): Promise<string> {
  const now = Math.floor(Date.now() / 1000);
  return new SignJWT({ aud: ADMIN_AUDIENCE, jti: crypto.randomUUID(), iat: now, exp: now + 60, ...claims })
    .setProtectedHeader({ alg: 'EdDSA', typ: 'admin+jwt', kid: key.kid ?? '', ...header })
    .sign(await importJWK(signedWith, 'EdDSA'));
}

async function adminKey(from: IssuerUnderTest): Promise<JWK> {
  return JSON.parse(await readFile(adminKeyFile(from.dataDir), 'utf8')) as JWK;
}

describe('the admin API', () => {
  it('answers a call signed with the key of the installation', async () => {
    const answer = await send(
      '{ status { profile ready policyVersion } policyCheck { passed policies cases problems { file } } }',
      await fresh(),
    );
    expect(answer.body).toEqual({
      data: {
        status: { profile: 'demo', ready: true, policyVersion: 'sha256:00' },
        policyCheck: { passed: true, policies: 3, cases: 6, problems: [] },
      },
    });
    expect(answer.headers.get('cache-control')).toBe('no-store');
  });

  it('lists synthetic citizens', async () => {
    expect((await send('{ citizens(count: 2) }', await fresh())).body).toEqual({ data: { citizens: ['001099000000', '001099000001'] } });
  });

  it('answers nobody without a token, introspection included', async () => {
    for (const query of ['{ status { ready } }', '{ __schema { types { name } } }', '{ __typename }', 'not graphql']) {
      const answer = await send(query);
      expect(answer).toMatchObject({ status: 401, body: { errors: [{ extensions: { code: 'UNAUTHENTICATED' } }] } });
      expect(answer.headers.get('www-authenticate')).toBe('Bearer');
      expect(answer.body.data).toBeUndefined();
    }
  });

  it('shows its schema to who has a token', async () => {
    expect((await send('{ __schema { queryType { name } } }', await fresh())).body.data).toBeDefined();
  });

  it('refuses a token used again', async () => {
    const once = await fresh();
    expect((await send('{ status { ready } }', once)).status).toBe(200);
    expect((await send('{ status { ready } }', once)).status).toBe(401);
  });

  it('accepts one of ten uses of the same token at once', async () => {
    const once = await fresh();
    const answers = await Promise.all(Array.from({ length: 10 }, async () => send('{ status { ready } }', once)));
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
  });

  const now = Math.floor(Date.now() / 1000);
  it.each<[string, Record<string, unknown>, Record<string, unknown>]>([
    ['expired', { iat: now - 120, exp: now - 60 }, {}],
    ['alive for longer than a minute', { exp: now + 3_600 }, {}],
    ['issued in the future', { iat: now + 3_000, exp: now + 3_030 }, {}],
    ['without an expiry', { exp: undefined }, {}],
    ['without an id', { jti: undefined }, {}],
    ['with an id that is no text', { jti: 7 }, {}],
    ['for the graph', { aud: 'https://lien-thong.example/graph' }, {}],
    ['of another type', {}, { typ: 'at+jwt' }],
    ['of an unknown key id', {}, { kid: 'other' }],
    ['without a key id', {}, { kid: undefined }],
  ])('refuses a token %s', async (_name, claims, header) => {
    expect((await send('{ status { ready } }', await token(claims, header))).status).toBe(401);
  });

  it('refuses a token signed with another key under the id of ours, and an unsigned one', async () => {
    const other = await exportJWK((await generateKeyPair('EdDSA', { extractable: true })).privateKey);
    expect((await send('{ status { ready } }', await token({}, {}, other))).status).toBe(401);
    const unsigned = new UnsecuredJWT({ aud: ADMIN_AUDIENCE, jti: 'x', iat: now, exp: now + 60 }).encode();
    expect((await send('{ status { ready } }', unsigned)).status).toBe(401);
  });

  it("refuses an application's access token", async () => {
    expect((await send('{ status { ready } }', await accessToken(gateway))).status).toBe(401);
  });

  it('takes neither GET nor a form nor plain text, so that no page of another site can call it', async () => {
    const authorization = `Bearer ${await fresh()}`;
    const get = await fetch(`${gateway.origin}/admin/graphql?query={status{ready}}`, { headers: { authorization } });
    expect(get.status).toBe(405);
    expect(get.headers.get('allow')).toBe('POST');
    await get.body?.cancel();
    for (const type of [
      'text/plain',
      'application/x-www-form-urlencoded',
      'multipart/form-data; boundary=x',
      'application/json; charset=utf-7',
      'application/jsonx',
    ]) {
      expect((await send('{ status { ready } }', undefined, { headers: { authorization, 'content-type': type } })).status, type).toBe(415);
    }
  });

  it('refuses bodies that are too large, no JSON, or a batch', async () => {
    expect((await send({ query: `# ${'x'.repeat(4_200_000)}` }, await fresh())).status).toBe(413);
    expect((await send('', await fresh(), { body: '{"query":' })).status).toBe(400);
    expect((await send([{ query: '{ status { ready } }' }], await fresh())).status).toBe(400);
    expect((await send('7', await fresh(), { body: '7' })).status).toBe(400);
    expect((await send(`{ ${'__typename '.repeat(2_000)} }`, await fresh())).status).toBe(400);
  });

  it('refuses a count outside its bounds', async () => {
    for (const count of [0, -1, 1_001]) {
      const answer = await send(`{ citizens(count: ${count}) }`, await fresh());
      expect(answer.body.errors?.[0]?.extensions.code).toBe('BAD_USER_INPUT');
    }
  });

  it('repeats no ID number in an error', async () => {
    const query = { query: 'query ($count: Int!) { citizens(count: $count) }', variables: { count: '012345678901' } };
    const answer = await send(query, await fresh());
    expect(answer.status).toBe(400);
    expect(answer.text).not.toContain('012345678901');
  });
});

describe('the admin API, elsewhere', () => {
  it('denies a field to an officer without its role, and gives the others', async () => {
    const as = async (account: string): Promise<string> =>
      signAdminToken(JSON.parse(await readFile(officerKeyFile(gateway.dataDir, account), 'utf8')) as JWK, Date.now(), account);
    const denied = await send('{ policyCheck { passed } }', await as('hospital/officer-017'));
    expect(denied.body.errors?.[0]?.extensions.code).toBe('FIELD_NOT_PERMITTED');
    expect(denied.body.data).toBeNull();
    const given = await send('{ status { ready } whoami { account person roles } }', await as('police/officer-066'));
    expect(given.body.data).toEqual({
      status: { ready: true },
      whoami: { account: 'police/officer-066', person: 'person-001', roles: ['officer', 'data-owner'] },
    });
  });

  it('lets nobody act as another: the account is that of the key, whatever the token says', async () => {
    const own = JSON.parse(await readFile(officerKeyFile(gateway.dataDir, 'hospital/officer-017'), 'utf8')) as JWK;
    expect((await send('{ whoami { account } }', await signAdminToken(own, Date.now(), 'police/officer-064'))).status).toBe(401);
    expect((await send('{ whoami { account } }', await token({ sub: 'police/officer-064' }))).status).toBe(401);
    expect((await send('{ whoami { account } }', await fresh())).body.data).toEqual({ whoami: { account: 'portal/officer-001' } });
  });

  it('takes an account that the registry no longer has for nobody', async () => {
    const { keys, database } = gateway;
    const registry = { ...SHIPPED_REGISTRY, accounts: new Map() };
    const login = createAdminLogin({
      registry: () => registry,
      database,
      clock: Date.now,
      keys: adminKeys(keys),
      checkToken: async () => ({ kind: 'rejected', reason: 'nobody logs in here' }),
    });
    expect(await login(await fresh())).toMatchObject({ kind: 'rejected' });
  });

  it('writes down what was refused, with the code and nothing of what was sent', async () => {
    const idNumber = '001099012345';
    const as = JSON.parse(await readFile(officerKeyFile(gateway.dataDir, 'bank/officer-043'), 'utf8')) as JWK;
    const query = 'mutation ($input: WithdrawConsentInput!) { withdrawConsent(input: $input) }';
    const variables = { input: { idNumber, agency: 'bank', purpose: 'bank.customer-verification' } };
    const answer = await send({ query, variables }, await signAdminToken(as, Date.now(), 'bank/officer-043'));
    expect(answer.body.errors?.[0]?.extensions.code).toBe('FIELD_NOT_PERMITTED');
    const events = await send('{ adminEvents(first: 1) { nodes { kind actor subject body hash } pageInfo { endCursor } } }', await fresh());
    expect(events.body.data?.['adminEvents']).toMatchObject({
      nodes: [
        {
          kind: 'withdrawConsent.refused',
          actor: 'bank/officer-043',
          body: '{"code":"FIELD_NOT_PERMITTED"}',
          hash: expect.stringMatching(/^[0-9a-f]{64}$/),
        },
      ],
    });
    expect(events.text).not.toContain(idNumber);
  });

  it('lists no citizens where data may be real, whatever the role', async () => {
    await using production = await startAdmin({ showcase: undefined });
    const answer = await send('{ citizens(count: 1) }', await signAdminToken(await adminKey(production), Date.now()), {}, production);
    expect(answer.body.errors?.[0]?.extensions.code).toBe('FIELD_NOT_PERMITTED');
  });

  it('tells nothing of a failure inside, and of a showcase that gives something else than ID numbers', async () => {
    await using broken = await startAdmin({
      showcase: async () => ['Nguyen Van A'],
      checkPolicies: async () => {
        throw new Error('connect ECONNREFUSED 10.0.0.5:5432 SELECT secret');
      },
    });
    const own = await adminKey(broken);
    for (const query of ['{ policyCheck { passed } }', '{ citizens(count: 1) }']) {
      const answer = await send(query, await signAdminToken(own, Date.now()), {}, broken);
      expect(answer.text).not.toMatch(/ECONNREFUSED|secret|Nguyen|stack/);
      expect(answer.body.errors?.[0]?.message).toBeDefined();
    }
  });
});
