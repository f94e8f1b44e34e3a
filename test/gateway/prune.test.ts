import { getOperationAST, parse, print, type GraphQLSchema } from 'graphql';
import { describe, expect, test } from 'vitest';
import type { Decision } from '../../gateway/policy/decision.ts';
import { decide, withConditionsDecided } from '../../gateway/stages/decide.ts';
import { prune, type Pruned } from '../../gateway/stages/prune.ts';
import type { Admitted } from '../../gateway/stages/admit.ts';
import { classify } from '../../platform/classification.ts';
import { buildASTSchema } from 'graphql';

const SDL = parse(`
  directive @personal(class: String!, group: String!, sources: [String!]) on FIELD_DEFINITION
  directive @subject(key: String, of: [String!]) on OBJECT | FIELD_DEFINITION
  directive @reads(coordinate: String!) on ARGUMENT_DEFINITION
  directive @lookup on FIELD_DEFINITION
  directive @retained(by: [String!]!) on FIELD_DEFINITION
  directive @key(fields: String!) on OBJECT
  type Query {
    person(id: ID!): Person @lookup
    people(ids: [ID!]!, phone: String @reads(coordinate: "Person.phone")): [Person]! @lookup
    entries: [Entry!]
    either: Either
  }
  type Mutation { rename(id: ID!, name: String): Person  erase(id: ID!): Boolean }
  type Person @key(fields: "id") @subject(key: "id") {
    id: ID! @personal(class: "BASIC", group: "g.identity")
    name: String @personal(class: "BASIC", group: "g.identity")
    phone: String @personal(class: "BASIC", group: "g.contact")
    address: Address @personal(class: "BASIC", group: "g.address")
    mother: Person @personal(class: "BASIC", group: "g.family")
    entries: [Entry!] @personal(class: "BASIC", group: "g.entries")
    unclassified: String
  }
  type Address { province: String @retained(by: ["province"]) street: String }
  interface Entry { number: String owner: Person }
  type Birth implements Entry @key(fields: "number") { number: String @personal(class: "BASIC", group: "g.birth") weight: Int @personal(class: "BASIC", group: "g.birth") owner: Person @personal(class: "BASIC", group: "g.birth") }
  type Death implements Entry @key(fields: "number") { number: String @personal(class: "BASIC", group: "g.death") cause: String @personal(class: "SENSITIVE", group: "g.death") owner: Person @personal(class: "BASIC", group: "g.death") }
  union Either = Birth | Death
`);
const schema: GraphQLSchema = buildASTSchema(SDL, { assumeValidSDL: true });
const classification = classify(SDL);

/**
 * Rules as data: coordinate to `law`, `consent` or a transform by law; `probes` is law for some questions, `probed` the same with a transform and
 * the whole by consent. What is not named is refused.
 */
type Rules = Readonly<Record<string, string>>;

function pruned(query: string, rules: Rules, variables: Record<string, unknown> = {}): Pruned {
  const document = parse(query);
  const operation = getOperationAST(document);
  if (!operation) throw new Error('one operation');
  const decideByRules = (_: unknown, coordinate: string): Decision => {
    const rule = rules[coordinate];
    const expiresAtMs = Number.POSITIVE_INFINITY;
    if (rule === undefined) return { kind: 'refused', code: 'FIELD_NOT_PERMITTED', policies: [], expiresAtMs };
    const rung = {
      policyId: 'p',
      basis: rule === 'consent' ? 'CONSENT' : 'ART_19_1_C',
      reference: 'r',
      transform: ['law', 'consent', 'probes'].includes(rule) ? undefined : rule,
    };
    if (rule === 'probes') return { kind: 'permitted', law: { ...rung, probesMax: 3 }, consent: undefined, expiresAtMs };
    if (rule === 'probed') {
      const whole = { ...rung, basis: 'CONSENT', transform: undefined };
      return { kind: 'permitted', law: { ...rung, transform: 'last4', probesMax: 3 }, consent: whole, expiresAtMs };
    }
    return { kind: 'permitted', law: rule === 'consent' ? undefined : rung, consent: rule === 'consent' ? rung : undefined, expiresAtMs };
  };
  const admitted = { document, operation, variables, caller: {}, hash: '', text: query } as unknown as Admitted;
  const decided = decide(withConditionsDecided(admitted), {
    classification,
    policies: { version: 'v', key: 'v', decide: decideByRules, argumentsRead: new Set() },
    consentKey: (coordinate) => classification.personal.get(coordinate)?.group,
  });
  return prune(decided, { apiSchema: schema, classification });
}

const text = (result: Pruned): string => (result.document ? print(result.document).replaceAll(/\s+/g, ' ').trim() : '');
const errors = (result: Pruned): string[] => result.refusals.map(({ path, code }) => `${path.join('.')} ${code}`);
const ROOTS: Rules = {
  'Query.person': 'law',
  'Query.people': 'law',
  'Query.entries': 'law',
  'Query.either': 'law',
  'Mutation.rename': 'law',
};

describe('pruning', () => {
  test('takes refused fields out and gives one error for each path, whatever their alias', () => {
    const result = pruned('{ person(id: 1) { name: phone a: religion: name phone: name } }'.replace('religion: ', ''), {
      ...ROOTS,
      'Person.name': 'law',
    });
    expect(text(result)).toBe('{ r__person: person(id: 1) { __subject: id r__a: name r__phone: name } }');
    expect(errors(result)).toEqual(['person.name FIELD_NOT_PERMITTED']);
  });

  test('echoes the key that the caller sent and no other', () => {
    const rules = { ...ROOTS, 'Person.mother': 'law', 'Person.name': 'law' };
    const result = pruned('{ person(id: 1) { id mother { id name } } }', rules);
    expect(text(result)).toBe('{ r__person: person(id: 1) { __subject: id id mother { __subject: id name } } }');
    expect(errors(result)).toEqual(['person.mother.id FIELD_NOT_PERMITTED']);
  });

  test('refuses what carries no classification', () => {
    expect(errors(pruned('{ person(id: 1) { id unclassified } }', { ...ROOTS, 'Person.unclassified': 'law' }))).toEqual([
      'person.unclassified FIELD_NOT_PERMITTED',
    ]);
  });

  test('lets value types take the decision of the field that leads to them, thinned by its transform', () => {
    const query = '{ person(id: 1) { address { province street } } }';
    expect(text(pruned(query, { ...ROOTS, 'Person.address': 'law' }))).toBe(
      '{ r__person: person(id: 1) { __subject: id address { province street } } }',
    );
    const thinned = pruned(query, { ...ROOTS, 'Person.address': 'province' });
    expect(text(thinned)).toBe('{ r__person: person(id: 1) { __subject: id address { province } } }');
    expect(errors(thinned)).toEqual(['person.address.street FIELD_NOT_PERMITTED']);
  });

  test('opens nothing by a transform that it cannot carry out', () => {
    expect(errors(pruned('{ person(id: 1) { id name } }', { ...ROOTS, 'Person.name': 'province' }))).toEqual([
      'person.name FIELD_NOT_PERMITTED',
    ]);
    expect(errors(pruned('{ person(id: 1) { id mother { name } } }', { ...ROOTS, 'Person.mother': 'year', 'Person.name': 'law' }))).toEqual(
      ['person.mother FIELD_NOT_PERMITTED'],
    );
  });

  test('asks for what only consent gives apart from the rest, of the people who stand there', () => {
    const result = pruned('{ person(id: 1) { id phone } }', { ...ROOTS, 'Person.phone': 'consent' });
    expect(result.refusals).toEqual([]);
    expect(text(result)).not.toContain('phone');
    expect(result.consent?.places).toMatchObject([{ type: 'Person', knownAfter: 0, gated: [{ keys: ['g.contact'] }] }]);
  });

  test('says that consent is missing where none can be given: no person is named', () => {
    const result = pruned('{ entries { number } }', { ...ROOTS, 'Birth.number': 'consent', 'Death.number': 'law' });
    expect(result.refusals).toMatchObject([{ path: ['entries', 'number'], code: 'CONSENT_REQUIRED', group: 'g.birth' }]);
  });

  test('asks an interface field only of the implementors that give it (GHSA-mx7m-j9xf-62hw, GHSA-x33c-7c2v-mrj9)', () => {
    const rules = { ...ROOTS, 'Birth.number': 'law' };
    const result = pruned('{ entries { number } }', rules);
    expect(text(result)).toBe('{ entries { __typename ... on Birth { number } } }');
    expect(errors(result)).toEqual(['entries.number FIELD_NOT_PERMITTED']);
    expect(text(pruned('{ entries { ... on Death { number } ... on Entry { ... on Birth { number } } } }', rules))).not.toContain(
      'on Death',
    );
  });

  test('leaves an interface field as written where all implementors give it', () => {
    const result = pruned('{ entries { number } }', { ...ROOTS, 'Birth.number': 'law', 'Death.number': 'law' });
    expect(text(result)).toBe('{ entries { __typename number } }');
  });

  test('decides members of a union one by one (graphql-hive/router#1422)', () => {
    const result = pruned('{ either { ... on Birth { n: number } ... on Death { n: number cause } } }', {
      ...ROOTS,
      'Birth.number': 'law',
    });
    expect(text(result)).toBe('{ either { __typename ... on Birth { r__n: number } } }');
    expect(errors(result)).toEqual(['either.n FIELD_NOT_PERMITTED', 'either.cause FIELD_NOT_PERMITTED']);
  });

  test('refuses a field whose argument reads what may not be read', () => {
    const query = '{ people(ids: [1], phone: "1") { name } person(id: 1) { name } }';
    const result = pruned(query, { ...ROOTS, 'Person.name': 'law' });
    expect(errors(result)).toEqual(['people FIELD_NOT_PERMITTED']);
    expect(errors(pruned(query, { ...ROOTS, 'Person.name': 'law', 'Person.phone': 'law' }))).toEqual([]);
  });

  test('gives nothing uncounted of what may be asked so often only, neither by an argument nor beside consent', () => {
    const query = '{ people(ids: [1], phone: "1") { name } }';
    const counted = pruned(query, { ...ROOTS, 'Person.name': 'law', 'Person.phone': 'probes' });
    expect(errors(counted)).toEqual(['people FIELD_NOT_PERMITTED']);
    const beside = pruned('{ person(id: 1) { phone name } }', { ...ROOTS, 'Person.name': 'law', 'Person.phone': 'probed' });
    expect(text(beside)).not.toContain('phone');
    expect(beside.released.has('Person.phone')).toBe(false);
    expect(beside.consented.has('Person.phone')).toBe(true);
  });

  test('keeps the form of a released object of which nothing is left', () => {
    const result = pruned('{ a: person(id: 1) { phone } b: person(id: 2) { name } }', { ...ROOTS, 'Person.name': 'law' });
    expect(text(result)).toBe('{ r__a: person(id: 1) { __typename __subject: id } r__b: person(id: 2) { __subject: id name } }');
  });

  test('leaves nothing of a document of which nothing is released', () => {
    expect(pruned('{ person(id: 1) { phone address { street } } }', ROOTS).document).toBeUndefined();
    expect(pruned('{ person(id: 1) { name } }', { 'Person.name': 'law' }).document).toBeUndefined();
  });

  test('takes time in proportion to a document nested through interfaces, not exponential in its depth', () => {
    const rules = {
      ...ROOTS,
      'Birth.owner': 'law',
      'Death.owner': 'law',
      'Person.entries': 'law',
      'Birth.number': 'law',
      'Death.number': 'law',
    };
    const nested = (depth: number): string => (depth === 0 ? '{ number }' : `{ number owner { entries ${nested(depth - 1)} } }`);
    const result = pruned(`{ entries ${nested(25)} }`, rules);
    expect(result.refusals).toEqual([]);
    expect(result.released.has('Death.number')).toBe(true);
  });

  test('refuses the whole mutation for one refused root', () => {
    const rules = { ...ROOTS, 'Person.name': 'law' };
    expect(pruned('mutation { rename(id: 1) { name } erase(id: 1) }', rules).refusesAll).toBe(true);
    expect(pruned('mutation { rename(id: 1) { name } }', rules).refusesAll).toBe(false);
  });

  test('drops variables that only refused fields used', () => {
    const result = pruned('query ($a: ID!, $b: String) { person(id: $a) { name } people(ids: [], phone: $b) { name } }', {
      ...ROOTS,
      'Person.name': 'law',
    });
    expect(text(result)).toBe('query ($a: ID!) { r__person: person(id: $a) { __subject: id name } }');
  });

  test('tells a refusal only where @skip and @include keep the field', () => {
    const query =
      'query ($x: Boolean!) { person(id: 1) @include(if: $x) { id ... @skip(if: false) { phone @skip(if: $x) } name @include(if: $x) } }';
    const told = (x: boolean): string[] => pruned(query, ROOTS, { x }).refusals.map(({ coordinate }) => coordinate);
    expect(told(true)).toEqual(['Person.name']);
    expect(told(false)).toEqual([]);
  });
});
