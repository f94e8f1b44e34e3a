import { describe, expect, test } from 'vitest';
import { FIXTURE_NAMES, FIXTURES, monolith } from '../federation/fixture.ts';
import { fixtureSubgraphs, inProcess, prepare, run } from './in-process.ts';

describe.each(FIXTURE_NAMES)('executing plans on the supergraph %s', (name) => {
  const fixture = FIXTURES[name];
  const graph = inProcess(fixture.subgraphs);
  const { call } = fixtureSubgraphs(fixture);
  const whole = monolith(name);

  // Apollo's planner itself fails on one document; no executor can mend that. Mutations change what later documents find: the order counts.
  const operations = fixture.operations.filter(({ apolloDiffers = '' }) => !apolloDiffers.startsWith('The planner fails'));
  test.each(operations)('answers as one graph would: $claim', async ({ document, variables }) => {
    const expected = await whole.execute(document, variables);
    const { data, errors, distrusted } = await run(prepare(graph, document, variables), call);
    expect(data).toEqual(expected.data);
    expect(errors.length > 0, JSON.stringify(errors)).toBe((expected.errors?.length ?? 0) > 0);
    expect(distrusted).toEqual([]);
  });
});
