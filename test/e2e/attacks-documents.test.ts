import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { expectRefused, person, type Fields } from './replies.ts';
import { startTestGateway, type Reply, type TestApplication, type TestGateway } from './test-gateway.ts';

let gateway: TestGateway;
let ids: readonly string[];
let id: string;
beforeAll(async () => {
  gateway = await startTestGateway();
  ids = await gateway.citizens(20);
  id = ids[0] ?? '';
});
afterAll(async () => gateway[Symbol.asyncDispose]());

describe('filtering and ordering by what is refused', () => {
  test.each([
    'residents(phone: "0901234567") { sex }',
    'residents(idNumbers: ["001090000001"], where: { religion: "x" }) { sex }',
    'residents(idNumbers: ["001090000001"], orderBy: religion) { sex }',
    'resident(idNumber: "001090000001", fullName: "x") { sex }',
    'resident(phone: "0901234567") { sex }',
  ])('%s is not in the schema, and says nothing of it', async (selection) => {
    const reply = await gateway.ask('hospital-counter', `{ ${selection} }`);
    expect(reply.status).toBe(400);
    expect(reply.text).not.toContain('"data"');
    expect(reply.text).not.toMatch(/did you mean|0901234567/i);
  });

  test('visits within dates are refused with visits', async () => {
    const query =
      'query ($id: IdNumber!, $from: Date) { resident(idNumber: $id) { sex a: visits(from: $from, to: "2026-01-01") { date } visits(first: 1) { date } } }';
    const reply = await gateway.ask('hospital-counter', query, { id, from: '2025-01-01' });
    expect(person(reply)).toEqual({ sex: expect.any(String), a: null, visits: null });
    expect(reply.errors.map(({ path }) => path?.join('.'))).toEqual(['resident.a', 'resident.visits']);
  });
});

describe('hiding a refused field behind a condition', () => {
  const query = `query ($id: IdNumber!, $on: Boolean!, $off: Boolean = false) {
    resident(idNumber: $id) {
      fullName
      religion @include(if: $on)
      phone @skip(if: $on)
      both: religion @include(if: $on) @skip(if: $on)
      never: religion @include(if: false)
      always: religion @include(if: true) @skip(if: $off)
      ... @include(if: $on) { a: mother { fullName } ... @skip(if: $on) { b: mother { fullName } } }
      ...f @skip(if: $on)
      coverage @include(if: $on) { validFrom objectCode @skip(if: $off) }
    }
  }
  fragment f on Resident { c: religion currentResidence { province street } }`;
  const told = (reply: Reply): readonly string[] => reply.errors.map(({ path }) => path?.join('.') ?? '').toSorted();

  test('gives null and one error where the field stays, nothing where it does not, either way', async () => {
    const on = await gateway.ask('hospital-counter', query, { id, on: true });
    expect(told(on)).toEqual(['resident.a', 'resident.always', 'resident.coverage.objectCode', 'resident.religion']);
    expect(Object.keys(person(on))).toEqual(['fullName', 'religion', 'always', 'a', 'coverage']);
    expect(person(on)).toMatchObject({
      religion: null,
      always: null,
      a: null,
      coverage: { validFrom: expect.any(String), objectCode: null },
    });

    const off = await gateway.ask('hospital-counter', query, { id, on: false });
    expect(told(off)).toEqual(['resident.always', 'resident.c', 'resident.currentResidence.street', 'resident.phone']);
    expect(Object.keys(person(off))).toEqual(['fullName', 'phone', 'always', 'c', 'currentResidence']);

    const neither = await gateway.ask('hospital-counter', query, { id, on: true, off: true });
    expect(told(neither)).toEqual(['resident.a', 'resident.religion']);
  });

  test('gives the same in any order of the requests', async () => {
    const text = query.replace('fullName', 'fullName sex');
    const asked = [true, false, false, true, true, false];
    const replies = await Promise.all(asked.map(async (on) => gateway.ask('hospital-counter', text, { id, on })));
    const byValue = new Map(asked.map((on, index) => [on, replies[index]]));
    for (const [index, on] of asked.entries()) {
      expect(replies[index]?.data).toEqual(byValue.get(on)?.data);
      expect(replies[index]?.errors).toEqual(byValue.get(on)?.errors);
    }
  });

  test('a root that is left out is not asked for', async () => {
    const before = gateway.requests.length;
    const text = 'query ($id: IdNumber!, $no: Boolean!) { resident(idNumber: $id) @include(if: $no) { fullName religion } __typename }';
    const reply = await gateway.ask('hospital-counter', text, { id, no: false });
    expect(reply.data).toEqual({ __typename: 'Query' });
    expect(reply.errors).toEqual([]);
    expect(gateway.requests.length).toBe(before);
  });
});

describe('several operations in one document', () => {
  const two =
    'query Good($id: IdNumber!) { resident(idNumber: $id) { fullName } } query Bad($id: IdNumber!) { resident(idNumber: $id) { idNumber religion } }';
  const send = async (application: TestApplication, body: Fields): Promise<Reply> =>
    gateway.send({
      method: 'POST',
      headers: {
        authorization: `Bearer ${await gateway.token(application)}`,
        'content-type': 'application/json',
        accept: 'application/graphql-response+json',
        'x-purpose': application === 'police-residence' ? 'residence.management' : 'health.check-in',
        'x-officer': 'officer-1',
      },
      body: JSON.stringify(body),
    });

  test('each is decided by itself, whichever came first', async () => {
    for (const operationName of ['Bad', 'Good', 'Bad', 'Good']) {
      const reply = await send('hospital-counter', { query: two, operationName, variables: { id } });
      expect(person(reply)).toEqual(operationName === 'Good' ? { fullName: expect.any(String) } : { idNumber: id, religion: null });
      expect(reply.errors.length).toBe(operationName === 'Good' ? 0 : 1);
    }
  });

  test.each<[string, Fields]>([
    ['none named', {}],
    ['an unknown one', { operationName: 'Nobody' }],
    ['one with a name of the prototype', { operationName: '__proto__' }],
    ['one with a method’s name', { operationName: 'constructor' }],
  ])('%s is the client’s error', async (_what, more) => {
    expectRefused(await send('hospital-counter', { query: two, variables: { id }, ...more }), 400, 'OPERATION_RESOLUTION_FAILURE');
  });

  test.each<[string, string]>([
    ['mutation { register { __typename } }', 'GRAPHQL_VALIDATION_FAILED'],
    ['mutation { deleteResident(idNumber: "001090000001") { fullName } }', 'GRAPHQL_VALIDATION_FAILED'],
    ['subscription { __typename }', 'OPERATION_NOT_SUPPORTED'],
    ['{ ...a } fragment a on Query { ...b } fragment b on Query { ...a }', 'OPERATION_TOO_LARGE'],
    ['fragment a on Query { __typename }', 'GRAPHQL_VALIDATION_FAILED'],
    ['{ _entities(representations: []) { __typename } }', 'GRAPHQL_VALIDATION_FAILED'],
    ['{ _service { sdl } }', 'GRAPHQL_VALIDATION_FAILED'],
    ['{ resident(idNumber: "001090000001") { fullName ... @defer { sex } } }', 'OPERATION_NOT_SUPPORTED'],
    ['{ resident { fullName } }', 'GRAPHQL_VALIDATION_FAILED'],
    ['{ resident(idNumber: "001090000001") }', 'GRAPHQL_VALIDATION_FAILED'],
    ['{ resident(idNumber: 1090000001) { fullName } }', 'GRAPHQL_VALIDATION_FAILED'],
    ['{ resident(idNumber: "1") { fullName } }', 'GRAPHQL_VALIDATION_FAILED'],
  ])('%s is the client’s error too', async (query, code) => {
    const reply = await send('hospital-counter', { query });
    expect(reply.status).toBeGreaterThanOrEqual(400);
    expect(reply.status).toBeLessThan(500);
    expect([code, 'ID_NUMBER_INVALID']).toContain(reply.errors[0]?.extensions.code);
    expect(reply.text).not.toContain('"data"');
  });

  test.each<[string, string, Fields]>([
    ['a key', 'query ($v: IdNumber = "001090000001") { resident(idNumber: $v) { sex } }', { v: null }],
    ['one of many keys', 'query ($v: IdNumber = "001090000001") { residents(idNumbers: [$v, "001090000002"]) { sex } }', { v: null }],
    ['all keys', 'query ($v: [IdNumber!] = ["001090000001"]) { residents(idNumbers: $v) { sex } }', { v: null }],
    ['an age that a rule reads', 'query ($v: Int = 18) { resident(idNumber: "001090000001") { isAtLeast(age: $v) } }', { v: null }],
    [
      'a member of an input',
      'query ($v: IdNumber = "001090000001") { verifyIdentity(input: { idNumber: $v, fullName: "A", dateOfBirth: "2000-01-01" }) { fullName } }',
      { v: null },
    ],
    ['a province', 'query ($v: Province = HUE) { resident(idNumber: "001090000001") { livesIn(province: $v) sex } }', { v: null }],
    [
      'a condition',
      'query ($v: Boolean = true) { resident(idNumber: "001090000001") @include(if: $v) { isAtLeast(age: 18) } }',
      { v: null },
    ],
  ])('null for %s where a default stood is the client’s error', async (_what, query, variables) => {
    for (const application of ['bank-teller', 'police-residence'] as const) {
      const reply = await gateway.ask(application, query, variables);
      expectRefused(reply, 400, 'BAD_USER_INPUT');
      expect(reply.text).not.toContain('001090000001');
    }
  });

  test('a variable with the name that plans give entities in is a variable like others, and no way to choose the entities', async () => {
    const query = `query ($representations: Int = 3, $id: IdNumber!) {
      resident(idNumber: $id) { fullName examResults(first: $representations) { score } enrolments(first: $representations) { school } }
    }`;
    const named = query.replaceAll('$representations', '$n');
    for (const value of [1, 2, undefined]) {
      const reply = await gateway.ask('university-admissions', query, { id, representations: value });
      expect(reply.errors).toEqual([]);
      expect(reply.data).toEqual((await gateway.ask('university-admissions', named, { id, n: value })).data);
    }
    const chosen = await gateway.ask('university-admissions', query, {
      id,
      representations: [{ __typename: 'Resident', idNumber: ids[1] }],
    });
    expectRefused(chosen, 400, 'BAD_USER_INPUT');
    expectRefused(await gateway.ask('university-admissions', query.replaceAll('$rep', '$__rep'), { id }), 400, 'GRAPHQL_VALIDATION_FAILED');
  });
});

describe('mixing introspection with data', () => {
  test('the data is decided as if it stood alone', async () => {
    const query = `query ($id: IdNumber!) {
      __schema { queryType { name } types { name fields { name } } }
      type: __type(name: "Resident") { name }
      resident(idNumber: $id) { __typename idNumber religion phone }
    }`;
    const before = gateway.requests.length;
    const reply = await gateway.ask('hospital-counter', query, { id });
    expect(reply.data).toMatchObject({
      __schema: { queryType: { name: 'Query' } },
      type: { name: 'Resident' },
      resident: { __typename: 'Resident', idNumber: id, religion: null, phone: null },
    });
    expect(reply.errors.map(({ path }) => path)).toEqual([
      ['resident', 'religion'],
      ['resident', 'phone'],
    ]);
    expect(
      gateway.requests
        .slice(before)
        .map(({ query: text }) => text)
        .join(''),
    ).not.toMatch(/__schema|__type\b|religion|phone/);
  });

  test('introspection is for those with a token, and not for those who may run approved operations only', async () => {
    const query = '{ __schema { types { name } } }';
    const body = JSON.stringify({ query });
    const reply = await gateway.send({ method: 'POST', headers: { 'content-type': 'application/json' }, body });
    expectRefused(reply, 401, 'UNAUTHENTICATED');
    expectRefused(await gateway.ask('statistics-office', query), 403, 'OPERATION_NOT_APPROVED');
    expect((await gateway.ask('bank-teller', query)).status).toBe(200);
  });

  test('the schema shows no mechanism of federation', async () => {
    const reply = await gateway.ask('bank-teller', '{ __schema { types { name } directives { name } queryType { fields { name } } } }');
    expect(reply.text).not.toMatch(/_entities|_service|_Any|join__|link__|core__|federation|personal/);
  });
});
