import * as fc from 'fast-check';
import { parse, validate } from 'graphql';
import { describe, expect, test } from 'vitest';
import { FIXTURE_NAMES, FIXTURES, monolith } from '../federation/fixture.ts';
import { fixtureSubgraphs, inProcess, PlannerFailure, prepare, run, type Executable } from './in-process.ts';
import { drawDocument } from './random-documents.ts';

const RUNS = Number(process.env['RANDOM_RUNS'] ?? 150);

/** Keys that exist, some that do not, and what arguments of the fixtures tell apart. */
const VALUES = {
  ID: [
    'u1',
    'u2',
    'u3',
    'b1',
    'b2',
    'l1',
    'l2',
    'r1',
    'r2',
    'r3',
    'f1',
    'f2',
    's1',
    'k1',
    'p1',
    'p2',
    'HAN',
    'SGN',
    'NRT',
    'VN',
    'JP',
    'NH',
    'x1',
    'x2',
    'VVNB',
    'nobody',
    'kd',
  ],
  Int: [0, 1, 2, 3, 9],
  Float: [0, 1.5, 55_000],
  String: ['Dế', 'Đ', 'i', 'never', 'lounge'],
  Boolean: [true, false],
  Date: ['1995-01-01', '2020-02-29'],
  Instant: ['2026-11-23T08:00:00Z'],
  JSON: [1],
  URL: ['https://free.example/f1'],
} as const;

describe.each(FIXTURE_NAMES)('random documents on the supergraph %s', (name) => {
  const graph = inProcess(FIXTURES[name].subgraphs);
  const { call } = fixtureSubgraphs(FIXTURES[name]);
  const whole = monolith(name);

  test('are answered as one graph would answer them', async () => {
    const property = fc.asyncProperty(fc.gen(), async (gen) => {
      const { document, variables } = drawDocument(gen, { schema: graph.graph.apiSchema, values: VALUES, depthMax: 6 });
      fc.pre(validate(graph.graph.apiSchema, parse(document)).length === 0);
      let executable: Executable;
      try {
        executable = prepare(graph, document, variables);
      } catch (error) {
        // Apollo's planner fails on some valid documents around @interfaceObject; there is nothing to execute then.
        fc.pre(!(error instanceof PlannerFailure));
        throw new Error(`${String(error)}\n${document}\n${JSON.stringify(variables)}`, { cause: error });
      }
      const expected = await whole.execute(document, variables);
      const { data, errors, distrusted } = await run(executable, call);
      const about = `${document}\n${JSON.stringify(variables)}\n${JSON.stringify(errors)}\n${JSON.stringify(expected.errors)}`;
      expect(data, about).toEqual(expected.data);
      expect(errors.length > 0, about).toBe((expected.errors?.length ?? 0) > 0);
      expect(distrusted, about).toEqual([]);
    });
    // A failure prints its document whole; shrinking one takes thousands of plans.
    await fc.assert(property, { numRuns: RUNS, maxSkipsPerRun: 100, endOnFailure: true });
  });
});
