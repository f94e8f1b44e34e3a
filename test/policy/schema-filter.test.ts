import fc from 'fast-check';
import {
  buildClientSchema,
  buildSchema,
  introspectionFromSchema,
  isInterfaceType,
  isObjectType,
  printSchema,
  validateSchema,
} from 'graphql';
import { describe, expect, it } from 'vitest';
import { literalsOf } from '../../gateway/policy/own-schema.ts';
import { filterSchema, type Visible } from '../../gateway/policy/schema-filter.ts';

const SCHEMA = buildSchema(`
  directive @here(on: Where) on FIELD
  enum Where { A B }
  interface Node { id: ID! }
  interface Named implements Node { id: ID! name: String }
  union Found = Book | Shelf
  type Query { node(id: ID!): Node named: Named found(text: String!, like: Filter): [Found] book: Book lonely: Lonely }
  type Mutation { put(book: ID!): Shelf }
  type Book implements Node & Named { id: ID! name: String pages(from: Int = 1, secret: String): Int shelf: Shelf price: Price }
  type Shelf implements Node { id: ID! books: [Book!]! where: Where }
  type Price { amount: Int inner: Price }
  type Lonely { self: Lonely }
  input Filter { text: String deep: Filter where: Where }
`);

const COORDINATES = Object.values(SCHEMA.getTypeMap()).flatMap((type) =>
  isObjectType(type) && !type.name.startsWith('__') ? Object.keys(type.getFields()).map((field) => `${type.name}.${field}`) : [],
);

function visible(shown: ReadonlySet<string>, change: Partial<Visible> = {}): Visible {
  return { field: (type, field) => shown.has(`${type}.${field}`), argument: () => true, query: 'Query', ...change };
}

describe('a schema without what may not be shown', () => {
  it('is a schema again whatever is taken out, shows nothing more, and has no empty type', () => {
    fc.assert(
      fc.property(fc.subarray(COORDINATES), (shown) => {
        const schema = filterSchema(SCHEMA, visible(new Set(shown)));
        expect(validateSchema(schema)).toEqual([]);
        expect(validateSchema(buildClientSchema(introspectionFromSchema(schema)))).toEqual([]);
        for (const type of Object.values(schema.getTypeMap())) {
          if (type.name.startsWith('__') || (!isObjectType(type) && !isInterfaceType(type))) continue;
          const fields = Object.keys(type.getFields());
          expect(fields.length, type.name).toBeGreaterThan(0);
          if (!isObjectType(type)) continue;
          for (const field of fields) expect([...shown, 'Query._nothing']).toContain(`${type.name}.${field}`);
        }
      }),
    );
  });

  it('is the same when everything may be shown', () => {
    expect(printSchema(filterSchema(SCHEMA, visible(new Set(COORDINATES))))).toBe(printSchema(SCHEMA));
  });

  it('takes away an argument that may not be used, and with it the field that cannot be asked without', () => {
    const all = new Set(COORDINATES);
    const without = (hidden: string): string =>
      printSchema(filterSchema(SCHEMA, visible(all, { argument: (...path) => path.join(' ') !== hidden })));
    expect(without('Book pages secret')).toContain('pages(from: Int = 1): Int');
    expect(without('Query found text')).not.toContain('found(');
    expect(without('Query found like')).not.toContain('input Filter');
  });

  it('takes types along that nothing leads to any more', () => {
    const text = printSchema(filterSchema(SCHEMA, visible(new Set(['Query.book', 'Book.id', 'Lonely.self', 'Price.amount']))));
    expect(text).not.toMatch(/Lonely|Price|Shelf|Mutation/);
  });
});

describe('values that policies compare with', () => {
  it('are the texts and numbers in them, numbers with their neighbours', () => {
    expect(literalsOf(['when { context.arguments.age == 18 && context.purpose == "a.b" };'])).toEqual([true, false, 17, 18, 19, 'a.b']);
  });
});
