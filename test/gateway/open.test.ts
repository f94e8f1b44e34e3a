import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Gateway } from '../../gateway/assemble.ts';
import { FIXTURE_NAMES, FIXTURES, monolith, plainApollo, startFixture } from '../federation/fixture.ts';
import { startOpenGateway } from './open-gateway.ts';

interface Reply {
  readonly status: number;
  readonly body: { readonly data?: unknown; readonly errors?: readonly { message: string; extensions: { code: string } }[] };
}

async function post(url: string, body: unknown, accept = 'application/graphql-response+json'): Promise<Reply> {
  const response = await fetch(`${url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept },
    body: JSON.stringify(body),
  });
  return { status: response.status, body: (await response.json()) as Reply['body'] };
}

describe.each(FIXTURE_NAMES)('--open on the supergraph %s', (name) => {
  const whole = monolith(name);
  let apollo: Awaited<ReturnType<typeof plainApollo>>;
  let theirs: Awaited<ReturnType<typeof startFixture>>;
  let ours: Awaited<ReturnType<typeof startFixture>>;
  let gateway: Gateway;
  beforeAll(async () => {
    // Each has subgraphs of its own, for mutations change their rows.
    [theirs, ours] = await Promise.all([startFixture(name), startFixture(name)]);
    [apollo, gateway] = await Promise.all([plainApollo(theirs.supergraphSdl), startOpenGateway(ours.supergraphSdl)]);
  });
  afterAll(async () => {
    await gateway[Symbol.asyncDispose]();
    await apollo[Symbol.asyncDispose]();
    await Promise.all([theirs.close(), ours.close()]);
  });

  test.each(FIXTURES[name].operations.filter(({ apolloDiffers }) => apolloDiffers === undefined))(
    'answers as plain Apollo Gateway does: $claim',
    async (operation) => {
      const { document, variables } = operation;
      const expected = JSON.parse(JSON.stringify(await apollo.execute(document, variables))) as Reply['body'];
      const { status, body } = await post(gateway.url, { query: document, variables });
      expect(body.data).toEqual(expected.data);
      expect(status).toBe(200);
      const correct = await whole.execute(document, variables);
      expect((body.errors?.length ?? 0) > 0, JSON.stringify(body.errors)).toBe((correct.errors?.length ?? 0) > 0);
    },
  );

  // Apollo's planner itself fails on one document; no executor can mend that.
  const mended = FIXTURES[name].operations.filter(
    ({ apolloDiffers = '' }) => apolloDiffers !== '' && !apolloDiffers.startsWith('The planner fails'),
  );
  test.runIf(mended.length > 0).each(mended)('answers rightly where plain Apollo Gateway does not: $claim', async (operation) => {
    const { document, variables } = operation;
    const { body } = await post(gateway.url, { query: document, variables });
    expect(body.data).toEqual((await whole.execute(document, variables)).data);
  });

  test('gives client errors where plain Apollo Gateway fails with 500', async () => {
    const hasMutation = whole.schema.getMutationType() !== undefined && whole.schema.getMutationType() !== null;
    const requests = [
      { query: 'query a { __typename } query b { __typename }', operationName: 'c' },
      { query: 'query a { __typename } query b { __typename }' },
      { query: 'query ($x: Int!) { __typename @include(if: true) }', variables: { x: 'no number' } },
      { query: 'subscription { __typename }' },
      ...(hasMutation ? [] : [{ query: 'mutation { __typename }' }]),
    ];
    for (const request of requests) {
      const { status, body } = await post(gateway.url, request);
      expect(status, request.query).toBe(400);
      expect(body).not.toHaveProperty('data');
      expect(body.errors?.length).toBeGreaterThan(0);
      expect((await post(gateway.url, request, 'application/json')).status, request.query).toBe(200);
    }
  });
});
