import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { operationRegister, operationStep } from '../../gateway/admin/commands/operation.ts';
import { policyDraft, policyRollback, policyStep } from '../../gateway/admin/commands/policy-steps.ts';
import { callAdmin, signingKeyOf } from '../../gateway/admin/client.ts';
import { documentIdOf, textOfContent, type OperationContent } from '../../gateway/operations/content.ts';
import { signOperationStatement } from '../../gateway/operations/statement.ts';
import { runCommand } from './command-line.ts';
import { copyOfPolicies } from './rules-files.ts';
import { startTestGateway, type Reply, type TestApplication, type TestGateway } from './test-gateway.ts';

const { document: CHECK_IN } = parse(
  await readFile(join(import.meta.dirname, '..', '..', 'policies', 'operations', 'patient-check-in.yaml'), 'utf8'),
) as { readonly document: string };

/** How far the gateway's clock is ahead: forward when a test says so. */
let aheadMs = 0;
let gateway: TestGateway;
let person: string;
let directory: string;
beforeAll(async () => {
  gateway = await startTestGateway({ clock: () => Date.now() + aheadMs });
  [person = ''] = await gateway.citizens(1);
  directory = await mkdtemp(join(tmpdir(), 'lien-thong-operations-'));
});
afterAll(async () => {
  await gateway[Symbol.asyncDispose]();
  await rm(directory, { recursive: true });
});

const DOCUMENT = 'query Adults($id: IdNumber!, $age: Int!) { resident(idNumber: $id) { fullName isAtLeast(age: $age) } }';
const ADULTS = {
  kind: 'operation',
  name: 'adults-at-the-counter',
  application: 'hospital-counter',
  purpose: 'health.check-in',
  why: 'Whether a patient may sign for themselves.',
  document: DOCUMENT,
  variables: {
    type: 'object',
    properties: { id: { type: 'string' }, age: { type: 'integer', minimum: 14, maximum: 18 } },
    required: ['id', 'age'],
    additionalProperties: false,
  },
};

async function file(content: object): Promise<string> {
  const path = join(directory, 'operation.json');
  await writeFile(path, JSON.stringify(content));
  return path;
}

async function run(...args: readonly string[]): Promise<string> {
  const { status, stdout, stderr } = await runCommand(gateway, args);
  expect([args.join(' '), status, stderr]).toEqual([args.join(' '), 0, '']);
  return stdout;
}

async function refused(...args: readonly string[]): Promise<string> {
  const { status, stderr } = await runCommand(gateway, args);
  expect([args.join(' '), status]).toEqual([args.join(' '), 1]);
  return stderr;
}

/** Sends a body as an application. */
async function send(body: object, application: TestApplication = 'hospital-counter', purpose = 'health.check-in'): Promise<Reply> {
  const headers = {
    authorization: `Bearer ${await gateway.token(application)}`,
    'content-type': 'application/json',
    accept: 'application/graphql-response+json',
    'x-purpose': purpose,
    'x-officer': 'officer-001',
  };
  return gateway.send({ method: 'POST', headers, body: JSON.stringify(body) });
}

/** Has a content registered and approved by those who may, without the command line between; gives its document id. */
async function approved(content: { readonly name: string; readonly document: string }, author = 'hospital/officer-018'): Promise<string> {
  const from = await file(content);
  await operationRegister(gateway.admin(author).settings, { from, json: true });
  await approve(content.name, 'police/officer-064');
  return documentIdOf(content.document);
}

async function approve(operation: string, as: string): Promise<string> {
  const { settings, output } = gateway.admin(as);
  await operationStep(settings, 'approve', { operation, json: true });
  return (JSON.parse(output()) as { state: string }).state;
}

const codeOf = ({ status, errors }: Reply): readonly unknown[] => [status, errors[0]?.extensions.code];

describe('by the command line alone', () => {
  test('an operation is registered, refused to its author, approved by the data owner, and run by its document id', async () => {
    const documentId = documentIdOf(DOCUMENT);
    const body = { documentId, variables: { id: person, age: 18 } };
    expect(codeOf(await send(body))).toEqual([403, 'OPERATION_NOT_APPROVED']);

    const from = await file(ADULTS);
    const checked = await run('operation', 'register', '--from', from, '--check', '--as', 'hospital/officer-018');
    expect(checked).toMatch(/Resident\.fullName .* BASIC .* residents\.identity .* released by hospital\.identity/);
    expect(checked).toMatch(/Registers: residents\./);
    const proposed = JSON.parse(
      await run('operation', 'register', '--from', from, '--reason', 'for minors', '--as', 'hospital/officer-018', '--json'),
    ) as { state: string; documentId: string; missing: readonly string[] };
    expect(proposed).toMatchObject({ state: 'proposed', documentId, missing: ['the data owner police'] });
    expect(codeOf(await send(body))).toEqual([403, 'OPERATION_NOT_APPROVED']);

    const approve = ['operation', 'approve', '--operation', ADULTS.name] as const;
    expect(await refused(...approve, '--as', 'hospital/officer-018')).toMatch(/^You proposed this operation/);
    expect(await refused(...approve, '--as', 'social-security/officer-091')).toMatch(/^The operation touches no data/);
    // A national administrator is a second person, and no owner of the data.
    expect(await run(...approve, '--as', 'portal/officer-003')).toMatch(/proposed.*waits for the data owner police/);
    expect(await run(...approve, '--as', 'police/officer-064')).toMatch(/approved until/);
    expect(await refused(...approve, '--as', 'police/officer-064')).toMatch(/^You have approved this operation/);

    const reply = await send(body);
    expect([reply.status, reply.errors]).toEqual([200, []]);
    expect(reply.data).toEqual({ resident: { fullName: expect.any(String), isAtLeast: true } });
    expect((await gateway.records()).at(-1)).toMatchObject({ kind: 'disclosure', operation: ADULTS.name });
    const listed = JSON.parse(await run('operation', 'list', '--json')) as readonly { name: string; kind: string; state: string }[];
    expect(listed.flatMap(({ name, kind, state }) => (kind === 'operation' ? [[name, state]] : []))).toEqual([
      [ADULTS.name, 'approved'],
      ['patient-check-in', 'approved'],
    ]);
  });
});

describe('an approved operation', () => {
  test('is its document to the letter, with the variables that were approved', async () => {
    const documentId = await approved({ ...ADULTS, name: 'adults', document: `${DOCUMENT} ` });
    const variables = { id: person, age: 18 };
    expect((await send({ documentId, variables })).status).toBe(200);
    expect(codeOf(await send({ documentId: documentIdOf(`${DOCUMENT}  `), variables }))).toEqual([403, 'OPERATION_NOT_APPROVED']);
    expect(codeOf(await send({ documentId, query: DOCUMENT, variables }))).toEqual([400, 'BAD_REQUEST']);
    expect(codeOf(await send({ documentId: documentId.toUpperCase(), variables }))).toEqual([400, 'BAD_REQUEST']);
    expect(codeOf(await send({ documentId: 'adults', variables }))).toEqual([400, 'BAD_REQUEST']);
    const tooOld = await send({ documentId, variables: { id: person, age: 65 } });
    expect([...codeOf(tooOld), tooOld.errors[0]?.message]).toEqual([
      400,
      'BAD_USER_INPUT',
      'The variable "age" has a value that this operation was not approved for: it must be <= 18.',
    ]);
    expect((await send({ documentId, variables: { ...variables, [person]: person } })).text).not.toContain(person);
    expect(codeOf(await send({ documentId, variables: { id: person } }))).toEqual([400, 'BAD_USER_INPUT']);
    expect((await send({ documentId, variables, operationName: 'Adults' })).status).toBe(200);
    expect(codeOf(await send({ documentId, variables, operationName: 'Others' }))).toEqual([400, 'OPERATION_RESOLUTION_FAILURE']);
  });

  test("is its application's alone", async () => {
    const documentId = await approved({ ...ADULTS, name: 'own', document: `${DOCUMENT}\n` });
    const body = { documentId, variables: { id: person, age: 18 } };
    const foreign = await send(body, 'police-residence', 'residence.management');
    const unknown = await send({ ...body, documentId: documentIdOf('nothing') }, 'police-residence', 'residence.management');
    expect(codeOf(foreign)).toEqual([403, 'OPERATION_NOT_APPROVED']);
    expect(foreign.errors).toEqual(unknown.errors);
  });

  test('of which two approve at once counts each of them once', async () => {
    const content = {
      ...ADULTS,
      name: 'insured',
      document: 'query ($id: IdNumber!, $age: Int!) { resident(idNumber: $id) { isAtLeast(age: $age) coverage { validTo } } }',
    };
    await operationRegister(gateway.admin('hospital/officer-018').settings, { from: await file(content), json: true });
    const accounts = ['police/officer-064', 'social-security/officer-091', 'social-security/officer-091'];
    const outcomes = await Promise.allSettled(accounts.map(async (as) => approve(content.name, as)));
    expect(outcomes.filter(({ status }) => status === 'rejected')).toEqual([
      { status: 'rejected', reason: expect.objectContaining({ message: expect.stringMatching(/You have approved|not waiting/) }) },
    ]);
    expect((await send({ documentId: documentIdOf(content.document), variables: { id: person, age: 18 } })).status).toBe(200);
  });

  test('that somebody suspends runs no more', async () => {
    const documentId = await approved({ ...ADULTS, name: 'ended', document: `# ended\n${DOCUMENT}` });
    const { settings } = gateway.admin('police/officer-065');
    await operationStep(settings, 'suspend', { operation: 'ended', reason: 'not needed', json: true });
    const reply = await send({ documentId, variables: { id: person, age: 18 } });
    expect([...codeOf(reply), reply.errors[0]?.message]).toEqual([
      403,
      'OPERATION_NOT_APPROVED',
      expect.stringMatching(/^This operation is suspended\./),
    ]);
    await expect(operationStep(settings, 'suspend', { operation: 'ended', json: true })).rejects.toThrow(/not waiting for that/);
  });
});

describe('when the rules change', () => {
  test('what no longer gives what was approved is shown in the impact, suspended at once, and runs again after the rollback', async () => {
    const documentId = documentIdOf(CHECK_IN);
    const body = { documentId, variables: { idNumber: person } };
    expect((await send(body)).status).toBe(200);
    await using policies = await copyOfPolicies();
    const rules = join(policies.path, 'hospital.cedar');
    await writeFile(rules, (await readFile(rules, 'utf8')).replace(/@id\("hospital\.phone"\)[^;]*;/, ''));
    const cases = join(policies.path, 'cases', 'hospital.yaml');
    await writeFile(cases, withoutCasesOf(await readFile(cases, 'utf8'), 'Resident.phone'));

    const drafted = gateway.admin();
    await policyDraft(drafted.settings, { from: policies.path, json: true });
    const { version } = JSON.parse(drafted.output()) as { version: string };
    const impact = JSON.parse(await run('policy', 'impact', '--version', version, '--json')) as { operations: readonly object[] };
    expect(impact.operations).toEqual([
      expect.objectContaining({
        name: 'patient-check-in',
        effect: 'suspended',
        differences: [{ coordinate: 'Resident.phone', direction: 'narrower' }],
      }),
    ]);
    await policyStep(gateway.admin().settings, 'submit', { version, json: true });
    await policyStep(gateway.admin('portal/officer-003').settings, 'approve', { version, json: true });
    await policyStep(gateway.admin().settings, 'activate', { version, json: true });
    const reply = await send(body);
    expect([...codeOf(reply), reply.data, reply.errors[0]?.message]).toEqual([
      403,
      'OPERATION_NOT_APPROVED',
      undefined,
      expect.stringMatching(/suspended\. What it gives is not what was approved \(Resident\.phone: less\)/),
    ]);
    expect(await run('operation', 'show', '--operation', 'patient-check-in')).toMatch(/suspended.*Resident\.phone: less/);
    await expect.poll(approvalEvents).toEqual(['operation.lapse']);
    await policyRollback(gateway.admin().settings, { json: true });
    expect((await send(body)).status).toBe(200);
    await expect.poll(approvalEvents).toEqual(['operation.lapse', 'operation.resume']);
  });
});

async function approvalEvents(): Promise<readonly string[]> {
  const records = (await gateway.records()) as readonly object[];
  return records.flatMap((record) =>
    'action' in record && /^operation\.(?:lapse|resume)$/.test(String(record.action)) ? [String(record.action)] : [],
  );
}

/** Cases of a file, of which those about a field are left out. */
function withoutCasesOf(text: string, coordinate: string): string {
  return text
    .split(/\n(?=- name:)/)
    .filter((one) => !one.includes(`coordinate: ${coordinate}\n`))
    .join('\n');
}

describe('the statistics office, which may run approved operations only', () => {
  const STATISTICS = { application: 'statistics-office', purpose: 'statistics.official', name: 'people' };

  test('gets nobody approved whom no rule gives it', async () => {
    const from = await file({ ...ADULTS, ...STATISTICS });
    const analyst = gateway.admin('statistics/officer-071').settings;
    await expect(operationRegister(analyst, { from, json: true })).rejects.toThrow(/cannot be registered/);
    const others = await file(ADULTS);
    await expect(operationRegister(analyst, { from: others, json: true })).rejects.toThrow(/another agency's application/);
  });

  test.each([
    ['a document of its own', { query: DOCUMENT }],
    ['the very document that another application had approved', { query: CHECK_IN, variables: {} }],
    ['the id of what another application had approved', { documentId: documentIdOf(CHECK_IN), variables: {} }],
    ['introspection', { query: '{ __schema { types { name } } }' }],
    ['a document behind an alias', { query: 'query A($id: IdNumber!) { a: resident(idNumber: $id) { b: fullName } }' }],
    [
      'a persisted query of Apollo',
      { query: DOCUMENT, extensions: { persistedQuery: { version: 1, sha256Hash: documentIdOf(DOCUMENT).slice(7) } } },
    ],
  ])('is refused %s', async (_what, body) => {
    const before = gateway.requests.length;
    expect(codeOf(await send(body, 'statistics-office', 'statistics.official'))).toEqual([403, 'OPERATION_NOT_APPROVED']);
    expect(gateway.requests.length).toBe(before);
  });

  test.each([
    ['an id and a document', { query: DOCUMENT, documentId: documentIdOf(CHECK_IN) }],
    ['a hash of Apollo alone', { extensions: { persistedQuery: { version: 1, sha256Hash: documentIdOf(CHECK_IN).slice(7) } } }],
    ['a batch', [{ query: DOCUMENT }]],
    ['an id that is none', { documentId: { toString: 'x' } }],
    ['an id under another name', { id: documentIdOf(CHECK_IN) }],
  ])('is refused %s', async (_what, body) => {
    const before = gateway.requests.length;
    expect(codeOf(await send(body, 'statistics-office', 'statistics.official'))).toEqual([400, 'BAD_REQUEST']);
    expect(gateway.requests.length).toBe(before);
  });

  test('gets nothing by GET', async () => {
    const headers = {
      authorization: `Bearer ${await gateway.token('statistics-office')}`,
      'x-purpose': 'statistics.official',
      'x-officer': 'officer-071',
    };
    const response = await fetch(`${gateway.url}/graphql?documentId=${documentIdOf(CHECK_IN)}`, { headers });
    expect(response.status).toBe(405);
  });
});

describe('time', () => {
  test('ends an approval', async () => {
    const content = { ...ADULTS, name: 'for-a-minute', document: `# for a minute\n${DOCUMENT}` } as OperationContent;
    const text = textOfContent(content);
    const { settings } = gateway.admin('hospital/officer-018');
    const checking = 'query ($text: String!) { checked: operationCheck(content: $text) { address reportHash } }';
    const { checked } = await callAdmin<{ checked: { address: string; reportHash: string } }>(settings, checking, { text });
    const at = new Date().toISOString();
    const expiresAt = new Date(Date.now() + 60_000).toISOString();
    const about = { operation: checked.address, report: checked.reportHash, account: 'hospital/officer-018', at, reason: '' };
    const key = await signingKeyOf(settings, 'hospital/officer-018');
    const statement = signOperationStatement({ kind: 'propose', ...about, expiresAt }, key);
    const proposing =
      'mutation ($text: String!, $statement: SignedStatement!) { proposeOperation(content: $text, statement: $statement) { refusal { message } } }';
    expect(await callAdmin(settings, proposing, { text, statement })).toEqual({ proposeOperation: { refusal: null } });
    await approve(content.name, 'police/officer-064');

    const body = { documentId: documentIdOf(content.document), variables: { id: person, age: 18 } };
    expect((await send(body)).status).toBe(200);
    aheadMs = 61_000;
    try {
      const reply = await send(body);
      expect([...codeOf(reply), reply.errors[0]?.message]).toEqual([
        403,
        'OPERATION_NOT_APPROVED',
        `The approval of this operation ended at ${expiresAt}. Have it approved anew.`,
      ]);
    } finally {
      aheadMs = 0;
    }
  });
});
