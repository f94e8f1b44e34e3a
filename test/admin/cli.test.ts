import { execFile } from 'node:child_process';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { decodeJwt } from 'jose';
import { afterAll, beforeAll, describe, expect, it, test } from 'vitest';
import { historyPage } from '../../gateway/admin/commands/history.ts';
import { line } from '../../gateway/admin/commands/policy-show.ts';
import { GRAPH_AUDIENCE } from '../../gateway/identity/demo-issuer.ts';
import { adminKeyFile, applicationKeyFile } from '../../gateway/identity/keys.ts';
import type { IssuerUnderTest } from '../identity/demo-gateway.ts';
import { startAdmin } from './admin-gateway.ts';

const ROOT = resolve(import.meta.dirname, '../..');
let gateway: IssuerUnderTest;
let empty: string;
beforeAll(async () => {
  gateway = await startAdmin();
  empty = await mkdtemp(join(tmpdir(), 'lien-thong-cli-'));
});
afterAll(async () => {
  await gateway[Symbol.asyncDispose]();
  await rm(empty, { recursive: true, force: true });
});

interface Run {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the command line as npm does, against the gateway under test unless `env` says otherwise. */
async function cli(args: readonly string[], env: Record<string, string> = {}): Promise<Run> {
  const settings = { PORT: new URL(gateway.origin).port, DATA_DIR: gateway.dataDir, ...env };
  return new Promise((done) => {
    const options = { cwd: ROOT, env: { PATH: process.env['PATH'], ...settings } };
    execFile(process.execPath, ['entry.mjs', 'gateway/admin/cli.ts', ...args], options, (error, stdout, stderr) => {
      done({ status: typeof error?.code === 'number' ? error.code : error === null ? 0 : 1, stdout, stderr });
    });
  });
}

describe('cli token', () => {
  it('prints an access token of the application, and nothing else', async () => {
    const run = await cli(['token', '--app', 'bank-teller']);
    expect(run).toMatchObject({ status: 0, stderr: '' });
    expect(run.stdout).toMatch(/^[\w-]+\.[\w-]+\.[\w-]+\n$/);
    expect(decodeJwt(run.stdout.trim())).toMatchObject({ iss: gateway.issuer, aud: GRAPH_AUDIENCE, client_id: 'bank-client-7' });
  });

  it('prints JSON for machines', async () => {
    const run = await cli(['token', '--app', 'hospital-counter', '--json']);
    expect(JSON.parse(run.stdout)).toEqual({ access_token: expect.any(String), expires_in: 600 });
  });

  it('finds a gateway by GATEWAY_URL under another name than the issuer has', async () => {
    const run = await cli(['token', '--app', 'hospital-counter'], {
      GATEWAY_URL: `${gateway.origin.replace('127.0.0.1', 'localhost')}/`,
      PORT: '1',
    });
    expect(run).toMatchObject({ status: 0, stderr: '' });
  });

  it('names the applications there are when asked for another', async () => {
    const run = await cli(['token', '--app', 'nobody']);
    expect(run).toEqual({
      status: 1,
      stdout: '',
      stderr: 'There is no application "nobody" here. Use one of: bank-teller, hospital-counter.\n',
    });
  });

  it('says to start the gateway when none has made keys yet', async () => {
    const run = await cli(['token', '--app', 'bank-teller'], { DATA_DIR: empty });
    expect(run).toMatchObject({ status: 1, stdout: '' });
    expect(run.stderr).toMatch(/^There are no application keys in .*npm start.*DATA_DIR\.\n$/);
  });

  it('says to start the gateway when nothing answers', async () => {
    const run = await cli(['token', '--app', 'bank-teller'], { PORT: '1' });
    expect(run).toMatchObject({ status: 1, stdout: '' });
    expect(run.stderr).toBe(
      'No gateway answers at http://127.0.0.1:1. Start it with "npm start", or set PORT or GATEWAY_URL to where it runs.\n',
    );
  });

  it('refuses a key that others can read, and says how to mend it', async () => {
    const file = applicationKeyFile(gateway.dataDir, 'hospital-counter');
    await chmod(file, 0o644);
    const run = await cli(['token', '--app', 'hospital-counter']);
    await chmod(file, 0o600);
    expect(run).toMatchObject({ status: 1, stdout: '' });
    expect(run.stderr).toBe(`The key file ${file} can be read by other users. Make it private: chmod 600 ${file}\n`);
  });

  it('says to look at DATA_DIR when the gateway has other keys', async () => {
    await using other = await startAdmin();
    const run = await cli(['token', '--app', 'hospital-counter'], { DATA_DIR: other.dataDir });
    expect(run).toMatchObject({ status: 1, stdout: '' });
    expect(run.stderr).toMatch(/does not know application "hospital-counter" by the key.*DATA_DIR/);
  });
});

describe('cli with files that the caller names', () => {
  it('says which one cannot be read, and what to name instead', async () => {
    const rotate = ['registry', 'application', 'rotate-key', '--app', 'bank-teller', '--key'];
    const none = join(empty, 'none.json');
    expect(await cli([...rotate, none])).toEqual({
      status: 1,
      stdout: '',
      stderr: `The file ${none} cannot be read. Name one that holds a JWK.\n`,
    });
    for (const text of ['no JSON', '"kty"', '{}', 'null']) {
      const file = join(empty, 'key.json');
      await writeFile(file, text);
      expect((await cli([...rotate, file])).stderr).toBe(`The file ${file} is no key. Name one that holds a JWK.\n`);
    }
  });

  it('says which one cannot be written', async () => {
    const file = join(empty, 'no-such-folder', 'ledger.jsonl');
    const run = await cli(['ledger', 'export', '--to', file]);
    expect(run).toMatchObject({ status: 1, stdout: '' });
    expect(run.stderr).toBe(`${file} cannot be written. Name a place in a folder that exists and may be written to.\n`);
  });
});

describe('cli citizens', () => {
  it('prints five ID numbers, one a line, unless asked for another number', async () => {
    expect((await cli(['citizens'])).stdout).toMatch(/^(\d{12}\n){5}$/);
    expect((await cli(['citizens', '--count', '2'])).stdout).toMatch(/^(\d{12}\n){2}$/);
  });

  it('prints JSON for machines', async () => {
    expect(JSON.parse((await cli(['citizens', '--count', '1', '--json'])).stdout)).toEqual(['001099000000']);
  });

  it('refuses a count that is none', async () => {
    for (const count of ['0', 'many', '1e3', '1001'])
      expect(await cli(['citizens', '--count', count])).toMatchObject({ status: 1, stdout: '' });
  });

  it('says what to do without a key and with the key of another installation', async () => {
    expect((await cli(['citizens'], { DATA_DIR: empty })).stderr).toMatch(/^There is no key in .*npm start.*DATA_DIR/);
    await using other = await startAdmin();
    expect((await cli(['citizens'], { DATA_DIR: other.dataDir })).stderr).toMatch(/does not trust the key.*DATA_DIR/);
    const file = adminKeyFile(other.dataDir);
    await chmod(file, 0o640);
    expect((await cli(['citizens'], { DATA_DIR: other.dataDir })).stderr).toContain(`chmod 600 ${file}`);
  });
});

test('a version in a line names who drafted it as that, whoever took the last step', () => {
  const version = {
    version: `sha256:${'0'.repeat(64)}`,
    state: 'approved',
    author: 'portal/officer-001',
    reason: '',
    parent: null,
  } as const;
  const approvals = [{ account: 'police/officer-064', at: '', widens: [] }];
  expect(line({ ...version, approvals, draftedAt: '', proposal: null, missing: [], reviewDue: false })).toBe(
    'sha256:000000000000 approved, drafted by portal/officer-001',
  );
});

test('a history is as wide as its names, however many texts of law stand behind a basis', () => {
  const references = Array.from(
    { length: 4 },
    (_, index) => `Law ${index}/2025/QH15 art. 4: the right of the person to know and to have access`,
  );
  const bases = [{ basis: 'ART_19_1_C', references, fields: ['Resident.fullName'] }];
  const about = { kind: 'disclosure', outcome: 'DISCLOSED', code: null, analysis: null, officerRole: null, emergency: false };
  const who = { at: '2026-11-26T03:50:13.105Z', agency: 'portal', application: 'citizen-portal', purpose: 'citizen.self-service' };
  const fields = { released: ['Resident.fullName'], transformed: [], withheld: [] };
  const table = historyPage([{ ...about, ...who, ...fields, bases }]);
  expect(Math.max(...table.split('\n').map(({ length }) => length))).toBeLessThan(200);
  const said = table.replaceAll(/[│\s]+/g, ' ');
  expect(said).toContain('ART_19_1_C: Law 0/2025');
  expect(said).not.toContain('access: Law');
});

describe('cli policy check', () => {
  it('asks the gateway about its active policies', async () => {
    const run = await cli(['policy', 'check']);
    expect(run).toEqual({ status: 0, stdout: '3 policies read, 6 cases passed: the policies can be used.\n', stderr: '' });
  });

  it('prints a table and fails when the active policies have an error, and passes with a warning', async () => {
    const problem = { file: 'bank.cedar', line: 3, column: 14, message: 'An annotation is unknown.' };
    await using broken = await startAdmin({
      checkPolicies: async () => ({ policies: 1, cases: 0, problems: [{ ...problem, severity: 'error' }] }),
    });
    const env = { DATA_DIR: broken.dataDir, PORT: new URL(broken.origin).port };
    const table = await cli(['policy', 'check'], env);
    expect(table.status).toBe(1);
    expect(table.stdout).toMatch(/bank\.cedar:3:14 .* error .* An annotation is unknown\..*\n/);
    const json = await cli(['policy', 'check', '--json'], env);
    expect(json.status).toBe(1);
    expect(JSON.parse(json.stdout)).toEqual({ passed: false, policies: 1, cases: 0, problems: [{ ...problem, severity: 'error' }] });
  });

  it('checks a directory without a gateway', async () => {
    const broken = await cli(['policy', 'check', empty, '--json'], { PORT: '1', DATA_DIR: empty });
    expect(broken).toMatchObject({ status: 1, stderr: '' });
    const report = JSON.parse(broken.stdout) as { passed: boolean; problems: readonly object[] };
    expect(report.passed).toBe(false);
    expect(report.problems).toContainEqual(expect.objectContaining({ file: 'registry.yaml', severity: 'error' }));
    const shipped = await cli(['policy', 'check', 'policies'], { PORT: '1', DATA_DIR: empty });
    expect(shipped).toMatchObject({ status: 0, stderr: '' });
    expect(shipped.stdout).toMatch(/^\d+ policies read, \d+ cases passed: the policies can be used\.\n$/);
  });

  it('takes a directory from where npm was called', async () => {
    const run = await cli(['policy', 'check', '.', '--json'], { npm_lifecycle_event: 'cli', INIT_CWD: join(ROOT, 'policies') });
    expect(JSON.parse(run.stdout)).toMatchObject({ passed: true });
  });
});

describe('cli', () => {
  it('fails on an unknown command, on settings that cannot be, and says what is wrong', async () => {
    expect(await cli(['fly'])).toMatchObject({ status: 1, stdout: '' });
    expect((await cli(['citizens'], { PORT: 'x' })).stderr).toBe('PORT is a number from 0 to 65535. Correct it.\n');
    expect((await cli(['citizens'], { GATEWAY_URL: 'nowhere' })).stderr).toMatch(/^GATEWAY_URL is an address like/);
  });
});
