import { describe, expect, test } from 'vitest';
import { composed, guarded, LINK } from './guarded.ts';

// Since 2.12 composition demands that a field asks for as much as what it is computed from. Supergraphs of before are still around, so
// these are composed without demands, which are then written into the supergraph.
const LOGIN = 'Query { known: Int @authenticated';

function withDemands(sdl: string, demands: Readonly<Record<string, string>>): string {
  return Object.entries(demands).reduce((text, [before, demand]) => {
    expect(text).toContain(before);
    return text.replace(before, `${before} ${demand}`);
  }, sdl);
}

describe('a field that is computed from refused ones', () => {
  const sdl = composed({
    one: `${LINK}type ${LOGIN} thing: Thing }
      type Thing @key(fields: "id") { id: ID! secret: String part: Part }
      type Part { code: String }`,
    two: `${LINK}type Thing @key(fields: "id") { id: ID! secret: String @external part: Part @external
      hint: String @requires(fields: "secret") clue: String @requires(fields: "part { code }") free: String }
      type Part { code: String @external }`,
    three: `${LINK}type Thing @key(fields: "id") { id: ID! hint: String @external free: String @external
      rumour: String @requires(fields: "hint") nothing: String @requires(fields: "free") }`,
  });
  const graph = guarded(
    withDemands(sdl, {
      'secret: String @join__field(graph: ONE)': '@authenticated',
      'code: String @join__field(graph: ONE)': '@authenticated',
    }),
  );
  const query = '{ thing { hint clue rumour free nothing } }';

  test('is refused too, however long the chain (GHSA-m8jr-fxqx-8xx6)', () => {
    expect(graph.ask(query)).toMatchObject({ kept: '{ thing { free nothing } }', refused: ['thing.hint', 'thing.clue', 'thing.rumour'] });
    expect(graph.ask(query, []).refused).toEqual([]);
  });

  test('is refused where the type of what it is computed from is, or the type that this stands in', () => {
    const onType = guarded(withDemands(sdl, { 'type Part\n  @join__type(graph: ONE)': '@authenticated' }));
    expect(onType.ask(query).refused).toEqual(['thing.clue']);
    const onScalar = guarded(
      sdl
        .replaceAll('secret: String', 'secret: Secret')
        .concat('scalar Secret @join__type(graph: ONE) @join__type(graph: TWO) @authenticated'),
    );
    expect(onScalar.ask(query).refused).toEqual(['thing.hint', 'thing.rumour']);
  });

  test('is not planned: nobody is handed the secret', () => {
    const { executable } = graph.ask(query);
    expect(JSON.stringify(executable.plan)).toContain('nothing');
    expect(JSON.stringify(executable.plan)).not.toMatch(/secret|hint|code/);
  });
});

test('a key that is refused still joins entities, and is not told (Apollo: "Authorization and @key fields")', () => {
  const graph = guarded(
    composed({
      one: `${LINK}type Query { thing: Thing } type Thing @key(fields: "id") { id: ID! @authenticated name: String }`,
      two: `${LINK}type Thing @key(fields: "id") { id: ID! @authenticated stock: Int }`,
    }),
  );
  expect(graph.ask('{ thing { name stock } }').refused).toEqual([]);
  expect(graph.ask('{ thing { id name } }').refused).toEqual(['thing.id']);
});

describe('a field that is given a value of its context', () => {
  const sdl = composed({
    one: `${LINK}type ${LOGIN} holder: Holder }
      type Holder @context(name: "around") @key(fields: "id") { id: ID! secret: String child: Child }
      type Child @key(fields: "id") { id: ID! told(secret: String @fromContext(field: "$around { secret }")): String free: String }`,
  });

  test('that is refused is refused too', () => {
    const graph = guarded(withDemands(sdl, { 'secret: String': '@authenticated' }));
    expect(graph.ask('{ holder { child { told free } } }').refused).toEqual(['holder.child.told']);
    expect(graph.ask('{ holder { child { told free } } }', []).refused).toEqual([]);
  });
});

test('a field of an interface object is refused when what it requires of an implementor is', () => {
  const sdl = composed({
    one: `${LINK}type ${LOGIN} media: Media book: Book }
      interface Media @key(fields: "id") { id: ID! secret: String } type Book implements Media @key(fields: "id") { id: ID! secret: String }`,
    two: `${LINK}type Media @key(fields: "id") @interfaceObject { id: ID! secret: String @external hint: String @requires(fields: "secret") }`,
  });
  const graph = guarded(sdl.replace(/(type Book implements[^}]*?secret: String)/, '$1 @authenticated'));
  expect(graph.ask('{ media { hint } book { hint } }').refused).toEqual(['media.hint', 'book.hint']);
  expect(graph.ask('{ media { hint } book { hint } }', []).refused).toEqual([]);
});
