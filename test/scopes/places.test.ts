import { describe, expect, test } from 'vitest';
import { composed, guarded, guardedSchema, LINK } from './guarded.ts';

describe('what a type demands', () => {
  const graph = guardedSchema(`
    type Query { me: User anybody: User! friends: [[User!]] plain: Plain level: Level! levels: [Level] secret: Secret u: Either us: [Either!] }
    type User @authenticated { id: ID! name: String @requiresScopes(scopes: [["name"]]) }
    type Plain { user: User text: String secret: Secret @requiresScopes(scopes: [["plain"]]) }
    type Locked @requiresScopes(scopes: [["locked"]]) { text: String }
    union Either = Plain | Locked
    enum Level @requiresScopes(scopes: [["level"]]) { HIGH LOW }
    scalar Secret @requiresScopes(scopes: [["secret"]])`);

  test('is demanded of every field that returns it, in lists and behind non-null too', () => {
    const query = '{ me { id } anybody { id } friends { id } plain { text user { id } } level levels secret }';
    expect(graph.ask(query)).toMatchObject({
      kept: '{ plain { text } }',
      refused: ['me', 'anybody', 'friends', 'plain.user', 'level', 'levels', 'secret'],
    });
    expect(graph.ask(query, ['level']).refused).toEqual(['secret']);
  });

  test('is demanded where only its __typename is selected', () => {
    expect(graph.ask('{ me { __typename } plain { x: __typename } }')).toMatchObject({
      kept: '{ plain { r__x: __typename } }',
      refused: ['me'],
    });
  });

  test('and what a field demands have both to hold', () => {
    expect(graph.ask('{ me { id name } }', ['name']).refused).toEqual([]);
    expect(graph.ask('{ me { id name } }', []).refused).toEqual(['me.name']);
    expect(graph.ask('{ plain { secret } }', ['secret']).refused).toEqual(['plain.secret']);
    expect(graph.ask('{ plain { secret } }', ['plain']).refused).toEqual(['plain.secret']);
    expect(graph.ask('{ plain { secret } }', ['plain', 'secret']).refused).toEqual([]);
  });

  test('is demanded by member in a union, and the rest is given', () => {
    const query = '{ u { __typename ... on Plain { text } ... on Locked { text } } }';
    expect(graph.ask(query)).toMatchObject({ kept: '{ u { __typename __typename ... on Plain { text } } }', refused: ['u.text'] });
    expect(graph.ask(query, ['locked']).refused).toEqual([]);
  });

  test('is demanded by fragments on it, for __typename alone as well', () => {
    expect(graph.ask('{ u { ... on Locked { __typename } } }')).toMatchObject({ kept: undefined, refused: ['u.__typename'] });
    expect(graph.ask('{ u { ...F } } fragment F on Locked { t: __typename }')).toMatchObject({ kept: undefined, refused: ['u.t'] });
    expect(graph.ask('{ u { ...F } } fragment F on Either { ... { __typename } }').refused).toEqual([]);
  });

  test('is not got around by aliases', () => {
    expect(graph.ask('{ plain: me { id } text: secret }')).toMatchObject({ kept: undefined, refused: ['plain', 'text'] });
    expect(graph.ask('{ plain { text: secret } a: plain { text } }', ['secret'])).toMatchObject({
      kept: '{ plain { __typename } r__a: plain { text } }',
      refused: ['plain.text'],
    });
  });

  test('does not hide the schema: introspection is answered beside what is refused', () => {
    expect(graph.ask('{ __schema { types { name } } __type(name: "User") { fields { name } } me { id } }').refused).toEqual(['me']);
  });

  test('is left alone by what a directive takes out', () => {
    expect(graph.ask('{ me @skip(if: true) { id } plain { text user @include(if: false) { id } } }').refused).toEqual([]);
  });
});

describe('what a root type demands', () => {
  const graph = guardedSchema(`
    type Query @authenticated { a: Int }
    type Mutation { write: Int erase: Int @requiresScopes(scopes: [["erase"]]) both: Result }
    type Result { text: String secret: String @authenticated }`);

  test('is demanded of everything in it but introspection', () => {
    expect(graph.ask('{ a __typename }')).toMatchObject({ kept: undefined, refused: ['a', '__typename'] });
    expect(graph.ask('{ a __typename }', []).refused).toEqual([]);
    expect(graph.ask('{ __schema { queryType { name } } }').refused).toEqual([]);
  });

  test('a mutation with a refused root does not run at all, and one with a refused field in its result runs', () => {
    expect(graph.ask('mutation { write erase }', []).executable.pruned).toMatchObject({ refusesAll: true });
    expect(graph.ask('mutation { write x: erase }', ['erase']).executable.pruned).toMatchObject({ refusesAll: false, refusals: [] });
    expect(graph.ask('mutation { both { text secret } }')).toMatchObject({
      kept: 'mutation { both { text } }',
      refused: ['both.secret'],
      executable: { pruned: { refusesAll: false } },
    });
  });
});

// The example of "Authorization in the GraphOS Router", "Authorization and interfaces".
describe('an interface whose implementors differ in their type', () => {
  const types = `
    interface Post { id: ID title: String }
    type PublicBlog implements Post { id: ID title: String }
    type PrivateBlog implements Post @authenticated { id: ID title: String }
    type Query { posts: [Post] test: String }`;
  const supergraph = composed({ one: LINK + types });

  // Composition since 2.12 writes on the interface what its implementors demand together; before, nothing stood there.
  const older = supergraph.replace(
    'interface Post\n  @join__type(graph: ONE)\n  @authenticated',
    'interface Post\n  @join__type(graph: ONE)',
  );
  test('is composed with and without a demand of its own', () => {
    expect(older).not.toBe(supergraph);
  });

  describe.each([
    ['as composition writes it', supergraph],
    ['as older compositions wrote it', older],
  ])('%s', (_, sdl) => {
    const graph = guarded(sdl);

    test('is refused where a field is selected on it, at the field that leads to it', () => {
      expect(graph.ask('{ test posts { id title } }')).toMatchObject({ kept: '{ test }', refused: ['posts'] });
      expect(graph.ask('{ test posts { id title } }', []).refused).toEqual([]);
    });

    test('is given in fragments on the implementors that are open', () => {
      expect(graph.ask('{ posts { ... on PublicBlog { id } ... on PrivateBlog { id } } }')).toMatchObject({
        kept: '{ posts { __typename ... on PublicBlog { id } } }',
        refused: ['posts.id'],
      });
    });

    test('tells __typename, which needs no implementor', () => {
      expect(graph.ask('{ posts { __typename ... on PublicBlog { __typename title } } }').refused).toEqual([]);
    });

    test('is not read through a fragment on the interface, or on none (GHSA-x33c-7c2v-mrj9)', () => {
      expect(graph.ask('{ posts { ... on Post { id } } }')).toMatchObject({ kept: undefined, refused: ['posts.id'] });
      expect(graph.ask('{ posts { ... { id } } }')).toMatchObject({ kept: undefined, refused: ['posts.id'] });
      expect(graph.ask('{ posts { ...F } } fragment F on Post { title }')).toMatchObject({ kept: undefined, refused: ['posts.title'] });
      expect(graph.ask('{ posts { ... on PublicBlog { ... on Post { id } } } }')).toMatchObject({ kept: undefined, refused: ['posts.id'] });
    });

    test('is refused field by field where the same field is selected twice, directly and not', () => {
      expect(graph.ask('{ posts { id } posts { ... on PublicBlog { title } } }')).toMatchObject({
        kept: '{ posts { __typename } posts { __typename ... on PublicBlog { title } } }',
        refused: ['posts.id'],
      });
    });
  });

  test('is refused for its __typename too when no implementor is open and it says so itself', () => {
    const graph = guardedSchema(`interface Post { id: ID } type A implements Post @authenticated { id: ID }
      type B implements Post @requiresScopes(scopes: [["b"]]) { id: ID } type Query { post: Post }`);
    expect(graph.ask('{ post { __typename } }')).toMatchObject({ kept: undefined, refused: ['post'] });
    expect(graph.ask('{ post { __typename ... on A { id } } }', []).refused).toEqual([]);
    expect(graph.ask('{ post { id } }', []).refused).toEqual(['post']);
    expect(graph.ask('{ post { id } }', ['b']).refused).toEqual([]);
  });
});

describe('an interface whose implementors differ in a field', () => {
  const graph = guardedSchema(
    `
    interface I { id: ID other: String next: I }
    type A implements I { id: ID other: String next: A @requiresScopes(scopes: [["next"]]) }
    type B implements I { id: ID @requiresScopes(scopes: [["x"], ["y", "z"]]) other: String next: C }
    type C implements I @policy(policies: [["c"]]) { id: ID other: String next: I }
    type Query { one: I a: A }`,
    { c: true },
  );

  test('gives the field only to whoever meets the demands of all (AND), and its neighbours to everybody', () => {
    expect(graph.ask('{ one { id other } }')).toMatchObject({ kept: '{ one { __typename other } }', refused: ['one.id'] });
    expect(graph.ask('{ one { id } }', ['y']).refused).toEqual(['one.id']);
    expect(graph.ask('{ one { id next { id } } }', ['y', 'z']).refused).toEqual(['one.next']);
    expect(graph.ask('{ one { id next { id } } }', ['x', 'next']).refused).toEqual([]);
  });

  test('gives it in a fragment to whoever meets the demand of that implementor', () => {
    expect(graph.ask('{ one { ... on A { id } ... on B { b: id } } }')).toMatchObject({
      kept: '{ one { __typename ... on A { id } } }',
      refused: ['one.b'],
    });
    expect(graph.ask('{ a { ... on I { id } } }').refused).toEqual(['a.id']);
    expect(graph.ask('{ a { id } }').refused).toEqual([]);
  });
});

test('what an author wrote on an interface before composition refused that holds for its implementors (GHSA-mx7m-j9xf-62hw)', () => {
  const plain = composed({
    one: `${LINK}interface I { id: ID name: String } type A implements I { id: ID name: String } union U = A
      type Query { i: I a: A u: U x: Int @authenticated }`,
  });
  const onType = guarded(
    plain.replace('interface I\n  @join__type(graph: ONE)', 'interface I\n  @join__type(graph: ONE)\n  @authenticated'),
  );
  expect(onType.ask('{ i { __typename } a { id } u { ... on A { id } } }')).toMatchObject({ kept: undefined, refused: ['i', 'a', 'u.id'] });
  expect(onType.ask('{ i { __typename } a { id } u { ... on A { id } } }', []).refused).toEqual([]);
  const onField = guarded(plain.replace(/(interface I[^}]*?name: String)/, '$1 @authenticated'));
  expect(onField.ask('{ i { id name } a { id name } u { ... on A { name } } }').refused).toEqual(['i.name', 'a.name', 'u.name']);
});

test('an interface object lends its demands to the implementors that it gives fields to', () => {
  const graph = guarded(
    composed({
      one: `${LINK}interface Media @key(fields: "id") { id: ID! } type Book implements Media @key(fields: "id") { id: ID! pages: Int }
        type Query { media: Media book: Book }`,
      two: `${LINK}type Media @key(fields: "id") @interfaceObject { id: ID! score: Int @requiresScopes(scopes: [["score"]]) }`,
    }),
  );
  const query = '{ book { pages score } media { id score ... on Book { s: score } } }';
  expect(graph.ask(query).refused).toEqual(['book.score', 'media.score', 'media.s']);
  expect(graph.ask(query, ['score']).refused).toEqual([]);
});
