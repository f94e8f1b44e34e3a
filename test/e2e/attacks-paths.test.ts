import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { buildSchema, getNamedType, isInterfaceType, isObjectType, type GraphQLNamedType, type GraphQLSchema } from 'graphql';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { mayRead } from './disclosure-table.ts';
import { expectRefusedExactly, person, type Fields } from './replies.ts';
import { startTestGateway, type Reply, type TestApplication, type TestGateway } from './test-gateway.ts';

let gateway: TestGateway;
let schema: GraphQLSchema;
let ids: readonly string[];
let id: string;
beforeAll(async () => {
  schema = buildSchema(await readFile(join(import.meta.dirname, '..', '..', 'schema', 'api.graphql'), 'utf8'));
  gateway = await startTestGateway({ limits: { errorsMax: 10_000 } });
  ids = (await gateway.citizens(60)).slice(-8);
  id = ids[0] ?? '';
});
afterAll(async () => gateway[Symbol.asyncDispose]());

const NOBODY = '001099999999';
const GOVERNED: readonly TestApplication[] = [
  'hospital-counter',
  'university-admissions',
  'bank-teller',
  'ward-office',
  'police-residence',
];

/** Values for arguments that must be given; for `isAtLeast` the one that the bank may ask. */
const ARGUMENTS: Readonly<Record<string, string>> = {
  isAtLeast: '(age: 18)',
  livesIn: '(province: HA_NOI)',
  insuredOn: '(date: "2026-01-01")',
};

/** Everything that can be selected on a type, `depth` levels of objects deep, implementors of interfaces one by one. */
function everything(type: GraphQLNamedType, depth: number): string {
  if (isInterfaceType(type)) {
    const implementors = schema.getPossibleTypes(type).map((one) => `... on ${one.name} { ${everything(one, depth)} }`);
    return `__typename ${Object.keys(type.getFields())
      .filter((name) => name !== 'persons')
      .join(' ')} ${implementors.join(' ')}`;
  }
  if (!isObjectType(type)) return '';
  const fields = Object.values(type.getFields()).map((field) => {
    const named = getNamedType(field.type);
    const text = `${field.name}${ARGUMENTS[field.name] ?? ''}`;
    if (!isObjectType(named) && !isInterfaceType(named)) return text;
    return `${text} { ${depth <= 1 ? '__typename' : everything(named, depth - 1)} }`;
  });
  return fields.join(' ');
}

/** The paths of `everything` at which the table gives nothing to the application, each once and nothing below it. */
function refusedPaths(application: string, type: GraphQLNamedType, depth: number, path: readonly string[], isAsked: boolean): string[] {
  if (!isObjectType(type)) return [];
  return Object.values(type.getFields()).flatMap((field) => {
    const at = [...path, field.name];
    const coordinate = `${type.name}.${field.name}`;
    const isEcho = isAsked && coordinate === 'Resident.idNumber';
    if (!isEcho && !mayRead(application, coordinate, false)) return [at.join('.')];
    return depth <= 1 ? [] : refusedPaths(application, getNamedType(field.type), depth - 1, at, false);
  });
}

describe.each(GOVERNED)('%s asks for everything there is', (application) => {
  test.each(['resident(idNumber: $id)', 'residents(idNumbers: [$id])'])('by %s, and gets what the table gives', async (root) => {
    const type = schema.getType('Resident') as GraphQLNamedType;
    const name = root.slice(0, root.indexOf('('));
    const reply = await gateway.ask(application, `query ($id: IdNumber!) { ${root} { ${everything(type, 2)} } }`, { id });
    expectRefusedExactly(reply, refusedPaths(application, type, 2, [name], true));
  });

  test.each(['mother', 'birthRecord', 'household', 'civilRecords', 'spouse'])(
    'by way of %s, two objects further, and gets what the table gives',
    async (way) => {
      const type = schema.getType('Resident') as GraphQLNamedType;
      const field = isObjectType(type) ? type.getFields()[way] : undefined;
      const named = getNamedType(field?.type);
      if (named === undefined) throw new Error(`Resident has no ${way}.`);
      const query = `query ($id: IdNumber!) { resident(idNumber: $id) { idNumber ${way} { ${everything(named, 2)} } } }`;
      const path = ['resident', way];
      const isGiven = mayRead(application, `Resident.${way}`, false);
      expectRefusedExactly(
        await gateway.ask(application, query, { id }),
        isGiven ? refusedPaths(application, named, 2, path, false) : [path.join('.')],
      );
    },
  );
});

describe('reading a record through the interface instead of the type (GHSA-mx7m-j9xf-62hw, GHSA-x33c-7c2v-mrj9)', () => {
  test.each<[string, string]>([
    ['the interface itself', 'civilRecords { __typename number registeredOn office }'],
    ['a fragment on the implementor', 'civilRecords { ... on BirthRecord { number registeredOn mother { fullName } } }'],
    ['fragments in fragments', 'civilRecords { ... on CivilRecord { ... on BirthRecord { ... on CivilRecord { registeredOn } } } }'],
    ['a named fragment', 'civilRecords { ...birth } '],
    ['its name alone', 'civilRecords { __typename }'],
    ['an alias with the name of what is given', 'birthRecord: civilRecords { ... on BirthRecord { registeredOn } }'],
    ['a page of it', 'civilRecords(first: 1) { ... on BirthRecord { registeredOn } }'],
  ])('by %s gives the police nothing, though birthRecord is theirs', async (_what, selection) => {
    const fragment = selection.includes('...birth') ? 'fragment birth on BirthRecord { registeredOn mother { fullName } }' : '';
    const reply = await gateway.ask(
      'police-residence',
      `query ($id: IdNumber!) { resident(idNumber: $id) { fullName ${selection} } } ${fragment}`,
      { id },
    );
    expectRefusedExactly(reply, [`resident.${selection.startsWith('birthRecord') ? 'birthRecord' : 'civilRecords'}`]);
  });

  test('by a fragment on the interface inside the type is decided as the type', async () => {
    const query = `query ($id: IdNumber!) { resident(idNumber: $id) { birthRecord {
      ... on CivilRecord { registeredOn persons { fullName } } ... on BirthRecord { on: registeredOn }
    } } }`;
    const reply = await gateway.ask('police-residence', query, { id });
    expectRefusedExactly(reply, ['resident.birthRecord.persons']);
    const record = person(reply)['birthRecord'] as Fields;
    expect(record['registeredOn']).toMatch(/^\d{4}-/);
    expect(record['on']).toBe(record['registeredOn']);
    expectRefusedExactly(await gateway.ask('hospital-counter', query.replace('{ birthRecord', '{ idNumber birthRecord'), { id }), [
      'resident.birthRecord',
    ]);
  });
});

describe('finding out whether a person or a list exists (graphql-go-tools#1561)', () => {
  test('the errors of refused fields are the same for everybody and for nobody', async () => {
    const query = `query ($id: IdNumber!) { resident(idNumber: $id) {
      idNumber religion mother { fullName } household { members { person { fullName } } }
      marriages { endedBy } coverage { validFrom objectCode } deathRecord { cause }
    } }`;
    const replies = await Promise.all([...ids, NOBODY].map(async (one) => gateway.ask('hospital-counter', query, { id: one })));
    expect(new Set(replies.map((reply) => JSON.stringify(reply.errors))).size).toBe(1);
    expect(new Set(replies.map((reply) => reply.status))).toEqual(new Set([200]));
    expect(replies[0]?.errors.length).toBe(6);
    // Whether there is such a person is the hospital's to know, by law.
    expect(replies.at(-1)?.data).toEqual({ resident: null });
  });

  test('an application without the right to know gets for nobody what it gets for somebody, after as many calls', async () => {
    const queries = [
      '{ __typename }',
      '{ idNumber }',
      '{ idNumber fullName phone religion visits { facility } mother { idNumber } household { head { idNumber } } }',
    ].flatMap((selection) => [
      `query ($id: IdNumber!) { resident(idNumber: $id) ${selection} }`,
      `query ($id: IdNumber!) { residents(idNumbers: [$id, $id]) ${selection} }`,
    ]);
    for (const query of queries) {
      const ask = async (one: string): Promise<{ text: string; calls: number; status: number }> => {
        const before = gateway.requests.length;
        const { text, status } = await gateway.ask('bank-teller', query, { id: one });
        const neutral = text.replaceAll(one, 'N').replace(/"record":"[^"]+"/, '');
        return { text: neutral, calls: gateway.requests.length - before, status };
      };
      expect(await ask(NOBODY)).toEqual(await ask(id));
    }
    const verify = 'query ($input: VerifyIdentityInput!) { verifyIdentity(input: $input) { fullName dateOfBirth } }';
    const claim = (idNumber: string) => ({ input: { idNumber, fullName: 'Không Phải', dateOfBirth: '2000-01-01' } });
    expect((await gateway.ask('bank-teller', verify, claim(NOBODY))).data).toEqual(
      (await gateway.ask('bank-teller', verify, claim(id))).data,
    );
  });

  test('a request of which nothing is left does not tell who exists', async () => {
    const query = 'query ($id: IdNumber!) { resident(idNumber: $id) { examResults { score } coverage { objectCode } } }';
    const strip = (reply: Reply): string => reply.text.replace(/"record":"[^"]+"/, '');
    const [somebody, nobody] = await Promise.all([id, NOBODY].map(async (one) => gateway.ask('hospital-counter', query, { id: one })));
    if (!somebody || !nobody) throw new Error('Two replies.');
    expect(somebody.status).toBe(403);
    expect(strip(nobody)).toBe(strip(somebody));
  });
});

describe('reaching relatives', () => {
  test('a relative read through another person is recorded as read, under the pseudonym of their own', async () => {
    const family = await gateway.ask(
      'police-residence',
      'query ($ids: [IdNumber!]!) { residents(idNumbers: $ids) { mother { idNumber phone } birthRecord { mother { sex } } } }',
      { ids },
    );
    const people = family.data?.['residents'] as readonly { mother: { idNumber: string } | null }[];
    const mother = people.map((one) => one.mother?.idNumber).find((one) => one !== undefined);
    if (mother === undefined) throw new Error('One of eight people has a mother in the register.');
    const direct = await gateway.ask('police-residence', 'query ($id: IdNumber!) { resident(idNumber: $id) { sex } }', { id: mother });
    const records = await gateway.records();
    const recordOf = (reply: Reply) => records.find((record) => record.id === reply.extensions.disclosure?.record);
    const pseudonym = recordOf(direct)?.persons[0]?.pseudonyms[0];
    const entries = recordOf(family)?.persons.filter((entry) => entry.pseudonyms.includes(pseudonym ?? '')) ?? [];
    expect(entries.flatMap((entry) => entry.released)).toEqual(expect.arrayContaining(['Resident.phone', 'Resident.sex']));
  });

  test('a relative gives no more than the person asked for', async () => {
    const query = `query ($id: IdNumber!) { resident(idNumber: $id) {
      mother { religion coverage { cardNumber } examResults { score } mother { religion } }
      birthRecord { declarant { visits { facility } } child { idNumber religion } } } }`;
    expectRefusedExactly(await gateway.ask('police-residence', query, { id }), [
      'resident.mother.religion',
      'resident.mother.coverage',
      'resident.mother.examResults',
      'resident.mother.mother.religion',
      'resident.birthRecord.declarant.visits',
      'resident.birthRecord.child.religion',
    ]);
  });
});
