import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { analysisRun } from '../../gateway/admin/commands/analysis-run.ts';
import { analysisCancel, analysisList, analysisShow } from '../../gateway/admin/commands/analysis-runs.ts';
import { callAdmin, signingKeyOf } from '../../gateway/admin/client.ts';
import { signAdminToken } from '../../gateway/admin/token.ts';
import { cutProxy } from './cut-proxy.ts';
import { runCommand } from './command-line.ts';
import { TEST_CITIZENS } from './registers.ts';
import { startTestGateway, type TestGateway } from './test-gateway.ts';

const NAME = 'residents-by-province';
/** Noise and rounding of one count: what a table of so many provinces may be off by, and more. */
const OFF_MAX = 1_500;
/** What the rules of statistics give to be counted, which the table of what applications read does not have. */
const GIVEN = { alsoGiven: ['statistics-office: Resident.currentResidence', 'statistics-office: Address.province'] };
/** Ranges so small that there are enough of them to be shared. */
const RANGE = { analysisPeoplePerRange: 100 };

interface Table {
  readonly analysis: string;
  readonly cells: readonly { readonly province: string; readonly count: number | null }[];
  readonly notes: readonly string[];
  readonly checksum: string;
}

async function table(gateway: TestGateway, as?: string): Promise<Table> {
  const { settings, output } = gateway.admin(as);
  await analysisRun(settings, NAME, { format: 'json', language: 'en', json: true, wait: true });
  return JSON.parse(output()) as Table;
}

async function begin(gateway: TestGateway): Promise<string> {
  const { settings, output } = gateway.admin();
  await analysisRun(settings, NAME, { format: 'json', language: 'en', wait: false });
  return output().trim();
}

async function stateOf(gateway: TestGateway, run: string): Promise<{ readonly state: string; readonly reason: string | null }> {
  const query = 'query ($run: ID!) { analysisRun(run: $run) { state reason } }';
  const { analysisRun: found } = await callAdmin<{ analysisRun: { state: string; reason: string | null } }>(
    gateway.admin().settings,
    query,
    { run },
  );
  return found;
}

describe('an analysis by the command line', () => {
  let gateway: TestGateway;
  beforeAll(async () => {
    gateway = await startTestGateway(GIVEN);
  });
  afterAll(async () => gateway[Symbol.asyncDispose]());

  test('says what a question takes of the budgets, and takes nothing of them', async () => {
    for (let times = 0; times < 2; times += 1) {
      const { settings, output } = gateway.admin('statistics/officer-071');
      await analysisRun(settings, NAME, { format: 'json', language: 'en', json: true, wait: true, cost: true });
      const { units, accounts } = JSON.parse(output()) as { units: number; accounts: { name: string; spent: number; takes: number }[] };
      expect(units).toBe(1);
      expect(accounts).toContainEqual(expect.objectContaining({ name: 'population', spent: 0, takes: 1 }));
    }
  });

  test('shows progress and a table about nobody, and leaves no number of anybody in log, table or database', async () => {
    const { status, stdout, stderr } = await runCommand(gateway, ['analysis', 'run', NAME]);
    expect({ status, stderr }).toMatchObject({ status: 0, stderr: expect.stringMatching(/(\d+) of \1 people · released/) });
    expect(stdout).toMatch(/province/);
    const [person = ''] = await gateway.citizens(1);
    const rows = await gateway.database.query({ text: 'SELECT r.*, s.body FROM analysis_runs r JOIN analysis_results s ON s.run = r.id' });
    const partials = await gateway.database.query({ text: 'SELECT * FROM analysis_partials' });
    expect(partials).toEqual([]);
    for (const text of [stdout, JSON.stringify(rows), gateway.log.join('\n')]) expect(text).not.toContain(person);
  });

  test('answers an equal question with the same table, and counts nobody again', async () => {
    const before = gateway.requests.length;
    const [one, other] = [await table(gateway), await table(gateway, 'statistics/officer-072')];
    expect(other).toEqual(one);
    expect(gateway.requests.length).toBe(before);
    expect(one).toMatchObject({ analysis: NAME, checksum: expect.stringMatching(/^[0-9a-f]{64}$/) });
    expect(one.notes.length).toBeGreaterThan(0);
    const total = one.cells.reduce((sum, { count }) => sum + (count ?? 0), 0);
    expect(Math.abs(total - TEST_CITIZENS)).toBeLessThan(OFF_MAX);
  });

  test('lists analyses and runs, and shows what a table can be made again from', async () => {
    const list = gateway.admin();
    await analysisList(list.settings, { json: true });
    expect(JSON.parse(list.output())).toContainEqual(expect.objectContaining({ name: NAME, state: 'approved', register: 'residents' }));
    const runs = gateway.admin();
    await analysisList(runs.settings, { runs: true, json: true });
    const [run] = (JSON.parse(runs.output()) as { nodes: { id: string }[] }).nodes;
    const shown = gateway.admin();
    await analysisShow(shown.settings, run?.id ?? '', { format: 'json', language: 'en', json: true });
    expect(JSON.parse(shown.output())).toMatchObject({
      run: {
        state: 'released',
        operation: expect.stringMatching(/^sha256:[0-9a-f]{64}$/),
        snapshot: expect.stringMatching(/^\d{4}-\d{2}$/),
        policyVersion: expect.stringMatching(/^sha256:/),
        schemaVersion: expect.stringMatching(/^[0-9a-f]{64}$/),
      },
      checksum: expect.any(String),
    });
  });

  test.each([
    ['an analysis that nobody approved', ['no-such-analysis'], 'UNKNOWN'],
    ['variables that were not approved', [NAME, '--variables', '{"province":"HA_NOI"}'], 'VARIABLES_INVALID'],
    ['variables that are no object', [NAME, '--variables', '[1]'], 'VARIABLES_INVALID'],
  ])('refuses %s with a sentence, and status 1', async (_what, args, code) => {
    const { status, stdout, stderr } = await runCommand(gateway, ['analysis', 'run', ...args, '--json']);
    expect({ status, refusal: (JSON.parse(stdout) as { refusal: object }).refusal }).toMatchObject({ status: 1, refusal: { code } });
    expect(stderr).toMatch(/\.\n$/);
  });

  test('is run by analysts only', async () => {
    await expect(
      analysisRun(gateway.admin('hospital/officer-017').settings, NAME, { format: 'json', language: 'en', wait: true }),
    ).rejects.toThrow(/role/);
  });

  test('is not reachable by its application over /graphql, neither by text nor by document id', async () => {
    const query = 'query ($idNumbers: [IdNumber!]!) { residents(idNumbers: $idNumbers) { currentResidence { province } } }';
    const { errors } = await gateway.ask('statistics-office', query, { idNumbers: await gateway.citizens(1) });
    expect(errors[0]?.extensions.code).toBe('OPERATION_NOT_APPROVED');
  });

  test('is in the ledger: who ran it, that it ended, and to whom it was shown', async () => {
    const actions = async (): Promise<readonly string[]> =>
      (await gateway.records()).flatMap((record: { readonly kind: string; readonly action?: string }) =>
        record.kind === 'analysis' ? [record.action ?? ''] : [],
      );
    await expect
      .poll(actions)
      .toEqual(expect.arrayContaining(['analysis.started', 'analysis.ended', 'analysis.shown', 'analysis.refused']));
  });
});

describe('events of a run', () => {
  test('come to whoever may read runs, until the run has ended', async () => {
    await using gateway = await startTestGateway({ ...GIVEN, limits: RANGE });
    const run = await begin(gateway);
    const path = `${gateway.url}/admin/analyses/${run}/events`;
    expect((await fetch(path)).status).toBe(401);
    expect((await fetch(path, { headers: { authorization: 'Bearer x' } })).status).toBe(401);
    const bearer = async (account: string): Promise<string> =>
      `Bearer ${await signAdminToken(await signingKeyOf(gateway.admin().settings, account), Date.now(), account)}`;
    expect((await fetch(path, { headers: { authorization: await bearer('hospital/officer-017') } })).status).toBe(403);
    const unknown = path.replace(run, '6f9619ff-8b86-4d01-b42d-00cf4fc964ff');
    expect((await fetch(unknown, { headers: { authorization: await bearer('statistics/officer-071') } })).status).toBe(404);
    const response = await fetch(path, { headers: { authorization: await bearer('statistics/officer-071') } });
    expect(response.headers.get('content-type')).toMatch(/^text\/event-stream/);
    const events = [...(await response.text()).matchAll(/^data: (.*)$/gm)].map(
      ([, data = '']) => JSON.parse(data) as { peopleDone: number; people: number; state: string },
    );
    expect(events.at(-1)).toMatchObject({ state: 'released', people: events.at(-1)?.peopleDone });
  });
});

describe('a run that is shared or disturbed', () => {
  test('is shared by two gateways on one database', async () => {
    await using here = await startTestGateway({ ...GIVEN, limits: { ...RANGE, analysisSharePercent: 20 } });
    await using there = await startTestGateway({ ...GIVEN, limits: { ...RANGE, analysisSharePercent: 20 }, besides: here });
    const counted = await table(here);
    for (const gateway of [here, there])
      expect(gateway.requests.filter(({ subgraph }) => subgraph === 'residents').length).toBeGreaterThan(0);
    await using alone = await startTestGateway(GIVEN);
    expect((await table(alone)).cells.map(({ province }) => province)).toEqual(counted.cells.map(({ province }) => province));
  });

  test('waits while a register is away, and goes on by itself', async () => {
    const target = new URL(inject('registers').urls['residents'] ?? '');
    await using proxy = await cutProxy(target.hostname, Number(target.port));
    const residents = `http://127.0.0.1:${proxy.port}${target.pathname}`;
    await using gateway = await startTestGateway({
      ...GIVEN,
      limits: { ...RANGE, analysisSharePercent: 5 },
      unrecordedUrls: { residents },
    });
    const run = await begin(gateway);
    proxy.cut();
    await expect
      .poll(async () => stateOf(gateway, run))
      .toMatchObject({ state: 'paused', reason: expect.stringMatching(/goes on by itself/) });
    proxy.join();
    await expect.poll(async () => stateOf(gateway, run)).toMatchObject({ state: 'running' });
    await analysisCancel(gateway.admin().settings, run, {});
    expect(await stateOf(gateway, run)).toMatchObject({ state: 'cancelled' });
  });
});
