import { describe, expect, test } from 'vitest';
import { problemsOf, register, stub, subgraphs, type Sdls } from './sdl.ts';

/** A graph that a check refuses, what it says, and a neighbour that differs only in what the check is about. */
interface Case {
  readonly claim: string;
  readonly refused: Sdls;
  readonly rule: string;
  readonly coordinate: string;
  readonly neighbour: Sdls;
}

const BASIC = (group: string): string => `@personal(class: BASIC, group: "${group}")`;

const CASES: readonly Case[] = [
  {
    claim: 'a field of a person without a class',
    refused: { a: register('nickname: String') },
    rule: 'classified',
    coordinate: 'Resident.nickname',
    neighbour: { a: register(`nickname: String ${BASIC('a.identity')}`) },
  },
  {
    claim: 'a field of an entity without a class',
    refused: { a: register(`school: School ${BASIC('a.school')}`, 'type School @key(fields: "code") { code: ID! name: String }') },
    rule: 'classified',
    coordinate: 'School.name',
    neighbour: {
      a: register(
        `school: School ${BASIC('a.school')}`,
        'type School @key(fields: "code") { code: ID! name: String @personal(class: PUBLIC, group: "a.school") }',
      ),
    },
  },
  {
    claim: 'a way from a record to a person without a class of its own',
    refused: { a: register(`birth: Birth ${BASIC('a.birth')}`, 'type Birth { mother: Resident }') },
    rule: 'classified',
    coordinate: 'Birth.mother',
    neighbour: { a: register(`birth: Birth ${BASIC('a.birth')}`, `type Birth { mother: Resident ${BASIC('a.birth')} }`) },
  },
  {
    claim: 'a way to a person through a union without a class of its own',
    refused: {
      a: register(
        `birth: Birth ${BASIC('a.birth')}`,
        'type Birth { by: Declarant } union Declarant = Resident | Office type Office { n: Int }',
      ),
    },
    rule: 'classified',
    coordinate: 'Birth.by',
    neighbour: {
      a: register(
        `birth: Birth ${BASIC('a.birth')}`,
        `type Birth { by: Declarant ${BASIC('a.birth')} } union Declarant = Resident | Office type Office { n: Int }`,
      ),
    },
  },
  {
    claim: 'a root that gives a value without a class',
    refused: { a: register('', 'extend type Query { capital: Address }') },
    rule: 'classified',
    coordinate: 'Query.capital',
    neighbour: { a: register('', 'extend type Query { capital: Address @personal(class: PUBLIC, group: "a.places") }') },
  },
  {
    claim: 'personal data that no person leads to',
    refused: { a: register('', `extend type Query { phoneOf(number: ID!): String ${BASIC('a.contact')} }`) },
    rule: 'subjects',
    coordinate: 'Query.phoneOf',
    neighbour: { a: register('', `extend type Query { phoneOf(number: ID!): String ${BASIC('a.contact')} @subject(of: ["$number"]) }`) },
  },
  {
    claim: 'personal data of a record that a root gives without saying whose it is',
    refused: {
      a: register(
        '',
        `extend type Query { birth(number: Int): Birth ${BASIC('a.birth')} } type Birth { mother: Resident ${BASIC('a.birth')} }`,
      ),
    },
    rule: 'subjects',
    coordinate: 'Birth.mother',
    neighbour: {
      a: register(
        '',
        `extend type Query { birth(number: Int): Birth ${BASIC('a.birth')} @subject(of: ["mother"]) } type Birth { mother: Resident ${BASIC('a.birth')} }`,
      ),
    },
  },
  {
    claim: 'a @subject(of:) that names no field',
    refused: {
      a: register(
        `marriages: [Marriage] ${BASIC('a.family')} @subject(of: ["husband"])`,
        `type Marriage { spouse: Resident ${BASIC('a.family')} }`,
      ),
    },
    rule: 'subjects',
    coordinate: 'Resident.marriages',
    neighbour: {
      a: register(
        `marriages: [Marriage] ${BASIC('a.family')} @subject(of: ["spouse"])`,
        `type Marriage { spouse: Resident ${BASIC('a.family')} }`,
      ),
    },
  },
  {
    claim: 'a @subject(of:) that ends at no person',
    refused: { a: register(`home: House ${BASIC('a.residence')} @subject(of: ["at"])`, 'type House { at: Address }') },
    rule: 'subjects',
    coordinate: 'Resident.home',
    neighbour: {
      a: register(
        `home: House ${BASIC('a.residence')} @subject(of: ["owner"])`,
        `type House { at: Address owner: Resident ${BASIC('a.residence')} }`,
      ),
    },
  },
  {
    claim: 'a @subject(of:) that names no argument',
    refused: {
      a: register(
        '',
        `input Who { number: ID! } extend type Query { phoneOf(who: Who!): String ${BASIC('a.contact')} @subject(of: ["$who.id"]) }`,
      ),
    },
    rule: 'subjects',
    coordinate: 'Query.phoneOf',
    neighbour: {
      a: register(
        '',
        `input Who { number: ID! } extend type Query { phoneOf(who: Who!): String ${BASIC('a.contact')} @subject(of: ["$who.number"]) }`,
      ),
    },
  },
  {
    claim: 'a @subject(of:) argument of another type than the key of a person',
    refused: { a: register('', `extend type Query { phoneOf(row: Int!): String ${BASIC('a.contact')} @subject(of: ["$row"]) }`) },
    rule: 'subjects',
    coordinate: 'Query.phoneOf',
    neighbour: { a: register('', `extend type Query { phoneOf(row: ID!): String ${BASIC('a.contact')} @subject(of: ["$row"]) }`) },
  },
  {
    claim: 'a @subject(key:) that is no key',
    refused: {
      a: register(),
      b: `type Pupil @key(fields: "number") @subject(key: "name") { number: ID! name: String ${BASIC('b.pupil')} }`,
    },
    rule: 'subjects',
    coordinate: 'Pupil',
    neighbour: {
      a: register(),
      b: `type Pupil @key(fields: "number") @subject(key: "number") { number: ID! name: String ${BASIC('b.pupil')} }`,
    },
  },
  {
    claim: 'a person that another subgraph does not take for one',
    refused: { a: register(), b: `type Resident @key(fields: "idNumber") { idNumber: ID! grade: Int ${BASIC('b.record')} }` },
    rule: 'subjects',
    coordinate: 'Resident',
    neighbour: { a: register(), b: stub(`grade: Int ${BASIC('b.record')}`) },
  },
  {
    claim: 'a person with different keys',
    refused: {
      a: register('card: ID'.concat(` ${BASIC('a.identity')}`)),
      b: `type Resident @key(fields: "idNumber") @key(fields: "card") @subject(key: "card") { idNumber: ID! card: ID! }`,
    },
    rule: 'subjects',
    coordinate: 'Resident',
    neighbour: { a: register(), b: stub(`grade: Int ${BASIC('b.record')}`) },
  },
  {
    claim: 'a classification that differs between subgraphs',
    refused: {
      a: register(),
      b: stub(
        `phone: String @external @personal(class: PUBLIC, group: "a.contact") dial: Int @requires(fields: "phone") @personal(class: BASIC, group: "b.x", sources: ["Resident.phone"])`,
      ),
    },
    rule: 'agreement',
    coordinate: 'Resident.phone',
    neighbour: {
      a: register(),
      b: stub(
        `phone: String @external dial: Int @requires(fields: "phone") @personal(class: BASIC, group: "b.x", sources: ["Resident.phone"])`,
      ),
    },
  },
  {
    claim: 'an interface field with a class that its implementor lacks',
    refused: {
      a: register(
        `contact: Mail ${BASIC('a.contact')}`,
        `interface Contact { line: String ${BASIC('a.contact')} } type Mail implements Contact { line: String }`,
      ),
    },
    rule: 'agreement',
    coordinate: 'Mail.line',
    neighbour: {
      a: register(
        `contact: Mail ${BASIC('a.contact')}`,
        `interface Contact { line: String ${BASIC('a.contact')} } type Mail implements Contact { line: String ${BASIC('a.contact')} }`,
      ),
    },
  },
  {
    claim: 'a @provides of a personal field',
    refused: {
      a: register(),
      b: stub(
        `phone: String @external lastCall: Call ${BASIC('b.calls')}`,
        `type Call { from: Resident ${BASIC('b.calls')} @provides(fields: "phone") }`,
      ),
    },
    rule: 'sole-source',
    coordinate: 'Call.from',
    neighbour: { a: register(), b: stub(`lastCall: Call ${BASIC('b.calls')}`, `type Call { from: Resident ${BASIC('b.calls')} }`) },
  },
  {
    claim: 'a @provides of a personal field on a root',
    refused: {
      a: register(),
      b: stub('phone: String @external', 'type Query { dial(idNumber: ID!): Resident @provides(fields: "phone") }'),
    },
    rule: 'sole-source',
    coordinate: 'Query.dial',
    neighbour: { a: register(), b: stub('', 'type Query { dial(idNumber: ID!): Resident }') },
  },
  {
    claim: 'a personal field that is @shareable',
    refused: { a: register(`email: String @shareable ${BASIC('a.contact')}`) },
    rule: 'sole-source',
    coordinate: 'Resident.email',
    neighbour: { a: register(`email: String ${BASIC('a.contact')}`) },
  },
  {
    claim: 'a personal field that is @shareable by its type',
    refused: {
      a: register(),
      b: `type Pupil @shareable @key(fields: "number") @subject(key: "number") { number: ID! name: String ${BASIC('b.pupil')} }`,
    },
    rule: 'sole-source',
    coordinate: 'Pupil.name',
    neighbour: {
      a: register(),
      b: `type Pupil @key(fields: "number") @subject(key: "number") { number: ID! name: String ${BASIC('b.pupil')} }`,
    },
  },
  {
    claim: 'a personal field that is non-null',
    refused: { a: register(`fullName: String! ${BASIC('a.identity')}`) },
    rule: 'nullable',
    coordinate: 'Resident.fullName',
    neighbour: { a: register(`fullName: String ${BASIC('a.identity')}`) },
  },
  {
    claim: 'a field of a value type that is non-null',
    refused: { a: register(`card: Card ${BASIC('a.identity')}`, 'type Card { number: String! }') },
    rule: 'nullable',
    coordinate: 'Card.number',
    neighbour: { a: register(`card: Card ${BASIC('a.identity')}`, 'type Card { number: String }') },
  },
  {
    claim: 'a list of persons whose items are non-null',
    refused: { a: register(`children: [Resident!] ${BASIC('a.family')}`) },
    rule: 'nullable',
    coordinate: 'Resident.children',
    neighbour: { a: register(`children: [Resident] ${BASIC('a.family')} tags: [String!] ${BASIC('a.identity')}`) },
  },
  {
    claim: 'a root that is non-null',
    refused: { a: register('', 'extend type Query { all(idNumbers: [ID!]!): [Resident]! }') },
    rule: 'nullable',
    coordinate: 'Query.all',
    neighbour: { a: register('', 'extend type Query { all(idNumbers: [ID!]!): [Resident] }') },
  },
  {
    claim: 'a derived field of a lower class than its source',
    refused: { a: register('believes: Boolean @personal(class: BASIC, group: "a.belief", sources: ["Resident.religion"])') },
    rule: 'derived',
    coordinate: 'Resident.believes',
    neighbour: { a: register('believes: Boolean @personal(class: SENSITIVE, group: "a.belief", sources: ["Resident.religion"])') },
  },
  {
    claim: 'a derived field of a lower class than the value type that its source stands in',
    refused: { a: register('livesIn(code: Int): Boolean @personal(class: PUBLIC, group: "a.residence", sources: ["Address.province"])') },
    rule: 'derived',
    coordinate: 'Resident.livesIn',
    neighbour: { a: register('livesIn(code: Int): Boolean @personal(class: BASIC, group: "a.residence", sources: ["Address.province"])') },
  },
  {
    claim: 'a source that is no field',
    refused: { a: register('isAdult: Boolean @personal(class: BASIC, group: "a.identity", sources: ["Resident.birthday"])') },
    rule: 'derived',
    coordinate: 'Resident.isAdult',
    neighbour: { a: register('isAdult: Boolean @personal(class: BASIC, group: "a.identity", sources: ["Resident.phone"])') },
  },
  {
    claim: 'a field that @requires what it does not name as a source',
    refused: { a: register(), b: stub(`phone: String @external dial: Int @requires(fields: "phone") ${BASIC('b.calls')}`) },
    rule: 'derived',
    coordinate: 'Resident.dial',
    neighbour: {
      a: register(),
      b: stub(
        'phone: String @external dial: Int @requires(fields: "phone") @personal(class: BASIC, group: "b.calls", sources: ["Resident.phone"])',
      ),
    },
  },
  {
    claim: "a field that @requires a relative's number without naming it as a source",
    refused: {
      a: register(),
      b: stub(
        'mother: Resident @external tie: Int @requires(fields: "mother { idNumber }") @personal(class: BASIC, group: "b.x", sources: ["Resident.mother"])',
      ),
    },
    rule: 'derived',
    coordinate: 'Resident.tie',
    neighbour: {
      a: register(),
      b: stub(
        'mother: Resident @external tie: Int @requires(fields: "mother { idNumber }") @personal(class: BASIC, group: "b.x", sources: ["Resident.mother", "Resident.idNumber"])',
      ),
    },
  },
  {
    claim: 'a group of another register',
    refused: { a: register(), b: stub(`dial: Int ${BASIC('a.contact')}`) },
    rule: 'groups',
    coordinate: 'Resident.dial',
    neighbour: { a: register(), b: stub(`dial: Int ${BASIC('b.contact')}`) },
  },
  {
    claim: 'a group that is named after no register',
    refused: { a: register(`email: String ${BASIC('contact')}`) },
    rule: 'groups',
    coordinate: 'Resident.email',
    neighbour: { a: register(`email: String ${BASIC('a.contact')}`) },
  },
  {
    claim: 'a @lookup on a field that is no root',
    refused: { a: register(`kin(idNumber: ID!): Resident @lookup ${BASIC('a.family')}`) },
    rule: 'lookups',
    coordinate: 'Resident.kin',
    neighbour: { a: register(`kin(idNumber: ID!): Resident ${BASIC('a.family')}`) },
  },
  {
    claim: 'a @lookup whose argument is not the key',
    refused: { a: register('', 'extend type Query { byPhone(phone: String @reads(coordinate: "Resident.phone")): Resident @lookup }') },
    rule: 'lookups',
    coordinate: 'Query.byPhone',
    neighbour: { a: register('', 'extend type Query { byPhone(phone: String @reads(coordinate: "Resident.phone")): Resident }') },
  },
  {
    claim: 'a @lookup that also filters',
    refused: { a: register('', 'extend type Query { alive(idNumbers: [ID!]!, alive: Boolean): [Resident] @lookup }') },
    rule: 'lookups',
    coordinate: 'Query.alive',
    neighbour: { a: register('', 'extend type Query { alive(idNumbers: [ID!]!): [Resident] @lookup }') },
  },
  {
    claim: 'a @lookup of many by one key',
    refused: { a: register('', 'extend type Query { kin(idNumber: ID!): [Resident] @lookup }') },
    rule: 'lookups',
    coordinate: 'Query.kin',
    neighbour: { a: register('', 'extend type Query { kin(idNumber: ID!): [Resident] }') },
  },
  {
    claim: 'a @retained by a transform that there is not',
    refused: { a: register(`home: House ${BASIC('a.residence')}`, 'type House { ward: String @retained(by: ["ward"]) }') },
    rule: 'retained',
    coordinate: 'House.ward',
    neighbour: {
      a: register(`home: House ${BASIC('a.residence')}`, 'type House { ward: String @retained(by: ["province", "pseudonym"]) }'),
    },
  },
  {
    claim: 'a @retained on a field that is not of a value type',
    refused: { a: register(`ward: String ${BASIC('a.residence')} @retained(by: ["province"])`) },
    rule: 'retained',
    coordinate: 'Resident.ward',
    neighbour: { a: register(`ward: String ${BASIC('a.residence')}`) },
  },
  {
    claim: 'finding persons by a personal field without @reads',
    refused: { a: register('', 'extend type Query { by(phone: String): [Resident] }') },
    rule: 'reads',
    coordinate: 'Query.by(phone:)',
    neighbour: { a: register('', 'extend type Query { by(phone: String @reads(coordinate: "Resident.phone")): [Resident] }') },
  },
  {
    claim: 'finding persons by a personal field in an input object',
    refused: { a: register('', 'input Filter { not: Filter phone: String } extend type Query { by(filter: Filter): [Resident] }') },
    rule: 'reads',
    coordinate: 'Query.by(filter:)',
    neighbour: { a: register('', 'input Filter { not: Filter page: Int } extend type Query { by(filter: Filter): [Resident] }') },
  },
  {
    claim: 'ordering persons by a personal field',
    refused: { a: register('', 'enum Order { RELIGION NUMBER } extend type Query { all(orderBy: Order): [Resident] }') },
    rule: 'reads',
    coordinate: 'Query.all(orderBy:)',
    neighbour: { a: register('', 'enum Order { ID_NUMBER NUMBER } extend type Query { all(orderBy: Order): [Resident] }') },
  },
  {
    claim: "a predicate over the person's own field that names neither source nor @reads",
    refused: { a: register(`matches(phone: String): Boolean ${BASIC('a.contact')}`) },
    rule: 'reads',
    coordinate: 'Resident.matches(phone:)',
    neighbour: { a: register('matches(phone: String): Boolean @personal(class: BASIC, group: "a.contact", sources: ["Resident.phone"])') },
  },
  {
    claim: 'a @reads of no field',
    refused: { a: register('', 'extend type Query { by(number: String @reads(coordinate: "Resident.number")): [Resident] }') },
    rule: 'reads',
    coordinate: 'Query.by(number:)',
    neighbour: { a: register('', 'extend type Query { by(number: String @reads(coordinate: "Resident.phone")): [Resident] }') },
  },
];

/** Imports of federation that schema/directives.graphql leaves out and some cases need. */
function withImports(sdls: Sdls): ReturnType<typeof subgraphs> {
  const needed = ['provides', 'shareable', 'context', 'fromContext', 'interfaceObject', 'override'];
  return subgraphs(sdls).map((subgraph) => {
    const used = needed.filter((name) => new RegExp(`@${name}\\b`).test(subgraph.sdl)).map((name) => `"@${name}", `);
    return { ...subgraph, sdl: subgraph.sdl.replace('import: ["@key"', `import: [${used.join('')}"@key"`) };
  });
}

describe('composition', () => {
  test.each(CASES)('refuses $claim', ({ refused, rule, coordinate }) => {
    const problems = problemsOf(withImports(refused));
    expect(problems).toContainEqual(expect.objectContaining({ rule, coordinate }));
  });

  test.each(CASES)('takes the neighbour of $claim', ({ neighbour }) => {
    expect(problemsOf(withImports(neighbour)).map(({ message }) => message)).toEqual([]);
  });

  test('refuses what @fromContext hands on without being a source', () => {
    const context = (sources: string): Sdls => ({
      a: `
        type Query { resident(idNumber: ID!): Resident @lookup }
        type Resident @key(fields: "idNumber") @subject(key: "idNumber") @context(name: "person") {
          idNumber: ID!
          religion: String @personal(class: SENSITIVE, group: "a.belief")
          home: House @personal(class: BASIC, group: "a.residence")
        }
        type House @key(fields: "id") {
          id: ID!
          altar(faith: String @fromContext(field: "$person { religion }")): Boolean @personal(class: SENSITIVE, group: "a.belief"${sources})
        }`,
      b: 'type House @key(fields: "id") { id: ID! storeys: Int @personal(class: PUBLIC, group: "b.houses") }',
    });
    expect(problemsOf(withImports(context('')))).toContainEqual(expect.objectContaining({ rule: 'derived', coordinate: 'House.altar' }));
    expect(problemsOf(withImports(context(', sources: ["Resident.religion"]'))).map(({ message }) => message)).toEqual([]);
  });

  test('refuses an @interfaceObject, whose fields no rule names on the concrete types', () => {
    const problems = problemsOf(
      withImports({
        a: `
          type Query { contacts: [Contact] }
          interface Contact @key(fields: "id") { id: ID! }
          type Mail implements Contact @key(fields: "id") { id: ID! line: String @personal(class: PUBLIC, group: "a.mail") }`,
        b: 'type Contact @interfaceObject @key(fields: "id") { id: ID! used: Int @personal(class: PUBLIC, group: "b.use") }',
      }),
    );
    expect(problems).toContainEqual(expect.objectContaining({ rule: 'agreement', coordinate: 'Contact' }));
  });

  test('tells every problem of every subgraph at once, as sentences', () => {
    const problems = problemsOf(subgraphs({ a: register('one: Int two: Int!'), b: stub('three: Int') }));
    const classified = problems.filter(({ rule }) => rule === 'classified').map(({ coordinate }) => coordinate);
    expect(classified).toEqual(['Resident.one', 'Resident.two', 'Resident.three']);
    for (const { message } of problems) expect(message).toMatch(/^[\w.]+.*: .+\. .+\.$/);
  });

  test("tells Apollo's composition errors beside the rules' own", () => {
    const problems = problemsOf(subgraphs({ a: register('one: Int'), b: `type Resident { idNumber: Int! }` }));
    expect(new Set(problems.map(({ rule }) => rule))).toContain('composition');
    expect(new Set(problems.map(({ rule }) => rule))).toContain('classified');
  });

  test('names the subgraph whose SDL does not parse', () => {
    const [problem] = problemsOf(subgraphs({ a: register(), b: 'type {' }));
    expect(problem).toMatchObject({ rule: 'composition', coordinate: 'b' });
  });
});
