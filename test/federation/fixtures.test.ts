import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { FIXTURE_NAMES, FIXTURES, monolith, plainApollo, startFixture } from './fixture.ts';

// The fixtures are what other tests compare a gateway to, so they are compared themselves: Apollo Gateway over HTTP to graphql-js in process.
describe.each(FIXTURE_NAMES)('the fixture %s', (name) => {
  const whole = monolith(name);
  let apollo: Awaited<ReturnType<typeof plainApollo>>;
  let running: Awaited<ReturnType<typeof startFixture>>;
  beforeAll(async () => {
    running = await startFixture(name);
    apollo = await plainApollo(running.supergraphSdl);
  });
  afterAll(async () => {
    await apollo[Symbol.asyncDispose]();
    await running.close();
  });

  test.each(FIXTURES[name].operations)('gives the same data through Apollo Gateway as in one graph: $claim', async (operation) => {
    const expected = await whole.execute(operation.document, operation.variables);
    const actual = await apollo.execute(operation.document, operation.variables);
    const data = (JSON.parse(JSON.stringify(actual)) as typeof actual).data;
    expect(expected).toHaveProperty('data');
    if (operation.apolloDiffers === undefined) {
      expect(data).toEqual(expected.data);
      expect((actual.errors?.length ?? 0) > 0).toBe((expected.errors?.length ?? 0) > 0);
    } else {
      expect(data).not.toEqual(expected.data);
    }
  });

  test('is asked by every one of its subgraphs', () => {
    expect(new Set(running.subgraphRequests.map(({ subgraph }) => subgraph))).toEqual(new Set(Object.keys(FIXTURES[name].subgraphs)));
    expect(FIXTURES[name].operations.length).toBeGreaterThanOrEqual(40);
  });
});
