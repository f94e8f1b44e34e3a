import { writeFile } from 'node:fs/promises';
import { Writable } from 'node:stream';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startGateway, type Gateway, type Governance } from '../../gateway/assemble.ts';
import { ConfigError, readConfig } from '../../gateway/config.ts';
import { LIMITS } from '../../gateway/limits.ts';
import { start } from '../../gateway/start.ts';
import { createLog, type Logger } from '../../platform/log.ts';
import { LINK } from './guarded.ts';
import { post, startKeys, startSubgraph, type Reply, type RunningIssuer, type RunningSubgraph } from './running.ts';

// Whole gateways, started as the command line starts them.

const SDL = `${LINK}
  type Query {
    me: User @authenticated
    sure: User! @authenticated
    post: Post
    posts: [Post!]
    strict: Strict
    broken: String
    ruled: String @policy(policies: [["kind:user"]])
    other: String @policy(policies: [["never"]])
    holder: Holder
  }
  type Mutation { publish: Post withdraw: Post @requiresScopes(scopes: [["write:posts"]]) }
  type User { id: ID! name: String email: String @requiresScopes(scopes: [["read:email"]]) }
  type Post @key(fields: "id") { id: ID! title: String! views: Int @authenticated author: User! @requiresScopes(scopes: [["read:author"]]) }
  type Strict { secret: String! @requiresScopes(scopes: [["secret"]]) text: String }
  type Holder @context(name: "around") @key(fields: "id") { id: ID! name: String child: Child }
  type Child @key(fields: "id") { id: ID! greeting(name: String @fromContext(field: "$around { name }")): String }`;

let subgraph: RunningSubgraph;
let issuer: RunningIssuer;
let gateway: Gateway;

/** The argument is how the settings differ from what every test wants. */
async function startWith(flags: readonly string[], log: Logger = createLog('test', 'silent')): Promise<Gateway> {
  const config = readConfig(['--supergraph', subgraph.supergraphFile, '--port', '0', ...flags], {});
  return start(config, { log, clock: Date.now, progress: { loading: () => undefined } });
}

beforeAll(async () => {
  issuer = await startKeys();
  subgraph = await startSubgraph(SDL, (_source, args: Record<string, unknown>, _context, { fieldName, returnType }) => {
    if (fieldName === 'broken') throw new Error('a message of the subgraph');
    if (fieldName === 'greeting') return `hello ${String(args['name'])}`;
    if (fieldName === 'posts') return [{ id: '1' }, { id: '2' }];
    return String(returnType).startsWith('Int') ? 1 : /^(?:String|ID)/.test(String(returnType)) ? fieldName : {};
  });
  gateway = await startWith(['--scopes', '--jwks', issuer.jwks, '--scope-policies', 'kind:user,never=false']);
});
afterAll(async () => {
  await gateway[Symbol.asyncDispose]();
  await subgraph[Symbol.asyncDispose]();
  await issuer[Symbol.asyncDispose]();
});

async function ask(query: string, scope?: unknown, at: Gateway = gateway): Promise<Reply> {
  const headers = scope === undefined ? {} : { authorization: `Bearer ${await issuer.token({ scope })}` };
  return post(at.url, query, headers);
}

/** Code and path of each error. */
const told = ({ body }: Reply): readonly string[] =>
  (body.errors ?? []).map(({ extensions, path }) => `${extensions.code} ${path?.join('.') ?? ''}`);

describe('under --scopes', () => {
  test('what is unauthorized is null with an error, and is not fetched', async () => {
    subgraph.queries.length = 0;
    const reply = await ask('{ me { name } post { title views } }');
    expect(reply.status).toBe(200);
    expect(reply.body.data).toEqual({ me: null, post: { title: 'title', views: null } });
    expect(told(reply)).toEqual(['UNAUTHORIZED_FIELD_OR_TYPE me', 'UNAUTHORIZED_FIELD_OR_TYPE post.views']);
    expect(subgraph.queries.join()).toMatch(/title/);
    expect(subgraph.queries.join()).not.toMatch(/\bme\b|views/);
  });

  test('a token gives what its scopes are enough for, written as a string or as a list', async () => {
    const query = '{ me { name email } post { views } }';
    expect((await ask(query, '')).body.data).toEqual({ me: { name: 'name', email: null }, post: { views: 1 } });
    expect((await ask(query, 'openid read:email')).body).toEqual({ data: { me: { name: 'name', email: 'email' }, post: { views: 1 } } });
    expect((await ask(query, ['read:email'])).body.errors).toBeUndefined();
    // The names of two scopes are no name of one, and neither is what is no text.
    expect(told(await ask(query, ['x read:email']))).toEqual(['UNAUTHORIZED_FIELD_OR_TYPE me.email']);
    expect(told(await ask(query, { 'read:email': true }))).toEqual(['UNAUTHORIZED_FIELD_OR_TYPE me.email']);
  });

  test('the same text of callers with other scopes is never answered with what was prepared for another (ATTACKS 17, 27)', async () => {
    const query = '{ me { email } post { author { name } } }';
    const all = { me: { email: 'email' }, post: { author: { name: 'name' } } };
    const round = async (): Promise<readonly unknown[]> => {
      const replies = await Promise.all(
        [undefined, '', 'read:email', 'read:author read:email', 'read:author'].map((scope) => ask(query, scope)),
      );
      return replies.map(({ body }) => body.data);
    };
    const nothing = { me: null, post: null };
    const expected = [nothing, nothing, { me: all.me, post: null }, all, { me: { email: null }, post: all.post }];
    expect(await round()).toEqual(expected);
    expect(await round()).toEqual(expected);
  });

  test('a refused field that is not nullable takes its parent along, in items of lists too', async () => {
    expect((await ask('{ strict { text secret } post { title author { id } } }')).body.data).toEqual({ strict: null, post: null });
    const reply = await ask('{ posts { id author { id } } post { title } }');
    expect(reply.body.data).toEqual({ posts: null, post: { title: 'title' } });
    expect(told(reply)).toEqual(['UNAUTHORIZED_FIELD_OR_TYPE posts.author']);
  });

  test('a request of which nothing is authorized is answered with nulls, and asks no subgraph', async () => {
    subgraph.queries.length = 0;
    const reply = await ask('{ me { name } x: me { id } strict { secret } }');
    expect(reply.status).toBe(200);
    expect(reply.body.data).toEqual({ me: null, x: null, strict: null });
    expect(told(reply)).toEqual(['me', 'x', 'strict.secret'].map((path) => `UNAUTHORIZED_FIELD_OR_TYPE ${path}`));
    expect((await ask('{ sure { id } me { id } }')).body.data).toBeNull();
    expect(subgraph.queries).toEqual([]);
  });

  test('a mutation that has a refused root is not run', async () => {
    subgraph.queries.length = 0;
    const query = 'mutation { publish { id } withdraw { id } }';
    const reply = await ask(query, '');
    expect([reply.status, told(reply)]).toEqual([403, ['UNAUTHORIZED_FIELD_OR_TYPE withdraw']]);
    expect(subgraph.queries).toEqual([]);
    // The root is permitted, but nothing of what it gives: it is not run either, and the answer does not look as if it had been.
    expect((await ask('mutation { publish { views } }')).status).toBe(403);
    expect(subgraph.queries).toEqual([]);
    expect((await ask(query, 'write:posts')).body.data).toEqual({ publish: { id: 'id' }, withdraw: { id: 'id' } });
  });

  test('policies hold as they are set, and not otherwise', async () => {
    expect((await ask('{ ruled other }')).body.data).toEqual({ ruled: 'ruled', other: null });
    const file = `${subgraph.supergraphFile}.yaml`;
    await writeFile(file, 'kind:user: false\nnever: true\n');
    await using byFile = await startWith(['--scopes', '--jwks', issuer.jwks, '--scope-policies', file]);
    expect((await ask('{ ruled other }', undefined, byFile)).body.data).toEqual({ ruled: null, other: 'other' });
    await using byDefault = await startWith(['--scopes', '--jwks', issuer.jwks]);
    expect((await ask('{ ruled other }', undefined, byDefault)).body.data).toEqual({ ruled: null, other: null });
    for (const wrong of ['a=yes', 'a,,b', '=true', `${file}.missing.yaml`, subgraph.supergraphFile.replace('.graphql', '.json')]) {
      await expect(startWith(['--scopes', '--jwks', issuer.jwks, '--scope-policies', wrong])).rejects.toThrow(/polic/);
    }
  });

  test('a request is refused as a whole where the client or the operator says so, and a client does not overrule the operator', async () => {
    const query = '{ post { title views } }';
    const byClient = await post(gateway.url, query, { 'x-on-refusal': 'reject' });
    expect([byClient.status, told(byClient), byClient.body.data]).toEqual([403, ['UNAUTHORIZED_FIELD_OR_TYPE post.views'], undefined]);
    expect((await post(gateway.url, query, { 'x-on-refusal': 'ignore' })).status).toBe(400);
    await using rejecting = await startWith(['--scopes', '--jwks', issuer.jwks, '--on-unauthorized', 'reject']);
    expect((await ask(query, undefined, rejecting)).status).toBe(403);
    expect((await post(rejecting.url, query, { 'x-on-refusal': 'prune' })).status).toBe(403);
    expect((await ask(query, '', rejecting)).status).toBe(200);
  });

  test('a token that is not good is no anonymous request', async () => {
    await using strict = await startWith(['--scopes', '--jwks', issuer.jwks, '--issuer', 'https://us', '--audience', 'graph']);
    await using stranger = await startKeys();
    const good = { iss: 'https://us', aud: 'graph', scope: '' };
    const past = Math.floor(Date.now() / 1000) - 60;
    const headers: readonly (readonly [string, string])[] = [
      ['expired', `Bearer ${await issuer.token({ ...good, exp: past })}`],
      ['not yet valid', `Bearer ${await issuer.token({ ...good, nbf: past + 3600 })}`],
      ['without end', `Bearer ${await issuer.token(good, { endless: true })}`],
      ["another issuer's key", `Bearer ${await stranger.token(good)}`],
      ['another issuer', `Bearer ${await issuer.token({ ...good, iss: 'https://them' })}`],
      ['another audience', `Bearer ${await issuer.token({ ...good, aud: 'shop' })}`],
      ['no audience', `Bearer ${await issuer.token({ iss: good.iss, scope: '' })}`],
      ['no access token', `Bearer ${await issuer.token(good, { typ: 'logout+jwt' })}`],
      ['bound to a key', `Bearer ${await issuer.token({ ...good, cnf: { jkt: 'x' } })}`],
      [
        'unsigned',
        `Bearer ${Buffer.from('{"alg":"none"}').toString('base64url')}.${Buffer.from(JSON.stringify(good)).toString('base64url')}.`,
      ],
      ['garbage', 'Bearer garbage'],
      ['nothing', 'Bearer '],
      ['another scheme', 'Basic dXNlcjpwYXNz'],
    ];
    for (const [what, authorization] of headers) {
      const reply = await post(strict.url, '{ post { title } }', { authorization });
      expect([reply.status, told(reply)], what).toEqual([401, ['UNAUTHENTICATED ']]);
    }
    for (const typ of [undefined, 'JWT', 'at+jwt']) {
      const authorization = `bearer ${await issuer.token(good, typ === undefined ? {} : { typ })}`;
      expect((await post(strict.url, '{ me { name } }', { authorization })).body.data).toEqual({ me: { name: 'name' } });
    }
  });

  test('introspection is answered, and messages of subgraphs are not', async () => {
    expect((await ask('{ __type(name: "User") { fields { name } } }')).body.data).toHaveProperty('__type');
    const reply = await ask('{ broken post { title } }');
    expect(JSON.stringify(reply.body)).not.toContain('a message of the subgraph');
    expect(told(reply)).toEqual(['SUBGRAPH_ERROR broken']);
  });

  test('values of a context are handed on', async () => {
    expect((await ask('{ holder { child { greeting } } }')).body).toEqual({ data: { holder: { child: { greeting: 'hello name' } } } });
  });
});

describe('under --open', () => {
  test('a supergraph with these directives is served, nothing of them enforced, and a line says so', async () => {
    const lines: string[] = [];
    const stream = new Writable({ write: (chunk: Buffer, _encoding, done) => (lines.push(chunk.toString()), done()) });
    await using open = await startWith(['--open'], createLog('test', 'warn', stream));
    expect((await ask('{ me { email } holder { child { greeting } } }', undefined, open)).body).toEqual({
      data: { me: { email: 'email' }, holder: { child: { greeting: 'hello name' } } },
    });
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatch(/NOT enforced.*--scopes/);
  });
});

test('under policies, which would not enforce them, a supergraph with these directives is refused', async () => {
  const plan = {
    host: '127.0.0.1',
    port: 0,
    limits: LIMITS,
    log: createLog('test', 'silent'),
    clock: Date.now,
    supergraphSdl: subgraph.supergraphSdl,
    subgraphUrls: {},
    // Nothing of it is looked at before the supergraph is.
    governance: {} as Governance,
  };
  await expect(startGateway(plan)).rejects.toThrow('not enforced beside policies');
});

test('settings that do not go together are refused', () => {
  const read =
    (...flags: readonly string[]) =>
    () =>
      readConfig(['--supergraph', 'a.graphql', ...flags], {});
  expect(read('--scopes')).toThrow('--jwks');
  expect(read('--scopes', '--open', '--jwks', 'http://127.0.0.1/')).toThrow('exclude each other');
  expect(read('--scopes', '--demo', '--jwks', 'http://127.0.0.1/')).toThrow('exclude each other');
  expect(read('--scopes', '--policies', 'policies', '--jwks', 'http://127.0.0.1/')).toThrow('exclude each other');
  expect(read('--scopes', '--jwks', 'http://127.0.0.1/', '--on-unauthorized', 'ignore')).toThrow(ConfigError);
  expect(() => readConfig(['--supergraph', 'a', '--scopes', '--jwks', 'http://127.0.0.1/'], { SEAL_KEY_DIR: 'keys' })).toThrow(
    '--scopes refuses to run beside production keys',
  );
  expect(readConfig(['--supergraph', 'a', '--scopes', '--jwks', 'http://127.0.0.1/', '--host', '0.0.0.0'], {})).toMatchObject({
    kind: 'scopes',
    host: '0.0.0.0',
  });
});
