import { parse } from 'graphql';
import { describe, expect, test } from 'vitest';
import type { Decision, Policies } from '../../gateway/policy/decision.ts';
import { classify } from '../../platform/classification.ts';
import { inProcess, prepare, run, type InProcess, type Ran } from './in-process.ts';

const TYPES = `
  type Query { person(id: ID!): Person @lookup people: [Person] entries: [Entry!] }
  type Person @key(fields: "id") @subject(key: "id") {
    id: ID! @personal(class: "BASIC", group: "g.identity")
    name: String @personal(class: "BASIC", group: "g.identity")
    phone: String @personal(class: "BASIC", group: "g.contact")
    mother: Person @personal(class: "BASIC", group: "g.family")
  }
  interface Entry { number: String }
  type Birth implements Entry @key(fields: "number") {
    number: String @personal(class: "BASIC", group: "g.birth") weight: Int @personal(class: "BASIC", group: "g.birth")
  }
  type Death implements Entry @key(fields: "number") {
    number: String @personal(class: "BASIC", group: "g.death") cause: String @personal(class: "SENSITIVE", group: "g.death")
  }`;

const LINK = 'extend schema @link(url: "https://specs.apollo.dev/federation/v2.7", import: ["@key"])';
const plain = TYPES.replaceAll(/ @(?:lookup|subject\([^)]*\)|personal\([^)]*\))/g, '');
const open = inProcess({ register: `${LINK} ${plain}` });
const graph: InProcess = { ...open, graph: { ...open.graph, classification: classify(parse(TYPES)) } };

/** What law gives; everything else is refused. */
function givingOnly(...coordinates: readonly string[]): Policies {
  const expiresAtMs = Number.POSITIVE_INFINITY;
  const law = { policyId: 'p', basis: 'ART_19_1_C', reference: 'r', transform: undefined };
  const decide = (_: unknown, coordinate: string): Decision =>
    coordinates.includes(coordinate)
      ? { kind: 'permitted', law, consent: undefined, expiresAtMs }
      : { kind: 'refused', code: 'FIELD_NOT_PERMITTED', policies: [], expiresAtMs };
  return { version: 'v', key: 'v', decide, argumentsRead: new Set() };
}

const ROOTS = ['Query.person', 'Query.people', 'Query.entries'] as const;

async function answered(query: string, given: readonly string[], data: Record<string, unknown>, variables = {}): Promise<Ran> {
  const executable = prepare(graph, query, variables, givingOnly(...ROOTS, ...given));
  return run(executable, async () => ({ kind: 'answered', data, errors: [] }), { passMessages: false });
}

describe('what is withheld', () => {
  test('is null without an error of its own, in the order and under the names of the client', async () => {
    const query = '{ person(id: "1") { phone n: name ... on Person { id } mother { phone } } }';
    const data = { r__person: { __subject: '1', id: '1', r__n: 'A', mother: { __subject: '2', __typename: 'Person' } } };
    const result = await answered(query, ['Person.name', 'Person.mother'], data);
    expect(JSON.stringify(result.data)).toBe('{"person":{"phone":null,"n":"A","id":"1","mother":{"phone":null}}}');
    expect(result.errors).toEqual([]);
    expect(result.seen.map(([id]) => id)).toEqual(['1', '2']);
  });

  test('is withheld although a subgraph sends it', async () => {
    const data = { r__person: { __subject: '1', name: 'A', phone: '090', r__phone: '090', mother: { __subject: '2', name: 'B' } } };
    const result = await answered('{ person(id: "1") { name phone mother { name } } }', ['Person.name'], data);
    expect(result.data).toEqual({ person: { name: 'A', phone: null, mother: null } });
    expect(result.seen.map(([id]) => id)).toEqual(['1']);
  });

  test('takes its object along where its place takes no null, and spares the siblings', async () => {
    const data = { r__person: { __subject: '1', name: 'A', mother: { __subject: '2', name: 'B' } } };
    const result = await answered('{ person(id: "1") { name mother { id name } } }', ['Person.name', 'Person.mother'], data);
    expect(result.data).toEqual({ person: { name: 'A', mother: null } });
    expect(result.errors).toEqual([]);
    expect(result.seen.map(([id]) => id)).toEqual(['1']);
  });

  test('differs between the implementors of an interface, whatever a subgraph sends', async () => {
    const data = {
      entries: [
        { __typename: 'Birth', number: 'b' },
        { __typename: 'Death', number: 'd', cause: 'c' },
      ],
    };
    const query = '{ entries { number ... on Birth { weight } ... on Death { cause } } }';
    const result = await answered(query, ['Birth.number', 'Birth.weight'], data);
    expect(result.data).toEqual({
      entries: [
        { number: 'b', weight: null },
        { number: null, cause: null },
      ],
    });
    expect(result.errors).toEqual([]);
  });

  test('stands beside what is released of the same field, as @skip and @include say', async () => {
    const query = 'query ($x: Boolean!) { person(id: "1") { mother @include(if: $x) { name } } person(id: "1") { mother { phone } name } }';
    const data = { r__person: { __subject: '1', name: 'A', mother: { __subject: '2', name: 'B' } } };
    const given = ['Person.name', 'Person.mother'];
    expect((await answered(query, given, data, { x: true })).data).toEqual({ person: { mother: { name: 'B', phone: null }, name: 'A' } });
    expect((await answered(query, given, data, { x: false })).data).toEqual({ person: { mother: { phone: null }, name: 'A' } });
  });
});
