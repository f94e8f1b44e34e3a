import { generateKeyPairSync, randomBytes, randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { GRANT_HEADER, seal, SEAL_HEADER, signGrant, type CoordinateUse } from '../../platform/grant.ts';
import { readCeiling } from '../../subgraphs/ceiling.ts';
import { healthInsurance } from '../../subgraphs/health-insurance/register.ts';
import { createNonces } from '../../subgraphs/nonces.ts';
import { readOperation } from '../../subgraphs/operation.ts';
import { createPopulation } from '../../subgraphs/population.ts';
import { register } from '../../subgraphs/register.ts';
import { buildRegisterSchema } from '../../subgraphs/schema.ts';
import { post, startRegister, type Answer, type Call, type TestRegister } from './harness.ts';

const INSURANCE = register(healthInsurance);
const SYNTHETIC = { seed: 7, size: 200 };
const PEOPLE = [...createPopulation(SYNTHETIC).people()].map((person) => person.idNumber);
const REPRESENTATIONS = PEOPLE.map((idNumber) => ({ __typename: 'Resident', idNumber }));
const REFUSAL = '{"errors":[{"message":"This register gives nothing for this call.","extensions":{"code":"GRANT_REFUSED"}}]}';

const COVERAGE: Call = {
  query: 'query ($r: [_Any!]!) { _entities(representations: $r) { __typename ... on Resident { idNumber coverage { cardNumber } } } }',
  variables: { r: REPRESENTATIONS },
};

let running: TestRegister;
beforeAll(async () => {
  const ceiling = readCeiling(
    'agencies: { hospital: { health.check-in: [health-insurance.coverage, health-insurance.visits] } }',
    'health-insurance',
  );
  running = await startRegister(INSURANCE, { synthetic: SYNTHETIC, ceiling });
});
afterAll(async () => running[Symbol.asyncDispose]());

async function expectNothing(answer: Answer, status: number, reason: string): Promise<void> {
  expect(answer.text).toBe(REFUSAL);
  expect(answer.status).toBe(status);
  expect(running.logged.at(-1)).toContain(reason);
}

describe('_entities asked straight at a register', () => {
  it('discloses what is granted, to whoever holds grant and seal', async () => {
    const answer = await running.call(COVERAGE);
    expect(answer.status).toBe(200);
    const entities = answer.data?.['_entities'] as readonly { idNumber: string; coverage: { cardNumber: string | null } | null }[];
    expect(entities.map(({ idNumber }) => idNumber)).toEqual(PEOPLE);
    expect(entities.some(({ coverage }) => coverage?.cardNumber !== undefined)).toBe(true);
  });

  it('discloses nothing without a grant (ATTACKS 23 and 24)', async () => {
    await expectNothing(await running.call({ ...COVERAGE, headers: { [GRANT_HEADER]: undefined } }), 401, 'no grant');
    await expectNothing(
      await running.call({ ...COVERAGE, headers: { [GRANT_HEADER]: undefined, [SEAL_HEADER]: undefined } }),
      401,
      'no grant',
    );
  });

  it('discloses nothing without a seal', async () => {
    await expectNothing(await running.call({ ...COVERAGE, headers: { [SEAL_HEADER]: undefined } }), 401, 'no seal');
    await expectNothing(await running.call({ ...COVERAGE, headers: { [SEAL_HEADER]: 'v1.1.x' } }), 401, 'malformed seal');
  });

  it('discloses nothing for a grant signed by another key', async () => {
    const { privateKey } = generateKeyPairSync('ed25519');
    const forged = await signGrant(
      {
        id: randomUUID(),
        issuer: 'https://gateway.test',
        audience: 'health-insurance',
        application: 'hospital-counter',
        agency: 'hospital',
        purpose: 'health.check-in',
        action: 'read',
        emergency: false,
        policyVersion: 'sha256:test',
        operationHash: 'x',
        coordinates: {},
        expiresAt: Math.floor(Date.now() / 1000) + 30,
      },
      privateKey,
    );
    await expectNothing(await running.call({ ...COVERAGE, headers: { [GRANT_HEADER]: forged } }), 401, 'the grant is not good');
  });

  it.each([
    ['another audience', { audience: 'education' }],
    ['another issuer', { issuer: 'https://elsewhere.test' }],
    ['an expiry in the past', { expiresAt: Math.floor(Date.now() / 1000) - 10 }],
    ['an expiry further off than a minute', { expiresAt: Math.floor(Date.now() / 1000) + 600 }],
    ['the id that seals demo routes', { id: 'showcase' }],
  ])('discloses nothing for a grant with %s', async (_what, grant) => {
    await expectNothing(await running.call({ ...COVERAGE, grant }), 401, 'the grant is not good');
  });

  it('discloses nothing when the body is not the one sealed', async () => {
    const tampered = JSON.stringify({ query: COVERAGE.query, variables: { r: [{ __typename: 'Resident', idNumber: '001099000001' }] } });
    await expectNothing(await running.call({ ...COVERAGE, tampered }), 401, 'seal does not match');
  });

  it('discloses nothing for a seal made with another key, or for another grant', async () => {
    const body = JSON.stringify({ query: COVERAGE.query, variables: COVERAGE.variables });
    const headers = await running.headersFor(COVERAGE, body);
    const foreign = { ...headers, [SEAL_HEADER]: seal('some-id', body, randomBytes(32), Date.now()) };
    await expectNothing(await post(running.subgraph.url, foreign, body), 401, 'seal does not match');
    const other = await running.headersFor(COVERAGE, body);
    await expectNothing(
      await post(running.subgraph.url, { ...headers, [SEAL_HEADER]: other[SEAL_HEADER] ?? '' }, body),
      401,
      'seal does not match',
    );
  });

  it('answers a sealed call once: the same bytes again disclose nothing', async () => {
    const body = JSON.stringify({ query: COVERAGE.query, variables: COVERAGE.variables });
    const headers = await running.headersFor(COVERAGE, body);
    expect((await post(running.subgraph.url, headers, body)).data).toBeDefined();
    await expectNothing(await post(running.subgraph.url, headers, body), 401, 'the seal has been used');
  });

  it('discloses nothing for another operation than the one granted, under a seal that is good', async () => {
    const grant = { operationHash: '0'.repeat(64) };
    await expectNothing(await running.call({ ...COVERAGE, grant }), 403, 'the operation is not the one granted');
  });

  it.each([
    ['a field of the person', { 'Resident.idNumber': 'released', 'Coverage.cardNumber': 'released' }, 'Resident.coverage is not granted'],
    ['a field of a value type', { 'Resident.idNumber': 'released', 'Resident.coverage': 'released' }, 'Coverage.cardNumber is not granted'],
    ['the key', { 'Resident.coverage': 'released', 'Coverage.cardNumber': 'released' }, 'Resident.idNumber is not granted'],
  ] as const)('discloses nothing when the grant leaves out %s', async (_what, coordinates, reason) => {
    await expectNothing(await running.call({ ...COVERAGE, grant: { coordinates } }), 403, reason);
  });

  it('refuses a field under an alias that looks like a granted one (ATTACKS 5)', async () => {
    const query = 'query ($r: [_Any!]!) { _entities(representations: $r) { ... on Resident { coverage: visits { facility } } } }';
    const coordinates: Record<string, CoordinateUse> = { 'Resident.coverage': 'released', 'Visit.facility': 'released' };
    await expectNothing(
      await running.call({ query, variables: { r: REPRESENTATIONS }, grant: { coordinates } }),
      403,
      'Resident.visits is not granted',
    );
  });
});

describe('the ceiling of the owner', () => {
  it.each([
    ['agency', { agency: 'bank' }],
    ['purpose', { purpose: 'bank.customer-verification' }],
  ])('holds against a grant of the gateway for another %s', async (_what, grant) => {
    await expectNothing(await running.call({ ...COVERAGE, grant }), 403, 'is above the ceiling');
  });

  it('holds for a group below a field that is within it', async () => {
    const query = 'query ($r: [_Any!]!) { _entities(representations: $r) { ... on Resident { coverage { objectCode } } } }';
    await expectNothing(await running.call({ query, variables: { r: REPRESENTATIONS } }), 403, 'Coverage.objectCode is above the ceiling');
  });

  it('holds for inputs too, whatever a gateway calls so, and not for keys', async () => {
    const grant = {
      agency: 'bank',
      coordinates: { 'Resident.idNumber': 'input', 'Resident.coverage': 'input', 'Coverage.cardNumber': 'input' },
    } as const;
    await expectNothing(await running.call({ ...COVERAGE, grant }), 403, 'Resident.coverage is above the ceiling');
  });

  it('is refused at the start when it names groups of another register or is no ceiling', () => {
    expect(() => readCeiling('agencies: { hospital: { health.check-in: [residents.identity] } }', 'education')).toThrow(
      'a group of another register',
    );
    expect(() => readCeiling('agency: {}', 'education')).toThrow('The ceiling of education cannot be read.');
  });
});

describe('what a register never runs, however well it is sealed', () => {
  it.each([
    ['introspection', '{ __schema { types { name } } }', 'introspection'],
    ['introspection beside data', '{ __type(name: "Resident") { name } _entities(representations: []) { __typename } }', 'introspection'],
    ['its SDL', '{ _service { sdl } }', '_service'],
    ['its SDL through a fragment', '{ ...a } fragment a on Query { x: _service { sdl } }', '_service'],
    ['two operations', 'query a { _entities(representations: []) { __typename } } query b { __typename }', 'not exactly one operation'],
    ['no operation', 'fragment a on Resident { idNumber }', 'not exactly one operation'],
    ['a document that is not valid', '{ nothing }', 'the operation is not valid'],
    ['a document that does not parse', '{', 'does not parse'],
  ])('refuses %s', async (_what, query, reason) => {
    await expectNothing(await running.call({ query }), 403, reason);
  });

  it('refuses an array of operations, and what is no request', async () => {
    for (const body of ['[{"query":"{ __typename }"}]', '"text"', 'null', '{"query":1}', '{']) {
      const headers = await running.headersFor({ query: '{ __typename }' }, body);
      await expectNothing(await post(running.subgraph.url, headers, body), 403, 'the body is no GraphQL request');
    }
  });

  it('logs the reason of a refusal and no ID number', () => {
    expect(running.logged.some((line) => line.includes('refused'))).toBe(true);
    const log = running.logged.join('');
    expect(PEOPLE.filter((idNumber) => log.includes(idNumber))).toEqual([]);
  });
});

describe('reading an operation', () => {
  it('gives each coordinate the groups of the fields that lead to it', async () => {
    const { schema, classification } = await buildRegisterSchema(INSURANCE);
    const operation = readOperation(
      schema,
      classification,
      `query ($r: [_Any!]!) { _entities(representations: $r) { ...person ... on Resident { coverageHistory { ...card } } } }
       fragment person on Resident { idNumber coverage { ...card benefitRate } }
       fragment card on Coverage { validFrom }`,
    );
    if (operation.kind !== 'sound') throw new Error(operation.why);
    expect(
      Object.fromEntries(
        [...operation.groups].map(([coordinate, groups]) => [coordinate, groups === undefined ? null : [...groups].toSorted()]),
      ),
    ).toEqual({
      'Resident.idNumber': [],
      'Resident.coverage': ['health-insurance.coverage'],
      'Resident.coverageHistory': ['health-insurance.history'],
      'Coverage.validFrom': ['health-insurance.coverage', 'health-insurance.history'],
      'Coverage.benefitRate': ['health-insurance.object'],
    });
  });

  it('is not slowed down by fragments that re-use each other', async () => {
    const { schema, classification } = await buildRegisterSchema(INSURANCE);
    const fragments = Array.from({ length: 30 }, (_, index) => `fragment f${index} on Resident { ...f${index + 1} ...f${index + 1} }`);
    const text = `{ _entities(representations: []) { ...f0 } } ${fragments.join(' ')} fragment f30 on Resident { idNumber }`;
    const before = performance.now();
    expect(readOperation(schema, classification, text).kind).toBe('sound');
    expect(performance.now() - before).toBeLessThan(1_000);
  });
});

describe('nonces', () => {
  it('are refused while remembered, and refused altogether when no more can be', () => {
    const nonces = createNonces(1_000, 2);
    expect(nonces.use('a', 0)).toBe('new');
    expect(nonces.use('a', 999)).toBe('seen');
    expect(nonces.use('b', 500)).toBe('new');
    expect(nonces.use('c', 999)).toBe('full');
    expect(nonces.use('c', 1_000)).toBe('new');
  });
});
