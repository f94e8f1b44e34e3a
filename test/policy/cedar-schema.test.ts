import { schemaToJson } from '@cedar-policy/cedar-wasm/nodejs';
import { parse } from 'graphql';
import { describe, expect, it } from 'vitest';
import { cedarSchemaOf } from '../../gateway/policy/cedar-schema.ts';
import { decidedFields } from '../../gateway/policy/decided-fields.ts';
import { compose, SMALL_SUPERGRAPH } from './small-graph.ts';

describe('the Cedar schema of a graph', () => {
  it('parses, and has the arguments that policies can compare: no lists, floats or objects, none of two types, none of mere look-ups', () => {
    const text = cedarSchemaOf(SMALL_SUPERGRAPH);
    expect(schemaToJson(text).type).toBe('success');
    const listed = [...text.matchAll(/^ {4}"(\w+)"\?: (\w+),$/gm)].map(([, name, type]) => `${name}: ${type}`);
    expect(listed).toEqual(['age: Long', 'date: String', 'name: String', 'relation: String', 'strict: Bool']);
  });
});

describe('the fields that policies decide', () => {
  const fields = decidedFields(parse(SMALL_SUPERGRAPH));

  it('are personal fields and root fields, never fields of value types or keys without a class', () => {
    expect([...fields.keys()].filter((coordinate) => coordinate.startsWith('Query.')).sort()).toEqual([
      'Query.clinics',
      'Query.matches',
      'Query.person',
    ]);
    expect(fields.has('Address.street')).toBe(false);
    expect(fields.has('Person.note')).toBe(false);
    expect(fields.get('Query.person')).toMatchObject({ class: 'PUBLIC', group: undefined, subgraphs: ['people'] });
    expect(fields.get('Query.matches')).toMatchObject({ class: 'BASIC', group: 'people.verification', subgraphs: ['people'] });
    expect(fields.get('Person.visits')).toMatchObject({ class: 'SENSITIVE', subgraphs: ['health'], output: { kind: 'object' } });
  });

  it('belong to the register that resolves them: not to one that only refers to them, nor to one they were taken from', () => {
    const supergraph = compose({
      a: `type Query { t: T } type T @key(fields: "id") { id: ID! moved: String needed: String @personal(class: BASIC, group: "g.a") }`,
      b: `type T @key(fields: "id") { id: ID!
        moved: String @override(from: "a") @personal(class: BASIC, group: "g.b") needed: String @external
        derived: String @requires(fields: "needed") @personal(class: BASIC, group: "g.b") }`,
    });
    const found = decidedFields(parse(supergraph));
    expect(found.get('T.moved')?.subgraphs).toEqual(['b']);
    expect(found.get('T.needed')?.subgraphs).toEqual(['a']);
    expect(found.get('T.derived')?.subgraphs).toEqual(['b']);
  });

  it('belong to the register of the interface object that gives them', () => {
    const supergraph = compose({
      a: `type Query { m: M } interface M @key(fields: "id") { id: ID! } type Book implements M @key(fields: "id") { id: ID! }`,
      b: `type M @key(fields: "id") @interfaceObject { id: ID! loans: Int @personal(class: BASIC, group: "g.loans") }`,
    });
    expect(decidedFields(parse(supergraph)).get('Book.loans')?.subgraphs).toEqual(['b']);
  });
});
