import federation from '@apollo/federation-internals';
import queryPlanner from '@apollo/query-planner';
import { buildSubgraphSchema } from '@apollo/subgraph';
import { parse, print } from 'graphql';
import { describe, expect, test } from 'vitest';
import { compilePlan } from '../../gateway/execution/plan-compile.ts';
import type { CallSubgraph } from '../../gateway/execution/plan-run.ts';
import { compileExecution } from '../../gateway/execution/run.ts';
import { typeNamesOf } from '../../gateway/execution/type-names.ts';
import { FIXTURES, monolith } from '../federation/fixture.ts';
import { answerOf, fed2, fixtureSubgraphs, inProcess, prepare, run, type InProcess } from './in-process.ts';

describe('representations', () => {
  const graph = inProcess(FIXTURES.shop.subgraphs);

  test('are sent once for equal entities, whose answer stands at every place', async () => {
    const { call } = fixtureSubgraphs(FIXTURES.shop);
    const sent: unknown[] = [];
    const recording: CallSubgraph = async (fetch, variables) => {
      if ('representations' in variables) sent.push(variables['representations']);
      return call(fetch, variables);
    };
    const query = '{ users(ids: ["u1", "u2", "u1", "u1"]) { reviews { stars } } }';
    const { data } = await run(prepare(graph, query), recording);
    expect(sent).toEqual([
      [
        { __typename: 'User', id: 'u1' },
        { __typename: 'User', id: 'u2' },
      ],
    ]);
    expect(data).toEqual((await monolith('shop').execute(query)).data);
  });

  test('are not mixed up where values of keys look alike', async () => {
    const twoKeys = inProcess({
      a: `${fed2('v2.7', '"@key"')} type Query { all: [T] } type T @key(fields: "p q") { p: String! q: String! }`,
      b: `${fed2('v2.7', '"@key"')} type T @key(fields: "p q") { p: String! q: String! both: String }`,
    });
    const keys = [
      { p: 'x","q":"y', q: 'z' },
      { p: 'x', q: 'y","q":"z' },
      { p: '1', q: '#1' },
      { p: '1#', q: '1' },
    ];
    const { data } = await run(prepare(twoKeys, '{ all { both } }'), async (fetch, { representations }) => {
      const entities = (representations as { p: string; q: string }[] | undefined)?.map(({ p, q }) => ({ both: `${p}/${q}` }));
      const data = fetch.subgraph === 'a' ? { all: keys.map((key) => ({ __typename: 'T', ...key })) } : { _entities: entities };
      return { kind: 'answered', data, errors: [] };
    });
    expect(data).toEqual({ all: keys.map(({ p, q }) => ({ both: `${p}/${q}` })) });
  });
});

describe('order', () => {
  const graph = inProcess(FIXTURES.shop.subgraphs);

  test('of mutations is that of the document: each waits for the one before', async () => {
    const { call } = fixtureSubgraphs(FIXTURES.shop);
    const log: string[] = [];
    const logged: CallSubgraph = async (fetch, variables) => {
      log.push(`asks ${fetch.subgraph}`);
      const answer = await call(fetch, variables);
      await new Promise((resolve) => setImmediate(resolve));
      log.push(`has ${fetch.subgraph}`);
      return answer;
    };
    const query = 'mutation { a: rename(id: "u2", name: "x") { name } b: deleteReview(id: "r1") c: rename(id: "u2", name: "y") { name } }';
    const { data } = await run(prepare(graph, query), logged);
    expect(log).toEqual(['asks accounts', 'has accounts', 'asks reviews', 'has reviews', 'asks accounts', 'has accounts']);
    expect(data).toEqual({ a: { name: 'x' }, b: true, c: { name: 'y' } });
  });

  test('of independent fetches is none: they are under way together', async () => {
    const { call } = fixtureSubgraphs(FIXTURES.shop);
    let underWay = 0;
    let most = 0;
    await run(prepare(graph, '{ me { name } latestReviews { id } products { name } }'), async (fetch, variables) => {
      underWay += 1;
      most = Math.max(most, underWay);
      const answer = await call(fetch, variables);
      underWay -= 1;
      return answer;
    });
    expect(most).toBe(3);
  });

  test('has no step for what is null or empty before it', async () => {
    const { call, calls } = fixtureSubgraphs(FIXTURES.shop);
    const { data } = await run(prepare(graph, '{ user(id: "nobody") { reviews { product { name } } } }'), call);
    expect(data).toEqual({ user: null });
    expect(calls.map(({ subgraph }) => subgraph)).toEqual(['accounts']);
  });
});

describe('conditions', () => {
  const graph = inProcess(FIXTURES.shop.subgraphs);
  const query = `query ($a: Boolean!, $b: Boolean!) {
    me @include(if: $a) { name reviews @skip(if: $b) { stars product @include(if: $a) { name } } }
    users(ids: "u2") { ... @include(if: $b) { tier reviews { id } } id }
  }`;
  const values = [true, false].flatMap((a) => [true, false].map((b) => ({ a, b })));
  test.each(values)('are decided before planning, and answered as by one graph: a $a, b $b', async (variables) => {
    const { call } = fixtureSubgraphs(FIXTURES.shop);
    const expected = (await monolith('shop').execute(query, variables)).data;
    expect((await run(prepare(graph, query, variables), call)).data).toEqual(expected);
  });
});

describe('arguments from the objects around an entity (@fromContext)', () => {
  const names = '"@key", "@context", "@fromContext"';
  const shops = `${fed2('v2.8', names)}
    type Query { shops: [Shop] }
    type Shop @key(fields: "id") @context(name: "shop") { id: ID! currency: String! top: Item parts: [Item] }
    type Item @key(fields: "id") { id: ID! price(note: String, in: String @fromContext(field: "$shop { currency }")): String inner: Item }`;
  const items = `${fed2('v2.8', '"@key"')} type Item @key(fields: "id") { id: ID! name: String }`;
  const graph: InProcess = inProcess({ shops, items });
  const item = (id: string): unknown => ({ __typename: 'Item', id, inner: { __typename: 'Item', id: `${id}i` } });
  const schemas = {
    shops: buildSubgraphSchema([
      {
        typeDefs: parse(shops),
        resolvers: {
          Query: {
            shops: () => [
              { id: '1', currency: 'VND', top: item('a'), parts: [item('a'), item('b')] },
              { id: '2', currency: 'USD', top: item('a'), parts: null },
              { id: '3', currency: 'VND', top: item('a'), parts: [null, item('b')] },
            ],
          },
          Item: {
            __resolveReference: ({ id }: { id: string }) => item(id),
            price: ({ id }: { id: string }, args: { in: string; note?: string }) => `${id} in ${args.in}${args.note ?? ''}`,
          },
        },
      },
    ]),
    items: buildSubgraphSchema([
      { typeDefs: parse(items), resolvers: { Item: { __resolveReference: ({ id }: { id: string }) => ({ id, name: `item ${id}` }) } } },
    ]),
  };

  test('differ by entity: equal ones under different objects have answers of their own', async () => {
    const calls: { readonly values: unknown; readonly sent: unknown }[] = [];
    const call: CallSubgraph = async (fetch, variables) => {
      const { representations, ...values } = variables;
      if (fetch.subgraph === 'shops' && representations !== undefined) calls.push({ values: Object.values(values), sent: representations });
      return answerOf(schemas[fetch.subgraph as 'shops'], fetch, variables);
    };
    const query = '{ shops { id top { name price inner { price name } } parts { price } } }';
    const { data, errors } = await run(prepare(graph, query), call);
    const top = (money: string): unknown => ({
      name: 'item a',
      price: `a in ${money}`,
      inner: { price: `ai in ${money}`, name: 'item ai' },
    });
    expect(errors).toEqual([]);
    expect(data).toEqual({
      shops: [
        { id: '1', top: top('VND'), parts: [{ price: 'a in VND' }, { price: 'b in VND' }] },
        { id: '2', top: top('USD'), parts: null },
        { id: '3', top: top('VND'), parts: [null, { price: 'b in VND' }] },
      ],
    });
    // One call for each place and set of arguments, each entity once in it.
    const ofTops = calls.filter(({ sent }) => JSON.stringify(sent) === '[{"__typename":"Item","id":"a"}]');
    expect(new Set(ofTops.map(({ values }) => JSON.stringify(values)))).toEqual(new Set(['["USD"]', '["VND"]']));
    expect(ofTops).toHaveLength(2);
  });

  test('are never the client’s, whatever a variable is called', async () => {
    const call: CallSubgraph = async (fetch, variables) => answerOf(schemas[fetch.subgraph as 'shops'], fetch, variables);
    const query = 'query ($contextualArgument_2_0: String) { shops { top { price(note: $contextualArgument_2_0) } } }';
    const { data, errors } = await run(prepare(graph, query, { contextualArgument_2_0: '!' }), call);
    expect(errors).toEqual([]);
    expect(data).toEqual({ shops: ['VND', 'USD', 'VND'].map((money) => ({ top: { price: `a in ${money}!` } })) });
  });
});

describe('paths of types', () => {
  test('lead only to objects of the types that the plan names', async () => {
    const { planDocument: _, graph } = inProcess(FIXTURES.media.subgraphs);
    const supergraph = federation.Supergraph.build(graph.supergraph.sdl);
    const planner = new queryPlanner.QueryPlanner(supergraph, { typeConditionedFetching: true });
    const conditioned: InProcess = {
      graph,
      planDocument: (document) => planner.buildQueryPlan(federation.operationFromDocument(supergraph.apiSchema(), parse(document))),
    };
    const query =
      '{ allMedia { __typename ... on Film { director { channel name } cast { person { channel } } } ... on Series { seasons { guests { channel } } } } }';
    const executable = prepare(conditioned, query);
    expect(JSON.stringify(executable.plan)).toMatch(/\|\[Film\]/);
    const { call } = fixtureSubgraphs(FIXTURES.media);
    const { data, errors } = await run(executable, call);
    expect(errors).toEqual([]);
    expect(data).toEqual((await monolith('media').execute(query)).data);
  });
});

describe('rewrites', () => {
  test('give keys of different types under one name back their name', async () => {
    const graph = inProcess({
      a: `${fed2('v2.7', '"@key"')} type Query { all: [U] } union U = A | B type A @key(fields: "id") { id: ID! } type B @key(fields: "id") { id: Int! }`,
      b: `${fed2('v2.7', '"@key"')} type A @key(fields: "id") { id: ID! other: String } type B @key(fields: "id") { id: Int! other: String }`,
    });
    const executable = prepare(graph, '{ all { ... on A { other } ... on B { other } } }');
    expect(JSON.stringify(executable.plan)).toContain('KeyRenamer');
    const sent: unknown[] = [];
    const { data, errors } = await run(executable, async (fetch, { representations }) => {
      if (fetch.subgraph === 'b') sent.push(representations);
      const all = [{ __typename: 'A', id: '1', id__alias_0: 'x' }, null, { __typename: 'B', id__alias_0: 0 }];
      const entities = (representations as readonly { id: unknown }[] | undefined)?.map(({ id }) => ({ other: `of ${String(id)}` }));
      return { kind: 'answered', data: fetch.subgraph === 'a' ? { all } : { _entities: entities }, errors: [] };
    });
    expect(sent).toEqual([
      [
        { __typename: 'A', id: '1' },
        { __typename: 'B', id: 0 },
      ],
    ]);
    expect(errors).toEqual([]);
    expect(data).toEqual({ all: [{ other: 'of 1' }, null, { other: 'of 0' }] });
  });
});

describe('a field to which only one implementor of an interface adds an argument', () => {
  test('merges with itself across fragments', async () => {
    const graph = inProcess({
      a: `${fed2('v2.7', '"@key"')} type Query { all: [I] } interface I { x: T } type A implements I { x(n: Int): T } type B implements I { x: T } type T { p: Int q: Int }`,
    });
    const executable = prepare(graph, '{ all { x { p } ... on B { x { q } } } }');
    const { data } = await run(executable, async () => ({
      kind: 'answered',
      data: {
        all: [
          { __typename: 'B', r__x: { p: 1, q: 2 } },
          { __typename: 'A', r__x: { p: 3 } },
        ],
      },
      errors: [],
    }));
    expect(data).toEqual({ all: [{ x: { p: 1, q: 2 } }, { x: { p: 3 } }] });
  });
});

describe('introspection', () => {
  const graph = inProcess(FIXTURES.shop.subgraphs);

  test('stands beside data, with fragments and variables of its own', async () => {
    const { call, calls } = fixtureSubgraphs(FIXTURES.shop);
    const query = `query ($type: String!, $no: Boolean = false) { me { id } t: __type(name: $type) { ...T } __schema { ...S } u: __type(name: "User") @include(if: $no) { name } }
      fragment T on __Type { name fields { ...F } } fragment F on __Field { name } fragment S on __Schema { queryType { name } }`;
    const executable = prepare(graph, query, { type: 'Address' });
    const expected = {
      me: { id: 'u1' },
      t: { name: 'Address', fields: [{ name: 'street' }, { name: 'city' }] },
      __schema: { queryType: { name: 'Query' } },
    };
    expect((await run(executable, call)).data).toEqual(expected);
    const other = { ...executable, admitted: { ...executable.admitted, variables: { type: 'None', no: false } } };
    expect((await run(other, call)).data).toEqual({ ...expected, t: null });
    expect(calls).toHaveLength(2);
  });

  test('alone asks no subgraph', async () => {
    const { data } = await run(prepare(graph, '{ __typename ... on Query { __schema { mutationType { name } } } }'), async () => {
      throw new Error('Nobody is asked.');
    });
    expect(data).toEqual({ __typename: 'Query', __schema: { mutationType: { name: 'Mutation' } } });
  });
});

describe('persons', () => {
  const open = inProcess({
    a: `${fed2('v2.7', '"@key"')} type Query { person: Person people: [Person] } type Person @key(fields: "id") { id: ID! name: String mother: Person }`,
  });
  const subjects = new Map([['Person', { key: 'id' }]]);
  const graph: InProcess = { ...open, graph: { ...open.graph, classification: { ...open.graph.classification, subjects } } };
  const answering =
    (data: Record<string, unknown>): CallSubgraph =>
    async () => ({ kind: 'answered', data, errors: [] });

  test('are told wherever their objects stand in the answer', async () => {
    const data = {
      people: [{ __subject: '1', name: 'A', mother: { __subject: '2', name: 'B' } }, null, { __subject: '1', name: 'A', mother: null }],
    };
    const { seen } = await run(prepare(graph, '{ people { name mother { name } } }'), answering(data));
    expect(seen.map(([id, site]) => [id, [...site.released]])).toEqual([
      ['1', ['Person.name', 'Person.mother']],
      ['2', ['Person.name']],
      ['1', ['Person.name', 'Person.mother']],
    ]);
  });

  test('are not answered without the key by which they are recorded', async () => {
    const data = { people: [{ name: 'A' }, { __subject: null, name: 'B' }, { __subject: '3', name: 'C' }] };
    const result = await run(prepare(graph, '{ people { name } }'), answering(data));
    expect(result.data).toEqual({ people: [null, null, { name: 'C' }] });
    expect(result.errors.map(({ path }) => path)).toEqual([
      ['people', 0],
      ['people', 1],
    ]);
    expect(result.seen.map(([id]) => id)).toEqual(['3']);
  });
});

describe('literals', () => {
  const graph = inProcess({
    a: `${fed2('v2.7', '"@key"')} scalar Any input In { any: [Any] f: Float }
      type Query { any(v: Any): Int float(v: [Float]): Int in(v: In): Int id(v: ID): Int }`,
  });
  const sent = (query: string): unknown => prepare(graph, query).compiled.fetches.map(({ operation }) => operation);

  test.each([
    ['{ any(v: 9007199254740993) }', '{r__any:any(v:9007199254740993)}'],
    [
      '{ any(v: {a: [-9223372036854775808, 1.10, 1e400], b: NAME, c: "9.0"}) }',
      '{r__any:any(v:{a:[-9223372036854775808 1.10 1e400]b:NAME c:"9.0"})}',
    ],
    ['{ in(v: {any: 12345678901234567890, f: 2}) }', '{r__in:in(v:{any:[12345678901234567890]f:2})}'],
    ['{ id(v: 9007199254740993) }', '{r__id:id(v:9007199254740993)}'],
    ['query ($v: Any = 0.10) { any(v: $v) }', 'query($v:Any=0.10){r__any:any(v:$v)}'],
  ])('of custom scalars are sent as they were written, whatever a number can hold: %s', (query, expected) => {
    expect(sent(query)).toEqual([expected]);
  });

  test.each([
    '{ float(v: 1e400) }',
    '{ float(v: [1, -1e999]) }',
    '{ in(v: {f: 1e400}) }',
    'query ($v: [Float] = [1e400]) { float(v: $v) }',
  ])('that no Float can have are refused by the client’s fault: %s', (query) => {
    expect(() => sent(query)).toThrow('GRAPHQL_VALIDATION_FAILED');
  });
});

describe('compiling', () => {
  const { graph } = inProcess(FIXTURES.shop.subgraphs);
  const types = typeNamesOf(graph.supergraph.supergraphSchema);

  test('refuses incremental delivery and subscriptions, which no plan here may have', () => {
    expect(() => compilePlan({ kind: 'QueryPlan', node: { kind: 'Defer', primary: {}, deferred: [] } }, types)).toThrow(
      'Incremental delivery',
    );
    const primary = { kind: 'Fetch', serviceName: 'a', operation: '{a}', operationKind: 'subscription', operationName: undefined } as never;
    expect(() => compilePlan({ kind: 'QueryPlan', node: { kind: 'Subscription', primary } }, types)).toThrow('subscriptions');
  });

  test('gives each fetch its number and says what is sent where', () => {
    const { compiled } = prepare(inProcess(FIXTURES.shop.subgraphs), '{ me { name reviews { stars } } }');
    expect(compiled.fetches.map(({ index, subgraph, operationKind }) => [index, subgraph, operationKind])).toEqual([
      [0, 'accounts', 'query'],
      [1, 'reviews', 'query'],
    ]);
  });

  test('fails on a shape that does not fit what was planned', () => {
    const { pruned, plan, admitted } = prepare(inProcess(FIXTURES.shop.subgraphs), '{ me { name } }');
    const document = parse('{ me { id } }');
    expect(print(document)).not.toContain('name');
    expect(() => compileExecution({ graph, plan, document, source: admitted.document, shape: pruned.shape, errorsMax: 1 })).toThrow(
      'was not planned',
    );
  });
});
