import { buildSchema, OperationTypeNode, parse, print, type GraphQLScalarType } from 'graphql';
import { describe, expect, test } from 'vitest';
import { decideConditions, conditionVariables } from '../../gateway/execution/conditions.ts';
import type { QueryPlan } from '../../gateway/apollo.ts';
import type { Data } from '../../gateway/execution/data.ts';
import { leafOf } from '../../gateway/execution/leaves.ts';
import { askedBy, createMerger } from '../../gateway/execution/merge.ts';
import { compilePlan } from '../../gateway/execution/plan-compile.ts';
import type { FetchNode } from '../../gateway/execution/plan-nodes.ts';
import { located, objectsAt, planPath } from '../../gateway/execution/plan-path.ts';
import { compileRepresent } from '../../gateway/execution/representations.ts';
import { compileRewrites } from '../../gateway/execution/rewrites.ts';
import { typeNamesOf } from '../../gateway/execution/type-names.ts';
import { SCALARS } from '../../platform/scalars.ts';

const types = typeNamesOf(
  buildSchema(`type Query { a: Media } interface Node { id: ID } interface Media implements Node { id: ID }
    type Film implements Media & Node { id: ID in: Place } type Song implements Media & Node { id: ID } type Place { name: String }`),
);

describe('merging', () => {
  const { merge, mergeCopy } = createMerger(types.objects);
  const asked = askedBy('{ a b { c d { e } } __typename ...F ... on Film { constructor } } fragment F on Film { f }', false, undefined);
  const merged = (target: unknown, source: unknown): unknown => {
    merge(asked, target as Data, source as Data);
    return JSON.parse(JSON.stringify(target));
  };

  test('takes what was asked for and leaves the rest', () => {
    expect(merged({}, { a: 1, z: 2, f: 3, constructor: 'c' })).toEqual({ a: 1, f: 3, constructor: 'c' });
    expect(merged({}, {})).toEqual({});
  });
  test('lays objects and lists over each other', () => {
    expect(merged({ b: { c: 1 } }, { b: { d: { e: 2 }, z: 3 } })).toEqual({ b: { c: 1, d: { e: 2 } } });
    expect(merged({ b: [{ c: 1 }, null] }, { b: [{ d: null }, { c: 2 }] })).toEqual({ b: [{ c: 1, d: null }, { c: 2 }] });
  });
  test('keeps what it has where the other says null, has another form, or another number of items', () => {
    expect(merged({ a: 1, b: { c: 1 } }, { a: null, b: null })).toEqual({ a: 1, b: { c: 1 } });
    expect(merged({ b: { c: 1 } }, { b: [{ c: 2 }] })).toEqual({ b: { c: 1 } });
    expect(merged({ b: [{ c: 1 }] }, { b: [{ c: 2 }, { c: 3 }] })).toEqual({ b: [{ c: 1 }] });
    expect(merged({ b: null }, { b: { c: 2 } })).toEqual({ b: { c: 2 } });
  });
  test('lets the name of a type replace that of its interface and never the other way round', () => {
    expect(merged({ __typename: 'Media' }, { __typename: 'Film' })).toEqual({ __typename: 'Film' });
    expect(merged({ __typename: 'Film' }, { __typename: 'Media' })).toEqual({ __typename: 'Film' });
    expect(merged({ __typename: 'Film' }, { __typename: 'Song' })).toEqual({ __typename: 'Film' });
  });
  test('copies where it is told to, so that targets can differ later', () => {
    const source = { b: { c: 1, d: [{ e: 2, z: 3 }] } };
    const target: Data = {};
    mergeCopy(asked, target, source);
    expect(target).toEqual({ b: { c: 1, d: [{ e: 2 }] } });
    expect(target['b']).not.toBe(source.b);
  });
  test('knows fields by the names that rewrites give them', () => {
    const rewritten = askedBy(
      'query ($r: [_Any!]!) { _entities(representations: $r) { ... on Film { x__alias_0 { y } x { z } } } }',
      true,
      [{ kind: 'KeyRenamer', path: ['... on Film', 'x__alias_0'], renameKeyTo: 'x' }],
    );
    expect(rewritten.fields.map(({ key, inner }) => [key.name, inner?.fields.map((field) => field.key.name)])).toEqual([['x', ['y', 'z']]]);
  });
});

describe('rewrites', () => {
  const rewrite = compileRewrites(
    [
      { kind: 'ValueSetter', path: ['... on Media', '__typename'], setValueTo: 'Media' },
      { kind: 'KeyRenamer', path: ['list', '... on Film', 'x__alias_0'], renameKeyTo: 'x' },
    ],
    types,
  );
  const rewritten = (object: Data): Data => {
    rewrite?.(object);
    return object;
  };

  test('go through lists and around nulls and what is no object', () => {
    expect(
      rewritten({ __typename: 'Film', list: [null, { x__alias_0: null }, 5, [{ x__alias_0: 0 }], { __typename: 'Song', x__alias_0: 1 }] }),
    ).toMatchObject({
      __typename: 'Media',
      list: [null, { x: null }, 5, [{ x: 0 }], expect.not.objectContaining({ x: 1 })],
    });
    expect(rewritten({ __typename: 'Place', list: null })).toEqual({ __typename: 'Place', list: null });
  });
});

describe('paths of plans', () => {
  const root = { a: [{ __typename: 'Film', b: { c: 1 } }, null, { __typename: 'Song', b: null }, { b: [{ d: 1 }] }], s: 'text' };
  test.each([
    {
      path: ['a', '@'],
      found: [
        ['a', 0],
        ['a', 2],
        ['a', 3],
      ],
    },
    { path: ['a', '@', 'b'], found: [['a', 0, 'b']] },
    { path: ['a', '@|[Song,Place]'], found: [['a', 2]] },
    {
      path: ['', 'a|[Film]', '@'],
      found: [
        ['a', 0],
        ['a', 2],
        ['a', 3],
      ],
    },
    { path: ['a', '@', 'b|[Film]'], found: [] },
    { path: ['s', 'length'], found: [] },
    { path: ['constructor'], found: [] },
    { path: [], found: [[]] },
  ])('$path', ({ path, found }) => {
    const steps = planPath(path);
    expect(located(root, steps).map((one) => one.path)).toEqual(found);
    expect(located(root, steps).map(({ line }) => line.at(-1))).toEqual(objectsAt(root, steps));
  });
});

describe('representations', () => {
  const represent = compileRepresent(
    [
      {
        kind: 'InlineFragment',
        typeCondition: 'Media',
        selections: [
          { kind: 'Field', name: '__typename' },
          { kind: 'Field', name: 'id' },
        ],
      },
      {
        kind: 'InlineFragment',
        typeCondition: 'Film',
        selections: [{ kind: 'Field', name: 'in', selections: [{ kind: 'Field', name: 'name' }] }],
      },
    ],
    [{ kind: 'ValueSetter', path: ['... on Media', '__typename'], setValueTo: 'Media' }],
    types,
  );

  test('are made by type, once each, with nulls and without what was not asked for', () => {
    const { representations, indexOf } = represent([
      { __typename: 'Song', id: '1', in: { name: 'x' } },
      { __typename: 'Film', id: '1', in: { name: 'x', z: 1 } },
      { __typename: 'Film', id: '1', in: [{ name: null }, null] },
      { __typename: 'Media', id: '1' },
      { __typename: 'Film', id: '1', in: { name: 'x' } },
      { __typename: 'Song', id: 1 },
    ]);
    expect(representations).toEqual([
      { __typename: 'Media', id: '1' },
      { __typename: 'Media', id: '1', in: { name: 'x' } },
      { __typename: 'Media', id: '1', in: [{ name: null }, null] },
      { __typename: 'Media', id: 1 },
    ]);
    expect(indexOf).toEqual([0, 1, 2, 0, 1, 3]);
  });

  test('are not made of objects of other types, of none, and without an input', () => {
    const objects: readonly Data[] = [
      { __typename: 'Place', id: '1' },
      { id: '1' },
      { __typename: 5, id: '1' },
      { __typename: 'Film', id: '1' },
      { __typename: 'Film', id: '1', in: {} },
    ];
    expect(represent(objects)).toEqual({ representations: [], indexOf: [-1, -1, -1, -1, -1] });
  });
});

describe('leaves', () => {
  test('of a scalar with a check of its own are checked by it', () => {
    const schema = buildSchema('scalar Free type Query { a: Free }');
    const free = schema.getType('Free') as GraphQLScalarType;
    expect(leafOf(free)({ any: 'thing' })).toEqual({ any: 'thing' });
    expect([leafOf(SCALARS.Date)('2026-02-28'), leafOf(SCALARS.Date)('2026-02-30'), leafOf(SCALARS.IdNumber)('1')]).toEqual([
      '2026-02-28',
      undefined,
      undefined,
    ]);
  });
});

describe('a plan with a condition', () => {
  const plan: QueryPlan = {
    kind: 'QueryPlan',
    node: {
      kind: 'Condition',
      condition: 'x',
      ifClause: fetchOf('then'),
      elseClause: fetchOf('otherwise'),
    },
  };
  test.each([
    [{ x: true }, ['then']],
    [{ x: false }, ['otherwise']],
    [{}, ['otherwise']],
  ])('with %j fetches from %j', async (variables, expected) => {
    const asked: string[] = [];
    await compilePlan(plan, types).step?.({
      root: {},
      variables,
      call: async ({ subgraph }) => {
        asked.push(subgraph);
        return { kind: 'answered', data: {}, errors: [] };
      },
      distrusted: () => undefined,
      tell: () => undefined,
      tellUnavailable: () => undefined,
    });
    expect(asked).toEqual(expected);
  });

  function fetchOf(serviceName: string): FetchNode {
    return {
      kind: 'Fetch',
      serviceName,
      operation: '{ a }',
      operationName: undefined,
      operationKind: OperationTypeNode.QUERY,
      variableUsages: [],
    };
  }
});

describe('conditions', () => {
  const document = parse(
    'query ($a: Boolean!) { x @skip(if: $a) y @include(if: $a) @other { z @skip(if: true) } ...F @include(if: false) } fragment F on Q { w @include(if: $b) }',
  );

  test('are taken out of a document with what they take out', () => {
    const text = (a: boolean): string => print(decideConditions(document, { a })).replaceAll(/\s+/g, ' ');
    expect(text(true)).toBe('query ($a: Boolean!) { y @other } fragment F on Q ');
    expect(text(false)).toBe('query ($a: Boolean!) { x } fragment F on Q ');
  });
  test('are decided by the variables in them', () => {
    expect(conditionVariables(document)).toEqual(['a', 'b']);
  });
});
