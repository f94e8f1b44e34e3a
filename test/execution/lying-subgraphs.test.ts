import { describe, expect, test } from 'vitest';
import { inProcess, prepare, run } from './in-process.ts';

const LINK = `extend schema @link(url: "https://specs.apollo.dev/federation/v2.7", import: ["@key", "@requires", "@external", "@inaccessible"])`;

const graph = inProcess({
  people: `${LINK}
    type Query { person: Person people: [Person] some: [Person!]! named: Named either: Either strict: Person! }
    type Person implements Named @key(fields: "id") {
      id: ID! name: String age: Int height: Float awake: Boolean mood: Mood tags: [String!] grid: [[Int]] home: Home anything: JSON constructor: String must: Int!
    }
    type Ghost implements Named @inaccessible { name: String }
    type Animal implements Named { name: String legs: Int! }
    type Home { street: String door: Int! }
    enum Mood { GOOD BAD ODD @inaccessible }
    interface Named { name: String }
    union Either = Person | Animal
    scalar JSON`,
  work: `${LINK}
    type Person @key(fields: "id") { id: ID! job: String badge: Int! boss: Person age: Int @external pension: Int @requires(fields: "age") }`,
});

interface Case {
  readonly claim: string;
  readonly query: string;
  /** What each subgraph answers to its calls, in order: JSON text of \`data\` or of a whole reply, or that it does not answer. */
  readonly people?: readonly string[];
  readonly work?: readonly string[];
  readonly data: unknown;
  /** Code and path of each error. */
  readonly errors: readonly (readonly [string, string])[];
  readonly distrusted?: readonly string[];
}

const UNAVAILABLE = 'unavailable';
const NOT_ASKED = 'an entity that is no object';
const WRONG_LENGTH = 'entities that are no list of the length asked for';

const CASES: readonly Case[] = [
  // Leaves (GraphQL specification, 3.5 and 3.9)
  {
    claim: 'leaves of wrong types',
    query: '{ person { name age height awake mood id } }',
    people: ['{"person":{"name":5,"age":"5","height":"x","awake":1,"mood":"WILD","id":"1"}}'],
    data: { person: { name: null, age: null, height: null, awake: null, mood: null, id: '1' } },
    errors: ['name', 'age', 'height', 'awake', 'mood'].map((field) => ['SUBGRAPH_ERROR', `person.${field}`] as const),
  },
  {
    claim: 'objects and lists where leaves belong',
    query: '{ person { name age mood } }',
    people: ['{"person":{"name":{"a":1},"age":[1],"mood":["GOOD"]}}'],
    data: { person: { name: null, age: null, mood: null } },
    errors: [
      ['SUBGRAPH_ERROR', 'person.name'],
      ['SUBGRAPH_ERROR', 'person.age'],
      ['SUBGRAPH_ERROR', 'person.mood'],
    ],
  },
  {
    claim: 'an Int with a fraction, one beyond 32 bits, and a Float without a fraction',
    query: '{ people { age height } }',
    people: ['{"people":[{"age":1.5,"height":2},{"age":2147483648,"height":0.5},{"age":-2147483648,"height":null}]}'],
    data: {
      people: [
        { age: null, height: 2 },
        { age: null, height: 0.5 },
        { age: -2147483648, height: null },
      ],
    },
    errors: [
      ['SUBGRAPH_ERROR', 'people.0.age'],
      ['SUBGRAPH_ERROR', 'people.1.age'],
    ],
  },
  {
    claim: 'a number for an ID, which is a string',
    query: '{ person { id } }',
    people: ['{"person":{"id":7}}'],
    data: { person: { id: '7' } },
    errors: [],
  },
  {
    claim: 'an enum value that is hidden from clients',
    query: '{ person { mood } }',
    people: ['{"person":{"mood":"ODD"}}'],
    data: { person: { mood: null } },
    errors: [['SUBGRAPH_ERROR', 'person.mood']],
  },
  {
    claim: 'a custom scalar of any shape',
    query: '{ person { anything } }',
    people: ['{"person":{"anything":{"a":[1,{"b":null}]}}}'],
    data: { person: { anything: { a: [1, { b: null }] } } },
    errors: [],
  },
  // Nulls and non-nulls (6.4.4)
  {
    claim: 'a null where none may be, up to the next place that takes one',
    query: '{ person { name home { street door } } }',
    people: ['{"person":{"name":"A","home":{"street":"s","door":null}}}'],
    data: { person: { name: 'A', home: null } },
    errors: [['SUBGRAPH_ERROR', 'person.home.door']],
  },
  {
    claim: 'a member that was asked for and left out',
    query: '{ person { name home { street door } } people { name } }',
    people: ['{"person":{"home":{"street":"s"}},"people":[{}]}'],
    data: { person: { name: null, home: null }, people: [{ name: null }] },
    errors: [['SUBGRAPH_ERROR', 'person.home.door']],
  },
  {
    claim: 'a null in a list that takes none',
    query: '{ person { name tags } some { name } }',
    people: ['{"person":{"name":"A","tags":["a",null]},"some":[{"name":"B"}]}'],
    data: { person: { name: 'A', tags: null }, some: [{ name: 'B' }] },
    errors: [['SUBGRAPH_ERROR', 'person.tags.1']],
  },
  {
    claim: 'a null that takes everything along',
    query: '{ some { name } person { name } }',
    people: ['{"some":[null],"person":{"name":"A"}}'],
    data: null,
    errors: [['SUBGRAPH_ERROR', 'some.0']],
  },
  {
    claim: 'an invalid value in a non-null place, told once',
    query: '{ person { name must } }',
    people: ['{"person":{"name":"A","must":"x"}}'],
    data: { person: null },
    errors: [['SUBGRAPH_ERROR', 'person.must']],
  },
  {
    claim: 'a null that the subgraph explains, told once and under the aliases of the client',
    query: '{ who: person { at: home { number: door } } }',
    people: ['{"data":{"r__who":{"r__at":null}},"errors":[{"message":"m","path":["r__who","r__at","r__number"]}]}'],
    data: { who: { at: null } },
    errors: [['SUBGRAPH_ERROR', 'who.at.number']],
  },
  // Lists and objects
  {
    claim: 'no list where one belongs, and a list where none does',
    query: '{ person { tags grid home { street } } people { name } }',
    people: ['{"person":{"tags":"a","grid":[[1],2,null],"home":[{"street":"s"}]},"people":{"name":"A"}}'],
    data: { person: { tags: null, grid: [[1], null, null], home: null }, people: null },
    errors: [
      ['SUBGRAPH_ERROR', 'person.tags'],
      ['SUBGRAPH_ERROR', 'person.grid.1'],
      ['SUBGRAPH_ERROR', 'person.home'],
      ['SUBGRAPH_ERROR', 'people'],
    ],
  },
  {
    claim: 'a leaf where an object belongs',
    query: '{ person { home { street } } people { name } }',
    people: ['{"person":{"home":"s"},"people":[true]}'],
    data: { person: { home: null }, people: [null] },
    errors: [
      ['SUBGRAPH_ERROR', 'person.home'],
      ['SUBGRAPH_ERROR', 'people.0'],
    ],
  },
  // Types
  ...(['"Nobody"', '"Ghost"', '"Home"', '5', '"constructor"', '"__proto__"'] as const).map((type) => ({
    claim: `an object of an interface that says it is ${type}`,
    query: '{ named { name } person { name } }',
    people: [`{"named":{"__typename":${type},"name":"x"},"person":{"name":"A"}}`],
    data: { named: null, person: { name: 'A' } },
    errors: [['SUBGRAPH_ERROR', 'named']] as const,
  })),
  {
    claim: 'an object of a union that does not say what it is',
    query: '{ either { ... on Animal { legs } } }',
    people: ['{"either":{"legs":4}}'],
    data: { either: null },
    errors: [['SUBGRAPH_ERROR', 'either']],
  },
  {
    claim: 'an object of another type than the field has',
    query: '{ person { name job } }',
    people: ['{"person":{"__typename":"Home","id":"1","name":"A"}}'],
    data: { person: null },
    errors: [['SUBGRAPH_ERROR', 'person']],
  },
  // What was not asked for
  {
    claim: 'extra members at every level, which nobody gets',
    query: '{ person { name home { street } } }',
    people: ['{"person":{"name":"A","age":3,"home":{"street":"s","door":1,"secret":"x"},"secret":"x"},"some":[]}'],
    data: { person: { name: 'A', home: { street: 's' } } },
    errors: [],
  },
  {
    claim: 'members of names that every object has',
    query: '{ person { constructor name } toString: people { name } valueOf: person { hasOwnProperty: name } }',
    people: ['{"person":{"name":"A"},"r__toString":[{"name":"B"}],"r__valueOf":{"r__hasOwnProperty":"C"}}'],
    data: { person: { constructor: null, name: 'A' }, toString: [{ name: 'B' }], valueOf: { hasOwnProperty: 'C' } },
    errors: [],
  },
  {
    claim: '__proto__ members, which change no object',
    query: '{ person { name age job } }',
    people: ['{"__proto__":{"polluted":1},"person":{"__typename":"Person","id":"1","name":"A","__proto__":{"age":5}}}'],
    work: ['{"_entities":[{"__proto__":{"polluted":1},"job":"j"}]}'],
    data: { person: { name: 'A', age: null, job: 'j' } },
    errors: [],
  },
  // Entities
  {
    claim: 'entities that are not there',
    query: '{ people { name job } }',
    people: [people(['1', 'A'], ['2', 'B'])],
    work: ['{"_entities":[null,{"job":"j"}]}'],
    data: {
      people: [
        { name: 'A', job: null },
        { name: 'B', job: 'j' },
      ],
    },
    errors: [],
  },
  {
    claim: 'an entity that is not there, with a field that may not be null',
    query: '{ people { name badge } }',
    people: [people(['1', 'A'], ['2', 'B'])],
    work: ['{"_entities":[null,{"badge":2}]}'],
    data: { people: [null, { name: 'B', badge: 2 }] },
    errors: [['SUBGRAPH_ERROR', 'people.0.badge']],
  },
  ...(['[{"job":"j"}]', '[{"job":"j"},{"job":"k"},{"job":"l"}]', '{"0":{"job":"j"},"length":2}', '"jj"', 'null'] as const).map(
    (entities) => ({
      claim: `for two entities ${entities}`,
      query: '{ people { name job boss { name } } }',
      people: [people(['1', 'A'], ['2', 'B'])],
      work: [`{"_entities":${entities}}`],
      data: {
        people: [
          { name: 'A', job: null, boss: null },
          { name: 'B', job: null, boss: null },
        ],
      },
      errors: [
        ['SUBGRAPH_UNAVAILABLE', 'people.job'],
        ['SUBGRAPH_UNAVAILABLE', 'people.boss'],
      ] as const,
      distrusted: [`work: ${WRONG_LENGTH}`],
    }),
  ),
  {
    claim: 'no entities at all',
    query: '{ person { name job } }',
    people: [person('1', 'A')],
    work: ['{}'],
    data: { person: { name: 'A', job: null } },
    errors: [['SUBGRAPH_UNAVAILABLE', 'person.job']],
    distrusted: [`work: ${WRONG_LENGTH}`],
  },
  {
    claim: 'entities that are no objects',
    query: '{ people { name job } }',
    people: [people(['1', 'A'], ['2', 'B'], ['3', 'C'])],
    work: ['{"_entities":["x",[{"job":"j"}],{"job":"k"}]}'],
    data: {
      people: [
        { name: 'A', job: null },
        { name: 'B', job: null },
        { name: 'C', job: 'k' },
      ],
    },
    errors: [
      ['SUBGRAPH_UNAVAILABLE', 'people.0.job'],
      ['SUBGRAPH_UNAVAILABLE', 'people.1.job'],
    ],
    distrusted: [`work: ${NOT_ASKED}`, `work: ${NOT_ASKED}`],
  },
  {
    claim: 'data that is no object',
    query: '{ person { name } people { name } }',
    people: ['{"data":[1]}'],
    data: { person: null, people: null },
    errors: [
      ['SUBGRAPH_UNAVAILABLE', 'person'],
      ['SUBGRAPH_UNAVAILABLE', 'people'],
    ],
    distrusted: ['people: neither data nor errors'],
  },
  // Errors
  {
    claim: 'no answer from the first subgraph',
    query: '{ who: person { name job } people { name } }',
    people: [UNAVAILABLE],
    data: { who: null, people: null },
    errors: [
      ['SUBGRAPH_UNAVAILABLE', 'who'],
      ['SUBGRAPH_UNAVAILABLE', 'people'],
    ],
  },
  {
    claim: 'no answer from the second subgraph',
    query: '{ people { name work: job } }',
    people: [people(['1', 'A'], ['2', 'B'])],
    work: [UNAVAILABLE],
    data: {
      people: [
        { name: 'A', work: null },
        { name: 'B', work: null },
      ],
    },
    errors: [['SUBGRAPH_UNAVAILABLE', 'people.work']],
  },
  {
    claim: 'no answer for a field that may not be null, told once for all',
    query: '{ people { name badge } }',
    people: [people(['1', 'A'], ['2', 'B'])],
    work: [UNAVAILABLE],
    data: { people: [null, null] },
    errors: [['SUBGRAPH_UNAVAILABLE', 'people.badge']],
  },
  {
    claim: 'errors without data',
    query: '{ person { name job } }',
    people: [person('1', 'A')],
    work: ['{"data":null,"errors":[{"message":"secret"}]}'],
    data: { person: { name: 'A', job: null } },
    errors: [['SUBGRAPH_ERROR', 'person']],
  },
  {
    claim: 'an error of nowhere in the first subgraph',
    query: '{ person { name } }',
    people: ['{"data":null,"errors":[{"message":"secret"}]}'],
    data: { person: null },
    errors: [['SUBGRAPH_ERROR', '']],
  },
  {
    claim: 'data beside errors',
    query: '{ people { name job boss { name } } }',
    people: [people(['1', 'A'], ['2', 'B'])],
    work: [
      '{"data":{"_entities":[{"job":"j","boss":null},{"job":null,"boss":null}]},"errors":[{"message":"m","path":["_entities",1,"job"]},{"message":"n","path":["_entities",0]}]}',
    ],
    data: {
      people: [
        { name: 'A', job: 'j', boss: null },
        { name: 'B', job: null, boss: null },
      ],
    },
    errors: [
      ['SUBGRAPH_ERROR', 'people.1.job'],
      ['SUBGRAPH_ERROR', 'people.0'],
    ],
  },
  {
    claim: 'an error of an entity that stands in several places, told at each',
    query: '{ people { job } }',
    people: [people(['1', 'A'], ['2', 'B'], ['1', 'A'])],
    work: ['{"data":{"_entities":[{"job":null},{"job":"k"}]},"errors":[{"message":"m","path":["_entities",0,"job"]}]}'],
    data: { people: [{ job: null }, { job: 'k' }, { job: null }] },
    errors: [
      ['SUBGRAPH_ERROR', 'people.0.job'],
      ['SUBGRAPH_ERROR', 'people.2.job'],
    ],
  },
  {
    claim: 'paths that say more than where',
    query: '{ person { name } }',
    people: [
      '{"data":{"person":{"name":null}},"errors":[{"message":"m","path":["person","012345678901"]},{"message":"m","path":["person",12345678901]},{"message":"m","path":["person",-1.5,"name"]},{"message":"m","path":["person","name"]}]}',
    ],
    data: { person: { name: null } },
    errors: [
      ['SUBGRAPH_ERROR', 'person'],
      ['SUBGRAPH_ERROR', 'person'],
      ['SUBGRAPH_ERROR', 'person'],
      ['SUBGRAPH_ERROR', 'person.name'],
    ],
  },
  {
    claim: 'paths to entities that were not asked for',
    query: '{ person { name job } }',
    people: [person('1', 'A')],
    work: [
      '{"data":{"_entities":[{"job":"j"}]},"errors":[{"message":"m","path":["_entities",5,"job"]},{"message":"m","path":["_entities"]}]}',
    ],
    data: { person: { name: 'A', job: 'j' } },
    errors: [
      ['SUBGRAPH_ERROR', 'person'],
      ['SUBGRAPH_ERROR', 'person'],
    ],
  },
  {
    claim: 'an error code that means something to the client',
    query: '{ person { name } }',
    people: [
      '{"data":{"person":null},"errors":[{"message":"secret","path":["person"],"extensions":{"code":"BAD_USER_INPUT","stack":"secret"}}]}',
    ],
    data: { person: null },
    errors: [['BAD_USER_INPUT', 'person']],
  },
  // What follows from what failed
  {
    claim: 'inputs that were not to be had: nothing is computed from them',
    query: '{ person { name pension } }',
    people: ['{"person":{"__typename":"Person","id":"1","name":"A"}}'],
    work: [],
    data: { person: { name: 'A', pension: null } },
    errors: [],
  },
  {
    claim: 'an input that is null: it is one',
    query: '{ person { pension } }',
    people: ['{"person":{"__typename":"Person","id":"1","age":null}}'],
    work: ['{"_entities":[{"pension":4}]}'],
    data: { person: { pension: 4 } },
    errors: [],
  },
];

describe('a subgraph that sends', () => {
  test.each(CASES)('$claim', async ({ query, people = [], work = [], data, errors, distrusted = [] }) => {
    const left = { people: [...people], work: [...work] };
    const executable = prepare(graph, query);
    const result = await run(
      executable,
      async ({ subgraph }) => {
        const text = left[subgraph as 'people' | 'work'].shift();
        if (text === undefined) throw new Error(`${subgraph} was asked more often than expected.`);
        if (text === UNAVAILABLE) return { kind: 'unavailable', why: 'refused', fault: 'connection' };
        const reply = JSON.parse(text) as Record<string, unknown>;
        const whole = Object.hasOwn(reply, 'data') || Object.hasOwn(reply, 'errors') ? reply : { data: reply };
        return {
          kind: 'answered',
          data: whole['data'] as Record<string, unknown>,
          errors: (whole['errors'] ?? []) as { message: string }[],
        };
      },
      { passMessages: false },
    );
    expect(result.data).toEqual(data);
    expect(result.errors.map(({ extensions, path = [] }) => [extensions.code, path.join('.')])).toEqual(errors);
    expect(result.distrusted).toEqual(distrusted);
    expect(left).toEqual({ people: [], work: [] });
    expect(JSON.stringify(result.errors)).not.toContain('secret');
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  });
});

function people(...entries: readonly (readonly [id: string, name: string])[]): string {
  return JSON.stringify({ people: entries.map(([id, name]) => ({ __typename: 'Person', id, name })) });
}

function person(id: string, name: string): string {
  return JSON.stringify({ person: { __typename: 'Person', id, name } });
}
