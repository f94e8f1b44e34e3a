import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startTestGateway, type Reply, type TestGateway } from './test-gateway.ts';

// A rule may ask how surely it is the officer: here the police's rules ask for level 2.
let directory: string;
let gateway: TestGateway;
let person: string;
beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'policies-'));
  cpSync(join(import.meta.dirname, '..', '..', 'policies'), directory, { recursive: true });
  const file = join(directory, 'police.cedar');
  const rules = readFileSync(file, 'utf8');
  const purpose = 'context.purpose == "residence.management"';
  writeFileSync(file, rules.replaceAll(purpose, `${purpose} && context.assurance >= 2`));
  gateway = await startTestGateway({ policiesDir: directory });
  [person = ''] = await gateway.citizens(1);
});
afterAll(async () => {
  await gateway[Symbol.asyncDispose]();
  rmSync(directory, { recursive: true });
});

async function ask(headers: Record<string, string | undefined>): Promise<Reply> {
  const query = 'query ($id: IdNumber!) { resident(idNumber: $id) { fullName } }';
  return gateway.ask('police-residence', query, { id: person }, headers);
}

async function loggedIn(who: string, level: 1 | 2): Promise<Record<string, string | undefined>> {
  return { 'x-officer': undefined, 'x-officer-token': await gateway.loginToken({ app: 'officer-login', who, level }) };
}

test.each([
  ['an officer whom the application names', async () => ({ 'x-officer': 'officer-063' })],
  ['an officer who logged in with level 1', async () => loggedIn('police/officer-063', 1)],
])('%s is too little for a rule that asks for level 2', async (_, headers) => {
  const reply = await ask(await headers());
  expect(reply).toMatchObject({ status: 403, errors: [{ extensions: { code: 'ASSURANCE_TOO_LOW' } }] });
});

test('an officer who logged in with level 2 is enough, and stands in the record with the level', async () => {
  const reply = await ask(await loggedIn('police/officer-063', 2));
  expect(reply).toMatchObject({ status: 200, errors: [], data: { resident: { fullName: expect.any(String) } } });
  const record = (await gateway.records()).find(({ id }) => id === reply.extensions.disclosure?.record);
  expect(record).toMatchObject({ officer: 'officer-063', officerRole: 'registrar', assurance: 2 });
});

test.each([
  ['of another agency', async () => loggedIn('hospital/officer-017', 2)],
  ['that is none', async () => ({ 'x-officer-token': 'x' })],
  ['that is the application’s own token', async () => ({ 'x-officer-token': await gateway.token('police-residence') })],
  ['of a citizen', async () => ({ 'x-officer-token': await gateway.loginToken({ app: 'citizen-portal', who: person, level: 2 }) })],
])('a login %s is answered 401', async (_, headers) => {
  expect(await ask(await headers())).toMatchObject({ status: 401, errors: [{ extensions: { code: 'UNAUTHENTICATED' } }] });
});

test('a login is no token of an application', async () => {
  const token = await gateway.loginToken({ app: 'officer-login', who: 'police/officer-063', level: 2 });
  const reply = await ask({ authorization: `Bearer ${token}` });
  expect(reply).toMatchObject({ status: 403, errors: [{ extensions: { code: 'APPLICATION_NOT_REGISTERED' } }] });
});
