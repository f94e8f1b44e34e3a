import { afterAll, afterEach, beforeAll, describe, expect, inject, test } from 'vitest';
import { alters, altersEntities, says, startLyingSubgraph, type Lie, type LyingSubgraph } from './lying-subgraph.ts';
import { startTestGateway, type Reply, type TestGateway } from './test-gateway.ts';

/** What a register that lies would like to get into an answer. Whatever it says, this never arrives. */
const LIE = 'LEAKED-BY-THE-REGISTER';
const SUBGRAPH_TIMEOUT_MS = 2_000;
const SUBGRAPH_BYTES_MAX = 200_000;
const FAILED = ['SUBGRAPH_UNAVAILABLE', 'SUBGRAPH_ERROR'];

let residents: LyingSubgraph;
let insurance: LyingSubgraph;
let education: LyingSubgraph;
let gateway: TestGateway;
let ids: readonly string[];
let id: string;

beforeAll(async () => {
  const { urls } = inject('registers');
  [residents, insurance, education] = (await Promise.all(
    ['residents', 'health-insurance', 'education'].map(async (name) => startLyingSubgraph(urls[name] ?? '')),
  )) as [LyingSubgraph, LyingSubgraph, LyingSubgraph];
  gateway = await startTestGateway({
    limits: { subgraphTimeoutMs: SUBGRAPH_TIMEOUT_MS, subgraphBytesMax: SUBGRAPH_BYTES_MAX },
    unrecordedUrls: { residents: residents.url, 'health-insurance': insurance.url, education: education.url },
  });
  ids = await gateway.citizens(5);
  id = ids[0] ?? '';
});
afterAll(async () => {
  await gateway[Symbol.asyncDispose]();
  await Promise.all([residents, insurance, education].map(async (liar) => liar[Symbol.asyncDispose]()));
});
afterEach(() => {
  for (const liar of [residents, insurance, education]) liar.tellTheTruth();
});

const AT_THE_COUNTER = `query ($id: IdNumber!) {
  resident(idNumber: $id) { idNumber fullName card: coverage { cardNumber validFrom } insured: insuredOn(date: "2026-01-01") }
}`;

type Fields = Record<string, unknown>;

function personIn(reply: Reply): Fields {
  return reply.data?.['resident'] as Fields;
}

function expectNoLie(reply: Reply): void {
  expect(reply.status).toBe(200);
  expect(reply.text).not.toContain(LIE);
  expect(reply.text).not.toMatch(/127\.0\.0\.1|node_modules|\.[jt]s:|ECONN|undefined|\[object/);
  expect(gateway.log.join('')).not.toContain(LIE);
  expect(({} as Fields)['polluted']).toBeUndefined();
}

function pathsOf(reply: Reply): readonly string[] {
  return reply.errors.map(({ path }) => (path ?? []).filter((part) => typeof part === 'string').join('.'));
}

const never: Lie = () => undefined;
const resets: Lie = (reply) => void reply.destroy();
const stopsHalfway: Lie = (reply) => {
  reply.writeHead(200, { 'content-type': 'application/json', 'content-length': 1_000 });
  reply.write(`{"data":{"_entities":[{"coverage":"${LIE}`, () => reply.destroy());
};
const neverEnds: Lie = (reply) => {
  reply.writeHead(200, { 'content-type': 'application/json' });
  const more = (): void => {
    while (!reply.destroyed && reply.write(`${LIE}${' '.repeat(65_536)}`));
  };
  reply.on('drain', more);
  more();
};
const redirects: Lie = (reply) => void reply.writeHead(307, { location: `http://127.0.0.1:1/${LIE}` }).end();

describe('a register that does not answer properly costs its own fields and nothing else', () => {
  test.each<[string, Lie]>([
    ['does not answer in time', never],
    ['closes the connection', resets],
    ['closes the connection in the middle of its answer', stopsHalfway],
    ['does not stop answering', neverEnds],
    ['sends more than the gateway takes', says(JSON.stringify({ data: { _entities: [{ coverage: LIE.repeat(20_000) }] } }))],
    ['sends the gateway elsewhere', redirects],
    ['answers 500 in HTML', says(`<html>Error: ${LIE} at /srv/app.js:1</html>`, 'text/html', 500)],
    ['answers 200 in HTML', says(`<html>${LIE}</html>`, 'text/html')],
    ['answers JSON of another type', says(JSON.stringify({ data: { _entities: [{ coverage: LIE }] } }), 'text/plain')],
    ['answers with no type', (reply) => void reply.end(`{"data":{"_entities":["${LIE}"]}}`)],
    ['answers what is no JSON', says(`{"data": ${LIE}`)],
    ['answers with half a document', says(`{"data":{"_entities":[{"coverage":"${LIE}`)],
    ['answers nothing', says('')],
    ['answers a list', says(`["${LIE}"]`)],
    ['answers a text', says(`"${LIE}"`)],
    ['answers null', says('null')],
    ['answers without data', says('{}')],
    ['answers data that is a list', says(`{"data":["${LIE}"]}`)],
    ['answers data that is a text', says(`{"data":"${LIE}"}`)],
    ['refuses the grant', says(`{"errors":[{"message":"${LIE}"}]}`, 'application/json', 403)],
    ['answers with an error of its own', says(`{"errors":[{"message":"${LIE} at 10.0.0.1","extensions":{"code":"${LIE}"}}]}`)],
    ['answers an error that is no error', says(`{"data":null,"errors":"${LIE}"}`)],
    [
      'answers an error of a kind that JavaScript knows',
      says('{"data":null,"errors":[{"message":1,"extensions":{"code":"constructor"}}]}'),
    ],
    ['answers null for data', says('{"data":null}')],
  ])('when it %s', async (_what, lie) => {
    insurance.tell(lie);
    const reply = await gateway.ask('hospital-counter', AT_THE_COUNTER, { id });
    expectNoLie(reply);
    expect(personIn(reply)).toEqual({ idNumber: id, fullName: expect.any(String), card: null, insured: null });
    expect(reply.errors.length).toBeGreaterThan(0);
    for (const error of reply.errors) expect(FAILED).toContain(error.extensions.code);
    expect(pathsOf(reply).every((path) => path.startsWith('resident'))).toBe(true);
  });
});

describe('a register that lies about the form of its data', () => {
  test.each<[string, Lie]>([
    ['entities that are no list', alters((truth) => void (truth.data['_entities'] = { coverage: LIE }))],
    ['entities that are a text', alters((truth) => void (truth.data['_entities'] = LIE))],
    ['no entities', alters((truth) => void delete truth.data['_entities'])],
    ['fewer entities than were asked for', alters((truth) => void (truth.data['_entities'] = []))],
    ['more entities than were asked for', alters((truth) => void (truth.data['_entities'] = [LIE, LIE, LIE]))],
    ['an entity that is a text', altersEntities(() => LIE)],
    ['an entity that is a list', altersEntities(() => [LIE])],
    ['a text for an object', altersEntities((entity) => ({ ...entity, r__card: LIE, coverage: LIE }))],
    ['a list for an object', altersEntities((entity) => ({ ...entity, r__card: [LIE], coverage: [LIE] }))],
  ])('by %s gives nulls and errors at the place', async (_what, lie) => {
    insurance.tell(lie);
    const reply = await gateway.ask('hospital-counter', AT_THE_COUNTER, { id });
    expectNoLie(reply);
    expect(personIn(reply)).toMatchObject({ idNumber: id, fullName: expect.any(String), card: null });
    expect(reply.errors.length).toBeGreaterThan(0);
  });

  test.each<[string, unknown]>([
    ['an object for a text', { fullName: LIE }],
    ['a list for a text', [LIE]],
    ['a number for a text', 42],
    ['true for a text', true],
  ])('by %s gives null and an error for that field alone', async (_what, value) => {
    residents.tell(altersEntities((entity) => ({ ...entity, fullName: value, dateOfBirth: value })));
    const reply = await gateway.ask('hospital-counter', 'query ($id: IdNumber!) { resident(idNumber: $id) { fullName dateOfBirth sex } }', {
      id,
    });
    expectNoLie(reply);
    expect(personIn(reply)).toEqual({ fullName: null, dateOfBirth: null, sex: expect.any(String) });
    expect(pathsOf(reply).toSorted()).toEqual(['resident.dateOfBirth', 'resident.fullName']);
  });

  test('by a value that an enum does not have gives null and an error', async () => {
    residents.tell(altersEntities((entity) => ({ ...entity, sex: LIE })));
    const reply = await gateway.ask('hospital-counter', 'query ($id: IdNumber!) { resident(idNumber: $id) { fullName sex } }', { id });
    expectNoLie(reply);
    expect(personIn(reply)).toEqual({ fullName: expect.any(String), sex: null });
    expect(pathsOf(reply)).toEqual(['resident.sex']);
  });

  test.each<[string, unknown]>([
    ['a text', LIE],
    ['an object', { subject: LIE }],
    ['a list of texts', [LIE]],
    ['a list of lists', [[LIE]]],
    ['a list with a null in it', [null]],
  ])('by %s for a list of objects gives null and an error, and the rest', async (_what, value) => {
    education.tell(altersEntities((entity) => ({ ...entity, r__examResults: value })));
    const query = 'query ($id: IdNumber!) { resident(idNumber: $id) { fullName examResults { subject score } enrolments { school } } }';
    const reply = await gateway.ask('university-admissions', query, { id });
    expectNoLie(reply);
    expect(personIn(reply)).toMatchObject({ fullName: expect.any(String), examResults: null, enrolments: expect.any(Array) });
    expect(pathsOf(reply)).toEqual(['resident.examResults']);
  });

  test.each<[string, unknown]>([
    ['an object', { idNumber: LIE }],
    ['a text', LIE],
    ['a list of texts', [LIE, LIE]],
  ])('by %s for a list of people, on whom other registers wait, fails as a register and not as the gateway', async (_what, value) => {
    residents.tell(alters((truth) => void (truth.data['_entities'] = value)));
    const reply = await gateway.ask(
      'hospital-counter',
      'query ($ids: [IdNumber!]!) { residents(idNumbers: $ids) { fullName coverage { cardNumber } } }',
      { ids },
    );
    expectNoLie(reply);
    expect(reply.errors.map(({ extensions }) => extensions.code).every((code) => FAILED.includes(code))).toBe(true);
    expect(reply.errors.length).toBeGreaterThan(0);
  });

  test('by somebody else for the person asked for costs that person, and nobody is taken for another', async () => {
    residents.tell(altersEntities((entity) => ({ ...entity, idNumber: ids[1] })));
    const query = 'query ($ids: [IdNumber!]!) { residents(idNumbers: $ids) { idNumber fullName coverage { cardNumber } } }';
    const reply = await gateway.ask('hospital-counter', query, { ids: ids.slice(0, 2) });
    expectNoLie(reply);
    expect(reply.data?.['residents']).toEqual([null, expect.objectContaining({ idNumber: ids[1] })]);
    expect(reply.errors).toMatchObject([{ path: ['residents', 0], extensions: { code: 'SUBGRAPH_UNAVAILABLE' } }]);
  });

  test('each of two lying registers has its error', async () => {
    residents.tell(altersEntities((entity) => ({ ...entity, sex: LIE })));
    insurance.tell(says('', 'text/html', 502));
    const reply = await gateway.ask(
      'hospital-counter',
      'query ($id: IdNumber!) { resident(idNumber: $id) { fullName sex coverage { cardNumber } } }',
      { id },
    );
    expectNoLie(reply);
    expect(personIn(reply)).toEqual({ fullName: expect.any(String), sex: null, coverage: null });
    expect(pathsOf(reply).toSorted()).toEqual(['resident.coverage', 'resident.sex']);
  });
});

describe('a register that says more than it was asked', () => {
  test('cannot put fields into the answer that nobody asked for or that were refused', async () => {
    residents.tell(
      alters((truth) => {
        const [person] = truth.data['_entities'] as [Fields];
        Object.assign(person, { religion: LIE, phone: LIE, r__religion: LIE, extra: { deep: LIE } });
        Object.assign(truth.data, { religion: LIE, __schema: { types: LIE }, extra: LIE });
        Object.assign(truth, { extensions: { note: LIE }, more: LIE });
      }),
    );
    const query = 'query ($id: IdNumber!) { resident(idNumber: $id) { fullName religion phone a: religion } }';
    const reply = await gateway.ask('hospital-counter', query, { id });
    expectNoLie(reply);
    expect(personIn(reply)).toEqual({ fullName: expect.any(String), religion: null, phone: null, a: null });
  });

  test('cannot speak through the path, the code or the extensions of an error', async () => {
    insurance.tell(
      says(
        JSON.stringify({
          data: { _entities: [null] },
          errors: [
            { message: LIE, path: ['_entities', 0, LIE, 'fullName'], extensions: { code: 'BAD_USER_INPUT', stack: LIE, [LIE]: LIE } },
            { message: LIE, path: [LIE], extensions: { code: LIE, serviceName: LIE } },
            { message: LIE, path: LIE, locations: [{ line: LIE }], extensions: LIE },
          ],
        }),
      ),
    );
    const reply = await gateway.ask('hospital-counter', AT_THE_COUNTER, { id });
    expectNoLie(reply);
    expect(personIn(reply)).toMatchObject({ fullName: expect.any(String), card: null });
  });

  test('cannot pollute the prototype of every object by its keys (CVE-2026-32621)', async () => {
    const pollution = '"__proto__":{"polluted":true},"constructor":{"prototype":{"polluted":true}},"\\u005f_proto__":{"polluted":true}';
    const hostile = (at: 'top' | 'data' | 'entity' | 'value'): string => {
      const place = (name: string): string => (name === at ? `,${pollution}` : '');
      const entity = `{"r__card":{"cardNumber":null,"validFrom":null${place('value')}},"r__insured":true${place('entity')}}`;
      return `{"data":{"_entities":[${entity}]${place('data')}}${place('top')}}`;
    };
    for (const at of ['top', 'data', 'entity', 'value'] as const) {
      insurance.tell(says(hostile(at)));
      const reply = await gateway.ask('hospital-counter', AT_THE_COUNTER, { id });
      expectNoLie(reply);
      expect(personIn(reply)).toMatchObject({ fullName: expect.any(String), insured: true });
    }
    residents.tell(says(`{"data":{"_entities":[{"idNumber":"${id}","fullName":"A",${pollution}}],${pollution}}}`));
    expectNoLie(await gateway.ask('hospital-counter', AT_THE_COUNTER, { id }));
  });

  test('cannot break the gateway by keys that objects have methods under', async () => {
    const methods = { hasOwnProperty: LIE, toString: LIE, valueOf: null, then: LIE, toJSON: LIE, length: 7, __typename: 'Query' };
    residents.tell(altersEntities((entity) => ({ ...entity, ...methods, __typename: 'Resident' })));
    insurance.tell(altersEntities((entity) => ({ ...entity, ...methods })));
    const reply = await gateway.ask('hospital-counter', AT_THE_COUNTER, { id });
    expectNoLie(reply);
    expect(personIn(reply)).toMatchObject({ idNumber: id, fullName: expect.any(String) });
  });
});

describe('while a register is away', () => {
  test('fields that this request leaves out by a variable have no error', async () => {
    insurance.tell(resets);
    const query = `query ($id: IdNumber!, $no: Boolean!) {
      resident(idNumber: $id) { fullName coverage @include(if: $no) { cardNumber } insuredOn(date: "2026-01-01") }
    }`;
    const reply = await gateway.ask('hospital-counter', query, { id, no: false });
    expect(personIn(reply)).toEqual({ fullName: expect.any(String), insuredOn: null });
    expect(pathsOf(reply)).toEqual(['resident.insuredOn']);
  });

  test('a list keeps its people', async () => {
    insurance.tell(resets);
    const query = 'query ($ids: [IdNumber!]!) { residents(idNumbers: $ids) { idNumber coverage { cardNumber } } }';
    const reply = await gateway.ask('hospital-counter', query, { ids });
    expect(reply.status).toBe(200);
    expect(reply.data?.['residents']).toEqual(ids.map((idNumber) => ({ idNumber, coverage: null })));
    expect(reply.errors).toMatchObject([{ path: ['residents', 'coverage'], extensions: { code: 'SUBGRAPH_UNAVAILABLE' } }]);
  });

  test('the root that it should have given is null with an error, and the request is recorded', async () => {
    residents.tell(says('', 'text/html', 502));
    const reply = await gateway.ask('hospital-counter', 'query ($id: IdNumber!) { p: resident(idNumber: $id) { fullName } }', { id });
    expect(reply.status).toBe(200);
    expect(reply.data).toEqual({ p: null });
    expect(reply.errors).toMatchObject([{ path: ['p'], extensions: { code: 'SUBGRAPH_UNAVAILABLE' } }]);
    expect((await gateway.records()).some((record) => record.id === reply.extensions.disclosure?.record)).toBe(true);
  });

  test('nothing is said of people of whom it is not known whether they exist, whoever else is away', async () => {
    residents.tell(says('', 'text/html', 502));
    insurance.tell(says('', 'text/html', 502));
    const query = 'query ($ids: [IdNumber!]!) { residents(idNumbers: $ids) { fullName coverage { cardNumber } } }';
    const reply = await gateway.ask('hospital-counter', query, { ids });
    expect(reply.data).toEqual({ residents: null });
    expect(reply.errors).toMatchObject([{ path: ['residents'], extensions: { code: 'SUBGRAPH_UNAVAILABLE' } }]);
    expect(reply.errors).toHaveLength(1);
  });

  test('of a number that nobody has nothing is told, though another register was asked beside the one that is away', async () => {
    insurance.tell(says('', 'text/html', 502));
    const nobody = await gateway.ask('hospital-counter', AT_THE_COUNTER, { id: '001199999999' });
    expect(nobody.data).toEqual({ resident: null });
    expect(nobody.errors).toEqual([]);
  });

  test('it is asked again by the next request', async () => {
    insurance.tell(resets);
    await gateway.ask('hospital-counter', AT_THE_COUNTER, { id });
    insurance.tellTheTruth();
    const reply = await gateway.ask('hospital-counter', AT_THE_COUNTER, { id });
    expect(reply.errors).toEqual([]);
    expect(personIn(reply)['card']).toMatchObject({ validFrom: expect.any(String) });
  });
});
