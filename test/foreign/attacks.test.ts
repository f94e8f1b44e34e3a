import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startForeign, type Asker, type ForeignGateway } from './harness.ts';
import { library, LIBRARY_DIR } from './library.ts';

// Ways around the rules on somebody else's supergraph (ATTACKS): none gets at a date of birth, a guardian or a street.

const DESK: Asker = { claims: { client_id: 'desk' }, purpose: 'lending' };
const SCHOOL: Asker = { claims: { client_id: 'school-portal-7' }, purpose: 'reading-week' };
const SECRETS = /1990-05-01|2015-03-02|Lê Lợi/;

let gateway: ForeignGateway;
beforeAll(async () => {
  gateway = await startForeign(library, join(LIBRARY_DIR, 'policies'));
});
afterAll(async () => {
  await gateway[Symbol.asyncDispose]();
});

describe('on a foreign supergraph nobody gets at what is refused', () => {
  test.each([
    ['under the name of an allowed field', '{ member(id: "m1") { name: born email: born } }'],
    ['under __typename', '{ member(id: "m1") { __typename: born } }'],
    ['under names of the prototype', '{ member(id: "m1") { constructor: born toString: born } }'],
    ['by way of a union', '{ search(text: "") { ... on Member { born guardian { born } address { street } } } }'],
    [
      'by way of an interface’s types and back to a person',
      '{ item(id: "b1") { loan { borrower { born } } ... on Book { loan { borrower { born } } } } }',
    ],
    [
      'by a named fragment on the interface',
      'query { item(id: "b1") { ...f } } fragment f on Item { loan { borrower { ...g } } } fragment g on Member { born }',
    ],
    ['by another operation of the document', 'query a { member(id: "m1") { name } } query b { member(id: "m1") { born } }'],
    ['beside introspection', '{ __schema { queryType { name } } member(id: "m1") { born } __type(name: "Member") { name } }'],
    ['by entities', '{ _entities(representations: [{ __typename: "Member", id: "m1" }]) { ... on Member { born } } }'],
    ['by the service’s own SDL', '{ _service { sdl } }'],
    ['by conditions', 'query ($yes: Boolean = true) { member(id: "m1") { born @include(if: $yes) address @skip(if: false) { street } } }'],
    ['many times over', `{ ${Array.from({ length: 40 }, (_, index) => `a${index}: member(id: "m1") { born }`).join(' ')} }`],
    ['through what is computed from it', '{ member(id: "m1") { adult guardian { adult } } }'],
    ['through a mutation', 'mutation { renew(loan: "l1") { borrower { born address { street } } } }'],
  ])('%s', async (_how, document) => {
    for (const asker of [DESK, SCHOOL]) {
      for (const operationName of [undefined, 'a', 'b']) {
        gateway.calls.length = 0;
        const reply = await gateway.ask(asker, document, operationName === undefined ? {} : { operationName });
        expect(reply.text).not.toMatch(SECRETS);
        expect(reply.status).not.toBe(500);
        // Withheld is not fetched: a date of birth goes from register to register as an input alone, and a street nowhere.
        expect(gateway.calls.map(({ query }) => query).join()).not.toMatch(/street|guardian/);
      }
    }
  });

  test('one application’s document is not another’s, in any order and at once', async () => {
    const document = '{ member(id: "m1") { name email adult } }';
    const askers = [DESK, SCHOOL, SCHOOL, DESK, DESK, SCHOOL];
    const replies = await Promise.all(askers.map(async (asker) => gateway.ask(asker, document)));
    for (const [index, asker] of askers.entries()) {
      expect(replies[index]?.data?.['member']).toEqual(
        asker === DESK ? { name: 'Nguyễn An', email: 'an@example.vn', adult: true } : { name: null, email: null, adult: null },
      );
    }
  });

  test('says nothing of a subgraph’s address, of SQL or of a stack, and answers no wrong documents with 500', async () => {
    for (const [document, status] of [
      ['{ member(id: "m1") { brn } }', 400],
      ['mutation { nothing }', 400],
      ['subscription { __typename }', 400],
      ['{', 400],
    ] as const) {
      const reply = await gateway.ask(DESK, document);
      expect(reply.status, document).toBe(status);
      expect(reply.text).not.toMatch(/127\.0\.0\.1|node_modules|SELECT|did you mean/i);
    }
  });

  test('is asked without a token, a purpose or an officer, and answers nothing', async () => {
    const query = '{ member(id: "m1") { name } }';
    const post = async (headers: Record<string, string>): Promise<number> =>
      (
        await fetch(`${gateway.url}/graphql`, {
          method: 'POST',
          headers: { 'content-type': 'application/json', ...headers },
          body: JSON.stringify({ query }),
        })
      ).status;
    expect(await post({})).toBe(401);
    expect(await post({ authorization: 'Bearer x' })).toBe(401);
    expect((await gateway.ask({ ...DESK, purpose: '' }, query)).status).toBe(403);
    expect((await fetch(`${gateway.url}/graphql?query=${encodeURIComponent(query)}`)).status).toBe(405);
  });
});
