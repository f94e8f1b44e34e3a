import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { expectRefusedExactly, person, type Fields } from './replies.ts';
import { startTestGateway, type TestApplication, type TestGateway } from './test-gateway.ts';

let gateway: TestGateway;
let ids: readonly string[];
let id: string;
beforeAll(async () => {
  gateway = await startTestGateway();
  ids = (await gateway.citizens(60)).slice(-8);
  id = ids[0] ?? '';
});
afterAll(async () => gateway[Symbol.asyncDispose]());

describe('asking for a value computed from a refused one (GHSA-m8jr-fxqx-8xx6)', () => {
  test.each<[TestApplication, string]>([
    ['bank-teller', 'isAtLeast(age: 17)'],
    ['bank-teller', 'isAtLeast(age: 19)'],
    ['bank-teller', 'isAtLeast(age: 0)'],
    ['bank-teller', 'isAtLeast(age: $age)'],
    ['bank-teller', 'livesIn(province: HA_NOI)'],
    ['bank-teller', 'insuredOn(date: "2026-01-01")'],
    ['hospital-counter', 'livesIn(province: HA_NOI)'],
    ['university-admissions', 'livesIn(province: HA_NOI)'],
    ['university-admissions', 'insuredOn(date: "2026-01-01")'],
    ['police-residence', 'insuredOn(date: "2026-01-01")'],
  ])('%s by %s', async (application, selection) => {
    const query = `query ($id: IdNumber!, $age: Int! = 18) { resident(idNumber: $id) { idNumber derived: ${selection} a: isAtLeast(age: $age) } }`;
    const before = gateway.requests.length;
    const reply = await gateway.ask(application, query, { id, age: 30 });
    expectRefusedExactly(reply, application === 'bank-teller' ? ['resident.derived', 'resident.a'] : ['resident.derived']);
    const asked = gateway.requests.slice(before).map((request) => request.query);
    expect(asked.join('')).not.toMatch(/livesIn|insuredOn/);
  });

  test('the bank narrows a birth date down beside the one age that it may ask', async () => {
    const ages = Array.from({ length: 40 }, (_, age) => `a${age}: isAtLeast(age: ${age})`).join(' ');
    const reply = await gateway.ask('bank-teller', `query ($id: IdNumber!) { resident(idNumber: $id) { ${ages} } }`, { id });
    const others = Array.from({ length: 40 }, (_, age) => `resident.a${age}`).filter((path) => path !== 'resident.a18');
    expectRefusedExactly(reply, others);
    expect(person(reply)['a18']).toBe(true);
  });

  test('the bank asks for another age under the text that was once answered for 18', async () => {
    const query = 'query ($id: IdNumber!, $age: Int!) { resident(idNumber: $id) { idNumber isAtLeast(age: $age) } }';
    const ask = async (age: number): Promise<unknown> => person(await gateway.ask('bank-teller', query, { id, age }))['isAtLeast'];
    expect(await Promise.all([18, 30, 18, 21, 17, 18].map(ask))).toEqual([true, null, true, null, null, true]);
  });
});

describe('taking one field for another by aliases (wundergraph/cosmo#1815)', () => {
  const plain =
    'query ($id: IdNumber!) { resident(idNumber: $id) { idNumber fullName dateOfBirth sex coverage { cardNumber validFrom } } }';

  test('a refused field under the name of an allowed one, and the other way round', async () => {
    const truth = person(await gateway.ask('hospital-counter', plain, { id }));
    const reply = await gateway.ask(
      'hospital-counter',
      `query ($id: IdNumber!) { resident(idNumber: $id) {
        fullName: religion religion: fullName phone: dateOfBirth dateOfBirth: phone
        sex: visits { facility } visits: sex
        mother: coverage { objectCode: cardNumber cardNumber: objectCode province: validFrom }
        coverage: mother { fullName }
        currentResidence { province: street street: province commune }
      } }`,
      { id },
    );
    expectRefusedExactly(reply, [
      'resident.fullName',
      'resident.dateOfBirth',
      'resident.sex',
      'resident.mother.cardNumber',
      'resident.coverage',
      'resident.currentResidence.province',
      'resident.currentResidence.commune',
    ]);
    const coverage = truth['coverage'] as Fields;
    expect(person(reply)).toMatchObject({
      religion: truth['fullName'],
      phone: truth['dateOfBirth'],
      visits: truth['sex'],
      mother: { objectCode: coverage['cardNumber'], province: coverage['validFrom'] },
    });
  });

  test('the key is another field, while other registers find the person by the key', async () => {
    const truth = person(await gateway.ask('hospital-counter', plain, { id }));
    const reply = await gateway.ask(
      'hospital-counter',
      `query ($id: IdNumber!, $other: IdNumber!) {
        resident(idNumber: $id) { idNumber: fullName number: idNumber coverage { cardNumber validFrom } }
        other: resident(idNumber: $other) { idNumber: sex number: idNumber coverage { validFrom } }
      }`,
      { id, other: ids[1] },
    );
    expect(reply.errors).toEqual([]);
    expect(person(reply)).toEqual({ idNumber: truth['fullName'], number: id, coverage: truth['coverage'] });
    expect(person(reply, 'other')).toMatchObject({ number: ids[1] });
  });

  test('the key is the phone, at every level of a family', async () => {
    const real = 'query ($id: IdNumber!) { resident(idNumber: $id) { phone mother { idNumber phone birthRecord { registeredOn } } } }';
    const truth = person(await gateway.ask('police-residence', real, { id }));
    const reply = await gateway.ask(
      'police-residence',
      `query ($id: IdNumber!) { resident(idNumber: $id) {
        idNumber: phone __subjects: phone r__idNumber: religion
        mother { idNumber: phone phone: idNumber birthRecord { registeredOn mother: child { idNumber: fullName phone: idNumber } } }
      } }`,
      { id },
    );
    expectRefusedExactly(reply, ['resident.r__idNumber']);
    const mother = truth['mother'] as Fields | null;
    expect(person(reply)).toMatchObject({ idNumber: truth['phone'] });
    if (mother) {
      expect(person(reply)['mother']).toMatchObject({
        idNumber: mother['phone'],
        phone: mother['idNumber'],
        birthRecord: { ...(mother['birthRecord'] as Fields), mother: { phone: mother['idNumber'] } },
      });
    }
  });

  test.each(['__typename', '__subject', '__proto__', '__schema', '__type'])(
    'a field under the name %s, which is taken, is an error of the document',
    async (alias) => {
      for (const selection of [`${alias}: fullName`, `mother { ${alias}: religion }`, `... { ${alias}: religion }`]) {
        const reply = await gateway.ask('police-residence', `query ($id: IdNumber!) { resident(idNumber: $id) { ${selection} } }`, { id });
        expect(reply.status).toBe(400);
        expect(reply.data).toBeUndefined();
        expect(reply.errors[0]?.extensions.code).toBe('GRAPHQL_VALIDATION_FAILED');
      }
    },
  );

  test('names that JavaScript objects have are names like others (CVE-2026-32621)', async () => {
    const names = [
      'constructor',
      'prototype',
      'toString',
      'valueOf',
      'hasOwnProperty',
      'then',
      'toJSON',
      'length',
      '_entities',
      '__defineGetter__',
    ];
    const query = `query ($constructor: IdNumber!, $toString: Boolean!, $hasOwnProperty: Boolean = false) {
      constructor: resident(idNumber: $constructor) {
        ${names.map((name) => `${name}: fullName`).join(' ')}
        isPrototypeOf: religion @include(if: $toString) propertyIsEnumerable: religion @skip(if: $toString) coverage @skip(if: $hasOwnProperty) { constructor: validFrom }
      }
    }`;
    const truth = person(await gateway.ask('hospital-counter', plain, { id }));
    const reply = await gateway.ask('hospital-counter', query, { constructor: id, toString: true, ['__proto__']: { polluted: 1 } });
    expectRefusedExactly(reply, ['constructor.isPrototypeOf']);
    expect(person(reply, 'constructor')).toEqual({
      ...Object.fromEntries(names.map((name) => [name, truth['fullName']])),
      isPrototypeOf: null,
      coverage: { constructor: (truth['coverage'] as Fields)['validFrom'] },
    });
    expect(({} as Fields)['polluted']).toBeUndefined();
    for (const name of ['__proto__', 'constructor']) {
      const body = `{"query":"query ($id: IdNumber!) { resident(idNumber: $id) { fullName } }","variables":{"id":"${id}","${name}":{"prototype":{"polluted":1}}}}`;
      const token = await gateway.token('hospital-counter');
      const headers = {
        'content-type': 'application/json',
        authorization: `Bearer ${token}`,
        'x-purpose': 'health.check-in',
        'x-officer': 'o',
      };
      expect((await gateway.send({ method: 'POST', headers, body })).status).toBe(200);
      expect(({} as Fields)['polluted']).toBeUndefined();
    }
  });

  test('a variable or an input under a name of the prototype is an error of the request', async () => {
    const query = 'query ($input: VerifyIdentityInput!) { verifyIdentity(input: $input) { fullName } }';
    const input = JSON.parse(`{"idNumber":"${id}","fullName":"A","dateOfBirth":"2000-01-01","__proto__":{"fullName":"B"}}`) as unknown;
    const reply = await gateway.ask('bank-teller', query, { input });
    expect(reply.status).toBe(400);
    expect(reply.errors[0]?.extensions.code).toBe('BAD_USER_INPUT');
    expect((await gateway.ask('bank-teller', 'query ($__proto__: Int) { __typename }')).status).toBe(400);
  });
});
