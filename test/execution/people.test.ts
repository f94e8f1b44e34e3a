import { readFileSync } from 'node:fs';
import { execute, parse, type GraphQLSchema } from 'graphql';
import { buildSubgraphSchema } from '@apollo/subgraph';
import { describe, expect, test } from 'vitest';
import { createPlanner } from '../../gateway/apollo.ts';
import { createRequestConsents } from '../../gateway/consent/request.ts';
import { PEOPLE_SUBGRAPH, withPeopleRoots } from '../../gateway/execution/people-roots.ts';
import type { Planner } from '../../gateway/execution/planner.ts';
import type { FetchPart } from '../../gateway/execution/plan-run.ts';
import { LIMITS } from '../../gateway/limits.ts';
import type { Decision } from '../../gateway/policy/decision.ts';
import { loadGraph } from '../../gateway/graph.ts';
import type { Caller, GatewayRequest } from '../../gateway/request.ts';
import { admit, createDocumentCache } from '../../gateway/stages/admit.ts';
import { compile, type Prepared } from '../../gateway/stages/compile.ts';
import { decide, withConditionsDecided } from '../../gateway/stages/decide.ts';
import { plan } from '../../gateway/stages/plan.ts';
import { prune } from '../../gateway/stages/prune.ts';
import { compose } from '../policy/small-graph.ts';

const BASIC = (group: string) => `@personal(class: BASIC, group: "${group}")`;
const PEOPLE = `
  scalar Date
  type Query {
    person(id: ID!): Person @lookup
    people(ids: [ID!]!): [Person] @lookup
    matches(id: ID!, name: String!): Match @personal(class: BASIC, group: "check") @subject(of: ["$id"])
  }
  type Match { name: Boolean }
  type Person @key(fields: "id") @subject(key: "id") {
    id: ID! ${BASIC('identity')}
    name: String ${BASIC('identity')}
    born: Date ${BASIC('birth')}
    phone: String ${BASIC('contact')}
    home: Address ${BASIC('home')}
    mother: Person ${BASIC('family')}
    household: Household ${BASIC('household')}
    livesIn(province: String!): Boolean ${BASIC('home')}
  }
  type Address { province: String @retained(by: ["province"]) street: String }
  type Household { head: Person ${BASIC('head')} size: Int }
`;
const RECORDS = `
  type Query { offices: [String!] }
  type Person @key(fields: "id") @subject(key: "id") {
    id: ID!
    marriages: [Marriage] ${BASIC('marriage')} @subject(of: ["one", "other"])
  }
  type Marriage { on: String one: Person ${BASIC('marriage')} other: Person ${BASIC('marriage')} }
`;

const PERSONS: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  '1': { name: 'An Binh', born: '1990-05-06', phone: '0901', mother: '3', head: '3' },
  '2': { name: 'Chi', born: '1991-02-03', phone: '0902', mother: '3', head: '2' },
  '3': { name: 'Dung', born: '1960-01-01', phone: '0903', mother: null, head: '3' },
};
const MARRIAGES = [
  { one: '1', other: '2', on: '2010' },
  { one: '1', other: '3', on: '2020' },
];

const ref = (id: unknown) => (typeof id === 'string' ? { __typename: 'Person', id } : null);
const resolved = {
  people: {
    Query: {
      person: (_: unknown, { id }: { id: string }) => ref(id),
      people: (_: unknown, { ids }: { ids: string[] }) => ids.map(ref),
      matches: (_: unknown, { id, name }: { id: string; name: string }) => ({ name: PERSONS[id]?.['name'] === name }),
    },
    Person: {
      __resolveReference: ({ id }: { id: string }) => ({ id }),
      ...Object.fromEntries(['name', 'born', 'phone'].map((field) => [field, ({ id }: { id: string }) => PERSONS[id]?.[field] ?? null])),
      home: ({ id }: { id: string }) => (PERSONS[id] ? { province: `P${id}`, street: `S${id}` } : null),
      mother: ({ id }: { id: string }) => ref(PERSONS[id]?.['mother']),
      household: ({ id }: { id: string }) => (PERSONS[id] ? { head: ref(PERSONS[id]?.['head']), size: 2 } : null),
      livesIn: ({ id }: { id: string }, { province }: { province: string }) => province === `P${id}`,
    },
  },
  records: {
    Person: {
      __resolveReference: ({ id }: { id: string }) => ({ id }),
      marriages: ({ id }: { id: string }) => MARRIAGES.filter(({ one, other }) => one === id || other === id),
    },
    Marriage: { one: ({ one }: { one: string }) => ref(one), other: ({ other }: { other: string }) => ref(other) },
  },
};

const SUPERGRAPH = compose({ people: PEOPLE, records: RECORDS });
const RULES = readFileSync(new URL('../../schema/directives.graphql', import.meta.url), 'utf8');
const SCHEMAS: Readonly<Record<string, GraphQLSchema>> = {
  people: buildSubgraphSchema([{ typeDefs: parse(`${RULES}${PEOPLE}`), resolvers: resolved.people }]),
  records: buildSubgraphSchema([{ typeDefs: parse(`${RULES}${RECORDS}`), resolvers: resolved.records }]),
};
const GRAPH = loadGraph(SUPERGRAPH, { ourScalars: false });
const planDocument = createPlanner(withPeopleRoots(SUPERGRAPH, GRAPH.classification.subjects));
const PLANNER: Planner = {
  plan: async ({ document }) => ({ kind: 'planned', plan: planDocument(document) }),
  [Symbol.asyncDispose]: async () => undefined,
};

/** Coordinate to what gives it: `law`, `consent`, `law:year`, or `law:province consent`. */
type Rules = Readonly<Record<string, string>>;
type Given = Readonly<Record<string, readonly string[]>>;

function decideBy(rules: Rules): (context: unknown, coordinate: string) => Decision {
  return (_, coordinate) => {
    const words = (rules[coordinate] ?? '').split(' ').filter((word) => word !== '');
    const expiresAtMs = Number.POSITIVE_INFINITY;
    if (words.length === 0) return { kind: 'refused', code: 'FIELD_NOT_PERMITTED', policies: [], expiresAtMs };
    const rung = (word: string | undefined, basis: string) =>
      word === undefined ? undefined : { policyId: word, basis, reference: 'r', transform: word.split(':')[1] };
    const law = rung(
      words.find((word) => word.startsWith('law')),
      'ART_19_1_C',
    );
    return {
      kind: 'permitted',
      law,
      consent: rung(
        words.find((word) => word.startsWith('consent')),
        'CONSENT',
      ),
      expiresAtMs,
    };
  };
}

async function ask(
  query: string,
  rules: Rules,
  given: Given,
  { down = false, like }: { readonly down?: boolean; readonly like?: Prepared } = {},
) {
  const caller = { agency: 'clinic', purpose: 'care', action: 'read', onRefusal: 'prune' } as Caller;
  const admitted = admit({ body: { query } } as unknown as GatewayRequest, caller, {
    graph: GRAPH,
    limits: LIMITS,
    documents: createDocumentCache(LIMITS),
  });
  if (admitted.kind === 'refusal') throw new Error(JSON.stringify(admitted.errors));
  const { classification, apiSchema } = GRAPH;
  const policies = {
    version: 'v',
    key: 'v',
    decide: decideBy({ 'Query.person': 'law', 'Query.people': 'law', ...rules }),
    argumentsRead: new Set<string>(),
  };
  const consentKey = (coordinate: string) => classification.personal.get(coordinate)?.group;
  const decided = decide(withConditionsDecided(admitted), { classification, policies, consentKey, everybodyGave: like !== undefined });
  const planned = await plan(prune(decided, { apiSchema, classification }), [], { planner: PLANNER, limits: LIMITS, graph: GRAPH });
  if (planned.kind === 'refusal') throw new Error('refused');
  const parts = { graph: GRAPH, grantIssuer: undefined, limits: LIMITS, pseudonymKey: Buffer.from('key') };
  const prepared = compile(planned, parts, undefined, like);
  let statements = 0;
  const consents = createRequestConsents(
    {
      keyOf: consentKey,
      find: async ({ idNumbers }) => {
        statements += 1;
        if (down) throw new Error('down');
        return new Map(idNumbers.flatMap((id) => (given[id] ? [[id, new Map(given[id].map((key) => [key, `${id}.${key}`]))]] : [])));
      },
    },
    caller,
    () => undefined,
    async (probes) => probes.map(({ idNumbers, max }) => new Set(max > 1 ? idNumbers : [])),
  );
  const asked = new Set<string>();
  const call = async (fetch: FetchPart, variables: Readonly<Record<string, unknown>>) => {
    if (fetch.subgraph === PEOPLE_SUBGRAPH) throw new Error('The people themselves are never asked for.');
    const ids = ((variables['representations'] ?? []) as { id: string }[]).map(({ id }) => id);
    asked.add(
      `${fetch.subgraph} ${ids.toSorted().join(',')} ${fetch.operation.replace(/^.*?\{/, '{').replace('_entities(representations:$representations)', '')}`,
    );
    const schema = SCHEMAS[fetch.subgraph];
    if (!schema) throw new Error('unknown');
    const result = await execute({ schema, document: parse(fetch.operation), variableValues: variables });
    return { kind: 'answered' as const, ...(JSON.parse(JSON.stringify(result)) as { data: Record<string, unknown> | null }), errors: [] };
  };
  const seen = new Map<string, string[]>();
  const result = await prepared.execution?.run({
    variables: {},
    call,
    seen: (id, site) => void seen.set(id, [...(seen.get(id) ?? []), ...site.released, ...[...site.withheld].map((one) => `-${one}`)]),
    distrusted: (_, why) => {
      throw new Error(why);
    },
    passMessages: false,
    agency: 'clinic',
    consents,
  });
  const errors = (result?.errors ?? []).map(({ path, extensions }) => `${(path ?? []).join('.')} ${extensions.code}`);
  return { data: JSON.parse(JSON.stringify(result?.data ?? null)) as unknown, errors, asked: [...asked], statements, seen, prepared };
}

describe('consent inside execution', () => {
  test('gives the field of those who consent, and asks nobody else for it', async () => {
    const answer = await ask(
      '{ people(ids: ["1", "2", "9"]) { name phone } }',
      { 'Person.name': 'law', 'Person.phone': 'consent' },
      { '2': ['contact'] },
    );
    expect(answer.data).toEqual({
      people: [
        { name: 'An Binh', phone: null },
        { name: 'Chi', phone: '0902' },
        { name: null, phone: null },
      ],
    });
    expect(answer.errors).toEqual(['people.0.phone CONSENT_REQUIRED', 'people.2.phone CONSENT_REQUIRED']);
    expect(answer.asked.filter((text) => text.includes('phone'))).toEqual(['people 2 {{...on Person{phone}}}']);
    expect(answer.statements).toBe(1);
    expect(answer.seen.get('2')).toContain('Person.phone');
    expect(answer.seen.get('1')).toContain('-Person.phone');
  });

  test('nothing needs the consent of those who are not there', async () => {
    const answer = await ask('{ person(id: "1") { phone } }', { 'Person.phone': 'consent' }, {});
    expect(answer.data).toEqual({ person: { phone: null } });
    expect(answer.asked.some((text) => text.includes('phone'))).toBe(false);
  });

  test('an alias is the same field', async () => {
    const answer = await ask('{ person(id: "1") { name: phone phone: name } }', { 'Person.name': 'law', 'Person.phone': 'consent' }, {});
    expect(answer.data).toEqual({ person: { name: null, phone: 'An Binh' } });
  });

  test('a relative has consent of their own, found by law or by consent', async () => {
    const rules = { 'Person.mother': 'law', 'Person.phone': 'consent', 'Person.name': 'law' };
    const answer = await ask('{ person(id: "1") { phone mother { name phone } } }', rules, { '1': ['contact'] });
    expect(answer.data).toEqual({ person: { phone: '0901', mother: { name: 'Dung', phone: null } } });
    expect(answer.errors).toEqual(['person.mother.phone CONSENT_REQUIRED']);
    const other = await ask('{ person(id: "1") { phone mother { name phone } } }', rules, { '3': ['contact'] });
    expect(other.data).toEqual({ person: { phone: null, mother: { name: 'Dung', phone: '0903' } } });
  });

  test('an edge between two people belongs to both, and nothing behind it is asked before both agree', async () => {
    const rules = { 'Person.mother': 'consent', 'Person.name': 'law', 'Person.phone': 'consent' };
    const query = '{ person(id: "1") { mother { name phone } } }';
    const alone = await ask(query, rules, { '1': ['family'] });
    expect(alone.data).toEqual({ person: { mother: null } });
    expect(alone.errors).toEqual(['person.mother CONSENT_REQUIRED']);
    expect(alone.asked.some((text) => /\b(name|phone)\b/.test(text))).toBe(false);
    const both = await ask(query, rules, { '1': ['family'], '3': ['family', 'contact'] });
    expect(both.data).toEqual({ person: { mother: { name: 'Dung', phone: '0903' } } });
    const other = await ask(query, rules, { '3': ['family', 'contact'] });
    expect(other.data).toEqual({ person: { mother: null } });
    expect(other.asked.some((text) => text.includes('mother'))).toBe(false);
  });

  test('a record with several subjects is shown when all of them consent, item by item', async () => {
    const rules = { 'Person.marriages': 'consent', 'Marriage.other': 'law', 'Person.name': 'law' };
    const query = '{ person(id: "1") { marriages { on other { name } } } }';
    const answer = await ask(query, rules, { '1': ['marriage'], '2': ['marriage'] });
    expect(answer.data).toEqual({ person: { marriages: [{ on: '2010', other: { name: 'Chi' } }, null] } });
    expect(answer.errors).toEqual(['person.marriages.1 CONSENT_REQUIRED']);
    expect(answer.asked.filter((text) => /\bname\b/.test(text))).toEqual(['people 2 {{...on Person{name}}}']);
    expect(answer.seen.get('2')).toContain('Person.marriages');
  });

  test('the person behind a record of the law is told of it without being selected', async () => {
    const answer = await ask('{ person(id: "1") { marriages { on } } }', { 'Person.marriages': 'law' }, {});
    expect(answer.data).toEqual({ person: { marriages: [{ on: '2010' }, { on: '2020' }] } });
    expect(answer.seen.get('2')).toEqual(['Person.marriages']);
    expect(answer.statements).toBe(0);
  });

  test('who gave all that a document can use is asked for as if by law, in one call, whomever records of the law name', async () => {
    const query = '{ person(id: "1") { name phone marriages { on } } }';
    const rules = { 'Person.name': 'law', 'Person.phone': 'consent', 'Person.marriages': 'law' };
    const apart = await ask(query, rules, { '1': ['contact'] });
    expect(apart.prepared.consentsOfAsked).toEqual(['contact']);
    const asOne = await ask(query, rules, { '1': ['contact'] }, { like: apart.prepared });
    expect(asOne.prepared.execution?.dependsOnConsent).toBe(false);
    expect(asOne.asked.filter((text) => text.startsWith('people'))).toEqual(['people 1 {{...on Person{id}...on Person{name phone}}}']);
    const told = ({ seen }: typeof asOne) => [...seen].map(([id, coordinates]) => [id, coordinates.toSorted()]);
    expect([asOne.data, told(asOne)]).toEqual([apart.data, told(apart)]);
    expect(apart.asked.filter((text) => text.startsWith('people')).length).toBe(2);
    // What both send alike they send together.
    expect(asOne.prepared.calls.map((call) => apart.prepared.calls.includes(call))).toEqual([true, false]);
  });

  test('what needs the consent of anybody else is never asked for as if by law', async () => {
    const prepared = async (query: string, rules: Rules) => (await ask(query, rules, {})).prepared.consentsOfAsked;
    const phone = { 'Person.phone': 'consent' };
    expect(await prepared('{ person(id: "1") { phone marriages { on } } }', { ...phone, 'Person.marriages': 'consent' })).toBeUndefined();
    expect(await prepared('{ person(id: "1") { phone mother { phone } } }', { ...phone, 'Person.mother': 'law' })).toBeUndefined();
    expect(await prepared('{ person(id: "1") { phone mother { name } } }', { ...phone, 'Person.mother': 'consent' })).toBeUndefined();
    expect(await prepared('{ person(id: "1") { marriages { on } } }', { 'Person.marriages': 'law' })).toBeUndefined();
  });

  test('consent lets through what law leaves out of a value', async () => {
    const rules = { 'Person.home': 'law:province consent', 'Person.born': 'law:year consent' };
    const query = '{ people(ids: ["1", "2"]) { born home { province street } } }';
    const answer = await ask(query, rules, { '2': ['home', 'birth'] });
    expect(answer.data).toEqual({
      people: [
        { born: '1990-01-01', home: { province: 'P1', street: null } },
        { born: '1991-02-03', home: { province: 'P2', street: 'S2' } },
      ],
    });
    expect(answer.errors).toEqual(['people.0.home.street CONSENT_REQUIRED']);
  });

  test('a field inside a value of the person needs its own consent', async () => {
    const rules = { 'Person.household': 'law', 'Household.head': 'consent', 'Person.name': 'law' };
    const query = '{ person(id: "1") { household { size head { name } } } }';
    const none = await ask(query, rules, {});
    expect(none.data).toEqual({ person: { household: { size: 2, head: null } } });
    const both = await ask(query, rules, { '1': ['head'], '3': ['head'] });
    expect(both.data).toEqual({ person: { household: { size: 2, head: { name: 'Dung' } } } });
  });

  test('a root field asks those whom its arguments name', async () => {
    const query = '{ matches(id: "1", name: "An Binh") { name } }';
    const missing = await ask(query, { 'Query.matches': 'consent' }, {});
    expect([missing.data, missing.errors, missing.asked]).toEqual([{ matches: null }, ['matches CONSENT_REQUIRED'], []]);
    const given = await ask(query, { 'Query.matches': 'consent' }, { '1': ['check'] });
    expect(given.data).toEqual({ matches: { name: true } });
  });

  test('a store that is down withholds what needs consent and nothing else', async () => {
    const answer = await ask(
      '{ person(id: "1") { name phone } }',
      { 'Person.name': 'law', 'Person.phone': 'consent' },
      { '1': ['contact'] },
      { down: true },
    );
    expect(answer.data).toEqual({ person: { name: 'An Binh', phone: null } });
    expect(answer.errors).toEqual(['person.phone CONSENT_UNAVAILABLE']);
  });
});
