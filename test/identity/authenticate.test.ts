import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { GRAPH_AUDIENCE } from '../../gateway/identity/demo-issuer.ts';
import { publicJwk } from '../../gateway/identity/keys.ts';
import { createTokenCheck, type TokenCheck } from '../../gateway/identity/tokens.ts';
import type { Application, Registry } from '../../gateway/policy/registry.ts';
import type { Caller, GatewayRequest } from '../../gateway/request.ts';
import { authenticate } from '../../gateway/stages/authenticate.ts';
import { createLog } from '../../platform/log.ts';
import { accessToken, loginToken, registry, silentLog, startIssuer, type IssuerUnderTest } from './demo-gateway.ts';

let gateway: IssuerUnderTest;
let checkToken: TokenCheck;
let token: string;
let known: Registry;

beforeAll(async () => {
  gateway = await startIssuer();
  known = registry(gateway.issuer);
  const jwks = { keys: [publicJwk(gateway.keys.issuer)] };
  checkToken = createTokenCheck({ issuers: [{ issuer: gateway.issuer, audience: GRAPH_AUDIENCE, jwks }], clock: Date.now });
  token = await accessToken(gateway);
});
afterAll(async () => gateway[Symbol.asyncDispose]());

function good(): Record<string, string | undefined> {
  return { authorization: `Bearer ${token}`, 'x-purpose': 'health.check-in', 'x-officer': 'nurse-12' };
}

/** The refusal's code, or the caller. */
async function ask(headers: Record<string, string | undefined>, from: Registry = known): Promise<string | Caller> {
  const request: GatewayRequest = {
    headers: { ...good(), ...headers },
    body: {},
    trace: { traceId: '0'.repeat(32), traceparent: '', tracestate: undefined },
    signal: new AbortController().signal,
  };
  const result = await authenticate(request, { checkToken, registry: from, log: silentLog() });
  return 'code' in result ? result.code : result;
}

function application({ applications }: Registry): Application {
  const [first] = applications.values();
  if (first === undefined) throw new Error('The registry has applications.');
  return first;
}

/** The registry with the two applications that people log in with at the issuer. */
function withLogins(from: Registry): Registry {
  const one = application(from);
  const logins = new Map<string, Application>([
    ['portal', { ...one, id: 'portal', clientId: 'portal', login: 'citizen' }],
    ['desk-login', { ...one, id: 'desk-login', clientId: 'desk-login', login: 'officer' }],
  ]);
  return { ...from, findApplication: (issuer, clientId) => logins.get(clientId) ?? from.findApplication(issuer, clientId) };
}

describe('authenticate', () => {
  it('says who asks, from the registry and the headers', async () => {
    expect(await ask({ 'x-case': 'BA-2026/17', 'x-on-refusal': 'reject' })).toEqual({
      action: 'read',
      application: 'hospital-counter',
      agency: 'hospital',
      officer: 'nurse-12',
      officerRole: 'reception',
      purpose: 'health.check-in',
      assurance: 0,
      emergency: false,
      emergencyReason: undefined,
      caseReference: 'BA-2026/17',
      onRefusal: 'reject',
      approvedOperationsOnly: false,
    });
  });

  it('finds an application whose client id at the issuer is another than its id', async () => {
    const authorization = `Bearer ${await accessToken(gateway, 'bank-teller')}`;
    expect(await ask({ authorization, 'x-purpose': 'bank.customer-verification' })).toMatchObject({
      application: 'bank-teller',
      agency: 'bank',
    });
  });

  it.each([undefined, '', 'Bearer', 'Bearer ', 'Basic eDp5', 'Bearer a b', 'Bearer not.a.token', 'Token x'])(
    'refuses a request without a good bearer token (%s)',
    async (authorization) => {
      expect(await ask({ authorization })).toBe('UNAUTHENTICATED');
    },
  );

  it('takes the scheme in any case', async () => {
    expect(await ask({ authorization: `bearer ${token}` })).toMatchObject({ application: 'hospital-counter' });
  });

  it('tells the log and not the client why a token was rejected', async () => {
    const lines: string[] = [];
    const log = createLog('test', 'debug', { write: (line: string) => void lines.push(line) });
    const headers = { ...good(), authorization: `Bearer ${token.slice(0, -6)}AAAAAA` };
    const trace = { traceId: '0'.repeat(32), traceparent: '', tracestate: undefined };
    const request = { headers, body: {}, trace, signal: new AbortController().signal };
    const result = await authenticate(request, { checkToken, registry: known, log });
    expect(JSON.stringify(result)).not.toContain('SIGNATURE');
    expect(lines.join('')).toContain('SIGNATURE');
    expect(lines.join('')).not.toContain(token.slice(0, 40));
  });

  it('refuses an application that the registry does not know, or that is suspended', async () => {
    expect(await ask({}, registry('https://another.example'))).toBe('APPLICATION_NOT_REGISTERED');
    expect(await ask({}, registry(gateway.issuer, { suspended: true }))).toBe('APPLICATION_NOT_REGISTERED');
  });

  it('refuses a missing purpose, one of another application, and one that nobody has', async () => {
    expect(await ask({ 'x-purpose': undefined })).toBe('PURPOSE_REQUIRED');
    expect(await ask({ 'x-purpose': ' ' })).toBe('PURPOSE_REQUIRED');
    expect(await ask({ 'x-purpose': 'bank.customer-verification' })).toBe('PURPOSE_NOT_REGISTERED');
    expect(await ask({ 'x-purpose': 'health.check-in, bank.customer-verification' })).toBe('PURPOSE_NOT_REGISTERED');
    expect(await ask({ 'x-purpose': '__proto__' })).toBe('PURPOSE_NOT_REGISTERED');
  });

  it('asks for token, application, purpose and officer in this order', async () => {
    const nothing = { authorization: undefined, 'x-purpose': undefined, 'x-officer': undefined, 'x-on-refusal': 'maybe' };
    expect(await ask(nothing)).toBe('UNAUTHENTICATED');
    const { authorization } = good();
    expect(await ask({ ...nothing, authorization }, registry('https://another.example'))).toBe('APPLICATION_NOT_REGISTERED');
    expect(await ask({ ...nothing, authorization })).toBe('PURPOSE_REQUIRED');
    expect(await ask({ ...nothing, authorization, 'x-purpose': 'health.check-in' })).toBe('OFFICER_REQUIRED');
    expect(await ask({ ...nothing, authorization, 'x-purpose': 'health.check-in', 'x-officer': 'nurse-12' })).toBe('HEADER_INVALID');
  });

  it('records an unknown officer without a role', async () => {
    expect(await ask({ 'x-officer': 'somebody' })).toMatchObject({ officer: 'somebody', officerRole: undefined });
  });

  it('takes a UUID for an id, though it ends in twelve digits', async () => {
    const id = '0199aa10-5d3c-7cc1-9f00-012345678901';
    expect(await ask({ 'x-case': id })).toMatchObject({ caseReference: id });
  });

  it.each([
    '0'.repeat(12),
    'BS-012345678901',
    '00000000-0000-0000-0000-012345678901',
    'a b',
    'a, b',
    'x'.repeat(65),
    'Nguy\u00e3n',
    'a\tb',
  ])('refuses an officer or a case that may name a person or is no opaque id (%#)', async (id) => {
    expect(await ask({ 'x-officer': id })).toBe('HEADER_INVALID');
    expect(await ask({ 'x-case': id })).toBe('HEADER_INVALID');
  });

  it('never repeats a refused header', async () => {
    const request = { headers: { ...good(), 'x-officer': '012345678901' }, body: {}, signal: new AbortController().signal };
    const trace = { traceId: '0'.repeat(32), traceparent: '', tracestate: undefined };
    const result = await authenticate({ ...request, trace }, { checkToken, registry: known, log: silentLog() });
    expect(JSON.stringify(result)).not.toContain('012345678901');
  });

  it.each([
    ['plain text', 'stroke, unconscious', 'stroke, unconscious'],
    ['percent-encoded UTF-8', encodeURIComponent('c\u1ea5p c\u1ee9u'), 'c\u1ea5p c\u1ee9u'],
    ['UTF-8 bytes', Buffer.from('c\u1ea5p c\u1ee9u').toString('latin1'), 'c\u1ea5p c\u1ee9u'],
    ['Latin-1 bytes', 'd\u00e9tresse', 'd\u00e9tresse'],
    ['a lone percent sign', '50 % burns', '50 % burns'],
    ['200 characters', encodeURIComponent('\u1ea5'.repeat(200)), '\u1ea5'.repeat(200)],
    ['an ID number, which is taken out', 'patient 012345678901', 'patient [number]'],
  ])('reads the reason of an emergency from %s', async (_name, header, reason) => {
    expect(await ask({ 'x-emergency': header })).toMatchObject({ emergency: true, emergencyReason: reason });
  });

  it.each(['', '   ', '%20', 'a%00b', 'a%0Ab', 'x'.repeat(201)])('refuses an emergency without a usable reason (%#)', async (header) => {
    expect(await ask({ 'x-emergency': header })).toBe('HEADER_INVALID');
  });

  describe("with an officer's own login", () => {
    const logins = (): Registry => withLogins(known);
    const officer = async (who: string, level: 1 | 2 = 2): Promise<string> => loginToken(gateway, 'desk-login', who, level);

    it('takes the officer and the assurance from it', async () => {
      const caller = await ask({ 'x-officer': undefined, 'x-officer-token': await officer('hospital/nurse-12', 1) }, logins());
      expect(caller).toMatchObject({ officer: 'nurse-12', officerRole: 'reception', assurance: 1, citizen: undefined });
    });

    it.each([
      ['an officer of another agency', async () => officer('bank/teller-3'), 'UNAUTHENTICATED'],
      ["the application's own token", async () => token, 'UNAUTHENTICATED'],
      ["a citizen's login", async () => loginToken(gateway, 'portal', '001099000001', 2), 'UNAUTHENTICATED'],
      ['nonsense', async () => 'x', 'UNAUTHENTICATED'],
      ['nothing', async () => '', 'UNAUTHENTICATED'],
    ])('refuses %s', async (_, given, code) => {
      expect(await ask({ 'x-officer-token': await given() }, logins())).toBe(code);
    });

    it('refuses a login of another officer than x-officer names', async () => {
      const headers = { 'x-officer': 'nurse-13', 'x-officer-token': await officer('hospital/nurse-12') };
      expect(await ask(headers, logins())).toBe('HEADER_INVALID');
    });

    it('takes it for no application', async () => {
      expect(await ask({ authorization: `Bearer ${await officer('hospital/nurse-12')}` }, logins())).toBe('APPLICATION_NOT_REGISTERED');
    });
  });

  describe("with a citizen's login", () => {
    const citizen = async (headers: Record<string, string | undefined> = {}): Promise<string | Caller> => {
      const authorization = `Bearer ${await loginToken(gateway, 'portal', '001099000001', 2)}`;
      return ask({ authorization, 'x-officer': undefined, ...headers }, withLogins(known));
    };

    it('knows who asks and how surely', async () => {
      expect(await citizen()).toMatchObject({ application: 'portal', citizen: '001099000001', assurance: 2, officerRole: undefined });
    });

    it.each(['x-officer', 'x-officer-token', 'x-emergency'])('refuses %s, which is for officers', async (name) => {
      expect(await citizen({ [name]: 'nurse-12' })).toBe('HEADER_INVALID');
    });

    it('refuses a token of nobody with an ID number', async () => {
      const from = { ...known, findApplication: () => ({ ...application(known), login: 'citizen' as const }) };
      expect(await ask({ 'x-officer': undefined }, from)).toBe('UNAUTHENTICATED');
    });
  });

  it("takes no token for the gateway's own application", async () => {
    const from = { ...known, findApplication: () => ({ ...application(known), login: 'gateway' as const }) };
    expect(await ask({}, from)).toBe('APPLICATION_NOT_REGISTERED');
  });

  it('tells the pipeline that an application may run approved operations only', async () => {
    expect(await ask({}, registry(gateway.issuer, { approvedOperationsOnly: true }))).toMatchObject({ approvedOperationsOnly: true });
  });
});
