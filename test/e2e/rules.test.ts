import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { runCommand } from './command-line.ts';
import { copyOfPolicies, giveTellerTheResidence } from './rules-files.ts';
import { startTestGateway, type TestGateway } from './test-gateway.ts';

const EXAMPLE = join(import.meta.dirname, '..', '..', 'policies', 'examples', 'teller-residence');

let gateway: TestGateway;
let person: string;
beforeAll(async () => {
  gateway = await startTestGateway({ alsoGiven: ['bank-teller: Resident.currentResidence', 'bank-teller: Address.province'] });
  [person = ''] = await gateway.citizens(1);
});
afterAll(async () => gateway[Symbol.asyncDispose]());

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

const QUERY = 'query ($id: IdNumber!) { resident(idNumber: $id) { currentResidence { province } } }';

/** What the teller sees of the address, and under which rules. */
async function residence(): Promise<readonly [unknown, string | undefined, string | undefined]> {
  const { data, errors, extensions } = await gateway.ask('bank-teller', QUERY, { id: person });
  const resident = data?.['resident'] as { currentResidence: { province: string } | null } | undefined;
  return [resident?.currentResidence?.province, errors[0]?.extensions.code, extensions.disclosure?.policyVersion];
}

describe('by the command line alone', () => {
  test('a rule is drafted, weighed, refused to its author, approved by the data owner, activated, and taken back', async () => {
    await using policies = await copyOfPolicies();
    await giveTellerTheResidence(policies.path);
    // The example that README.md drafts is the shipped files with that rule.
    for (const name of ['bank.cedar', 'cases/bank.yaml']) {
      expect(await readFile(join(EXAMPLE, name), 'utf8')).toBe(await readFile(join(policies.path, name), 'utf8'));
    }
    const [, before, first] = await residence();
    expect(before).toBe('FIELD_NOT_PERMITTED');

    const drafted = JSON.parse(await run('policy', 'draft', '--from', policies.path, '--reason', 'addresses at the counter', '--json')) as {
      version: string;
      state: string;
    };
    expect(drafted.state).toBe('draft');
    const { version } = drafted;
    const impact = JSON.parse(await run('policy', 'impact', '--version', version, '--json')) as {
      rows: readonly object[];
      registersWidened: string[];
      ownersConcerned: string[];
      replay: { applications: readonly { application: string; widened: number; people: number }[] };
    };
    expect(impact.rows).toEqual([
      expect.objectContaining({
        application: 'bank-teller',
        coordinate: 'Resident.currentResidence',
        direction: 'wider',
        before: expect.objectContaining({ level: 'refused', policies: [] }),
        after: expect.objectContaining({ level: 'consent', policies: ['bank.residence'] }),
        example: expect.objectContaining({
          query: 'query ($idNumber: IdNumber!) { resident(idNumber: $idNumber) { currentResidence { province } } }',
        }),
      }),
    ]);
    expect([impact.registersWidened, impact.ownersConcerned]).toEqual([['residents'], ['police']]);
    // The request above is in the record, and would be answered otherwise.
    expect(impact.replay.applications).toContainEqual({ application: 'bank-teller', requests: 1, widened: 1, narrowed: 0, people: 1 });
    expect(await run('policy', 'impact', '--version', version.slice(0, 19))).toMatch(
      /bank-teller .* refused .* consent by bank\.residence .* WIDENS/,
    );

    await run('policy', 'submit', '--version', version);
    expect(await refused('policy', 'approve', '--version', version)).toBe('You wrote this draft. Somebody else has to approve it.\n');
    expect(await refused('policy', 'approve', '--version', version, '--as', 'police/officer-066')).toMatch(
      /^This is another account of the person/,
    );
    expect(await refused('policy', 'activate', '--version', version)).toMatch(/Missing: the data owner police/);
    await run('policy', 'approve', '--version', version, '--as', 'police/officer-064');
    expect((await residence())[1]).toBe('FIELD_NOT_PERMITTED');

    await run('policy', 'activate', '--version', version);
    expect(await residence()).toEqual([undefined, 'CONSENT_REQUIRED', version]);
    const consent = ['--person', person, '--agency', 'bank', '--purpose', 'bank.customer-verification'];
    await run('consent', 'give', ...consent, '--group', 'residents.residence');
    expect(await residence()).toEqual([expect.any(String), undefined, version]);
    const explained = JSON.parse(
      await run(
        'policy',
        'explain',
        '--app',
        'bank-teller',
        '--purpose',
        'bank.customer-verification',
        '--field',
        'Resident.currentResidence',
        '--person',
        person,
        '--json',
      ),
    ) as object;
    expect(explained).toMatchObject({
      code: null,
      group: 'residents.residence',
      consented: true,
      winning: [{ id: 'bank.residence', file: 'bank.cedar' }],
    });

    await run('policy', 'rollback');
    expect(await residence()).toEqual([undefined, 'FIELD_NOT_PERMITTED', first]);
    await run('consent', 'withdraw', ...consent);
    const states = JSON.parse(await run('policy', 'list', '--json')) as readonly { version: string; state: string }[];
    expect(states.map((one) => [one.version, one.state])).toEqual([
      [first, 'active'],
      [version, 'rolled-back'],
    ]);
  });

  test('the active version is exported byte for byte, and an unchanged directory is no draft', async () => {
    const to = await mkdtemp(join(tmpdir(), 'lien-thong-export-'));
    try {
      await run('policy', 'export', '--to', to);
      const shipped = join(import.meta.dirname, '..', '..', 'policies');
      for (const folder of ['.', 'cases']) {
        for (const name of await readdir(join(shipped, folder))) {
          if (!/\.(cedar|ya?ml|cedarschema)$/.test(name) || name === 'registry.yaml') continue;
          expect([name, await readFile(join(to, folder, name), 'utf8')]).toEqual([
            name,
            await readFile(join(shipped, folder, name), 'utf8'),
          ]);
        }
      }
      expect(await run('policy', 'export', '--to', to)).toMatch(/: 0 files written, 0 removed/);
      expect(await run('policy', 'check', to)).toMatch(/the policies can be used/);
      expect(await refused('policy', 'draft', '--from', to)).toMatch(/^These rules are the active ones/);
    } finally {
      await rm(to, { recursive: true });
    }
  });

  test('an officer who administers nothing explains the own application by code and reference, and nothing else', async () => {
    const about = ['--purpose', 'bank.customer-verification', '--json', '--as', 'bank/officer-042'];
    const own = JSON.parse(await run('policy', 'explain', '--app', 'bank-teller', '--field', 'Query.verifyIdentity', ...about)) as object;
    expect(own).toEqual({ code: null, reference: expect.stringContaining('Anti-Money Laundering') });
    expect(await refused('policy', 'explain', '--app', 'hospital-counter', '--field', 'Resident.phone', ...about)).toMatch(/own agency/);
    expect(await refused('policy', 'list', '--as', 'bank/officer-042')).toMatch(/does not have a role/);
    expect(await refused('policy', 'list', '--as', 'nobody')).toMatch(/^There is no officer "nobody" here\. Use one of: /);
  });
});
