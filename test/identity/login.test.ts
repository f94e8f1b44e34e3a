import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { GRAPH_AUDIENCE } from '../../gateway/identity/demo-issuer.ts';
import { publicJwk } from '../../gateway/identity/keys.ts';
import { createTokenCheck, type TokenCheck } from '../../gateway/identity/tokens.ts';
import { loginToken, startIssuer, type IssuerUnderTest } from './demo-gateway.ts';

let gateway: IssuerUnderTest;
let checkToken: TokenCheck;
beforeAll(async () => {
  gateway = await startIssuer();
  const jwks = { keys: [publicJwk(gateway.keys.issuer)] };
  checkToken = createTokenCheck({ issuers: [{ issuer: gateway.issuer, audience: GRAPH_AUDIENCE, jwks }], clock: Date.now });
});
afterAll(async () => gateway[Symbol.asyncDispose]());

const CHALLENGE = 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM';

const loggedIn = async (app: string, who: string, level: 1 | 2): Promise<string> => loginToken(gateway, app, who, level);

/** The first request of a login, as a browser sends it. */
async function begin(change: Record<string, string | undefined> = {}): Promise<Response> {
  const parameters = {
    client_id: 'portal',
    response_type: 'code',
    scope: 'openid',
    redirect_uri: 'http://127.0.0.1:4711/callback',
    code_challenge: CHALLENGE,
    code_challenge_method: 'S256',
    ...change,
  };
  const given = Object.entries(parameters).filter((entry): entry is [string, string] => entry[1] !== undefined);
  return fetch(`${gateway.issuer}/auth?${new URLSearchParams(given).toString()}`, { redirect: 'manual' });
}

/** The page of a login, with the cookies that belong to it. */
async function page(change: Record<string, string | undefined> = {}): Promise<{ url: string; cookie: string }> {
  const response = await begin(change);
  const cookie = response.headers.getSetCookie().map((line) => line.split(';')[0]);
  return { url: new URL(response.headers.get('location') ?? '', gateway.issuer).href, cookie: cookie.join('; ') };
}

describe('a login at the demo issuer', () => {
  it.each([1, 2] as const)('gives a token of the citizen chosen, with level %i', async (level) => {
    const result = await checkToken(await loggedIn('portal', '001099000002', level));
    expect(result).toMatchObject({ kind: 'verified', token: { clientId: 'portal', subject: '001099000002', assurance: level } });
  });

  it('gives a token of the officer chosen', async () => {
    const result = await checkToken(await loggedIn('desk-login', 'hospital/nurse-12', 2));
    expect(result).toMatchObject({ kind: 'verified', token: { clientId: 'desk-login', subject: 'hospital/nurse-12', assurance: 2 } });
  });

  it.each([
    ['an officer where citizens log in', 'portal', 'hospital/nurse-12'],
    ['a citizen where officers log in', 'desk-login', '001099000002'],
    ['an officer who is not registered', 'desk-login', 'hospital/nurse-13'],
    ['a number that is none', 'portal', '12345'],
  ])('refuses %s', async (_, app, who) => {
    await expect(loggedIn(app, who, 2)).rejects.toThrow('Nobody can log in like that');
  });

  it('refuses an application that nobody logs in to', async () => {
    await expect(loggedIn('hospital-counter', '001099000002', 2)).rejects.toThrow('no login "hospital-counter"');
  });

  it('asks for PKCE', async () => {
    const response = await begin({ code_challenge: undefined, code_challenge_method: undefined });
    expect(response.headers.get('location')).toMatch(/^http:\/\/127\.0\.0\.1:4711\/callback\?error=invalid_request/);
  });

  it.each(['http://127.0.0.1/elsewhere', 'https://attacker.example/callback'])('sends nobody to %s', async (redirect) => {
    const response = await begin({ redirect_uri: redirect });
    expect([response.status, response.headers.get('location')]).toEqual([400, null]);
  });

  it('takes a code once, and only with its verifier', async () => {
    const { url, cookie } = await page();
    const posted = await fetch(url, {
      method: 'POST',
      redirect: 'manual',
      headers: { cookie },
      body: new URLSearchParams({ chosen: '001099000001', level: '2' }),
    });
    const more = posted.headers.getSetCookie().map((line) => line.split(';')[0]);
    const back = await fetch(posted.headers.get('location') ?? '', {
      redirect: 'manual',
      headers: { cookie: [cookie, ...more].join('; ') },
    });
    const code = new URL(back.headers.get('location') ?? '').searchParams.get('code') ?? '';
    const exchange = async (verifier: string): Promise<number> => {
      const body = { grant_type: 'authorization_code', client_id: 'portal', code, redirect_uri: 'http://127.0.0.1:4711/callback' };
      const response = await fetch(`${gateway.issuer}/token`, {
        method: 'POST',
        body: new URLSearchParams({ ...body, code_verifier: verifier }),
      });
      return response.status;
    };
    expect(await exchange('a'.repeat(43))).toBe(400);
    expect(await exchange('dBjftJeZ4CVP-mBhk-mZgTlUMmN6KcTtwhLkUjdDvNk')).toBe(400);
  });

  it('shows who can be chosen, with what they are called escaped', async () => {
    const { url, cookie } = await page({ client_id: 'desk-login' });
    const response = await fetch(url, { headers: { cookie } });
    expect(response.headers.get('content-security-policy')).toContain("default-src 'none'");
    expect(await response.text()).toContain('value="hospital/nurse-12" checked> Nurse &lt;12&gt;');
  });

  it('shows the page to nobody without the cookies of the browser that began', async () => {
    const { url } = await page();
    expect((await fetch(url)).status).toBe(400);
  });

  it('takes no level that there is not, and asks again', async () => {
    const { url, cookie } = await page();
    const body = new URLSearchParams({ chosen: '001099000001', level: '3' });
    const response = await fetch(url, { method: 'POST', redirect: 'manual', headers: { cookie }, body });
    expect([response.status, (await response.text()).includes('role="alert"')]).toEqual([400, true]);
  });
});
