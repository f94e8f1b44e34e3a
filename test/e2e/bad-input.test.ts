import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Database } from '../../platform/database.ts';
import { startTestGateway, type Reply, type TestGateway } from './test-gateway.ts';

const QUERY = 'query ($id: IdNumber!) { resident(idNumber: $id) { fullName } }';
const RECORD_TIMEOUT_MS = 300;

/** What becomes of the records: written, refused by the database, or never answered by it. */
let ledger: 'works' | 'fails' | 'hangs' = 'works';

function wrap(database: Database): Database {
  return {
    ...database,
    get statements() {
      return database.statements;
    },
    session: (options) => {
      const session = database.session(options);
      return {
        query: async (statement, values) => {
          if (ledger !== 'works' && statement.text.includes('INSERT INTO ledger_records')) {
            if (ledger === 'hangs') return new Promise(() => undefined);
            throw new Error(`duplicate key (fullName)=(Nguyễn Văn Tèo), (id_number)=(${id}) at 10.0.0.7`);
          }
          return session.query(statement, values);
        },
        [Symbol.asyncDispose]: async () => session[Symbol.asyncDispose](),
      };
    },
  };
}

let gateway: TestGateway;
let id = '';
let headers: Record<string, string>;
beforeAll(async () => {
  gateway = await startTestGateway({ wrapDatabase: wrap, limits: { recordTimeoutMs: RECORD_TIMEOUT_MS } });
  [id = ''] = await gateway.citizens(1);
  headers = {
    authorization: `Bearer ${await gateway.token('hospital-counter')}`,
    'content-type': 'application/json',
    accept: 'application/graphql-response+json',
    'x-purpose': 'health.check-in',
    'x-officer': 'officer-017',
  };
});
afterAll(async () => gateway[Symbol.asyncDispose]());

function expectUnanswered(reply: Reply): void {
  expect(reply.status).toBe(503);
  expect(reply.errors.map(({ extensions }) => extensions.code)).toEqual(['AUDIT_UNAVAILABLE']);
  expect(reply.headers.get('retry-after')).toBe('5');
  expect(reply.text).not.toMatch(/"data"|disclosure|fullName|Nguyễn|duplicate|10\.0\.0\.7/);
  expect(reply.text).not.toContain(id);
}

describe('while answers cannot be recorded', () => {
  test('nobody is answered, not even with a refusal, and afterwards all are, unaided', async () => {
    expect((await gateway.ask('hospital-counter', QUERY, { id })).status).toBe(200);
    ledger = 'fails';
    const asked = Array.from({ length: 20 }, async () => gateway.ask('hospital-counter', QUERY, { id }));
    for (const reply of await Promise.all(asked)) expectUnanswered(reply);
    expectUnanswered(await gateway.ask('bank-teller', QUERY, { id }));
    expectUnanswered(await gateway.ask('bank-teller', '{ __typename }'));
    ledger = 'works';
    expect((await gateway.ask('hospital-counter', QUERY, { id })).status).toBe(200);
    expect((await gateway.ask('bank-teller', QUERY, { id })).status).toBe(403);
    expect(gateway.log.join('')).not.toContain(id);
  });

  test('a database that does not answer at all is waited for no longer than is said', async () => {
    ledger = 'hangs';
    expectUnanswered(await gateway.ask('hospital-counter', QUERY, { id }));
    ledger = 'works';
    const reply = await gateway.ask('hospital-counter', QUERY, { id });
    expect(reply.status).toBe(200);
    expect((await gateway.records()).some((record) => record.id === reply.extensions.disclosure?.record)).toBe(true);
  });
});

describe('rules that are broken stop the start, with the file and the place', () => {
  test.each<[string, string, (text: string) => string, RegExp]>([
    ['half a policy', 'bank.cedar', (text) => text.slice(0, text.length - 40), /bank\.cedar/],
    [
      'a policy about a field that does not exist',
      'bank.cedar',
      (text) => text.replace('Query.verifyIdentity', 'Query.verifyEverything'),
      /bank\.cedar.*verifyEverything/s,
    ],
    ['a permit without its reference', 'ward.cedar', (text) => text.replace(/@reference\(.*\)/, ''), /ward\.cedar.*reference/s],
    ['an annotation misspelt', 'ward.cedar', (text) => text.replace('@basis', '@basiss'), /ward\.cedar.*basiss/s],
    ['a registry that is no YAML', 'registry.yaml', (text) => `${text}\n  : [`, /registry\.yaml/],
    [
      'a registry with an application of nobody',
      'registry.yaml',
      (text) => text.replace('agency: bank', 'agency: nobody'),
      /registry\.yaml.*nobody/s,
    ],
    ['no registry', 'registry.yaml', () => '', /registry\.yaml/],
  ])('%s', async (_what, name, change, expected) => {
    const policiesDir = await mkdtemp(join(tmpdir(), 'lien-thong-policies-'));
    await cp(join(import.meta.dirname, '..', '..', 'policies'), policiesDir, { recursive: true });
    const file = join(policiesDir, name);
    await writeFile(file, change(await readFile(file, 'utf8')));
    const failure = await startTestGateway({ policiesDir }).then(
      () => undefined,
      (error: unknown) => error as Error,
    );
    expect(failure?.message).toMatch(expected);
    expect(failure?.message).not.toMatch(/node_modules|\n\s+at /);
    await rm(policiesDir, { recursive: true, force: true });
  });
});

describe('requests that are none', () => {
  test.each<[string, string]>([
    ['half a request', '{"query":"{ __typename'],
    ['no JSON', '{query: __typename}'],
    ['a text', '"{ __typename }"'],
    ['a number', '1'],
    ['null', 'null'],
    ['nothing', ''],
    ['no query', '{}'],
    ['a query that is a list', '{"query":["{ __typename }"]}'],
    ['an empty query', '{"query":"  "}'],
    ['variables that are a text', '{"query":"{ __typename }","variables":"{}"}'],
    ['variables that are a list', '{"query":"{ __typename }","variables":[]}'],
    ['an operation name that is a number', '{"query":"{ __typename }","operationName":7}'],
    ['extensions that are a text', '{"query":"{ __typename }","extensions":"x"}'],
    [
      'an id without a document',
      '{"extensions":{"persistedQuery":{"version":1,"sha256Hash":"ecf4edb46db40b5132295c0291d62fb65d6759a9eedfa4d5d612dd5ec54a6b38"}}}',
    ],
    ['JSON as deep as it goes', `{"query":"{ __typename }","variables":${'{"a":'.repeat(20_000)}1${'}'.repeat(20_000)}}`],
  ])('%s is a client error that says what to do', async (what, body) => {
    const reply = await gateway.send({ method: 'POST', headers, body });
    if (what === 'JSON as deep as it goes') expect(reply.status).toBeLessThan(500);
    else {
      expect(reply.status).toBe(400);
      expect(reply.errors[0]?.extensions.code).toBe('BAD_REQUEST');
      expect(reply.errors[0]?.message).toMatch(/[A-Z][^.]+\. ?/);
      expect(reply.text).not.toMatch(/"data"|position|SyntaxError|Unexpected/);
    }
  });

  test('an unknown content type is told what is taken', async () => {
    for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'application/graphql', 'application/json; charset=utf-16']) {
      const reply = await gateway.send({
        method: 'POST',
        headers: { ...headers, 'content-type': type },
        body: '{"query":"{ __typename }"}',
      });
      expect(reply.status).toBe(415);
      expect(reply.errors[0]?.extensions.code).toBe('UNSUPPORTED_MEDIA_TYPE');
      expect(reply.text).not.toContain('"data"');
    }
  });

  test('an id of a document, sent with one, is not taken for the document', async () => {
    const first = { query: '{ __typename }', extensions: { persistedQuery: { version: 1, sha256Hash: 'a'.repeat(64) } } };
    expect((await gateway.send({ method: 'POST', headers, body: JSON.stringify(first) })).data).toEqual({ __typename: 'Query' });
    const second = { extensions: first.extensions };
    expect((await gateway.send({ method: 'POST', headers, body: JSON.stringify(second) })).status).toBe(400);
  });
});
