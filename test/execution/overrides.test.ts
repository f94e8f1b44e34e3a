import { buildSchema, parse, type GraphQLSchema } from 'graphql';
import { describe, expect, test } from 'vitest';
import { createPlanner } from '../../gateway/apollo.ts';
import { createChooseOverrides, type OverrideSources } from '../../gateway/execution/overrides.ts';
import { startPlanner } from '../../gateway/execution/planner.ts';
import { fieldInputs } from '../../gateway/policy/field-inputs.ts';
import { fed2, inProcess } from './in-process.ts';

const names = '"@key", "@override", "@requires", "@external"';
const { graph, planDocument } = inProcess({
  old: `${fed2('v2.7', names)}
    type Query { thing: Thing other: Int }
    type Thing @key(fields: "id") { id: ID! price: Int weight: Int color: String }`,
  new: `${fed2('v2.7', names)}
    type Thing @key(fields: "id") {
      id: ID!
      price: Int @override(from: "old", label: "percent(25)")
      weight: Int @override(from: "old", label: "weights")
    }`,
});
const sourcesOf = (supergraphSchema: GraphQLSchema): OverrideSources => ({
  supergraphSchema,
  inputs: fieldInputs(supergraphSchema, undefined),
  keys: new Map(),
});
const sources = sourcesOf(graph.supergraph.supergraphSchema);
const on = (chosen: { overrides: readonly (readonly [string, boolean])[] }): string[] =>
  chosen.overrides.flatMap(([label, isOn]) => (isOn ? [label] : []));

describe('a label of @override', () => {
  test('with a percentage is drawn for each request that can meet it', () => {
    const draws = [0.2499, 0.25, 0];
    const choose = createChooseOverrides(sources, new Set(), () => draws.shift() ?? 1);
    const document = parse('{ thing { price } }');
    expect([on(choose(document)), on(choose(document)), on(choose(document))]).toEqual([['percent(25)'], [], ['percent(25)']]);
  });

  test('of any other name is on when the operator says so', () => {
    const document = parse('{ thing { weight } }');
    expect(on(createChooseOverrides(sources, new Set(['weights']), () => 1)(document))).toEqual(['weights']);
    expect(on(createChooseOverrides(sources, new Set(), () => 0)(document))).toEqual([]);
  });

  test('counts where its field is only an input of another', () => {
    // As join__ directives say it; composition itself refuses most of such graphs.
    const joined = buildSchema(`
      directive @join__field(graph: String, requires: String, overrideLabel: String) repeatable on FIELD_DEFINITION
      type Query { thing: Thing }
      type Thing { cost: Int @join__field(graph: "SHIPPING", requires: "size { weight }") size: Size }
      type Size { weight: Int @join__field(graph: "NEW", overrideLabel: "weights") }
    `);
    expect(on(createChooseOverrides(sourcesOf(joined), new Set(['weights']), () => 1)(parse('{ thing { cost } }')))).toEqual(['weights']);
  });

  test('is off for documents that cannot meet it, so that they have one plan', () => {
    const choose = createChooseOverrides(sources, new Set(), Math.random);
    const keys = new Set(Array.from({ length: 50 }, () => choose(parse('{ other }')).key));
    expect(keys.size).toBe(1);
  });

  test('decides from which subgraph the field is fetched', () => {
    const fetchedFrom = (document: string, isOn: boolean): string =>
      JSON.stringify(
        planDocument(document, [
          ['percent(25)', isOn],
          ['weights', isOn],
        ]),
      );
    expect(fetchedFrom('{ thing { price } }', true)).toContain('"serviceName":"new"');
    expect(fetchedFrom('{ thing { price } }', false)).not.toContain('"serviceName":"new"');
  });

  test('reaches the planner in its thread', async () => {
    await using planner = await startPlanner({
      supergraphSdl: graph.supergraph.sdl,
      timeoutMs: 30_000,
      queueMax: 10,
      queuePerOwnerMax: 10,
    });
    const planned = async (isOn: boolean): Promise<string> =>
      JSON.stringify(await planner.plan({ document: '{ thing { price } }', overrides: [['percent(25)', isOn]], owner: 'a' }));
    expect(await planned(true)).toContain('"serviceName":"new"');
    expect(await planned(false)).not.toContain('"serviceName":"new"');
  });

  test('makes no difference where a supergraph has none', () => {
    const plain = inProcess({ only: `${fed2('v2.7', names)} type Query { a: Int }` });
    const choose = createChooseOverrides(sourcesOf(plain.graph.supergraph.supergraphSchema), new Set(['weights']), () => 0);
    expect(choose(parse('{ a }'))).toEqual({ overrides: [], key: '' });
    expect(createPlanner(plain.graph.supergraph.sdl)('{ a }').node?.kind).toBe('Fetch');
  });
});
