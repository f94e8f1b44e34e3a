import { createHash, randomBytes } from 'node:crypto';
import { LOOPBACK_REDIRECT } from '../../identity/demo-issuer.ts';
import { callGateway, notAGateway, readAnswer } from '../client.ts';
import type { CommandSettings } from '../command-settings.ts';
import { findIssuer, printToken } from './token.ts';

export interface LoginOptions {
  /** Client id that people log in with. */
  readonly app: string;
  /** ID number of a synthetic citizen, or `agency/officer`. */
  readonly who: string;
  readonly level: 1 | 2;
  readonly json: boolean;
}

/** Redirects between the first request of a login and the application. */
const REDIRECTS_MAX = 5;

/**
 * Logs a synthetic citizen or a demo officer in, as a browser does (authorization code with PKCE, RFC 7636), and prints the access token
 * alone, or with `json` as `{ access_token, expires_in }`. Rejects with a sentence.
 */
export async function login(settings: CommandSettings, { app, who, level, json }: LoginOptions): Promise<void> {
  const issuer = await findIssuer(settings);
  const verifier = randomBytes(32).toString('base64url');
  const state = randomBytes(16).toString('base64url');
  const question = new URLSearchParams({
    client_id: app,
    response_type: 'code',
    scope: 'openid',
    redirect_uri: LOOPBACK_REDIRECT,
    code_challenge: createHash('sha256').update(verifier).digest('base64url'),
    code_challenge_method: 'S256',
    state,
  });
  const browser = createBrowser(settings, new URL(issuer).origin);
  const page = await browser(`${new URL(issuer).pathname}/auth?${question.toString()}`, {});
  if (page.kind === 'returned' || page.response.status !== 200) {
    throw new Error(`The gateway has no login "${app}". Use the application that the registry gives the login "citizen" or "officer".`);
  }
  const done = await browser(page.path, { method: 'POST', body: new URLSearchParams({ chosen: who, level: String(level) }) });
  if (done.kind !== 'returned') {
    throw new Error(
      'Nobody can log in like that. Give an ID number of 12 digits, or an officer of the registry like hospital/officer-017.',
    );
  }
  const code = done.parameters.get('code');
  if (code === null || done.parameters.get('state') !== state) throw notAGateway(settings);
  const response = await callGateway(settings, '/oidc/token', {
    method: 'POST',
    body: new URLSearchParams({
      grant_type: 'authorization_code',
      client_id: app,
      code,
      redirect_uri: LOOPBACK_REDIRECT,
      code_verifier: verifier,
    }),
  });
  const answer = (await readAnswer(settings, response)) as { access_token?: unknown; expires_in?: unknown };
  if (typeof answer.access_token !== 'string') throw notAGateway(settings);
  printToken(settings, answer, json);
}

type Page =
  | { readonly kind: 'page'; readonly path: string; readonly response: Response }
  /** Back at the application. */
  | { readonly kind: 'returned'; readonly parameters: URLSearchParams };

/** Follows redirects on the gateway with the cookies it sets, until there is a page or the way back to the application. */
function createBrowser(settings: CommandSettings, origin: string): (path: string, request: RequestInit) => Promise<Page> {
  const cookies = new Map<string, string>();
  return async (first, firstRequest) => {
    let path = first;
    let request = firstRequest;
    for (let redirects = 0; redirects <= REDIRECTS_MAX; redirects += 1) {
      const cookie = Array.from(cookies, ([name, value]) => `${name}=${value}`).join('; ');
      const response = await callGateway(settings, path, { ...request, redirect: 'manual', headers: { cookie } });
      for (const line of response.headers.getSetCookie()) {
        const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
        cookies.set(name, value);
      }
      const location = response.headers.get('location');
      if (location === null) return { kind: 'page', path, response };
      const target = new URL(location, origin);
      if (`${target.origin}${target.pathname}` === LOOPBACK_REDIRECT) return { kind: 'returned', parameters: target.searchParams };
      if (target.origin !== origin) throw notAGateway(settings);
      path = `${target.pathname}${target.search}`;
      request = {};
    }
    throw notAGateway(settings);
  };
}
