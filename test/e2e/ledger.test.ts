import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { generateKeyPairSync } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { FastifyInstance } from 'fastify';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { consentGive, consentWithdraw } from '../../gateway/admin/commands/consent.ts';
import { ledgerExport, ledgerKey, ledgerProve, ledgerVerify } from '../../gateway/admin/commands/ledger.ts';
import type { LedgerRecord } from '../../gateway/ledger/events.ts';
import { noteSigner, readVerifier, verifierText } from '../../gateway/ledger/tree/note.ts';
import { RECEIPT_HEADER } from '../../gateway/stages/answer.ts';
import type { VerifyReport } from '../../gateway/ledger/verify/report.ts';
import { isProven, type RecordProof } from '../../gateway/ledger/verify/record-proof.ts';
import { createWitnessServer } from '../../gateway/ledger/witness/serve.ts';
import { openState, type WitnessState } from '../../gateway/ledger/witness/state.ts';
import { startTestGateway, type TestGateway } from './test-gateway.ts';

const QUERY = 'query ($id: IdNumber!) { resident(idNumber: $id) { fullName phone coverage { validTo } } }';
const PEOPLE = 'query ($ids: [IdNumber!]!) { residents(idNumbers: $ids) { fullName } }';

let gateway: TestGateway;
let witness: FastifyInstance;
let state: WitnessState;
let directory: string;
let ids: readonly string[];

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'lien-thong-ledger-'));
  const signer = noteSigner('cosigner', 'test-witness', generateKeyPairSync('ed25519').privateKey);
  state = await openState(join(directory, 'seen.json'));
  // The witness learns the log's key once the gateway has made it.
  const logs: ReturnType<typeof readVerifier>[] = [];
  witness = createWitnessServer({ signer, logs: logs as never, state, clock: Date.now });
  const url = await witness.listen({ host: '127.0.0.1', port: 0 });
  gateway = await startTestGateway({ ledgerWitnesses: [{ url, key: verifierText(signer) }], limits: { sequencerIntervalMs: 100 } });
  const admin = gateway.admin();
  await ledgerKey(admin.settings, false);
  logs.push(readVerifier(admin.output().trim()));
  ids = await gateway.citizens(5);
});
afterAll(async () => {
  await gateway[Symbol.asyncDispose]();
  await witness.close();
  await rm(directory, { recursive: true });
});

/** Runs a command and gives what it printed as JSON. */
async function printed<Result>(run: (settings: ReturnType<TestGateway['admin']>['settings']) => Promise<unknown>): Promise<Result> {
  const admin = gateway.admin();
  await run(admin.settings);
  return JSON.parse(admin.output()) as Result;
}

async function recordOf(id: string | undefined): Promise<LedgerRecord> {
  const record = (await gateway.records()).find((candidate) => candidate.id === id);
  if (!record) throw new Error('There is no such record.');
  return record;
}

/** Waits for a checkpoint over everything that is there now, seen by the witness: the sequencer's promise, within 10 s. */
async function anchored(): Promise<VerifyReport> {
  for (;;) {
    const report = await printed<VerifyReport>(async (settings) => ledgerVerify(settings, { json: true }));
    // Checkpoints before the last are co-signed already while the last is on its way to the witness.
    const seen = state.get('lien-thong-demo-ledger')?.size ?? 0;
    if (report.tail.records === 0 && report.cosignatures > 0 && seen >= report.size) return report;
    await new Promise((resolve) => setImmediate(resolve));
  }
}

describe('the ledger of a running gateway', () => {
  test('verifies, is taken into the tree and co-signed by a witness within seconds, and answers are borne out by their receipts', async () => {
    const replies = await Promise.all(ids.map(async (id) => gateway.ask('hospital-counter', QUERY, { id })));
    const file = join(directory, 'receipts');
    await writeFile(file, replies.map(({ headers }) => `${headers.get(RECEIPT_HEADER)}\n`).join(''));
    const report = await printed<VerifyReport>(async (settings) => ledgerVerify(settings, { receipts: file, json: true }));
    expect(report).toMatchObject({ ok: true, findings: 0, receipts: 5, keyIsPinned: true });
    expect(await anchored()).toMatchObject({ ok: true, tail: { records: 0 } });
    expect(state.get('lien-thong-demo-ledger')?.size).toBeGreaterThanOrEqual(5);
  });

  test('is verified from an export, without gateway and database, and what was changed in it is named', async () => {
    const reply = await gateway.ask('hospital-counter', QUERY, { id: ids[0] });
    await anchored();
    const file = join(directory, 'ledger.jsonl');
    await printed(async (settings) => ledgerExport(settings, file, true));
    const away = { ...gateway.admin().settings, gatewayUrl: 'http://127.0.0.1:1' };
    expect(await ledgerVerify(away, { export: file })).toBe(true);
    const text = await readFile(file, 'utf8');
    const record = reply.extensions.disclosure?.record ?? '';
    const line = text.split('\n').find((one) => one.includes(`"id":"${record}"`)) ?? '';
    await writeFile(file, text.replace(line, line.replace('officer-001', 'officer-002')));
    let output = '';
    const settings = { ...away, output: { columns: undefined, write: (part: string) => void (output += part) } };
    expect(await ledgerVerify(settings, { export: file })).toBe(false);
    expect(output).toContain(`record ${record}`);
    expect(output).toContain('FAULT (altered');
    await writeFile(file, text.replace(`${line}\n`, ''));
    expect(await ledgerVerify(settings, { export: file })).toBe(false);
    expect(output).toContain('FAULT (removed');
  });

  test('proves what a record says of one person, and shows nothing of the others in it', async () => {
    const reply = await gateway.ask('police-residence', PEOPLE, { ids });
    await anchored();
    const record = reply.extensions.disclosure?.record ?? '';
    const proof = await printed<RecordProof>(async (settings) => ledgerProve(settings, { record, person: ids[2] ?? '' }));
    const key = readVerifier(await keyText());
    if (!key) throw new Error('There is no key.');
    expect(isProven(proof, key)).toBe(true);
    expect(proof.parts).toHaveLength(2);
    const persons = (await recordOf(record)).persons.flatMap(({ pseudonyms }) => pseudonyms);
    expect(persons).toHaveLength(5);
    expect(persons.filter((pseudonym) => JSON.stringify(proof).includes(pseudonym))).toHaveLength(1);
    const lie = {
      ...proof,
      parts: proof.parts.map((part) => ({ ...part, text: part.text.replace('Resident.fullName', 'Resident.phone') })),
    };
    expect(isProven(lie, key)).toBe(false);
  });
});

async function keyText(): Promise<string> {
  return (await printed<{ key: string }>(async (settings) => ledgerKey(settings, true))).key;
}

describe('what is recorded', () => {
  test('says who, why and on what basis, which grants were sent, and which fields of whom', async () => {
    const reply = await gateway.ask('hospital-counter', QUERY, { id: ids[0] }, { 'x-case': 'case-9' });
    const record = await recordOf(reply.extensions.disclosure?.record);
    expect(record).toMatchObject({
      kind: 'disclosure',
      phase: 'complete',
      agency: 'hospital',
      officer: 'officer-001',
      case: 'case-9',
      purpose: 'health.check-in',
      operation: null,
    });
    if (record.kind !== 'disclosure') throw new Error('It is a disclosure.');
    expect(record.bases).toHaveProperty(['Resident.fullName']);
    expect(Object.values(record.references).flat().length).toBeGreaterThan(0);
    expect(record.grants.length).toBeGreaterThan(0);
    expect(record.persons[0]).toMatchObject({ withheld: ['Resident.phone'], absent: false });
    expect(record.persons[0]?.released).toContain('Resident.fullName');
    const sent = new Set(gateway.requests.map(({ headers }) => grantIdOf(headers['x-grant'])));
    for (const grant of record.grants) expect(sent).toContain(grant);
  });

  test.each<[string, string, Record<string, string | undefined>, string]>([
    ['a document that does not parse', '{', {}, 'GRAPHQL_PARSE_FAILED'],
    ['a field that does not exist', '{ nothing }', {}, 'GRAPHQL_VALIDATION_FAILED'],
    ['no purpose', '{ __typename }', { 'x-purpose': undefined }, 'PURPOSE_REQUIRED'],
    ["another application's purpose", '{ __typename }', { 'x-purpose': 'bank.customer-verification' }, 'PURPOSE_NOT_REGISTERED'],
    ['no officer', '{ __typename }', { 'x-officer': undefined }, 'OFFICER_REQUIRED'],
    ['a header that cannot be', '{ __typename }', { 'x-on-refusal': 'never' }, 'HEADER_INVALID'],
    [
      'too large a request',
      `{ ${Array.from({ length: 300 }, (_, index) => `a${index}: __typename`).join(' ')} }`,
      {},
      'OPERATION_TOO_LARGE',
    ],
  ])('a refusal for %s stands in the ledger before it is answered', async (_, query, headers, code) => {
    const reply = await gateway.ask('hospital-counter', query, {}, headers);
    expect(reply.errors[0]?.extensions.code).toBe(code);
    expect(await recordOf(reply.extensions.disclosure?.record)).toMatchObject({ kind: 'refusal', code, application: 'hospital-counter' });
  });

  test('unauthenticated requests are counted and not stored', async () => {
    const before = (await gateway.records()).length;
    const reply = await gateway.ask('hospital-counter', QUERY, { id: ids[0] }, { authorization: 'Bearer nothing' });
    expect(reply.status).toBe(401);
    expect((await gateway.records()).length).toBe(before);
    expect(await (await fetch(`${gateway.url}/metrics`)).text()).toMatch(
      /lienthong_requests_total\{status="401",code="UNAUTHENTICATED"\} [1-9]/,
    );
  });

  test('a mutation says what it intends before it does it, and then what became of it', async () => {
    const [id = ''] = ids;
    const mutation = `mutation { giveConsent(input: { agency: "hospital", purpose: "health.check-in", groups: ["residents.contact"] }) { refusal consent { id } } }`;
    const reply = await gateway.askAs({ app: 'citizen-portal', who: id, level: 2 }, 'citizen.self-service', mutation);
    expect(reply.errors).toEqual([]);
    const outcome = await recordOf(reply.extensions.disclosure?.record);
    if (outcome.kind !== 'disclosure') throw new Error('It is a disclosure.');
    expect(outcome.phase).toBe('outcome');
    const intent = await recordOf(outcome.intent ?? undefined);
    expect(intent).toMatchObject({ kind: 'disclosure', phase: 'intent' });
    const records = await gateway.records();
    const at = (wanted: string): number => records.findIndex((record) => record.id === wanted);
    expect(at(intent.id)).toBeLessThan(at(outcome.id));
    const consent = (records as readonly LedgerRecord[]).find((record) => record.kind === 'consent' && record.action === 'given');
    expect(consent).toMatchObject({ agency: 'hospital', purpose: 'health.check-in', groups: ['residents.contact'], channel: 'citizen' });
    expect(consent?.persons[0]?.pseudonyms).toEqual(intent.persons[0]?.pseudonyms);
    const login = (records as readonly LedgerRecord[]).find((record) => record.kind === 'login');
    expect(login).toMatchObject({ client: 'citizen-portal', login: 'citizen', outcome: 'granted', assurance: 2 });
    expect(login?.persons[0]?.pseudonyms).toEqual(intent.persons[0]?.pseudonyms);
  });

  test('consents and administration stand in the tables as the ledger tells, and what is changed behind its back shows', async () => {
    const [, , , , id = ''] = ids;
    const about = { person: id, agency: 'hospital', purpose: 'health.check-in' };
    const operator = gateway.admin().settings;
    await consentGive(operator, { ...about, group: ['residents.contact'] });
    await consentGive(operator, { ...about, group: ['residents.contact', 'health-insurance.visits'] });
    await consentWithdraw(operator, { ...about, group: ['health-insurance.visits'] });
    const fed = async (): Promise<boolean> =>
      (await gateway.database.query({ text: 'SELECT FROM admin_events WHERE ledger_record IS NULL' })).length === 0;
    while (!(await fed())) await new Promise((resolve) => setImmediate(resolve));
    const check = async (): Promise<{ ok: boolean; state: { differences: string[] } }> =>
      printed(async (settings) => ledgerVerify(settings, { state: true, json: true }));
    const before = await check();
    expect(before.state.differences).toEqual([]);
    expect(before).toMatchObject({ ok: true });
    const tamper = async (text: string): Promise<readonly string[]> => {
      await gateway.database.query({ text });
      return (await check()).state.differences;
    };
    expect(
      await tamper("UPDATE consent_groups SET ended_at = NULL WHERE ended_at IS NOT NULL AND group_name = 'health-insurance.visits'"),
    ).toMatchObject([expect.stringContaining('was ended and holds in the table')]);
    expect((await tamper("UPDATE consent_groups SET ended_at = now() WHERE group_name = 'health-insurance.visits'")).length).toBe(0);
    expect((await tamper(`UPDATE consents SET body = jsonb_set(body, '{evidence}', '"forged"')`)).join(' ')).toContain(
      'has another record than was given',
    );
    expect(
      (await tamper(`UPDATE registry_entries SET body = body || '{"peoplePerDay": 1000000}' WHERE id = 'bank-teller'`)).join(' '),
    ).toContain('The registry is not what its last recorded change left');
    // Triggers keep programs from it; whoever owns the database can take them away.
    await gateway.database.query({ text: 'ALTER TABLE policy_contents DISABLE TRIGGER USER' });
    expect((await tamper(`UPDATE policy_contents SET files = files || '{"bank.cedar": ""}'`)).join(' ')).toContain('were altered');
    expect(
      (
        await tamper(`INSERT INTO policy_steps (hash, kind, version, at, statement)
                      SELECT encode(sha256('{}'), 'hex'), 'rollback', version, now(), '{}' FROM policy_steps LIMIT 1`)
      ).join(' '),
    ).toContain('of the policies is not in the ledger');
    expect((await tamper("UPDATE admin_events SET subject = 'another' WHERE number = 1")).join(' ')).toContain('was altered');
    expect((await tamper('DELETE FROM ledger_persons WHERE id = (SELECT id FROM ledger_persons LIMIT 1)')).join(' ')).toContain(
      'The index of people lacks somebody',
    );
  });
});

function grantIdOf(header: string | readonly string[] | undefined): string {
  const [, payload = ''] = String(header ?? '').split('.');
  return payload === '' ? '' : (JSON.parse(Buffer.from(payload, 'base64url').toString()) as { jti: string }).jti;
}
