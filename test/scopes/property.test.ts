import { composeServices } from '@apollo/composition';
import { buildSubgraphSchema } from '@apollo/subgraph';
import * as fc from 'fast-check';
import {
  getNamedType,
  isAbstractType,
  isListType,
  isObjectType,
  isNonNullType,
  parse,
  type GraphQLOutputType,
  type GraphQLSchema,
} from 'graphql';
import { expect, test } from 'vitest';
import { decideConditions } from '../../gateway/execution/conditions.ts';
import { drawDocument } from '../execution/random-documents.ts';
import { answerOf, run } from '../execution/in-process.ts';
import { guarded, LINK, type Asked, type Scopes } from './guarded.ts';
import { answerNaively } from './naive.ts';

// A schema with every kind of type, on which demands and non-null types are drawn, documents that are drawn on it, and callers: what is
// answered is what reading the directives one by one would give.

const PLACES = [
  'A',
  'B',
  'C',
  'E',
  'S',
  'Query',
  ...['i', 'is', 'u', 'us', 'a', 'c', 's', 'e', 'n'].map((field) => `Query.${field}`),
  ...['id', 'x', 'e', 'next', 's', 'u'].map((field) => `A.${field}`),
  ...['id', 'x', 'e', 'next', 'n', 'a'].map((field) => `B.${field}`),
  ...['n', 'i', 'cs'].map((field) => `C.${field}`),
] as const;
const TRUTHS = { p: true, q: false };
const SCOPES = ['x', 'y', 'z'];

type Demand = { readonly kind: 'authenticated' } | { readonly kind: 'scopes' | 'policies'; readonly anyOf: readonly (readonly string[])[] };

const alternatives = (names: readonly string[]) =>
  fc.array(fc.uniqueArray(fc.constantFrom(...names), { minLength: 1, maxLength: 2 }), { minLength: 1, maxLength: 2 });
const demandDrawn: fc.Arbitrary<Demand> = fc.oneof(
  fc.constant({ kind: 'authenticated' } as const),
  fc.record({ kind: fc.constant('scopes' as const), anyOf: alternatives(SCOPES) }),
  fc.record({ kind: fc.constant('policies' as const), anyOf: alternatives(Object.keys(TRUTHS)) }),
);
const demandsDrawn = fc.dictionary(
  fc.constantFrom(...PLACES),
  fc.uniqueArray(demandDrawn, { minLength: 1, maxLength: 2, selector: ({ kind }) => kind }),
  {
    minKeys: 1,
    maxKeys: 12,
    noNullPrototype: true,
  },
);
const strictDrawn = fc.uniqueArray(fc.constantFrom('id', 'x', 'e', 'n', 's', 'items', 'next'), { maxLength: 3 });
const scopesDrawn: fc.Arbitrary<Scopes> = fc.option(fc.uniqueArray(fc.constantFrom(...SCOPES, 'unknown')), { nil: undefined });

function sdlOf(demands: Readonly<Record<string, readonly Demand[]>>, strict: readonly string[]): string {
  const on = (place: string): string => (demands[place] ?? []).map(directive).join(' ');
  const type = (name: string, kind = 'type', more = ''): string => `${kind} ${name} ${more} ${on(name)}`;
  const bang = (field: string): string => (strict.includes(field) ? '!' : '');
  const field = (owner: string, name: string, of: string): string => `${name}: ${of}${bang(name)} ${on(`${owner}.${name}`)}`;
  const shared = (owner: string): string =>
    [field(owner, 'id', 'ID'), field(owner, 'x', 'String'), field(owner, 'e', 'E'), field(owner, 'next', 'I')].join(' ');
  return `${LINK}
    ${type('Query')} { ${field('Query', 'i', 'I')} ${field('Query', 'is', `[I${bang('items')}]`)} ${field('Query', 'u', 'U')}
      ${field('Query', 'us', `[U${bang('items')}]`)} ${field('Query', 'a', 'A')} ${field('Query', 'c', 'C')}
      ${field('Query', 's', 'S')} ${field('Query', 'e', 'E')} ${field('Query', 'n', 'Int')} }
    interface I { id: ID${bang('id')} x: String${bang('x')} e: E${bang('e')} next: I${bang('next')} }
    ${type('A', 'type', 'implements I')} { ${shared('A')} ${field('A', 's', 'S')} ${field('A', 'u', 'U')} }
    ${type('B', 'type', 'implements I')} { ${shared('B')} ${field('B', 'n', 'Int')} ${field('B', 'a', 'A')} }
    ${type('C')} { ${field('C', 'n', 'Int')} ${field('C', 'i', 'I')} ${field('C', 'cs', `[C${bang('items')}]`)} }
    union U = A | C
    ${type('E', 'enum')} { ONE TWO }
    ${type('S', 'scalar')}`;
}

function directive(demand: Demand): string {
  if (demand.kind === 'authenticated') return '@authenticated';
  const argument = JSON.stringify(demand.anyOf);
  return demand.kind === 'scopes' ? `@requiresScopes(scopes: ${argument})` : `@policy(policies: ${argument})`;
}

const LEAVES: Readonly<Record<string, unknown>> = { ID: 'an id', String: 'text', Int: 1, E: 'ONE', S: 'scalar' };

/** Every list has an object of each type, in the order of the schema; every single abstract value is of the first. */
function valueOf(type: GraphQLOutputType, schema: GraphQLSchema): unknown {
  if (isNonNullType(type)) return valueOf(type.ofType, schema);
  const named = getNamedType(type);
  const possible = isAbstractType(named) ? schema.getPossibleTypes(named) : [named];
  const values = possible.map((one) => (isObjectType(one) ? { __typename: one.name } : LEAVES[one.name]));
  return isListType(type) ? values : values[0];
}

test('what is answered is what a naive reading of the directives gives, for any demands, document and caller', async () => {
  const seen = { some: 0, all: 0 };
  await fc.assert(
    fc.asyncProperty(demandsDrawn, strictDrawn, scopesDrawn, fc.gen(), async (demands, strict, scopes, gen) => {
      const sdl = sdlOf(demands, strict);
      const { supergraphSdl, errors } = composeServices([{ name: 'one', url: 'http://one.invalid/graphql', typeDefs: parse(sdl) }]);
      expect(errors).toBeUndefined();
      const graph = guarded(supergraphSdl ?? '', TRUTHS);
      const subgraph = buildSubgraphSchema(parse(sdl));
      const holds = (demand: Demand): boolean => {
        if (demand.kind === 'authenticated') return scopes !== undefined;
        const has = (name: string): boolean => (demand.kind === 'scopes' ? scopes?.includes(name) === true : name === 'p');
        return demand.anyOf.some((names) => names.every(has));
      };
      // Composing takes longest, so each schema is asked several documents.
      for (let drawn = 0; drawn < DOCUMENTS; drawn += 1) {
        const { document, variables } = drawDocument(gen, { schema: subgraph, values: {}, depthMax: 4 });
        const asked = askIfMerging(() => graph.ask(document, scopes, variables));
        if (!asked) continue;
        const expected = answerNaively(decideConditions(parse(document), variables), {
          schema: subgraph,
          meets: (element) => (demands[element] ?? []).every(holds),
          leaf: (coordinate) => leafOf(coordinate, subgraph),
        });
        for (const path of expected.refused) expect(asked.refused, document).toContain(path);
        if (asked.refused.length > 0) seen[asked.kept === undefined ? 'all' : 'some'] += 1;
        if (asked.kept === undefined) {
          expect(leavesOf(expected.data), document).toEqual([]);
          continue;
        }
        const { data } = await run(asked.executable, async (fetch, values) =>
          answerOf(subgraph, fetch, values, (_source, _args, _context, { returnType }) => valueOf(returnType, subgraph)),
        );
        expect(data, document).toEqual(JSON.parse(JSON.stringify(expected.data)));
      }
    }),
    // Shrinking composes a schema for each try; the document that fails says enough.
    { numRuns: 100, endOnFailure: true },
  );
  // The draw is worth something only if refusals and answers both come up.
  expect(seen.some).toBeGreaterThan(50);
  expect(seen.all).toBeGreaterThan(50);
});

const DOCUMENTS = 15;

function leafOf(coordinate: string, schema: GraphQLSchema): unknown {
  const [type = '', field = ''] = coordinate.split('.');
  const owner = schema.getType(type);
  const definition = isObjectType(owner) ? owner.getFields()[field] : undefined;
  if (!definition) throw new Error(`There is no field ${coordinate}.`);
  return LEAVES[getNamedType(definition.type).name];
}

/** Fields that are drawn may not merge. */
function askIfMerging(ask: () => Asked): Asked | undefined {
  try {
    return ask();
  } catch (error) {
    if (error instanceof Error && error.message.startsWith('Refused:')) return undefined;
    throw error;
  }
}

function leavesOf(value: unknown): readonly unknown[] {
  if (value === null || value === undefined) return [];
  if (Array.isArray(value)) return value.flatMap(leavesOf);
  return typeof value === 'object' ? Object.values(value).flatMap(leavesOf) : [value];
}
