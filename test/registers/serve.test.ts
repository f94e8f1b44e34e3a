import { fork, spawn, type ChildProcess } from 'node:child_process';
import { generateKeyPairSync, randomBytes, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { seal, SEAL_HEADER } from '../../platform/grant.ts';
import { education } from '../../subgraphs/education/register.ts';
import { healthInsurance } from '../../subgraphs/health-insurance/register.ts';
import { loadSynthetic } from '../../subgraphs/load.ts';
import { createPopulation } from '../../subgraphs/population.ts';
import { register } from '../../subgraphs/register.ts';
import { calendarDate } from '../../subgraphs/http.ts';
import { startRegister, type TestRegister } from './harness.ts';

const INSURANCE = register(healthInsurance);
const SYNTHETIC = { seed: 7, size: 100 };
const PEOPLE = [...createPopulation(SYNTHETIC).people()].map((person) => person.idNumber);

describe('the service of a register', () => {
  const sealKey = randomBytes(32);
  let running: TestRegister;
  beforeAll(async () => {
    running = await startRegister(INSURANCE, { synthetic: SYNTHETIC, sealKey });
  });
  afterAll(async () => running[Symbol.asyncDispose]());

  it('says that it lives and is ready, and nothing more', async () => {
    for (const [path, status] of [
      ['/health/live', 'live'],
      ['/health/ready', 'ready'],
    ] as const) {
      expect(await (await fetch(new URL(path, running.subgraph.url))).json()).toEqual({ status });
    }
  });

  it.each(['GET', 'PUT', 'DELETE', 'OPTIONS'])('has no %s /graphql', async (method) => {
    const response = await fetch(`${running.subgraph.url}?query={__typename}`, { method });
    expect(response.status).toBe(404);
  });

  it.each(['/graphiql', '/', '/synthetic'])('serves nothing at %s', async (path) => {
    expect((await fetch(new URL(path, running.subgraph.url))).status).toBe(404);
  });

  it('takes JSON only, of a bounded size', async () => {
    const odd = await fetch(running.subgraph.url, {
      method: 'POST',
      headers: { 'content-type': 'text/plain' },
      body: '{"query":"{ __typename }"}',
    });
    expect(odd.status).toBe(415);
    const huge = await fetch(running.subgraph.url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: ' '.repeat(4 * 1024 * 1024 + 1),
    });
    expect(huge.status).toBe(413);
  });

  it('opens no WebSocket', async () => {
    const response = await fetch(running.subgraph.url, {
      headers: { 'sec-websocket-version': '13', 'sec-websocket-key': 'AAAAAAAAAAAAAAAAAAAAAA==' },
    });
    expect(response.status).toBe(404);
  });

  it('marks what it answers as not to be stored', async () => {
    const call = { query: 'query ($r: [_Any!]!) { _entities(representations: $r) { __typename } }', variables: { r: [] } };
    const body = JSON.stringify(call);
    const response = await fetch(running.subgraph.url, { method: 'POST', headers: await running.headersFor(call, body), body });
    expect(response.headers.get('cache-control')).toBe('no-store');
    expect(await response.json()).toEqual({ data: { _entities: [] } });
  });

  it('keeps the same answer when an operation has been compiled', async () => {
    const selection = 'idNumber coverage { validFrom } visits(first: 2) { facility }';
    const first = await running.entities(PEOPLE, selection);
    for (let again = 0; again < 3; again += 1) expect(await running.entities(PEOPLE, selection)).toEqual(first);
  });

  it('tells what is wrong with variables without repeating a number in them', async () => {
    const answer = await running.call({
      query: 'query ($r: [_Any!]!, $d: Date!) { _entities(representations: $r) { ... on Resident { insuredOn(date: $d) } } }',
      variables: { r: [], d: '001099000001' },
    });
    expect(answer.errors?.[0]?.message).toContain('A Date is a string like');
    expect(answer.text).not.toContain('001099000001');
  });

  it('names people to try things with to the holder of the seal key, in order, insured today', async () => {
    const body = JSON.stringify({ after: '', limit: 10 });
    const url = new URL('/synthetic/showcase', running.subgraph.url);
    const headers = { 'content-type': 'application/json', [SEAL_HEADER]: seal('showcase', body, sealKey, Date.now()) };
    const response = await fetch(url, { method: 'POST', headers, body });
    const { idNumbers } = (await response.json()) as { idNumbers: readonly string[] };
    expect(idNumbers).toHaveLength(10);
    expect(idNumbers).toEqual(idNumbers.toSorted());
    const found = await running.entities(idNumbers, 'coverage { cardNumber }');
    expect(found.every((person) => person['coverage'] !== null)).toBe(true);

    const next = JSON.stringify({ after: idNumbers[4], limit: 2 });
    const following = await fetch(url, {
      method: 'POST',
      headers: { ...headers, [SEAL_HEADER]: seal('showcase', next, sealKey, Date.now()) },
      body: next,
    });
    expect(await following.json()).toEqual({ idNumbers: idNumbers.slice(5, 7) });
    // The same seal again, and none.
    expect((await fetch(url, { method: 'POST', headers, body })).status).toBe(401);
    expect((await fetch(url, { method: 'POST', headers: { 'content-type': 'application/json' }, body })).status).toBe(401);
  });
});

describe('a failing database', () => {
  it('gives null and a constant error: no SQL, no driver text, no stack', async () => {
    await using running = await startRegister(INSURANCE);
    await running.subgraph.database.query({ text: 'DROP TABLE visit' });
    for (let time = 0; time < 3; time += 1) {
      const answer = await running.call({
        query:
          'query ($r: [_Any!]!) { _entities(representations: $r) { ... on Resident { insuredOn(date: "2026-01-01") visits { facility } } } }',
        variables: { r: [{ __typename: 'Resident', idNumber: PEOPLE[0] }] },
      });
      expect(answer.data).toEqual({ _entities: [{ insuredOn: false, visits: null }] });
      expect(answer.errors).toEqual([
        { message: 'The register could not give this.', path: ['_entities', 0, 'visits'], extensions: { code: 'INTERNAL_SERVER_ERROR' } },
      ]);
    }
    expect(running.logged.join('')).toContain('does not exist');
  });
});

describe('grant ids', () => {
  it('are kept with the application, once each, at the latest when the register stops', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'grants-'));
    const id = randomUUID();
    {
      await using running = await startRegister(INSURANCE, { dataDirectory: directory });
      await running.entities([], 'idNumber', { id });
      await running.entities([], 'idNumber', { id });
    }
    await using again = await startRegister(INSURANCE, { dataDirectory: directory });
    const rows = await again.subgraph.database.query({ text: 'SELECT grant_id, application FROM grants_seen' });
    expect(rows).toEqual([{ grant_id: id, application: 'hospital-counter' }]);
    await again[Symbol.asyncDispose]();
    await rm(directory, { recursive: true });
  });
});

describe('loading synthetic people', () => {
  it('does nothing the second time, replaces another population, and begins again after a load that was cut off', async () => {
    await using running = await startRegister(register(education), { synthetic: SYNTHETIC });
    const { database } = running.subgraph;
    expect(await loadSynthetic(database, register(education), SYNTHETIC)).toBe('present');
    const [before] = await database.query<{ people: number }>({ text: 'SELECT count(DISTINCT id_number)::int AS people FROM enrolment' });
    expect(await loadSynthetic(database, register(education), { seed: 8, size: 50 })).toBe('loaded');
    await database.query({ text: `UPDATE register_stamp SET loaded_at = NULL` });
    await database.query({ text: `DELETE FROM exam_result` });
    const done: number[] = [];
    expect(await loadSynthetic(database, register(education), SYNTHETIC, ({ done: count, total }) => done.push(count / total))).toBe(
      'loaded',
    );
    expect(done).toEqual(done.toSorted((one, other) => one - other));
    expect(done.at(-1)).toBe(1);
    const [after] = await database.query<{ people: number }>({ text: 'SELECT count(DISTINCT id_number)::int AS people FROM enrolment' });
    expect(after).toEqual(before);
  });

  it('refuses data that is not stamped synthetic, and leaves it as it is', async () => {
    await using running = await startRegister(INSURANCE);
    const { database } = running.subgraph;
    await database.query({
      text: `INSERT INTO coverage (id_number, valid_from, object_code, benefit_digit, issuing_province) VALUES ('001099000001', '2026-01-01', 'DN', 4, '01')`,
    });
    await expect(loadSynthetic(database, INSURANCE, SYNTHETIC)).rejects.toThrow('holds data that is not stamped synthetic');
    expect(await database.query({ text: 'SELECT count(*)::int AS count FROM coverage' })).toEqual([{ count: 1 }]);
  });

  it('opens the demo-only route over synthetic data alone', async () => {
    await using running = await startRegister(INSURANCE);
    expect((await fetch(new URL('/synthetic/showcase', running.subgraph.url), { method: 'POST' })).status).toBe(404);
  });
});

describe('the day in Vietnam', () => {
  it('begins seven hours before that of UTC', () => {
    expect(calendarDate(new Date('2026-11-22T16:59:59Z'))).toBe('2026-11-22');
    expect(calendarDate(new Date('2026-11-22T17:00:00Z'))).toBe('2026-11-23');
  });
});

describe('a register as a process of its own', () => {
  const MAIN = join(import.meta.dirname, '..', '..', 'subgraphs', 'main.ts');
  let directory: string;
  let environment: Record<string, string>;
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'register-'));
    const { publicKey } = generateKeyPairSync('ed25519');
    await writeFile(join(directory, 'grant.pem'), publicKey.export({ type: 'spki', format: 'pem' }));
    await writeFile(join(directory, 'seal.key'), randomBytes(32).toString('base64'));
    environment = {
      GRANT_ISSUER: 'test',
      GRANT_PUBLIC_KEY_FILE: join(directory, 'grant.pem'),
      SEAL_KEY_FILE: join(directory, 'seal.key'),
      DATA_DIR: join(directory, 'data'),
      CITIZENS: '100',
      LOG_LEVEL: 'silent',
    };
  });
  afterAll(async () => rm(directory, { recursive: true }));

  async function failure(
    args: readonly string[],
    env: Record<string, string>,
  ): Promise<{ readonly status: unknown; readonly text: string }> {
    const child = spawn(process.execPath, [MAIN, ...args], { env, stdio: ['ignore', 'ignore', 'pipe'] });
    let text = '';
    child.stderr.on('data', (piece: Buffer) => (text += piece.toString()));
    const [status] = (await once(child, 'close')) as [unknown];
    return { status, text };
  }

  it('says which registers there are when asked for another', async () => {
    expect(await failure(['tax'], environment)).toEqual({
      status: 1,
      text: 'Usage: node subgraphs/main.ts REGISTER [--demo], where REGISTER is one of residents, civil-status, health-insurance, education.\n',
    });
  });

  it('says which setting is missing or wrong', async () => {
    const missing = await failure(['education'], {});
    expect(missing.status).toBe(1);
    expect(missing.text).toContain('GRANT_ISSUER');
    expect((await failure(['education'], { ...environment, SEAL_KEY_FILE: '/nowhere' })).text).toContain(
      'The file of SEAL_KEY_FILE cannot be read.',
    );
    expect((await failure(['education'], { ...environment, GRANT_PUBLIC_KEY_FILE: join(directory, 'seal.key') })).text).toContain(
      'no Ed25519 public key',
    );
    const unreachable = await failure(['education'], {
      ...environment,
      EDUCATION_DATABASE_URL: 'postgres://someone:secret@127.0.0.1:1/none',
    });
    expect(unreachable.text).toContain('PostgreSQL does not answer.');
    expect(unreachable.text).not.toContain('secret');
    expect(unreachable.status).toBe(1);
  });

  it('says in one sentence that the port is in use, or the data directory no directory', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as { port: number };
    const taken = await failure(['education'], { ...environment, PORT: String(port) });
    server.close();
    expect(taken).toEqual({ status: 1, text: 'The port is in use. Set PORT to another one, or to 0 for a free one.\n' });
    const file = await failure(['education'], { ...environment, DATA_DIR: join(directory, 'seal.key') });
    expect(file.status).toBe(1);
    expect(file.text).toContain('Check the permissions of DATA_DIR');
  });

  it('reports progress and readiness to its parent, and ends when the parent is gone', async () => {
    const child = fork(MAIN, ['health-insurance', '--demo'], { env: environment, stdio: 'inherit' });
    const kinds = new Set<string>();
    const url = await readyUrl(child, kinds);
    expect(kinds).toEqual(new Set(['progress', 'ready']));
    expect((await fetch(new URL('/health/ready', url))).status).toBe(200);
    const ended = once(child, 'exit');
    child.disconnect();
    expect(await ended).toEqual([0, null]);
  });

  it('stops in good order on SIGTERM', async () => {
    const child = fork(MAIN, ['health-insurance', '--demo'], { env: environment, stdio: 'inherit' });
    await readyUrl(child, new Set());
    const ended = once(child, 'exit');
    child.kill('SIGTERM');
    expect(await ended).toEqual([0, null]);
  });

  async function readyUrl(child: ChildProcess, kinds: Set<string>): Promise<string> {
    return new Promise((resolve, reject) => {
      child.on('message', (message: { kind: string; url: string }) => {
        kinds.add(message.kind);
        if (message.kind === 'ready') resolve(message.url);
      });
      child.once('exit', (status) => reject(new Error(`The register ended with status ${status}.`)));
    });
  }
});
