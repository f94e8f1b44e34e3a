import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { request as httpRequest } from 'node:http';
import { connect } from 'node:net';
import { decodeJwt, SignJWT } from 'jose';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { GRANT_HEADER, seal, SEAL_HEADER } from '../../platform/grant.ts';
import { forward, says, startLyingSubgraph, type CapturedCall, type LyingSubgraph } from './lying-subgraph.ts';
import { startTestGateway, type TestApplication, type TestGateway } from './test-gateway.ts';

const REFUSAL = '{"errors":[{"message":"This register gives nothing for this call.","extensions":{"code":"GRANT_REFUSED"}}]}';
const ENTITIES = 'query ($representations: [_Any!]!) { _entities(representations: $representations) { ... on Resident { idNumber } } }';

let residents: LyingSubgraph;
let insurance: LyingSubgraph;
let gateway: TestGateway;
let urls: Readonly<Record<string, string>>;
let id: string;
let other: string;
beforeAll(async () => {
  ({ urls } = inject('registers'));
  // They stand on the line between gateway and register and keep calls for themselves: a call that arrived is worth nothing any more.
  residents = await startLyingSubgraph(urls['residents'] ?? '');
  insurance = await startLyingSubgraph(urls['health-insurance'] ?? '');
  gateway = await startTestGateway({ unrecordedUrls: { residents: residents.url, 'health-insurance': insurance.url } });
  [id = '', other = ''] = await gateway.citizens(2);
});
afterAll(async () => {
  await gateway[Symbol.asyncDispose]();
  await Promise.all([residents[Symbol.asyncDispose](), insurance[Symbol.asyncDispose]()]);
});

/** Calls with everything that the register takes for good, and that it has not seen: the real ones were kept on their way. */
async function steal(from: LyingSubgraph, application: TestApplication, query: string): Promise<CapturedCall> {
  const before = from.calls.length;
  from.tell(says('', 'text/plain', 502));
  await gateway.ask(application, query, { id });
  from.tellTheTruth();
  const [call] = from.calls.slice(before);
  if (!call) throw new Error('The gateway has asked the register.');
  return call;
}

const NAME = 'query ($id: IdNumber!) { resident(idNumber: $id) { fullName } }';
const BIRTH = 'query ($id: IdNumber!) { resident(idNumber: $id) { dateOfBirth sex } }';
const COVERAGE = 'query ($id: IdNumber!) { resident(idNumber: $id) { coverage { cardNumber } } }';

async function expectNothing(target: string, call: CapturedCall): Promise<void> {
  const answered = await forward(target, call);
  expect(answered.text).toBe(REFUSAL);
  expect([401, 403]).toContain(answered.status);
}

function withHeaders(call: CapturedCall, headers: Record<string, string>): CapturedCall {
  return { ...call, headers: { ...call.headers, ...headers } };
}

describe('asking a register past the gateway (graphql-middleware#351, graphql-shield#1387, nestjs/graphql#1188)', () => {
  test.each(['residents', 'civil-status', 'health-insurance', 'education'])('%s tells nothing to whom has no grant', async (name) => {
    const target = urls[name] ?? '';
    const variables = { representations: [{ __typename: 'Resident', idNumber: id }] };
    for (const query of [ENTITIES, '{ __typename }', '{ __schema { types { name } } }', '{ _service { sdl } }']) {
      const body = JSON.stringify({ query, variables });
      const headers = { 'content-type': 'application/json' };
      await expectNothing(target, { headers, body });
      await expectNothing(target, { headers: { ...headers, authorization: `Bearer ${await gateway.token('police-residence')}` }, body });
      await expectNothing(target, { headers: { ...headers, [GRANT_HEADER]: 'x', [SEAL_HEADER]: 'v1.1.1.1' }, body });
    }
  });

  test('a call kept on its way is answered once, and then never again', async () => {
    const call = await steal(residents, 'hospital-counter', NAME);
    const answered = await forward(residents.target, call);
    expect(answered.status).toBe(200);
    expect(answered.text).toContain('fullName');
    await expectNothing(residents.target, call);
  });

  test('a call that has been answered is not answered to somebody who repeats it', async () => {
    const before = residents.calls.length;
    await gateway.ask('hospital-counter', NAME, { id });
    const calls = residents.calls.slice(before);
    expect(calls.length).toBe(1);
    for (const call of calls) await expectNothing(residents.target, call);
  });

  test.each<[string, (call: CapturedCall) => string]>([
    ['asks about somebody else', ({ body }) => body.replaceAll(id, other)],
    ['asks for another field', ({ body }) => body.replace('fullName', 'religion')],
    ['asks for a field more', ({ body }) => body.replace('fullName', 'fullName religion')],
    ['adds a space', ({ body }) => `${body} `],
    ['sends the variables again, others last', ({ body }) => body.replace(/}$/, `,"variables":{"id":"${other}"}}`)],
    [
      'asks for everything about everybody',
      () => JSON.stringify({ query: ENTITIES, variables: { representations: [{ __typename: 'Resident', idNumber: other }] } }),
    ],
    ['sends nothing', () => ''],
  ])('whoever keeps a call and %s gets nothing', async (_what, change) => {
    const call = await steal(residents, 'hospital-counter', NAME);
    const body = change(call);
    expect(body).not.toBe(call.body);
    await expectNothing(residents.target, { ...call, body });
  });

  test('grant and seal of two calls do not go together', async () => {
    const name = await steal(residents, 'hospital-counter', NAME);
    const birth = await steal(residents, 'police-residence', BIRTH);
    await expectNothing(residents.target, withHeaders(name, { [GRANT_HEADER]: String(birth.headers[GRANT_HEADER]) }));
    await expectNothing(residents.target, withHeaders(name, { [SEAL_HEADER]: String(birth.headers[SEAL_HEADER]) }));
    const both = { [GRANT_HEADER]: String(birth.headers[GRANT_HEADER]), [SEAL_HEADER]: String(birth.headers[SEAL_HEADER]) };
    await expectNothing(residents.target, withHeaders(name, both));
  });

  test('a grant for one register opens no other', async () => {
    const call = await steal(insurance, 'hospital-counter', COVERAGE);
    for (const name of ['residents', 'civil-status', 'education']) await expectNothing(urls[name] ?? '', call);
    expect((await forward(insurance.target, call)).status).toBe(200);
  });

  test('a grant written anew opens nothing, by whatever algorithm', async () => {
    const call = await steal(residents, 'hospital-counter', NAME);
    const token = String(call.headers[GRANT_HEADER]);
    const [header = '', payload = '', signature = ''] = token.split('.');
    const claims = decodeJwt(token);
    const wider = { ...claims, coordinates: { ...(claims['coordinates'] as object), 'Resident.religion': 'released' } };
    const encoded = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
    const { privateKey } = generateKeyPairSync('ed25519');
    const forged = [
      `${header}.${encoded(wider)}.${signature}`,
      `${encoded({ alg: 'none', typ: 'grant+jwt' })}.${encoded(wider)}.`,
      `${encoded({ alg: 'none', typ: 'grant+jwt' })}.${payload}.`,
      await new SignJWT(wider).setProtectedHeader({ alg: 'EdDSA', typ: 'grant+jwt' }).sign(privateKey),
      await new SignJWT(wider).setProtectedHeader({ alg: 'HS256', typ: 'grant+jwt' }).sign(randomBytes(32)),
      await gateway.token('hospital-counter'),
    ];
    for (const grant of forged) await expectNothing(residents.target, withHeaders(call, { [GRANT_HEADER]: grant }));
  });

  test('a seal made without the key, or for another time, opens nothing', async () => {
    const call = await steal(residents, 'hospital-counter', NAME);
    const grantId = String(decodeJwt(String(call.headers[GRANT_HEADER])).jti);
    const [version, , nonce, mac] = String(call.headers[SEAL_HEADER]).split('.');
    for (const made of [
      seal(grantId, call.body, randomBytes(32), Date.now()),
      seal(grantId, call.body, Buffer.alloc(0), Date.now()),
      `${version}.${Date.now() + 1}.${nonce}.${mac}`,
      `${version}.${Date.now()}.another.${mac}`,
      `${version}.${Date.now()}.${nonce}.`,
    ]) {
      await expectNothing(residents.target, withHeaders(call, { [SEAL_HEADER]: made }));
    }
  });

  test('the route that shows whom to try things with tells nobody without the key', async () => {
    const call = await steal(residents, 'hospital-counter', NAME);
    const target = residents.target.replace('/graphql', '/synthetic/showcase');
    const body = JSON.stringify({ after: '', limit: 10 });
    await expectNothing(target, { headers: { 'content-type': 'application/json' }, body });
    await expectNothing(target, { ...call, body });
    await expectNothing(target, call);
  });
});

describe('the refused key of a relative', () => {
  test('goes to a register marked as an input, and never into an answer', async () => {
    const before = insurance.calls.length;
    await gateway.ask('hospital-counter', COVERAGE, { id });
    const [call] = insurance.calls.slice(before);
    const { coordinates } = decodeJwt(String(call?.headers[GRANT_HEADER]));
    expect(coordinates).toMatchObject({ 'Resident.coverage': 'released', 'Coverage.cardNumber': 'released' });
    expect(JSON.parse(call?.body ?? '{}')).toMatchObject({ variables: { representations: [{ __typename: 'Resident', idNumber: id }] } });
  });
});

describe('other ways into the graph (CVE-2026-30241, GHSA-w42g-7vfc-xf37, GHSA-8r69-3cvp-wxc3)', () => {
  const places = (): readonly [string, string][] => [['gateway', `${gateway.url}/graphql`], ...Object.entries(urls)];

  test('nobody speaks WebSocket', async () => {
    for (const [name, url] of places()) {
      for (const protocol of ['graphql-transport-ws', 'graphql-ws']) {
        const answered = await upgrade(new URL(url), protocol);
        expect(answered, name).not.toMatch(/^HTTP\/1\.1 101/);
        expect(answered, name).not.toMatch(/sec-websocket-accept/i);
      }
    }
  });

  test.each(['GET', 'HEAD', 'PUT', 'DELETE', 'PATCH', 'OPTIONS'])('nobody answers data to %s', async (method) => {
    const token = await gateway.token('police-residence');
    for (const [name, url] of places()) {
      const target = new URL(url);
      target.searchParams.set('query', `{ resident(idNumber: "${id}") { fullName } }`);
      const answered = await raw(target, method, {
        authorization: `Bearer ${token}`,
        'x-purpose': 'residence.management',
        'x-officer': 'o',
      });
      expect([404, 405], name).toContain(answered.status);
      expect(answered.body, name).not.toMatch(/"data"|fullName/);
      expect(answered.body, name).not.toContain(id);
    }
  });

  test('nobody takes a batch', async () => {
    const call = await steal(residents, 'hospital-counter', NAME);
    await expectNothing(residents.target, { ...call, body: `[${call.body},${call.body}]` });
    const headers = {
      authorization: `Bearer ${await gateway.token('hospital-counter')}`,
      'x-purpose': 'health.check-in',
      'x-officer': 'o',
      'content-type': 'application/json',
    };
    const one = JSON.stringify({ query: NAME, variables: { id } });
    const reply = await gateway.send({ method: 'POST', headers, body: `[${one},${one}]` });
    expect(reply.status).toBe(400);
    expect(reply.text).not.toContain('"data"');
  });

  test('nobody has a console or a second address of the graph', async () => {
    for (const [name, url] of places()) {
      for (const path of ['/', '/graphiql', '/playground', '/graphql/', '/graphql-ws', '/subscriptions', '/api/graphql', '//graphql']) {
        const target = new URL(url);
        target.pathname = path;
        const answered = await raw(target, 'POST', { 'content-type': 'application/json' }, JSON.stringify({ query: '{ __typename }' }));
        expect(answered.status, `${name} ${path}`).toBe(404);
      }
    }
  });
});

async function raw(
  url: URL,
  method: string,
  headers: Record<string, string>,
  body = '',
): Promise<{ readonly status: number; readonly body: string }> {
  return new Promise((resolve, reject) => {
    const sent = httpRequest(url, { method, headers }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (part: string) => (text += part));
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body: text }));
    });
    sent.on('error', reject);
    sent.end(body);
  });
}

/** What a server says to the first request of a WebSocket. */
async function upgrade(url: URL, protocol: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(Number(url.port), url.hostname, () => {
      socket.write(
        `GET /graphql HTTP/1.1\r\nHost: ${url.host}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n` +
          `Sec-WebSocket-Key: ${randomBytes(16).toString('base64')}\r\nSec-WebSocket-Protocol: ${protocol}\r\n\r\n`,
      );
    });
    let text = '';
    socket.setEncoding('utf8').on('data', (part: string) => {
      text += part;
      if (text.includes('\r\n\r\n')) socket.destroy();
    });
    socket.on('close', () => resolve(text));
    socket.on('error', reject);
  });
}
