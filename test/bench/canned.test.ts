import { readFileSync } from 'node:fs';
import { connect, type AddressInfo, type Server } from 'node:net';
import { expect, test } from 'vitest';
import { createCannedServer } from '../../bench/canned/http.ts';
import { createReplies } from '../../bench/canned/replies.ts';
import { idNumberAt, idNumbersOf, requestBody, REQUESTS_PER_WORK, WORKS } from '../../bench/work/documents.ts';
import { expectedData } from '../../bench/work/expected.ts';
import { SUBGRAPHS, SUPERGRAPH_FILE, type Subgraph, unknownSubgraphs } from '../../bench/work/graph.ts';
import { personOf } from '../../bench/work/person.ts';
import { LIMITS } from '../../gateway/limits.ts';
import { startGateway } from '../../gateway/assemble.ts';
import { createLog } from '../../platform/log.ts';

type Listening = AsyncDisposable & { readonly url: string; readonly port: number };

async function listen(server: Server): Promise<Listening> {
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  return {
    port,
    url: `http://127.0.0.1:${port}/graphql`,
    [Symbol.asyncDispose]: async () => {
      await new Promise((resolve) => {
        server.close(resolve);
      });
    },
  };
}

/** What a canned subgraph answers, read as a gateway would. */
function ask(subgraph: Subgraph, query: string, variables: Record<string, unknown> = {}): unknown {
  const bytes = createReplies(subgraph)(JSON.stringify({ query, variables }));
  return JSON.parse(Buffer.from(bytes, 'latin1').toString('utf8'));
}

test('every work is answered through the real gateway as the data says, by subgraphs that speak its protocol', async () => {
  await using resources = new AsyncDisposableStack();
  const urls: Record<string, string> = {};
  for (const name of SUBGRAPHS) urls[name] = resources.use(await listen(createCannedServer(createReplies(name)))).url;
  const gateway = resources.use(
    await startGateway({
      host: '127.0.0.1',
      port: 0,
      limits: LIMITS,
      log: createLog('test', 'silent'),
      clock: Date.now,
      supergraphSdl: readFileSync(SUPERGRAPH_FILE, 'utf8'),
      subgraphUrls: urls,
      governance: undefined,
    }),
  );
  for (const work of Object.values(WORKS)) {
    for (const index of [0, 1, 777, REQUESTS_PER_WORK - 1]) {
      const response = await fetch(`${gateway.url}/graphql`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: requestBody(work, index),
      });
      expect(await response.json()).toEqual({ data: expectedData(work, index).data });
    }
  }
});

test('each request asks for other people, and there are more of them than any cache of a gateway holds', () => {
  const work = WORKS.q2;
  const asked = new Set(Array.from({ length: REQUESTS_PER_WORK }, (_, index) => idNumbersOf(work, index)).flat());
  expect(asked.size).toBe(REQUESTS_PER_WORK * work.citizens);
  expect(asked.size).toBeGreaterThan(100_000);
  expect([...asked].every((idNumber) => /^\d{12}$/.test(idNumber))).toBe(true);
});

test('the answers have the sizes that the comparison is about', () => {
  const bytes = (name: keyof typeof WORKS): number => Buffer.byteLength(JSON.stringify({ data: expectedData(WORKS[name], 7).data }));
  expect(bytes('q1')).toBeGreaterThan(900);
  expect(bytes('q1')).toBeLessThan(1_300);
  expect(bytes('q2')).toBeGreaterThan(50_000);
  expect(bytes('q2')).toBeLessThan(60_000);
  expect(bytes('q3')).toBeLessThan(450);
});

test('an entity is answered whatever way a gateway writes its selection', () => {
  const idNumber = idNumberAt(5);
  const person = personOf(idNumber);
  const answered = ask(
    'civil-status',
    `query ($representations: [_Any!]!) { kind: __typename people: _entities(representations: $representations) { __typename ...File } }
     fragment File on Resident { n: birthRecord { ... on CivilRecord { number } ... on BirthRecord { child { idNumber } } } birthRecord { number } }`,
    {
      representations: [
        { __typename: 'Resident', idNumber },
        { __typename: 'Resident', idNumber },
      ],
    },
  );
  const birthRecord = person['birthRecord'] as unknown as { number: string };
  const one = {
    __typename: 'Resident',
    n: { number: birthRecord.number, child: { idNumber } },
    birthRecord: { number: birthRecord.number },
  };
  expect(answered).toEqual({ data: { kind: 'Query', people: [one, one] } });
});

test('literals and variables give the same answer', () => {
  const idNumber = idNumberAt(9);
  const { fullName } = personOf(idNumber);
  const expected = { data: { resident: { fullName } } };
  expect(ask('residents', `{ resident(idNumber: "${idNumber}") { fullName } }`)).toEqual(expected);
  expect(ask('residents', 'query ($a: IdNumber!) { resident(idNumber: $a) { fullName } }', { a: idNumber })).toEqual(expected);
});

test('a gateway that asks the wrong subgraph, or for a directive, is told so and not served', () => {
  expect(ask('education', '{ resident(idNumber: "001099000001") { fullName } }')).toMatchObject({ errors: [{}] });
  expect(ask('residents', '{ resident(idNumber: "001099000001") { coverage { cardNumber } } }')).toMatchObject({ errors: [{}] });
  expect(ask('residents', '{ resident(idNumber: "001099000001") { fullName @skip(if: true) } }')).toMatchObject({ errors: [{}] });
});

test('the graph has no subgraph that the bench does not serve', () => {
  expect(unknownSubgraphs()).toEqual([]);
});

const POST = 'POST /graphql HTTP/1.1\r\nHost: a\r\n';
/** A server that answers a body with itself in quotes. */
const echo = (): Server => createCannedServer((body) => JSON.stringify(body));

/** Sends pieces over one connection and gives all that came back, until as many bodies have come as are waited for. */
async function exchange(port: number, pieces: readonly string[], answers: number): Promise<readonly string[]> {
  const socket = connect({ host: '127.0.0.1', port, noDelay: true });
  let text = '';
  const done = new Promise<void>((resolve, reject) => {
    socket.on('error', reject);
    socket.on('close', () => resolve());
    socket.on('data', (chunk: Buffer) => {
      text += chunk.toString('latin1');
      if (text.split('HTTP/1.1 ').length - 1 >= answers && text.endsWith('"')) resolve();
    });
  });
  for (const piece of pieces) await new Promise((resolve) => socket.write(piece, resolve));
  await done;
  socket.destroy();
  return text.split('HTTP/1.1 ').slice(1);
}

test('requests that come in pieces, several at once or in chunks are answered one for one', async () => {
  await using server = await listen(echo());
  const whole = `${POST}Content-Length: 3\r\n\r\nabc`;
  const chunked = `${POST}Transfer-Encoding: chunked\r\n\r\n2\r\nde\r\n1\r\nf\r\n0\r\n\r\n`;
  const bodies = (answers: readonly string[]): readonly string[] => answers.map((answer) => answer.slice(answer.indexOf('\r\n\r\n') + 4));
  expect(bodies(await exchange(server.port, [whole + chunked + whole], 3))).toEqual(['"abc"', '"def"', '"abc"']);
  expect(bodies(await exchange(server.port, Array.from(whole + chunked), 2))).toEqual(['"abc"', '"def"']);
});

test('what is no POST with a body of known length is refused and its connection closed', async () => {
  await using server = await listen(echo());
  for (const request of [
    'GET /graphql HTTP/1.1\r\n\r\n',
    `${POST}\r\n`,
    `${POST}Content-Length: 99999999\r\n\r\n`,
    `${POST}Transfer-Encoding: chunked\r\n\r\nzz\r\n`,
  ]) {
    const answers = await exchange(server.port, [request], 2);
    expect(answers).toHaveLength(1);
    expect(answers[0]).toMatch(/^400 /);
  }
});
