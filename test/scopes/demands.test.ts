import { describe, expect, test } from 'vitest';
import { isImplied, readDemands, type Alternatives } from '../../gateway/policy/scope-demands.ts';
import { parse } from 'graphql';
import { guarded, guardedSchema, composed, LINK, type Scopes } from './guarded.ts';

const NAMES = { authenticated: 'authenticated', requiresScopes: 'requiresScopes', policy: 'policy' };

describe('an OR of ANDs', () => {
  const graph = guardedSchema(
    `type Query {
      open: Int
      known: Int @authenticated
      both: Int @requiresScopes(scopes: [["a", "b"]])
      either: Int @requiresScopes(scopes: [["a"], ["b"]])
      mixed: Int @requiresScopes(scopes: [["a", "b"], ["c"]])
      nothing: Int @requiresScopes(scopes: [])
      nothingInside: Int @requiresScopes(scopes: [[]])
      policies: Int @policy(policies: [["p", "q"], ["r"]])
      all: Int @authenticated @requiresScopes(scopes: [["a"]]) @policy(policies: [["p"]])
      unknown: Int @policy(policies: [["nobody set it"]])
    }`,
    { p: true, q: false, r: true, s: false },
  );
  const permitted = (scopes: Scopes): readonly string[] =>
    ['open', 'known', 'both', 'either', 'mixed', 'nothing', 'nothingInside', 'policies', 'all', 'unknown'].filter(
      (field) => graph.ask(`{ ${field} }`, scopes).refused.length === 0,
    );
  const always = ['open', 'nothing', 'nothingInside', 'policies'];

  test.each<[string, Scopes, readonly string[]]>([
    ['nobody', undefined, []],
    ['a token without scopes', [], ['known']],
    ['one scope of two', ['a'], ['known', 'either', 'all']],
    ['the other scope', ['b'], ['known', 'either']],
    ['both scopes', ['a', 'b'], ['known', 'both', 'either', 'mixed', 'all']],
    ['the alternative', ['c'], ['known', 'mixed']],
    ['scopes that nothing names', ['A', 'a b', 'ab', 'c ', ''], ['known']],
  ])('gives %s what it is enough for', (_, scopes, more) => {
    expect(new Set(permitted(scopes))).toEqual(new Set([...always, ...more]));
  });

  test('takes a policy without a value for one that does not hold', () => {
    expect(graph.ask('{ unknown }', ['a', 'b', 'c']).refused).toEqual(['unknown']);
  });
});

test('callers share what is prepared exactly when no demand tells their scopes apart', () => {
  const { credentials } = guardedSchema(
    'type Query { a: Int @requiresScopes(scopes: [["x", "y"], ["z"]]) b: Int @requiresScopes(scopes: [["x y"]]) }',
  );
  const key = (...scopes: readonly string[]): string => credentials(scopes).key;
  expect(key('y', 'unknown', 'x', 'x')).toBe(key('x', 'y'));
  const different = [key(), key('x'), key('y'), key('x', 'y'), key('x y'), key('z'), key('x', 'z'), key('x', 'y', 'x y')];
  expect(new Set(different).size).toBe(different.length);
});

test('demands of one element add up, whether in one directive, in several, or in an extension', () => {
  const demands = readDemands(
    parse(`type Query @authenticated { a: Int @requiresScopes(scopes: [["x"]]) @requiresScopes(scopes: [["y"]]) }
      extend type Query @policy(policies: [["p"]]) { b: Int @authenticated }`),
    NAMES,
  );
  expect(demands).toEqual(
    new Map([
      ['Query', [{ kind: 'authenticated' }, { kind: 'policies', anyOf: [['p']] }]],
      ['Query.a', ['x', 'y'].map((name) => ({ kind: 'scopes', anyOf: [[name]] }))],
      ['Query.b', [{ kind: 'authenticated' }]],
    ]),
  );
});

test.each([
  'type Query { a: Int @requiresScopes }',
  'type Query { a: Int @requiresScopes(scopes: "x") }',
  'type Query { a: Int @requiresScopes(scopes: ["x"]) }',
  'type Query { a: Int @requiresScopes(scopes: [[1]]) }',
  'type Query { a(b: Int @authenticated): Int }',
  'input I @authenticated { a: Int }',
  'input I { a: Int @policy(policies: [["p"]]) }',
  'enum E { A @authenticated }',
  'schema @authenticated { query: Query }',
])('a demand that would not be enforced stops the start: %s', (sdl) => {
  expect(() => readDemands(parse(sdl), NAMES)).toThrow(/list of lists of names|not enforced/);
});

test('directives are found under any name that a link gives them (GHSA-g8jh-vg5j-4h3f)', () => {
  const types = (login: string, scopes: string, policy: string): string => `type Query {
    free: Int a: Int @${login} b: Int @${scopes}(scopes: [["x"]]) c: Int @${policy}(policies: [["p"]]) }`;
  const link = (rest: string): string => `extend schema @link(url: "https://specs.apollo.dev/federation/v2.9"${rest})\n`;
  const written = [
    `${link(', import: ["@authenticated", "@requiresScopes", "@policy"]')}${types('authenticated', 'requiresScopes', 'policy')}`,
    link(
      ', import: [{ name: "@authenticated", as: "@login" }, { name: "@requiresScopes", as: "@needs" }, { name: "@policy", as: "@rule" }]',
    ) + types('login', 'needs', 'rule'),
    `${link('')}${types('federation__authenticated', 'federation__requiresScopes', 'federation__policy')}`,
    `${link(', as: "fed"')}${types('fed__authenticated', 'fed__requiresScopes', 'fed__policy')}`,
    // Another's directive may have the name.
    link(', import: [{ name: "@authenticated", as: "@policy" }, { name: "@requiresScopes", as: "@authenticated" }]') +
      types('policy', 'authenticated', 'federation__policy'),
  ];
  for (const sdl of written) {
    const graph = guarded(composed({ one: sdl }));
    const { kept, refused } = graph.ask('{ free a b c }');
    expect([kept, refused], sdl).toEqual(['{ free }', ['a', 'b', 'c']]);
    expect(graph.ask('{ free a b c }', ['x']).refused, sdl).toEqual(['c']);
  }
  // A supergraph that was not composed here: the link itself renamed, its name in the supergraph given by `as`.
  const renamed = composed({ one: written[0] ?? '' })
    .replace('authenticated/v0.1", for: SECURITY', 'authenticated/v0.1", as: "seen", for: SECURITY')
    .replaceAll('@authenticated', '@seen');
  expect(guarded(renamed).ask('{ free a b c }').refused).toEqual(['a', 'b', 'c']);
});

test('a supergraph in which nothing is protected is not served under --scopes, and neither is one of personal data', () => {
  expect(() => guardedSchema('type Query { a: Int }')).toThrow('use --open');
  const personal = composed({ one: `${LINK}type Query { a: Int @authenticated }` }).replace(
    'type Query',
    'directive @subject(key: String) on OBJECT\ntype Person @join__type(graph: ONE) @subject(key: "name") { name: String }\ntype Query',
  );
  expect(() => guarded(personal)).toThrow('--policies');
});

describe('a demand on an interface', () => {
  const scopes = (anyOf: Alternatives) => ({ kind: 'scopes', anyOf }) as const;

  test.each<[Alternatives, readonly Alternatives[], boolean]>([
    [[['a']], [[['a']]], true],
    [[['a']], [[['a'], ['b']]], false],
    [[['a'], ['b']], [[['a']]], true],
    [[['a', 'b']], [[['a']], [['b']]], true],
    [
      [
        ['a', 'b'],
        ['a', 'c'],
      ],
      [[['a']], [['b'], ['c']]],
      true,
    ],
    [[['a', 'b']], [[['a']], [['b'], ['c']]], false],
    [[['a']], [], false],
    [[[]], [], true],
  ])('of %j follows from %j: %s', (anyOf, implementors, follows) => {
    expect(isImplied(scopes(anyOf), implementors.map(scopes))).toBe(follows);
  });

  test('is never taken for implied when that cannot be found out in time', () => {
    const many = Array.from({ length: 24 }, (_, i) => scopes([[`a${i}`], [`b${i}`]]));
    expect(isImplied(scopes([['a0'], ['b0']]), many)).toBe(false);
    expect(isImplied({ kind: 'authenticated' }, many)).toBe(false);
  });
});
