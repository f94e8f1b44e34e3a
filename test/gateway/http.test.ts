import { request as httpRequest } from 'node:http';
import { gzipSync, deflateSync, brotliCompressSync } from 'node:zlib';
import { serverAudits } from 'graphql-http';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Gateway } from '../../gateway/assemble.ts';
import { LIMITS } from '../../gateway/limits.ts';
import { startFixture } from '../federation/fixture.ts';
import { startOpenGateway } from './open-gateway.ts';

let gateway: Gateway;
let running: Awaited<ReturnType<typeof startFixture>>;
beforeAll(async () => {
  running = await startFixture('shop');
  gateway = await startOpenGateway(running.supergraphSdl);
});
afterAll(async () => {
  await gateway[Symbol.asyncDispose]();
  await running.close();
});

/** Audits of what we decline on purpose: data is answered to POST only (ATTACKS 12), so audits of GET find 405. */
const DECLINED = /\bGETs?\b/;

describe('GraphQL over HTTP, by the audits of graphql-http', () => {
  const audits = serverAudits({ url: () => `${gateway.url}/graphql`, fetchFn: fetch });
  test.each(audits.filter(({ name }) => !DECLINED.test(name)).map((audit) => [audit.id, audit.name, audit] as const))(
    '%s %s',
    async (_id, _name, audit) => {
      const result = await audit.fn();
      expect(result.status, 'reason' in result ? result.reason : '').toBe('ok');
    },
  );
});

interface Raw {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
}

async function post(body: string | Buffer, headers: Record<string, string> = {}, method = 'POST', path = '/graphql'): Promise<Raw> {
  return new Promise((resolve, reject) => {
    const sent = httpRequest(
      `${gateway.url}${path}`,
      { method, headers: { 'content-type': 'application/json', ...headers } },
      (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('end', () =>
          resolve({ status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(chunks).toString() }),
        );
      },
    );
    // The answer to a body that is too large comes before the body has been sent.
    sent.on('error', reject);
    sent.end(body);
  });
}

const GOOD = JSON.stringify({ query: '{ __typename }' });

describe('what a client may send', () => {
  test.each([
    ['gzip', gzipSync(GOOD)],
    ['deflate', deflateSync(GOOD)],
    ['br', brotliCompressSync(GOOD)],
    ['identity', Buffer.from(GOOD)],
  ])('takes a body compressed with %s', async (encoding, body) => {
    expect(await post(body, { 'content-encoding': encoding })).toMatchObject({ status: 200, body: '{"data":{"__typename":"Query"}}' });
  });

  test.each([
    'text/plain',
    'application/x-www-form-urlencoded',
    'multipart/form-data; boundary=x',
    'application/json; charset=utf-16',
    'application/json; charset=utf-7',
    'application/json; charset="utf-8"; q=1',
    'application/graphql',
    'application/jsonx',
    '',
  ])('answers 415 to the content type "%s"', async (type) => {
    expect((await post(GOOD, { 'content-type': type })).status).toBe(415);
  });

  test('answers 415 to a content encoding it does not know', async () => {
    expect((await post(GOOD, { 'content-encoding': 'zstd' })).status).toBe(415);
    expect((await post(GOOD, { 'content-encoding': 'gzip, gzip' })).status).toBe(415);
  });

  test.each([
    '{',
    'nonsense',
    '"text"',
    '1',
    'null',
    '[]',
    '{}',
    '{"query":1}',
    '{"query":""}',
    '{"query":"{a}","variables":[]}',
    '{"query":"{a}","variables":"x"}',
    '{"query":"{a}","operationName":{}}',
    '{"query":"{a}","extensions":1}',
  ])('answers 400 to the body %s', async (body) => {
    const answer = await post(body, { accept: 'application/json' });
    expect(answer.status).toBe(400);
    expect(JSON.parse(answer.body)).toMatchObject({ errors: [{ extensions: { code: 'BAD_REQUEST' } }] });
  });

  test('answers 400 to a body that is not UTF-8 and to one whose compression is broken', async () => {
    expect((await post(Buffer.from([0x7b, 0xff, 0xfe, 0x7d]))).status).toBe(400);
    expect((await post(gzipSync(GOOD).subarray(0, 20), { 'content-encoding': 'gzip' })).status).toBe(400);
    expect((await post(Buffer.from('no gzip'), { 'content-encoding': 'gzip' })).status).toBe(400);
  });

  test('takes no batches', async () => {
    expect((await post(`[${GOOD},${GOOD}]`)).status).toBe(400);
  });

  test('stops reading a zip bomb at its limit', async () => {
    const bomb = gzipSync(Buffer.alloc(200 * 1024 * 1024, 0x20));
    expect(bomb.length).toBeLessThan(LIMITS.bodyBytesMax);
    const before = process.memoryUsage().rss;
    expect((await post(bomb, { 'content-encoding': 'gzip' })).status).toBe(413);
    expect(process.memoryUsage().rss - before).toBeLessThan(100 * 1024 * 1024);
  });

  test('refuses a body over the limit, whether its length is declared or not', async () => {
    const large = JSON.stringify({ query: `{ __typename } #${'x'.repeat(LIMITS.bodyBytesMax)}` });
    expect((await post(large)).status).toBe(413);
    expect((await post(large, { 'transfer-encoding': 'chunked' })).status).toBe(413);
  });

  test.each(['GET', 'HEAD', 'PUT', 'DELETE', 'OPTIONS', 'PATCH'])('answers 405 to %s, data being answered to POST only', async (method) => {
    const answer = await post('', {}, method, '/graphql?query=%7B__typename%7D');
    expect(answer).toMatchObject({ status: 405, headers: { allow: 'POST' } });
    expect(answer.body).not.toContain('"data"');
  });

  test('answers in the media type that the client prefers, and 406 when it takes none', async () => {
    const type = async (accept: string): Promise<unknown> => (await post(GOOD, { accept })).headers['content-type'];
    expect(await type('application/json;q=0.1, application/graphql-response+json')).toBe(
      'application/graphql-response+json; charset=utf-8',
    );
    expect(await type('*/*')).toBe('application/json; charset=utf-8');
    expect((await post(GOOD, { accept: 'text/html' })).status).toBe(406);
    expect((await post(GOOD, { accept: 'multipart/mixed' })).status).toBe(406);
  });

  test.each([
    ['application/json; charset=utf-8', 'application/json'],
    ['application/graphql-response+json; charset=utf-8, application/json;charset="UTF-8";q=0.9', 'application/graphql-response+json'],
    ['application/json;q=0, */*;q=0.1', 'application/graphql-response+json'],
    ['application/*', 'application/json'],
    ['application/json; charset=utf-16', undefined],
    ['application/json;q=0', undefined],
    ['*/*;q=0', undefined],
  ])('negotiates by parameters, weights and ranges: %s', async (accept, expected) => {
    const { status, headers } = await post(GOOD, { accept });
    if (expected === undefined) expect(status).toBe(406);
    else expect([status, headers['content-type']]).toEqual([200, `${expected}; charset=utf-8`]);
  });

  test('an Accept header that lists nothing is as good as none, and decides nothing for others', async () => {
    // Before: what was negotiated for an empty header was kept for requests without one.
    for (let weight = 0; weight < 101; weight += 1) await post(GOOD, { accept: `text/html;q=0.${100 + weight}` });
    expect((await post(GOOD, { accept: '' })).status).toBe(200);
    expect((await post(GOOD)).status).toBe(200);
  });

  test('keeps answers out of caches and from being sniffed', async () => {
    expect((await post(GOOD)).headers).toMatchObject({ 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' });
  });

  test('knows no other address', async () => {
    expect((await post(GOOD, {}, 'POST', '/graphql/')).status).toBe(404);
    expect((await post(GOOD, {}, 'POST', '/../etc/passwd')).status).toBe(404);
    const broken = await post(GOOD, {}, 'POST', '/graphql%ff079200000001');
    expect(broken).toMatchObject({ status: 404, headers: { 'cache-control': 'no-store' } });
    expect(broken.body).not.toContain('079200000001');
  });
});

/** Promised are 100; a slow machine that does other things too gets some more. */
const REFUSED_WITHIN_MS = 300;

describe('documents made to hurt', () => {
  const refusedWithin = async (query: string, variables?: unknown): Promise<Raw> => {
    const startedAt = performance.now();
    const answer = await post(JSON.stringify({ query, variables }), { accept: 'application/graphql-response+json' });
    expect(performance.now() - startedAt).toBeLessThan(REFUSED_WITHIN_MS);
    expect(answer.status).toBeGreaterThanOrEqual(400);
    expect(answer.status).toBeLessThan(500);
    return answer;
  };
  const many = (count: number, of: (index: number) => string): string => Array.from({ length: count }, (_, index) => of(index)).join(' ');

  test('one field ten thousand times (CVE-2023-26144)', async () => {
    await refusedWithin(`{ ${many(10_000, () => '__typename')} }`);
    await refusedWithin(`{ me { ${many(2_000, () => 'id')} } }`);
  });

  test('200 × 100 inline fragments, three deep (webonyx/graphql-php#1906)', async () => {
    await refusedWithin(`{ ${many(200, () => `... { ${many(100, () => '... { me { id } }')} }`)} }`);
    await refusedWithin(`{ ${many(50, () => `... { ${many(40, () => '... { me { id } }')} }`)} }`);
  });

  test('fragments that spread fragments that spread fragments (CVE-2025-32030)', async () => {
    const fragments = many(20, (index) => `fragment f${index} on Query { ...f${index + 1} ...f${index + 1} }`);
    await refusedWithin(`{ ...f0 } ${fragments} fragment f20 on Query { me { id } }`);
  });

  test('a fragment that spreads itself', async () => {
    await refusedWithin('{ ...a } fragment a on Query { ...b } fragment b on Query { ...a }');
    await refusedWithin('{ me { ...a } } fragment a on User { id friends { ...a } }');
  });

  test('nesting without end', async () => {
    await refusedWithin(`${'{ me '.repeat(500)}{ id }${' }'.repeat(500)}`);
    await refusedWithin(`query ($a: ${'['.repeat(2_000)}Int${']'.repeat(2_000)}) { __typename }`);
    await refusedWithin(`{ product(upc: ${'['.repeat(3_000)}${']'.repeat(3_000)}) { name } }`);
  });

  test('variables nested without end, whatever type they are of', async () => {
    const nested = (open: string, close: string): unknown => JSON.parse(`${open.repeat(9_000)}1${close.repeat(9_000)}`);
    for (const value of [nested('[', ']'), nested('{"filter":', '}')]) {
      const answer = await refusedWithin('query ($ids: [ID!]!) { users(ids: $ids) { id } }', { ids: value });
      expect(JSON.parse(answer.body)).toMatchObject({ errors: [{ extensions: { code: 'OPERATION_TOO_LARGE' } }] });
    }
  });

  test('aliases without end (CVE-2026-35441)', async () => {
    await refusedWithin(`{ ${many(300, (index) => `a${index}: me { id }`)} }`);
    await refusedWithin(`{ ${many(60, (index) => `a${index}: me { id }`)} }`);
  });

  test('more tokens than are ever parsed', async () => {
    const answer = await refusedWithin(`{ ${many(20_000, (index) => `f${index}`)} }`);
    expect(answer.status).toBe(413);
  });

  test('thousands of variables, directives and unknown fields', async () => {
    await refusedWithin(`query (${many(1_500, (index) => `$v${index}: Int`)}) { __typename }`);
    await refusedWithin(`{ __typename ${many(2_000, () => '@nonsense')} }`);
    const answer = await refusedWithin(`{ ${many(1_000, (index) => `unknown${index}`)} }`);
    expect(JSON.parse(answer.body).errors.length).toBeLessThanOrEqual(LIMITS.validationErrorsMax + 1);
  });

  test('names of the prototype as alias and as variable (CVE-2026-32621)', async () => {
    await refusedWithin('{ __proto__: me { id } }');
    await refusedWithin('query ($__proto__: Int) { me { id } }', { ['__proto__']: 1 });
    const answer = await post('{"query":"{ constructor: me { toString: id } }","variables":{"__proto__":{"polluted":1},"constructor":1}}');
    expect(JSON.parse(answer.body)).toMatchObject({ data: { constructor: { toString: 'u1' } } });
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  });

  test('answers without "did you mean", stack or subgraph address', async () => {
    const answer = await refusedWithin('{ mee { idd } product(upcc: 1) { nam } }');
    expect(answer.body).not.toMatch(/did you mean|node_modules|127\.0\.0\.1|\.ts:/i);
  });
});
