import { createPublicKey } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { composeServices } from '@apollo/composition';
import { parse } from 'graphql';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { checkPolicies } from '../../gateway/policy/check.ts';
import { checkSeal, verifyGrant } from '../../platform/grant.ts';
import { madeKey, startForeign, type Asker, type ForeignGateway } from './harness.ts';
import { library, LIBRARY_DIR } from './library.ts';

// Somebody else's supergraph under rules, as its documentation says: the flags, the directory, real subgraphs over HTTP.

const POLICIES = join(LIBRARY_DIR, 'policies');
const DESK: Asker = { claims: { client_id: 'desk' }, purpose: 'lending' };
const SCHOOL: Asker = { claims: { azp: 'school-portal-7' }, purpose: 'reading-week' };

test('the example is what its subgraphs compose to, and its policies pass their check', async () => {
  const services = Object.entries(library.subgraphs)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, sdl]) => ({ name, url: `http://${name}.example/graphql`, typeDefs: parse(sdl) }));
  const file = await readFile(join(LIBRARY_DIR, 'supergraph.graphql'), 'utf8');
  expect(file).toBe(composeServices(services).supergraphSdl);
  const report = await checkPolicies(POLICIES, file);
  expect(report.problems).toEqual([]);
  expect(report.cases).toBe(10);
});

describe('a foreign supergraph under rules', () => {
  let gateway: ForeignGateway;
  beforeAll(async () => {
    gateway = await startForeign(library, POLICIES, [
      { person: 'm1', agency: 'school', purpose: 'reading-week', groups: ['loans.loans', 'members.identity'] },
    ]);
  });
  afterAll(async () => {
    await gateway[Symbol.asyncDispose]();
  });

  test('makes its keys at the first start, for itself alone, and says where they are', async () => {
    for (const file of ['grant.private.pem', 'pseudonym.key', 'seals/members.key', 'seals/loans.key']) {
      expect((await stat(join(gateway.dataDir, 'keys', file))).mode & 0o777, file).toBe(0o600);
    }
    const lines = gateway.log.filter((line) => line.includes('keys were made'));
    expect(lines).toHaveLength(1);
    expect(lines[0]).toContain(join(gateway.dataDir, 'keys'));
  });

  test('gives by law what a permit names, across subgraphs and through @requires', async () => {
    const reply = await gateway.ask(DESK, '{ member(id: "m1") { name email adult loans { due item { title ... on Book { pages } } } } }');
    expect(reply.status).toBe(200);
    expect(reply.errors).toEqual([]);
    expect(reply.data).toEqual({
      member: {
        name: 'Nguyễn An',
        email: 'an@example.vn',
        adult: true,
        loans: [
          { due: '2026-12-01', item: { title: 'Dế Mèn phiêu lưu ký', pages: 144 } },
          { due: '2026-12-24', item: { title: 'Mùi đu đủ xanh' } },
        ],
      },
    });
  });

  test('refuses what no permit names, and asks no subgraph for it', async () => {
    gateway.calls.length = 0;
    const reply = await gateway.ask(DESK, '{ member(id: "m1") { name born guardian { name } } }');
    expect(reply.data).toEqual({ member: { name: 'Nguyễn An', born: null, guardian: null } });
    expect(reply.errors.map(({ path, extensions }) => [path, extensions.code])).toEqual([
      [['member', 'born'], 'FIELD_NOT_PERMITTED'],
      [['member', 'guardian'], 'FIELD_NOT_PERMITTED'],
    ]);
    expect(gateway.calls.map(({ query }) => query).join()).not.toMatch(/born|guardian/);
  });

  test('leaves of an address what the transform leaves', async () => {
    const reply = await gateway.ask(DESK, '{ member(id: "m1") { address { city street } } }');
    expect(reply.data).toEqual({ member: { address: { city: 'Huế', street: null } } });
    expect(reply.errors.map(({ path }) => path)).toEqual([['member', 'address', 'street']]);
  });

  test('gives by consent to the application of an azp whose agency the person consented to, and of nobody else', async () => {
    const query = '{ given: member(id: "m1") { name loans { due } } missing: member(id: "m2") { name loans { due } } }';
    const reply = await gateway.ask(SCHOOL, query);
    expect(reply.data).toEqual({
      given: { name: 'Nguyễn An', loans: [{ due: '2026-12-01' }, { due: '2026-12-24' }] },
      missing: { name: null, loans: null },
    });
    expect(reply.errors.map(({ path, extensions }) => [path, extensions.code])).toEqual([
      [['missing', 'name'], 'CONSENT_REQUIRED'],
      [['missing', 'loans'], 'CONSENT_REQUIRED'],
    ]);
  });

  test('decides interfaces and unions by the type of each value', async () => {
    const reply = await gateway.ask(
      SCHOOL,
      '{ item(id: "b1") { title loan { due } } search(text: "") { __typename ... on Book { title } ... on Member { name email } } }',
    );
    expect(reply.data).toEqual({
      // Whose loan it is would be known by fetching it only.
      item: { title: 'Dế Mèn phiêu lưu ký', loan: null },
      search: [
        { __typename: 'Book', title: 'Dế Mèn phiêu lưu ký' },
        { __typename: 'Film' },
        { __typename: 'Member', name: 'Nguyễn An', email: null },
        { __typename: 'Member', name: null, email: null },
      ],
    });
  });

  test('refuses roots that nothing classifies, whatever a permit says, and arguments that read what is refused', async () => {
    expect((await gateway.ask(DESK, '{ opening }')).status).toBe(403);
    expect((await gateway.ask(DESK, '{ overdue { due } opening }')).data).toEqual({
      overdue: [{ due: '2026-12-01' }, { due: '2026-12-24' }],
      opening: null,
    });
    expect((await gateway.ask(DESK, '{ members(name: "Ng") { name } }')).data).toEqual({ members: [{ name: 'Nguyễn An' }] });
    expect((await gateway.ask(SCHOOL, '{ members(name: "Ng") { name } }')).status).toBe(403);
  });

  test('writes where a permit says so', async () => {
    const renewed = await gateway.ask(DESK, 'mutation { renew(loan: "l2") { due } }');
    expect(renewed.data).toEqual({ renew: { due: '2027-01-01' } });
    expect((await gateway.ask(SCHOOL, 'mutation { renew(loan: "l1") { due } }')).status).toBe(403);
  });

  test('takes tokens of the issuer for this audience only, typed as access tokens or not at all', async () => {
    const query = '{ member(id: "m1") { name } }';
    expect((await gateway.ask(DESK, query, { typ: 'at+jwt' })).status).toBe(200);
    expect((await gateway.ask(DESK, query, { typ: 'JWT' })).status).toBe(200);
    expect((await gateway.ask(DESK, query, { typ: 'logout+jwt' })).status).toBe(401);
    for (const claims of [{ aud: 'another' }, { iss: 'https://another.example' }, { nonce: 'n' }, { typ: 'ID' }, { token_use: 'id' }]) {
      expect((await gateway.ask({ ...DESK, claims: { client_id: 'desk', ...claims } }, query)).status, JSON.stringify(claims)).toBe(401);
    }
    expect((await gateway.ask({ ...DESK, claims: { sub: 'desk' } }, query)).status).toBe(401);
    expect((await gateway.ask({ ...DESK, claims: { client_id: 'school-portal' } }, query)).status).toBe(403);
    expect((await gateway.ask({ ...DESK, purpose: 'reading-week' }, query)).status).toBe(403);
  });

  test('sends a grant and a seal that a subgraph can check with the files it is given', async () => {
    gateway.calls.length = 0;
    await gateway.ask(DESK, '{ member(id: "m2") { name } }');
    const [call] = gateway.calls;
    const key = createPublicKey(await madeKey(gateway.dataDir, 'grant.public.pem'));
    const grant = await verifyGrant(call?.grant ?? '', key, { issuer: 'lien-thong-gateway', audience: 'members', now: new Date() });
    expect(grant).toMatchObject({ application: 'desk', agency: 'city', purpose: 'lending', action: 'read' });
    expect(grant.coordinates).toMatchObject({ 'Member.name': 'released', 'Member.id': 'released' });
    const seal = Buffer.from((await madeKey(gateway.dataDir, 'seals', 'members.key')).trim(), 'base64');
    const body = JSON.stringify({ query: call?.query, variables: call?.variables });
    expect(checkSeal(call?.seal ?? '', grant.id, body, seal, Date.now()).kind).toBe('good');
  });

  test('records who saw what of whom, also what was refused', async () => {
    const records = await gateway.stopAndRead();
    const last = records.at(-1);
    expect(last).toMatchObject({ kind: 'disclosure', application: 'desk', purpose: 'lending', officer: 'clerk-1', officerRole: 'clerk' });
    expect(last?.persons.map(({ released }) => released)).toEqual([['Member.name']]);
    expect(JSON.stringify(records)).not.toMatch(/"m1"|"m2"|Nguyễn|Trần/);
    expect(
      records.some(({ kind, withheld }) => kind === 'refusal' && withheld.some(({ coordinate }) => coordinate === 'Query.opening')),
    ).toBe(true);
    expect(records.some(({ consents }) => consents.length > 0)).toBe(true);
  });
});
