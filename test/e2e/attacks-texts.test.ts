import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startTestGateway, type Reply, type TestApplication, type TestGateway } from './test-gateway.ts';

let gateway: TestGateway;
let id: string;
let fullName: string;
let phone: string;
beforeAll(async () => {
  gateway = await startTestGateway();
  [id = ''] = await gateway.citizens(1);
  const reply = await gateway.ask('police-residence', 'query ($id: IdNumber!) { resident(idNumber: $id) { fullName phone } }', { id });
  ({ fullName, phone } = reply.data?.['resident'] as { fullName: string; phone: string });
});
afterAll(async () => gateway[Symbol.asyncDispose]());

const INTERNAL =
  /did you mean|node_modules|\bat .*\(|\.[jt]s:\d|127\.0\.0\.1|localhost|SELECT |INSERT |ECONN|stack|undefined|\[object|residents_|Cedar|policy\d|apollo|mercurius/i;

/** A person may come as a number, a name or a phone, and a name in parts. */
function personal(): readonly string[] {
  return [
    id,
    fullName,
    phone,
    ...fullName.split(' ').filter((part) => part.length > 3),
    'Nguyen',
    'Nguyễn',
    'Tèo',
    '0912345678',
    '001090000001',
  ];
}

function expectNoEcho(reply: Reply): void {
  expect(reply.status).toBeGreaterThanOrEqual(400);
  expect(reply.status).toBeLessThan(500);
  const told = reply.errors.map(({ message }) => message).join(' ');
  expect(told).not.toBe('');
  expect(reply.text).not.toMatch(INTERNAL);
  for (const part of personal()) expect(reply.text, told).not.toContain(part);
}

describe('a person in what is wrong with a request is not repeated', () => {
  test.each<[string, () => string]>([
    ['quotation marks left out', () => `{ resident(idNumber: ${id}) { fullName } }`],
    [
      'a name without quotation marks',
      () => `{ verifyIdentity(input: { idNumber: "${id}", fullName: ${fullName}, dateOfBirth: "2000-01-01" }) { fullName } }`,
    ],
    ['a name in ASCII without quotation marks', () => '{ verifyIdentity(input: { fullName: Nguyen Van Nguyen }) { fullName } }'],
    ['quotation marks within a name', () => '{ verifyIdentity(input: { fullName: "Nguyen "Nguyen" Nguyen" }) { fullName } }'],
    ['a name where an operation should be', () => 'Nguyen Van Nguyen'],
    ['a name after the operation', () => '{ __typename } Nguyen'],
    ['a text after the operation', () => '{ __typename } "Nguyễn Văn Tèo" "Nguyễn"'],
    ['a text where a type should be', () => 'query ($id: "Nguyễn Văn Tèo") { __typename }'],
    ['a number after the operation', () => '{ __typename } 001090000001'],
    ['a text that does not end', () => `{ resident(idNumber: "${id}) { fullName } }`],
    ['a block of text for a number', () => '{ resident(idNumber: """Nguyễn Văn Tèo""") { fullName } }'],
    ['a wrong escape', () => '{ resident(idNumber: "Nguyễn \\x Tèo") { fullName } }'],
    ['a number too short', () => '{ resident(idNumber: "00109000000") { fullName } }'],
    ['a number with spaces', () => '{ resident(idNumber: "001090000001 ") { fullName } }'],
    ['a phone for a number', () => '{ resident(idNumber: "0912345678") { fullName } }'],
    ['a name for a number', () => '{ resident(idNumber: "Nguyễn Văn Tèo") { fullName } }'],
    ['a name for an enum', () => '{ resident(idNumber: "001090000001") { livesIn(province: Nguyen) } }'],
    ['a text for an enum', () => '{ resident(idNumber: "001090000001") { livesIn(province: "Nguyễn") } }'],
    ['a name for an Int', () => '{ resident(idNumber: "001090000001") { isAtLeast(age: "Nguyễn") } }'],
    ['a number for an Int', () => '{ resident(idNumber: "001090000001") { isAtLeast(age: 001090000001) } }'],
    ['a number too large for an Int', () => '{ resident(idNumber: "001090000001") { isAtLeast(age: 101090000001) } }'],
    ['a name for a date', () => '{ resident(idNumber: "001090000001") { insuredOn(date: "Nguyễn Văn Tèo") } }'],
    ['a list for a number', () => `{ resident(idNumber: ["${id}"]) { fullName } }`],
    ['an object for a number', () => `{ resident(idNumber: { Nguyen: "${id}" }) { fullName } }`],
    ['a condition that is a name', () => '{ resident(idNumber: "001090000001") @include(if: "Nguyễn") { fullName } }'],
    ['an argument given twice', () => `{ resident(idNumber: "${id}", idNumber: "Nguyễn") { fullName } }`],
    ['two values for one field', () => `{ resident(idNumber: "${id}") { fullName } resident(idNumber: "001090000001") { fullName } }`],
    [
      'a variable’s default',
      () => 'query ($id: IdNumber = "Nguyễn Văn Tèo", $p: Province = Nguyen) { resident(idNumber: $id) { livesIn(province: $p) } }',
    ],
    [
      'a name after what ends the list',
      () => '{ resident(idNumber: "001090000001") { livesIn(province: "Nguyễn does not exist in Tèo") } }',
    ],
    ['a variable in a constant', () => 'query ($a: IdNumber, $id: IdNumber = $a) { resident(idNumber: "001090000001") { fullName } }'],
  ])('with %s', async (_what, query) => {
    expectNoEcho(await gateway.ask('hospital-counter', query()));
  });

  test.each<[string, string, () => unknown]>([
    ['a number too short', 'IdNumber!', () => '00109000000'],
    ['a name for a number', 'IdNumber!', () => fullName],
    ['a number that is no text', 'IdNumber!', () => 1090000001],
    ['a list for a number', 'IdNumber!', () => [id]],
    ['an object for a number', 'IdNumber!', () => ({ number: id, name: fullName })],
    ['an unknown member', 'VerifyIdentityInput!', () => ({ idNumber: id, fullName, dateOfBirth: '2000-01-01', Nguyễn: phone })],
    ['a date that does not exist', 'VerifyIdentityInput!', () => ({ idNumber: id, fullName, dateOfBirth: '2000-02-31' })],
    ['a member left out', 'VerifyIdentityInput!', () => ({ idNumber: id, fullName })],
    ['a name that is a list', 'VerifyIdentityInput!', () => ({ idNumber: id, fullName: [fullName], dateOfBirth: '2000-01-01' })],
    ['a text for an enum', 'Province!', () => fullName],
    ['a number for an enum', 'Province!', () => 101090000001],
    ['an object for an enum', 'Province!', () => ({ Nguyễn: fullName })],
    ['a text for an Int', 'Int!', () => fullName],
    ['a number too large for an Int', 'Int!', () => 101090000001],
    ['a text that looks like the end of a message', 'Int!', () => `x; ${fullName} at "v"; ${phone}`],
    ['a text that looks like a place', 'Int!', () => `${fullName} at "${fullName}`],
    ['a text for a Boolean', 'Boolean!', () => fullName],
    ['a number for a Boolean', 'Boolean!', () => 101090000001],
    ['nothing', 'IdNumber!', () => undefined],
    ['null', 'IdNumber!', () => null],
  ])('with %s in a variable of type %s', async (_what, type, value) => {
    const uses: Readonly<Record<string, string>> = {
      'IdNumber!': 'resident(idNumber: $v) { fullName }',
      'VerifyIdentityInput!': 'verifyIdentity(input: $v) { fullName }',
      'Province!': 'resident(idNumber: "001090000001") { livesIn(province: $v) }',
      'Int!': 'resident(idNumber: "001090000001") { isAtLeast(age: $v) }',
      'Boolean!': 'resident(idNumber: "001090000001") @include(if: $v) { fullName }',
    };
    const reply = await gateway.ask('bank-teller', `query ($v: ${type}) { ${uses[type]} }`, { v: value() });
    expectNoEcho(reply);
    const wrongNumber = ['a number too short', 'a name for a number', 'a number that is no text'].includes(_what);
    if (wrongNumber) expect(reply.errors[0]?.extensions.code).toBe('ID_NUMBER_INVALID');
  });

  test('in a list of a thousand, the wrong number is told by its place', async () => {
    const idNumbers = Array.from({ length: 1_000 }, (_, index) => (index === 777 ? `${id}9` : id));
    const reply = await gateway.ask('hospital-counter', 'query ($v: [IdNumber!]!) { residents(idNumbers: $v) { fullName } }', {
      v: idNumbers,
    });
    expectNoEcho(reply);
    expect(reply.errors.map(({ message, extensions }) => [extensions.code, message.includes('777')])).toEqual([
      ['ID_NUMBER_INVALID', true],
    ]);
  });

  test.each<[string, string]>([
    ['a field', '{ residnt(idNumber: "1") { fulName } }'],
    ['a field of a person', '{ resident(idNumber: "001090000001") { fulName religon } }'],
    ['an argument', '{ resident(idNumbr: "1") { fullName } }'],
    ['a type', '{ ... on Residnt { fullName } }'],
    ['a type of a variable', 'query ($v: IdNumbr) { resident(idNumber: $v) { fullName } }'],
    ['a directive', '{ __typename @inclde(if: true) }'],
    ['a fragment', '{ ...Residnt } fragment Resident on Query { __typename }'],
    ['an enum value', '{ resident(idNumber: "001090000001") { livesIn(province: HA_NO) } }'],
    ['an input member', '{ verifyIdentity(input: { idNumbr: "1" }) { fullName } }'],
  ])('a misspelt %s is told without what would be right', async (_what, query) => {
    const reply = await gateway.ask('hospital-counter', query);
    expectNoEcho(reply);
    expect(reply.text).not.toMatch(/HA_NOI|"fullName"|religion/);
  });
});

describe('what answers, logs and numbers say of people', () => {
  const documents: readonly [TestApplication, string][] = [
    ['police-residence', 'query ($id: IdNumber!) { resident(idNumber: $id) { fullName phone religion mother { fullName } } }'],
    [
      'hospital-counter',
      'query ($id: IdNumber!) { residents(idNumbers: [$id, $id]) { fullName coverage { cardNumber } visits { date } } }',
    ],
    ['bank-teller', 'query ($id: IdNumber!) { resident(idNumber: $id) { fullName phone } }'],
    ['bank-teller', 'query ($id: IdNumber!) { resident(idNumber: $id) { isAtLeast(age: 18) religion } }'],
    ['statistics-office', 'query ($id: IdNumber!) { resident(idNumber: $id) { fullName } }'],
  ];

  test('errors of refused fields say the field and the reason, and no more', async () => {
    for (const [application, query] of documents) {
      const reply = await gateway.ask(application, query, { id });
      for (const error of reply.errors) {
        expect(
          Object.keys(error)
            .toSorted()
            .filter((key) => key !== 'path'),
        ).toEqual(['extensions', 'message']);
        expect(Object.keys(error.extensions).filter((key) => !['code', 'coordinate', 'group'].includes(key))).toEqual([]);
        const text = JSON.stringify(error);
        expect(text).not.toMatch(INTERNAL);
        for (const part of personal()) expect(text).not.toContain(part);
      }
      expect(Object.keys(reply.extensions).filter((key) => key !== 'disclosure')).toEqual([]);
    }
  });

  test('headers hold nobody, and nothing of what the gateway is made of', async () => {
    for (const [application, query] of documents) {
      const reply = await gateway.ask(application, query, { id });
      const headers = JSON.stringify([...reply.headers]);
      for (const part of [id, encodeURIComponent(fullName), phone]) expect(headers).not.toContain(part);
      expect([...reply.headers.keys()].filter((name) => /^(?:x-powered-by|server|etag|via)$/.test(name))).toEqual([]);
      // A receipt is random, and may spell anything.
      const others = [...reply.headers].filter(([name]) => name !== 'x-ledger-receipt');
      expect(JSON.stringify(others)).not.toMatch(/apollo|fastify/i);
      expect(reply.headers.get('cache-control')).toBe('no-store');
    }
  });

  test('registers are asked without a person in an address or a header', async () => {
    for (const [application, query] of documents) await gateway.ask(application, query, { id });
    expect(gateway.requests.length).toBeGreaterThan(0);
    for (const { headers } of gateway.requests) {
      const { 'x-grant': grant, ...others } = headers;
      const [, payload = ''] = String(grant).split('.');
      const text = JSON.stringify(others) + Buffer.from(payload, 'base64url').toString('utf8');
      for (const part of [id, fullName, phone]) expect(text).not.toContain(part);
      expect(others).not.toHaveProperty('authorization');
      expect(others).not.toHaveProperty('x-officer');
    }
  });

  test('a person in the address or in a header is not written down', async () => {
    await fetch(`${gateway.url}/graphql?idNumber=${id}&name=${encodeURIComponent(fullName)}`, { method: 'POST', body: '{}' });
    await fetch(`${gateway.url}/${id}`);
    const nowhere = await fetch(`${gateway.url}/residents/${id}`);
    expect(await nowhere.text()).not.toContain(id);
    await gateway.ask(
      'police-residence',
      '{ __typename }',
      {},
      { 'x-case': id, 'x-request-id': id, 'user-agent': id, cookie: `who=${id}` },
    );
    const log = gateway.log.join('');
    for (const part of [id, fullName, phone]) expect(log).not.toContain(part);
    expect(gateway.log.length).toBeGreaterThan(0);
  });

  test('metrics hold nobody', async () => {
    const text = await (await fetch(`${gateway.url}/metrics`)).text();
    for (const part of [id, fullName, phone]) expect(text).not.toContain(part);
    expect(text).not.toMatch(/\d{12}(?!\d*(\.\d+)?$)[^\n]*=/m);
  });

  test('records hold nobody but under a pseudonym', async () => {
    const text = JSON.stringify(await gateway.records());
    expect(text.length).toBeGreaterThan(100);
    for (const part of [id, fullName, phone]) expect(text).not.toContain(part);
  });
});
