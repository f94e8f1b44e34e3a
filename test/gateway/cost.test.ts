import { composeServices } from '@apollo/composition';
import * as fc from 'fast-check';
import { getOperationAST, getVariableValues, parse, validate, type GraphQLSchema } from 'graphql';
import { describe, expect, test } from 'vitest';
import { LIMITS, type Limits } from '../../gateway/limits.ts';
import { decideConditions } from '../../gateway/execution/conditions.ts';
import { loadGraph } from '../../gateway/graph.ts';
import { createEstimateCost } from '../../gateway/stages/admit-cost.ts';
import { readCosts } from '../../gateway/stages/admit-cost-facts.ts';
import { drawDocument } from '../execution/random-documents.ts';
import { expandedCost } from './cost-expanded.ts';

const FEDERATION = '@link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key", "@shareable", "@cost", "@listSize"])';

function compose(...subgraphs: readonly string[]): string {
  const services = subgraphs.map((sdl, index) => ({ name: `s${index}`, url: 'http://127.0.0.1:1', typeDefs: parse(sdl) }));
  const { supergraphSdl, errors } = composeServices(services);
  if (supergraphSdl === undefined) throw new Error(errors?.map(String).join('\n'));
  return supergraphSdl;
}

type Values = Readonly<Record<string, unknown>>;

/** Costs of documents as admit asks for them: numbers, or the code of a refusal. */
function costsOf(supergraphSdl: string, limits: Partial<Limits> = {}) {
  const { supergraphSdl: rest, facts } = readCosts(supergraphSdl);
  if (!facts) throw new Error('This supergraph has no costs.');
  const graph = loadGraph(rest, { ourScalars: false });
  const estimate = createEstimateCost(facts, graph.apiSchema, { ...LIMITS, ...limits });
  const cost = (text: string, values: Values = {}): unknown => {
    const asked = ask(graph.apiSchema, text, values);
    const answer = estimate(JSON.stringify([text, values]), asked.document, asked.operation, asked.variables);
    return typeof answer === 'number' ? answer : answer.code;
  };
  return { apiSchema: graph.apiSchema, estimate, cost };
}

/** A valid document with conditions decided and variables coerced, as the estimate gets it. */
function ask(schema: GraphQLSchema, text: string, values: Values) {
  const valid = parse(text);
  expect(validate(schema, valid)).toEqual([]);
  const { coerced } = getVariableValues(schema, getOperationAST(valid)?.variableDefinitions ?? [], values);
  if (!coerced) throw new Error('The variables do not fit.');
  const document = decideConditions(valid, coerced);
  const operation = getOperationAST(document);
  if (!operation) throw new Error('There is one operation.');
  return { document, operation, variables: coerced };
}

const BOOKS = `
  extend schema ${FEDERATION}
  type Query {
    book(id: ID): Book
    bestsellers: [Book] @listSize(assumedSize: 5)
    newestAdditions(after: ID, limit: Int!): [Book] @listSize(slicingArguments: ["limit"])
  }
  type Mutation { lend(id: ID!): Book }
  type Book { title: String author: Author publisher: Publisher }
  type Author { name: String }
  type Publisher { name: String address: Address }
  type Address @cost(weight: 5) { zipCode: Int! }
`;
const BOOK = '{ title author { name } publisher { name address { zipCode } } }';

describe('the examples of the documentation of Apollo Router', () => {
  const { cost } = costsOf(compose(BOOKS));
  test.each([
    ['objects with one weight of their own', `{ book(id: 1) ${BOOK} }`, {}, 8],
    ['a list of assumed size', `{ bestsellers ${BOOK} }`, {}, 40],
    ['a list sliced by an argument', `{ newestAdditions(limit: 3) ${BOOK} }`, {}, 24],
    ['a list sliced by a variable', `query ($n: Int!) { newestAdditions(limit: $n) ${BOOK} }`, { n: 7 }, 56],
    ['a mutation', 'mutation { lend(id: 1) { title } }', {}, 11],
    ['introspection', '{ __typename __schema { types { fields { name } } } }', {}, 0],
  ])('cost the same here: %s', (_, document, variables, expected) => {
    expect(cost(document, variables)).toBe(expected);
  });

  test('cost the same here: without weights, where only another type has one', () => {
    const plain = costsOf(
      compose(BOOKS.replace('type Address @cost(weight: 5)', 'type Address').replace('type Author', 'type Author @cost(weight: 1)')),
    );
    expect(plain.cost(`{ book(id: 1) ${BOOK} }`)).toBe(4);
  });
});

// Composition does not know sizes of deeper lists and of input objects yet, while the Router reads them: they are put into what it composes.
const SIZES = compose(`
  extend schema ${FEDERATION}
  type Query {
    fieldWithListSize: [String!] @cost(weight: 1) @listSize(assumedSize: 2000, requireOneSlicingArgument: false)
    dynamic(first: Int = 10): Sized @listSize(slicingArguments: ["first"], sizedFields: ["items"])
    byIds(ids: [ID!]!, first: Int): [A] @listSize(slicingArguments: ["first"])
    search(input: SearchInput, first: Int): [A] @listSize(assumedSize: 25, slicingArguments: ["first"], requireOneSlicingArgument: false)
    deep(first: Int = 10): Deep! @listSize(slicingArguments: ["first"], sizedFields: ["page"])
    films(first: Int, last: Int): Films @listSize(slicingArguments: ["first", "last"], sizedFields: ["edges"])
    either(first: Int, last: Int): [A] @listSize(slicingArguments: ["first", "last"], requireOneSlicingArgument: false)
    pages(first: Int): [Sized] @listSize(slicingArguments: ["first"], sizedFields: ["items"])
    racks(first: Int): Racks @listSize(slicingArguments: ["first"], sizedFields: ["results"])
    unsized: [A]
    table: [[A]] @listSize(assumedSize: 3)
  }
  type A { id: ID next: A }
  type Sized { items: [A] others: [A] }
  type Deep { page: [A] results: Results total: Int }
  type Results { page: [A] more: [A] }
  type Racks { results: [Results] }
  type Films { edges: [Edge] total: Int }
  type Edge { cursor: ID node: A }
  input SearchInput { pagination: Pagination text: String }
  input Pagination { first: Int = 4 after: String }
`)
  .replace(
    'byIds(ids: [ID!]!, first: Int): [A] @listSize(slicingArguments: ["first"])',
    'byIds(ids: [ID!]!, first: Int): [A] @listSize(slicingArguments: ["ids"])',
  )
  .replace(
    '@listSize(assumedSize: 25, slicingArguments: ["first"]',
    '@listSize(assumedSize: 25, slicingArguments: ["input.pagination.first"]',
  )
  .replace('sizedFields: ["results"]', 'sizedFields: ["results { page }"]')
  .replace('sizedFields: ["page"]', 'sizedFields: ["page", "results { page }"]');

describe('lists', () => {
  const { cost } = costsOf(SIZES);
  test.each([
    ['counts a default as given', '{ dynamic { items { id } } }', {}, 11],
    ['gives the size to the sized field and not to another', '{ dynamic(first: 3) { items { id } others { id } } }', {}, 14],
    ['weighs leaves of a list each', '{ fieldWithListSize }', {}, 2000],
    ['takes the length of a list', '{ byIds(ids: ["a", "b", "c"]) { id } }', {}, 3],
    ['takes the length of a list in a variable', 'query ($ids: [ID!]!) { byIds(ids: $ids) { id } }', { ids: ['a', 'b'] }, 2],
    ['reads into an input object', '{ search(input: { pagination: { first: 10 } }) { id } }', {}, 12],
    ['reads into a variable', 'query ($i: SearchInput) { search(input: $i) { id } }', { i: { pagination: { first: 7 } } }, 9],
    ['counts defaults of input fields as given', 'query ($i: SearchInput) { search(input: $i) { id } }', { i: { pagination: {} } }, 6],
    ['falls back to the assumed size', 'query ($i: SearchInput) { search(input: $i) { id } }', { i: {} }, 26],
    ['falls back to it for null', 'query ($i: SearchInput) { search(input: $i) { id } }', { i: null }, 25],
    ['gives the size to a list further down', '{ deep(first: 7) { results { page { id } } } }', {}, 9],
    ['and to none beside it', '{ deep(first: 7) { results { more { id } } } }', {}, 12],
    ['and to one directly below', '{ deep(first: 5) { page { id } results { page { id } } } }', {}, 12],
    ['sizes the edges of a connection', '{ films(last: 6) { total edges { node { id } } } }', {}, 13],
    ['gives the size to a list in a list, not to that list', '{ racks(first: 2) { results { page { id } } } }', {}, 31],
    ['gives the size to the sized field, not to the list around it', '{ pages(first: 2) { items { id } } }', {}, 30],
    [
      'sizes a fragment wherever it is spread',
      '{ a: films(first: 1) { ...F } b: films(first: 5) { ...F } } fragment F on Films { edges { cursor } }',
      {},
      8,
    ],
    ['takes the largest of several', '{ either(first: 2, last: 6) { id } }', {}, 6],
    ['assumes ten where nothing is said', '{ unsized { next { id } } }', {}, 20],
    ['assumes ten where nothing is given', '{ either { id } }', {}, 10],
    ['sizes the outer list of two', '{ table { id } }', {}, 30],
    ['costs nothing when it is asked for no item', '{ films(first: 0) { edges { node { id } } } }', {}, 1],
    ['lets a negative number buy nothing', '{ either(first: -1000000) { id } }', {}, 10],
    ['lets a negative variable buy nothing', 'query ($n: Int) { either(first: $n) { id } }', { n: -5 }, 10],
  ])('%s', (_, document, variables, expected) => {
    expect(cost(document, variables)).toBe(expected);
  });

  test.each([
    ['none', '{ films { total } }', {}],
    ['two', '{ films(first: 1, last: 1) { total } }', {}],
    ['a variable that is null', 'query ($n: Int) { films(first: $n) { total } }', { n: null }],
    ['a variable without value', 'query ($n: Int) { films(first: $n) { total } }', {}],
    ['two by variables', 'query ($n: Int) { films(first: $n, last: $n) { total } }', { n: 1 }],
  ])('are refused where exactly one slicing argument is required and there is %s', (_, document, variables) => {
    expect(cost(document, variables)).toBe('BAD_USER_INPUT');
  });

  test('cost more than any limit, and a number, when they are nested without end', () => {
    const nested = Array.from({ length: 20 }).reduce<string>((inner) => `{ films(first: 2147483647) { edges ${inner} } }`, '{ cursor }');
    const relay =
      compose(`extend schema ${FEDERATION} type Query { films(first: Int): Films @listSize(slicingArguments: ["first"], sizedFields: ["edges"]) }
      type Films { edges: [Query] @shareable }`);
    const huge = costsOf(relay).cost(nested.replace('{ cursor }', '{ __typename }'));
    expect(huge).toBe(Number.MAX_SAFE_INTEGER);
    expect(costsOf(relay).cost(`{ films(first: 0) { edges ${nested.replace('{ cursor }', '{ __typename }')} } }`)).toBe(1);
  });
});

describe('weights', () => {
  const { cost } = costsOf(
    compose(`
      extend schema ${FEDERATION}
      type Query {
        mostPopularProduct(approx: Float @cost(weight: -3)): Product @cost(weight: 5)
        topProduct(filter: Filter @cost(weight: 15)): String @cost(weight: 5)
        cheap(approx: Float @cost(weight: -9)): Product @cost(weight: 5)
        users(max: Int): [User] @listSize(slicingArguments: ["max"])
        kind: Kind
        amount: Amount
        argument(kind: Kind, amounts: [Amount], filters: [Filter]): Int
        found: [Found] @listSize(assumedSize: 2)
        node: Node
      }
      type Product @cost(weight: 7) { id: ID! }
      type User { age: Int @cost(weight: 2) }
      enum Kind @cost(weight: 15) { A B }
      scalar Amount @cost(weight: 30)
      input Filter { approx: Float @cost(weight: -12) kind: Kind }
      interface Node { id: ID! self: Node }
      type Heavy implements Node @cost(weight: 20) { id: ID! self: Node price: Int @cost(weight: 4) }
      type Light implements Node { id: ID! @cost(weight: 3) self: Node price: Int }
      type Plain implements Node { id: ID! self: Node price: Int }
      union Found = Light | Plain
    `),
  );
  test.each([
    // The specification's examples 11 and 12, for one value.
    ['a field stands before its type', '{ mostPopularProduct { id } }', 5],
    ['an argument can be a discount', '{ mostPopularProduct(approx: 0.1) { id } }', 2],
    ['an argument adds', '{ topProduct(filter: {}) }', 20],
    ['an input field adds to its argument', '{ topProduct(filter: { approx: 0.1 }) }', 8],
    ['null is no use of an argument', '{ topProduct(filter: null) }', 5],
    ['a discount ends at nothing', '{ cheap(approx: 0.1) { id } }', 0],
    ['a discount takes nothing from others', '{ cheap(approx: 0.1) { id } kind }', 15],
    // The specification's example 1, where each user counts too.
    ['items of a list count each', '{ users(max: 5) { age } }', 15],
    ['enums and scalars can weigh', '{ kind amount }', 45],
    ['arguments of such types too', '{ argument(kind: A) }', 15],
    ['and items of lists', '{ argument(amounts: [1, 2]) }', 90],
    ['input objects count one each', '{ argument(filters: [{}, { kind: B }]) }', 17],
    ['an interface weighs what its heaviest type does', '{ node { __typename } }', 20],
    ['a union too', '{ found { __typename } }', 2],
    ['fields of an interface cost what they cost on the dearest type', '{ node { id } }', 23],
    ['of fields that never meet only the dearest count', '{ node { ... on Heavy { price } ... on Light { price id } } }', 24],
    ['fields that merge count once', '{ node { self { id } ... on Heavy { self { id ... on Heavy { price } } } } a: node { id id } }', 67],
    ['fragments count where they are spread', '{ node { ...F } a: node { ...F } } fragment F on Node { self { id } }', 86],
    ['what a condition takes out costs nothing', '{ kind @skip(if: true) amount @include(if: true) }', 30],
  ])('%s', (_, document, expected) => {
    expect(cost(document)).toBe(expected);
  });
});

describe('a supergraph', () => {
  const plain = 'type Query { list: [Int] field: Int @cost(weight: 3) }';

  test('without costs has no estimate', () => {
    const sdl = compose(`extend schema ${FEDERATION} type Query { list: [Int] }`);
    expect(readCosts(sdl)).toEqual({ supergraphSdl: sdl, facts: undefined });
  });

  test('without the link has none, whatever directive is called @cost', () => {
    const sdl = compose('type Query { list: [Int] field: Int }')
      .replace('field: Int', 'field: Int @cost(complexity: 3)')
      .concat('\ndirective @cost(complexity: Int) on FIELD_DEFINITION');
    expect(readCosts(sdl)).toEqual({ supergraphSdl: sdl, facts: undefined });
  });

  test.each([
    ['imported', FEDERATION, plain],
    [
      'renamed',
      '@link(url: "https://specs.apollo.dev/federation/v2.9", import: [{ name: "@cost", as: "@weighs" }])',
      plain.replace('@cost', '@weighs'),
    ],
    ['prefixed', '@link(url: "https://specs.apollo.dev/federation/v2.9")', plain.replace('@cost', '@federation__cost')],
  ])('is read with its directives %s', (_, link, types) => {
    expect(costsOf(compose(`extend schema ${link} ${types}`)).cost('{ field }')).toBe(3);
  });

  test('is read by the prefix of its link where it imports nothing', () => {
    const sdl = compose(
      `extend schema ${FEDERATION} type Query { field: Int @cost(weight: 3) list: [Int] @cost(weight: 1) @listSize(assumedSize: 4) }`,
    );
    const unimported = sdl.replace('cost/v0.1", import: ["@listSize"]', 'cost/v0.1"').replaceAll('@listSize', '@cost__listSize');
    expect(unimported).toContain('cost/v0.1")');
    expect(costsOf(unimported).cost('{ field list }')).toBe(7);
    const other = unimported.replace('cost/v0.1"', 'cost/v0.1", as: "c"').replaceAll('@cost', '@c');
    expect(costsOf(other).cost('{ field list }')).toBe(7);
  });

  test('of the specification itself writes weights as texts', () => {
    const sdl = compose(`extend schema ${FEDERATION} type Query { field: Int @cost(weight: 3) }`);
    const withTexts = sdl.replace('weight: 3', 'weight: "2.5"').replace('weight: Int!', 'weight: String!');
    expect(costsOf(withTexts).cost('{ field }')).toBe(2.5);
    expect(() => costsOf(withTexts.replace('2.5', 'x * 2'))).toThrow('The cost of Query.field in the supergraph is no number.');
  });

  test('takes the greatest weight that its subgraphs give', () => {
    const subgraph = (weight: number): string =>
      `extend schema ${FEDERATION} type Query { field: Int @shareable @cost(weight: ${weight}) }`;
    expect(costsOf(compose(subgraph(2), subgraph(9))).cost('{ field }')).toBe(9);
  });
});

const RANDOM = `
  extend schema ${FEDERATION}
  type Query {
    node(size: Int @cost(weight: 2)): Node
    nodes(first: Int, last: Int = 3): [Node!] @listSize(slicingArguments: ["first", "last"], requireOneSlicingArgument: false)
    found(filter: Filter, kinds: [Kind!]): Found
    page(first: Int): Page @listSize(slicingArguments: ["first"], sizedFields: ["nodes", "items"], assumedSize: 4, requireOneSlicingArgument: false)
    strict(first: Int = 2): [Found!] @listSize(slicingArguments: ["first"])
  }
  interface Node { id: ID! name: String near(first: Int): [Node] @listSize(slicingArguments: ["first"], assumedSize: 2, requireOneSlicingArgument: false) owner: Owner self: Node }
  interface Named { name: String }
  type A implements Node & Named @cost(weight: 6) { id: ID! name: String @cost(weight: 2) near(first: Int): [A] @cost(weight: 3) owner: Owner self: A title: Int @cost(weight: 8) }
  type B implements Node & Named { id: ID! name: String near(first: Int): [Node] @listSize(assumedSize: 6) owner: Owner @cost(weight: 5) self: Node title: String }
  type C implements Node { id: ID! @cost(weight: 1) name: String near(first: Int): [Node] owner: Owner self: Node page(first: Int): Page @listSize(slicingArguments: ["first"], sizedFields: ["items"], requireOneSlicingArgument: false) }
  type Owner implements Named { name: String @cost(weight: 1) all: [Found] @listSize(assumedSize: 3) page: Page }
  type Page { nodes: [Node] items: [Found] total: Int }
  union Found = A | C | Owner
  enum Kind @cost(weight: 2) { X Y }
  input Filter { kind: Kind size: Int = 1 @cost(weight: -1) also: [Filter] }
`;

test('what is shared and folded costs what a document costs with everything written apart', () => {
  const { apiSchema, estimate } = costsOf(compose(RANDOM));
  const values = { Int: [-2, 0, 1, 3, 50], String: ['x'], ID: ['1'] };
  let compared = 0;
  const property = fc.property(fc.gen(), (gen) => {
    const { document, variables } = drawDocument(gen, { schema: apiSchema, values, depthMax: 5 });
    if (validate(apiSchema, parse(document)).length > 0) return;
    const asked = ask(apiSchema, document, variables);
    const answer = estimate(JSON.stringify([document, variables]), asked.document, asked.operation, asked.variables);
    const expected = expandedCost(parse(RANDOM), apiSchema, asked, LIMITS.listSizeAssumed);
    expect(typeof answer === 'number' ? answer : answer.code, document).toBe(expected);
    compared += 1;
  });
  // A shrunk document takes minutes to find and says no more than the drawn one, which the failure names.
  fc.assert(property, { numRuns: 400, endOnFailure: true });
  expect(compared).toBeGreaterThan(100);
});

describe('the work of an estimate', () => {
  const levels = 24;
  /** Each level is selected for both types together and for each apart, so that every path through the types merges differently. */
  const chain = (depth: number): string => (depth === 0 ? 'id' : `self { ${chain(depth - 1)} }`);
  const apart = (depth: number): string =>
    depth === 0 ? 'id' : `... on A { self { ${chain(depth - 1)} } } ... on B { self { ${chain(depth - 1)} } } self { ${apart(depth - 1)} }`;
  const sdl = compose(`
    extend schema ${FEDERATION}
    type Query { node: Node }
    interface Node { id: ID! self: Node }
    type A implements Node { id: ID! @cost(weight: 1) self: Node }
    type B implements Node { id: ID! self: Node }
  `);

  test('ends for an attacker whose types merge in ever more ways', () => {
    const { cost } = costsOf(sdl);
    expect(cost(`{ node { ${apart(6)} } }`)).toBe(8);
    expect(cost(`{ node { ${apart(levels - 2)} } }`)).toBe('OPERATION_TOO_LARGE');
  });

  test('is kept for a document, and done again for its variables only', () => {
    const { estimate, apiSchema } = costsOf(SIZES);
    const asked = (n: number) => ask(apiSchema, 'query ($n: Int) { films(first: $n) { edges { node { id } } } }', { n });
    const first = asked(2);
    expect(estimate('one', first.document, first.operation, first.variables)).toBe(5);
    const elsewhere = ask(apiSchema, '{ unsized { id } }', {});
    expect(estimate('one', elsewhere.document, elsewhere.operation, { n: 4 })).toBe(9);
  });
});
