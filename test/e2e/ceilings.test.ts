import { createPrivateKey, sign } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { canonicalJson } from '../../gateway/admin/canonical.ts';
import { ceilingConfirm, ceilingSet, ceilingShow } from '../../gateway/admin/commands/ceiling.ts';
import { SUBGRAPH_NAMES } from '../../gateway/config.ts';
import { DEMO_GRANT_ISSUER, demoOwners } from '../../gateway/demo.ts';
import { loadOrCreateKeys, officerKeyFile, type DemoKeys } from '../../gateway/identity/keys.ts';
import { ceilingBytes } from '../../platform/ceiling.ts';
import { seal, SEAL_HEADER } from '../../platform/grant.ts';
import { createLog } from '../../platform/log.ts';
import { residents } from '../../subgraphs/residents/register.ts';
import { register } from '../../subgraphs/register.ts';
import { startSubgraph, type Subgraph } from '../../subgraphs/serve.ts';
import { SHIPPED_REGISTRY } from '../admin/shipped-registry.ts';
import { TEST_APPLICATIONS, TEST_CITIZENS, TEST_SEED } from './registers.ts';
import { startTestGateway, type TestGateway } from './test-gateway.ts';

// The owner of the residents' register is the police; officer-064 and officer-065 are two people, officer-066 is a third.
const [ONE, OTHER] = ['police/officer-064', 'police/officer-065'];
const QUERY = 'query ($id: IdNumber!) { resident(idNumber: $id) { fullName phone } }';

let directory: string;
let keys: DemoKeys;
let residentsRegister: Subgraph;
let gateway: TestGateway;
let person: string;

async function startResidents(): Promise<Subgraph> {
  return startSubgraph({
    register: register(residents),
    dataDirectory: join(directory, 'residents'),
    grantIssuer: DEMO_GRANT_ISSUER,
    grantKey: keys.grant.publicKey,
    sealKey: keys.seals.get('residents')?.key ?? Buffer.alloc(0),
    owners: demoOwners(SHIPPED_REGISTRY, keys, Date.now()).get('residents'),
    log: createLog('residents', 'silent'),
    synthetic: { seed: TEST_SEED, size: TEST_CITIZENS },
  });
}

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'lien-thong-ceilings-'));
  const holders = { subgraphs: SUBGRAPH_NAMES, applications: TEST_APPLICATIONS.map((id) => ({ id, clientId: id })) };
  keys = await loadOrCreateKeys(inject('registers').dataDir, { ...holders, officers: [...SHIPPED_REGISTRY.accounts.keys()] });
  residentsRegister = await startResidents();
  gateway = await startTestGateway({ unrecordedUrls: { residents: residentsRegister.url } });
  [person = ''] = await gateway.citizens(1);
});
afterAll(async () => {
  await gateway[Symbol.asyncDispose]();
  await residentsRegister[Symbol.asyncDispose]();
  await rm(directory, { recursive: true, force: true });
});

/** The shipped ceiling with a change, as a file. */
async function ceilingFile(change: (text: string) => string): Promise<string> {
  const file = join(directory, 'ceiling.yaml');
  await writeFile(file, change(await readFile(join(import.meta.dirname, '..', '..', 'subgraphs', 'residents', 'ceiling.yaml'), 'utf8')));
  return file;
}
const withoutPhone = (text: string): string => text.replaceAll(', residents.contact', '');
const whole = (text: string): string => text;

async function set(as: string, change: (text: string) => string): Promise<string> {
  const { settings, output } = gateway.admin(as);
  await ceilingSet(settings, 'residents', await ceilingFile(change), false);
  return output();
}
async function confirm(as: string): Promise<string> {
  const { settings, output } = gateway.admin(as);
  await ceilingConfirm(settings, 'residents', false);
  return output();
}
const asked = async (): Promise<unknown> => (await gateway.ask('police-residence', QUERY, { id: person })).data?.['resident'];

describe('a ceiling', () => {
  test('that widens, as the first does, is in force when a second person of the owner has signed it', async () => {
    expect(await asked()).toEqual({ fullName: expect.any(String), phone: expect.any(String) });
    expect(await set(ONE, withoutPhone)).toContain('waits for another data owner');
    expect(await asked()).toEqual({ fullName: expect.any(String), phone: expect.any(String) });
    await expect(confirm(ONE)).rejects.toThrow(/signed it already/);
    expect(await confirm(OTHER)).toContain('Version 1 is in force.');
  });

  test('holds at the register at once, even though the gateway’s rules give more', async () => {
    const reply = await gateway.ask('police-residence', QUERY, { id: person });
    expect(reply.data?.['resident'] ?? null).toBeNull();
    expect(reply.errors.map(({ extensions }) => extensions.code)).toContain('SUBGRAPH_UNAVAILABLE');
    const allowed = await gateway.ask('police-residence', 'query ($id: IdNumber!) { resident(idNumber: $id) { fullName } }', {
      id: person,
    });
    expect(allowed.data?.['resident']).toEqual({ fullName: expect.any(String) });
  });

  test('outlives a restart of the register, without a gateway', async () => {
    await residentsRegister[Symbol.asyncDispose]();
    residentsRegister = await startResidents();
    const body = await signedBody(1, withoutPhone, [ONE, OTHER]);
    expect(await post(body)).toEqual([200, { version: 1 }]);
    // A second version by one person does not widen, and is taken: the first was kept.
    expect((await post(await signedBody(2, (text) => withoutPhone(text).replace(', residents.residence', ''), [ONE])))[0]).toBe(200);
  });

  test('is set by data owners of the register’s own agency only, with keys that the registry names', async () => {
    for (const as of ['justice/officer-081', 'portal/officer-003', 'portal/officer-001', 'bank/officer-043']) {
      await expect(set(as, whole), as).rejects.toThrow();
    }
    const { settings, output } = gateway.admin();
    await ceilingShow(settings, 'residents', true);
    expect(JSON.parse(output())).toMatchObject({ version: 1, inForce: true, signedBy: [ONE, OTHER] });
  });
});

/** What a gateway would bring, signed by whom the attacker has. */
async function signedBody(
  version: number,
  change: (text: string) => string,
  signers: readonly string[],
  of = 'residents',
): Promise<string> {
  const { parse } = await import('yaml');
  const { CeilingFile } = await import('../../platform/ceiling.ts');
  const { agencies } = CeilingFile.parse(parse(await readFile(await ceilingFile(change), 'utf8')));
  const statement = canonicalJson({ kind: 'ceiling', register: of, version, at: '2026-11-25T00:00:00Z', agencies });
  const signatures = await Promise.all(
    signers.map(async (account) => {
      const jwk = JSON.parse(await readFile(officerKeyFile(inject('registers').dataDir, account), 'utf8')) as Record<string, string>;
      const key = createPrivateKey({ key: jwk, format: 'jwk' });
      return { key: jwk['x'], signature: sign(null, ceilingBytes(statement), key).toString('base64url') };
    }),
  );
  return JSON.stringify({ statement, signatures });
}

async function post(body: string, sealKey = keys.seals.get('residents')?.key ?? Buffer.alloc(0)): Promise<readonly [number, unknown]> {
  const response = await fetch(new URL('/ceiling', residentsRegister.url), {
    method: 'POST',
    headers: { 'content-type': 'application/json', [SEAL_HEADER]: seal('ceiling', body, sealKey, Date.now()) },
    body,
  });
  return [response.status, await response.json()];
}

describe('a gateway gone wrong that holds the seal key', () => {
  test('brings no ceiling that nobody signed, that a stranger signed, or that one person signed twice', async () => {
    expect((await post(await signedBody(9, whole, [])))[0]).toBe(403);
    expect((await post(await signedBody(9, whole, ['justice/officer-081', 'bank/officer-043'])))[0]).toBe(403);
    expect((await post(await signedBody(9, whole, [ONE])))[0]).toBe(403);
    expect((await post(await signedBody(9, whole, [ONE, ONE])))[0]).toBe(403);
  });

  test('brings no old ceiling again, none of another register, and none that was changed after it was signed', async () => {
    expect((await post(await signedBody(1, whole, [ONE, OTHER])))[0]).toBe(403);
    expect((await post(await signedBody(9, whole, [ONE, OTHER], 'education')))[0]).toBe(403);
    const { statement, signatures } = JSON.parse(await signedBody(9, withoutPhone, [ONE, OTHER])) as Record<string, string>;
    expect((await post(JSON.stringify({ statement: statement?.replace('residents.identity', 'residents.belief'), signatures })))[0]).toBe(
      403,
    );
  });

  test('and whoever has no seal key is not even listened to', async () => {
    expect((await post(await signedBody(9, whole, [ONE, OTHER]), keys.seals.get('education')?.key))[0]).toBe(401);
  });
});
