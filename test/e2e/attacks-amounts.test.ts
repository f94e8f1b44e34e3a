import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { expectRefused, person, type Fields } from './replies.ts';
import { startTestGateway, type TestApplication, type TestGateway } from './test-gateway.ts';

let gateway: TestGateway;
let id: string;
beforeAll(async () => {
  gateway = await startTestGateway();
  [id = ''] = await gateway.citizens(1);
});
afterAll(async () => gateway[Symbol.asyncDispose]());

function numbers(count: number): readonly string[] {
  return Array.from({ length: count }, (_, index) => `001090${String(index).padStart(6, '0')}`);
}

describe('asking about more people than one may (CVE-2026-35441)', () => {
  const list = 'query ($ids: [IdNumber!]!) { residents(idNumbers: $ids) { sex } }';

  test('1,001 numbers in a list', async () => {
    const before = gateway.requests.length;
    expectRefused(await gateway.ask('hospital-counter', list, { ids: numbers(1_001) }), 413, 'OPERATION_TOO_LARGE');
    expectRefused(
      await gateway.ask('hospital-counter', list, { ids: Array.from({ length: 1_001 }, () => id) }),
      413,
      'OPERATION_TOO_LARGE',
    );
    expect(gateway.requests.length).toBe(before);
  });

  test.each<[string, string, Fields]>([
    ['two roots', 'a: residents(idNumbers: $x) { sex } b: residents(idNumbers: $y) { sex }', { x: numbers(600), y: numbers(600) }],
    [
      'a root and one more person',
      'residents(idNumbers: $x) { sex } resident(idNumber: "001090000001") { sex }',
      { x: numbers(1_000), y: [] },
    ],
    [
      'a root that a condition leaves in',
      'a: residents(idNumbers: $x) { sex } b: residents(idNumbers: $y) @skip(if: false) { sex }',
      { x: numbers(600), y: numbers(600) },
    ],
    ['a root in a fragment', '...more ... { b: residents(idNumbers: $y) { sex } }', { x: numbers(600), y: numbers(600) }],
    [
      'a list written out',
      `residents(idNumbers: [${numbers(1_001)
        .map((one) => `"${one}"`)
        .join(' ')}]) { sex }`,
      { x: [], y: [] },
    ],
    [
      'a list with variables in it',
      `residents(idNumbers: [${Array.from({ length: 1_001 }, () => '$one').join(' ')}]) { sex }`,
      { one: '001090000001' },
    ],
  ])('over %s', async (_what, selection, variables) => {
    const declared = Object.keys(variables).map((name) => (name === 'one' ? '$one: IdNumber!' : `$${name}: [IdNumber!]!`));
    const used = declared.filter(
      (text) => selection.includes(text.slice(0, 2)) || (text.startsWith('$x') && selection.includes('...more')),
    );
    const fragment = selection.includes('...more') ? 'fragment more on Query { a: residents(idNumbers: $x) { sex } }' : '';
    const query = `query ${used.length > 0 ? `(${used.join(' ')})` : ''} { ${selection} } ${fragment}`;
    expectRefused(await gateway.ask('hospital-counter', query, variables), 413, 'OPERATION_TOO_LARGE');
  });

  test('a person for each of many aliases', async () => {
    const aliases = Array.from({ length: 51 }, (_, index) => `a${index}: resident(idNumber: "${numbers(51)[index]}") { sex }`).join(' ');
    expectRefused(await gateway.ask('hospital-counter', `{ ${aliases} }`), 413, 'OPERATION_TOO_LARGE');
    const verify = Array.from(
      { length: 60 },
      (_, index) =>
        `a${index}: verifyIdentity(input: { idNumber: "${id}", fullName: "A", dateOfBirth: "${1950 + index}-01-01" }) { dateOfBirth }`,
    ).join(' ');
    expectRefused(await gateway.ask('bank-teller', `{ ${verify} }`), 413, 'OPERATION_TOO_LARGE');
  });

  test('a root that is skipped asks for nobody', async () => {
    const query = `query ($x: [IdNumber!]!, $y: [IdNumber!]!) {
      a: residents(idNumbers: $x) { sex } b: residents(idNumbers: $y) @skip(if: true) { sex }
    }`;
    const reply = await gateway.ask('hospital-counter', query, { x: numbers(600), y: numbers(600) });
    expect(reply.status).toBe(200);
    expect(Object.keys(reply.data ?? {})).toEqual(['a']);
  });

  test('1,000 are answered', async () => {
    const reply = await gateway.ask('hospital-counter', list, { ids: numbers(1_000) });
    expect(reply.status).toBe(200);
    expect((reply.data?.['residents'] as unknown[]).length).toBe(1_000);
  });
});

describe('making a register do the work many times over', () => {
  test('a field with many different arguments, by aliases, costs a client error and no 5xx', async () => {
    const aliases = Array.from({ length: 60 }, (_, index) => `a${index}: examResults(first: ${index + 1}) { score }`).join(' ');
    const reply = await gateway.ask('university-admissions', `query ($id: IdNumber!) { resident(idNumber: $id) { fullName ${aliases} } }`, {
      id,
    });
    expect(reply.status).toBe(200);
    expect(person(reply)['fullName']).toEqual(expect.any(String));
    expect(reply.errors.length).toBeGreaterThan(0);
    for (const { extensions } of reply.errors) expect(extensions.code).toBe('BAD_USER_INPUT');
  });

  test.each([
    'first: 0',
    'first: -1',
    'first: 101',
    'first: 2147483647',
    'after: "nonsense"',
    'after: ""',
    'first: null',
    'after: "\'; DROP TABLE x; --"',
  ])('a page asked for by %s is answered or refused as the client’s', async (argument) => {
    const query = `query ($id: IdNumber!) { resident(idNumber: $id) { fullName examResults(${argument}) { score } enrolments { school } } }`;
    const reply = await gateway.ask('university-admissions', query, { id });
    expect(reply.status).toBe(200);
    expect(person(reply)).toMatchObject({ fullName: expect.any(String), enrolments: expect.any(Array) });
    for (const { extensions, path } of reply.errors) {
      expect(extensions.code).toBe('BAD_USER_INPUT');
      expect(path).toEqual(['resident', 'examResults']);
    }
  });

  test('a document nested through lists of relatives is bounded', async () => {
    const deep = `${'household { members { person { '.repeat(12)}sex${' } } }'.repeat(12)}`;
    expectRefused(
      await gateway.ask('police-residence', `query ($id: IdNumber!) { resident(idNumber: $id) { ${deep} } }`, { id }),
      413,
      'OPERATION_TOO_LARGE',
    );
  });
});

describe('keeping the planner busy (CVE-2024-43414)', () => {
  /** As much as one may ask for at once, over all registers. */
  function heavy(salt: number): string {
    const leaf =
      'idNumber fullName dateOfBirth phone birthRecord { registeredOn mother { fullName } father { fullName } child { sex } declarant { sex } }';
    const roots = Array.from(
      { length: 30 },
      (_, index) => `r${salt}_${index}: resident(idNumber: $id) { ${leaf} mother { ${leaf} } father { ${leaf} } }`,
    );
    return `query ($id: IdNumber!) { ${roots.join(' ')} }`;
  }

  test('a document that takes too long to plan is refused in time, and the next one is answered', async () => {
    // A quarter of what the document takes a planner that has just started on a fast machine.
    const planTimeoutMs = 50;
    await using slow = await startTestGateway({ limits: { planTimeoutMs } });
    const refused = await slow.ask('police-residence', heavy(0), { id });
    expectRefused(refused, 413, 'OPERATION_TOO_LARGE');
    expect(refused.text).not.toMatch(/worker|planner/i);
    // The thread was ended and another took its place. On a busy machine its first plans, not yet compiled, may take too long as well.
    const answered = async (application: TestApplication, query: string): Promise<void> =>
      vi.waitFor(async () => expect((await slow.ask(application, query)).status).toBe(200), { timeout: 60_000, interval: 0 });
    await Promise.all([answered('police-residence', '{ __typename }'), answered('bank-teller', '{ __schema { queryType { name } } }')]);
  });

  test('meanwhile others are answered', async () => {
    const known = 'query ($id: IdNumber!) { resident(idNumber: $id) { fullName } }';
    await gateway.ask('hospital-counter', known, { id });
    const busy = Promise.all(Array.from({ length: 2 }, async (_, salt) => gateway.ask('police-residence', heavy(salt + 1), { id })));
    let done = false;
    const finished = busy.then((replies) => {
      done = true;
      return replies;
    });
    const reply = await gateway.ask('hospital-counter', known, { id });
    expect(reply.status).toBe(200);
    expect(done).toBe(false);
    for (const { status } of await finished) expect(status).toBeLessThan(500);
  });
});
