import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Analyses } from '../../../gateway/analysis/start.ts';
import { RANGE_TRIES_MAX, RUNS_UNDER_WAY_MAX } from '../../../gateway/analysis/run/limits.ts';
import type { Run, RunState } from '../../../gateway/analysis/run/model.ts';
import type { AnalysisResult } from '../../../gateway/analysis/run/result.ts';
import type { Actor } from '../../../gateway/admin/actor.ts';
import type { Database } from '../../../platform/database.ts';
import {
  ANALYST,
  CHECKER,
  createWorld,
  idNumberOf,
  openWorldDatabase,
  OWNER,
  personOf,
  startWorld,
  STRANGER,
  type World,
} from './world.ts';

const NOTHING = { variables: {}, filters: {} };
let database: Database;
let analyses: Analyses;
let world: World;
beforeEach(async () => {
  database = await openWorldDatabase();
  world = createWorld();
  analyses = await startWorld(database, world);
});
afterEach(async () => {
  await analyses[Symbol.asyncDispose]();
  await database[Symbol.asyncDispose]();
});

async function begin(): Promise<string> {
  const begun = await analyses.runs.begin('residents-by-province', NOTHING, ANALYST);
  if (begun.kind === 'refused') throw new Error(begun.message);
  return begun.run;
}

/** Waits until a run is in a state. */
async function until(run: string, ...states: readonly RunState[]): Promise<Run> {
  const signal = AbortSignal.timeout(20_000);
  for (;;) {
    for await (const progress of analyses.runs.follow(run, signal)) if (states.includes(progress.state)) break;
    const found = await analyses.runs.find(run);
    if (found !== undefined && states.includes(found.state)) return found;
    signal.throwIfAborted();
    if (found !== undefined && !['running', 'paused'].includes(found.state)) throw new Error(`It is ${found.state}: ${found.reason}`);
  }
}

async function tableOf(run: string, actor: Actor = ANALYST): Promise<AnalysisResult> {
  const result = await analyses.runs.result(run, actor);
  if ('kind' in result) throw new Error(result.message);
  return JSON.parse(result.body) as AnalysisResult;
}

/** What there is to count, counted without the engine. */
function expected(people: number): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (let ordinal = 1; ordinal <= people; ordinal += 1) {
    const { sex, currentResidence } = personOf(idNumberOf(ordinal));
    const key = `${currentResidence.province} ${sex}`;
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  return counts;
}

function counted({ cells }: AnalysisResult): ReadonlyMap<string, number> {
  const kept = cells.filter(({ count }) => Number(count) > 0);
  return new Map(kept.map(({ province, sex, count }) => [`${province} ${sex}`, Number(count)]));
}

async function partials(): Promise<readonly { sealed: Uint8Array }[]> {
  return database.query({ text: 'SELECT sealed FROM analysis_partials' });
}

async function events(): Promise<readonly string[]> {
  const rows = await database.query<{ kind: string }>({
    text: "SELECT kind FROM admin_events WHERE kind LIKE 'analysis.%' ORDER BY number",
  });
  return rows.map(({ kind }) => kind);
}

describe('a run', () => {
  it('counts everybody of the snapshot once, tells its progress, and forgets what was counted when it ends', async () => {
    const run = await begin();
    const told: number[] = [];
    for await (const { peopleDone } of analyses.runs.follow(run, AbortSignal.timeout(20_000))) told.push(peopleDone);
    expect(told).toEqual(told.toSorted((one, other) => one - other));
    expect(told.at(-1)).toBe(2_500);
    expect(counted(await tableOf(run))).toEqual(expected(2_500));
    expect(new Set(world.asked).size).toBe(2_500);
    expect(world.asked).toHaveLength(2_500);
    expect(await partials()).toEqual([]);
    expect(await events()).toEqual(['analysis.started', 'analysis.shown']);
  });

  it('fails when a range was broken off too often, and does not wait for ever', async () => {
    world.isUp = false;
    const run = await begin();
    await until(run, 'paused');
    // As often as gateways would have to be killed with it.
    await database.query({ text: 'UPDATE pgboss.job SET retry_count = $1' }, [RANGE_TRIES_MAX]);
    await analyses[Symbol.asyncDispose]();
    analyses = await startWorld(database, world);
    expect((await until(run, 'failed')).reason).toContain('broken off too often');
    expect(world.givenBack).toEqual([run]);
  });

  it('keeps what was counted of a range sealed, and no number of anybody', async () => {
    world.before = async (idNumbers) => {
      if (idNumbers.includes(idNumberOf(2_500))) world.isUp = false;
    };
    world.answer = (idNumbers) => (world.isUp ? undefined : unavailable(idNumbers));
    await until(await begin(), 'paused');
    const rows = await partials();
    expect(rows.length).toBeGreaterThan(0);
    for (const { sealed } of rows) expect(Buffer.from(sealed).toString('latin1')).not.toMatch(/people|\d{12}/);
    const tables = await database.query<{ name: string }>({
      text: "SELECT relname AS name FROM pg_stat_user_tables WHERE relname LIKE 'analysis%' OR schemaname = 'pgboss'",
    });
    for (const { name } of tables) {
      const schema = name.startsWith('analysis') ? 'public' : 'pgboss';
      const kept = JSON.stringify(await database.query({ text: `SELECT * FROM ${schema}.${name}` }));
      expect(kept).not.toContain(idNumberOf(1).slice(0, 11));
    }
  });

  it('is refused where there are fewer people than cells, and where too many are under way', async () => {
    world.people = 100;
    const thin = await analyses.runs.begin('residents-by-province', NOTHING, ANALYST);
    expect(thin).toMatchObject({ kind: 'refused', code: 'TOO_THIN' });
    world.people = 2_500;
    world.isUp = false;
    for (let runs = 0; runs < RUNS_UNDER_WAY_MAX; runs += 1) await begin();
    expect(await analyses.runs.begin('residents-by-province', NOTHING, ANALYST)).toMatchObject({ code: 'TOO_MANY_RUNS' });
    expect(new Set(await events())).toEqual(new Set(['analysis.started', 'analysis.refused']));
  });

  it('has the same checksum when it is run again', async () => {
    const [one, other] = [await begin(), await begin()];
    await until(one, 'released');
    await until(other, 'released');
    const results = await Promise.all([one, other].map(async (run) => analyses.runs.result(run, ANALYST)));
    expect(results[0]).toMatchObject({ checksum: expect.stringMatching(/^[0-9a-f]{64}$/), countedMac: expect.any(String) });
    expect(results[0]).toEqual(results[1]);
  });

  it('leaves out who did not consent, in every cell', async () => {
    const silent = idNumberOf(42);
    world.answer = (idNumbers) => {
      const place = idNumbers.indexOf(silent);
      if (place < 0) return undefined;
      const residents = idNumbers.map((id) => (id === silent ? { ...personOf(id), sex: null } : personOf(id)));
      return {
        data: { residents },
        errors: [{ message: '', path: ['residents', place, 'sex'], extensions: { code: 'CONSENT_REQUIRED' } }],
      };
    };
    const run = await begin();
    await until(run, 'released');
    const { sex, currentResidence } = personOf(silent);
    const without = new Map(expected(2_500));
    const key = `${currentResidence.province} ${sex}`;
    without.set(key, (without.get(key) ?? 0) - 1);
    expect(counted(await tableOf(run))).toEqual(without);
  });
});

describe('a run that is disturbed', () => {
  it('waits while a register is down, and goes on by itself', async () => {
    world.isUp = false;
    const run = await begin();
    const paused = await until(run, 'paused');
    expect(paused.reason).toBe('The register residents does not answer. The run goes on by itself when that is over.');
    world.isUp = true;
    await until(run, 'released');
    expect(counted(await tableOf(run))).toEqual(expected(2_500));
  });

  it('waits while a register does not answer about people, who are then counted once', async () => {
    let times = 0;
    world.answer = (idNumbers) => ((times += 1) === 3 ? unavailable(idNumbers) : undefined);
    const run = await begin();
    await until(run, 'released');
    expect(counted(await tableOf(run))).toEqual(expected(2_500));
  });

  it.each([
    ['a field is refused', 'FIELD_NOT_PERMITTED', /FIELD_NOT_PERMITTED at Resident.sex/],
    ['a register gives no value', 'SUBGRAPH_ERROR', /not whole \(SUBGRAPH_ERROR/],
    ['the quota is used up', 'QUOTA_EXCEEDED', /not whole \(QUOTA_EXCEEDED/],
  ])('fails with a sentence when %s, and its budget is free again', async (_what, code, sentence) => {
    world.answer = (idNumbers) => ({
      data: { residents: idNumbers.map(personOf) },
      errors: [{ message: 'Leave it out.', path: ['residents', 0, 'sex'], extensions: { code, coordinate: 'Resident.sex' } }],
    });
    const run = await begin();
    const failed = await until(run, 'failed');
    expect(failed.reason).toMatch(sentence);
    await expect.poll(() => world.givenBack).toEqual([run]);
    expect(await partials()).toEqual([]);
    expect(await analyses.runs.result(run, ANALYST)).toMatchObject({ kind: 'refused', code: 'FAILED' });
  });

  it.each([
    ['the rules change', (): void => void (world.policyVersion = 'rules-2'), /rules changed while it ran/],
    ['another text is approved', (): void => void (world.address = 'sha256:2'), /Another text/],
    [
      'it is suspended',
      (): void => void (world.refusal = { kind: 'refused', code: 'SUSPENDED', message: 'It is suspended.' }),
      /suspended/,
    ],
  ])('fails with a sentence when %s in the middle', async (_what, change, sentence) => {
    world.before = async () => {
      if (world.asked.length === 500) change();
    };
    expect((await until(await begin(), 'failed')).reason).toMatch(sentence);
  });

  it('goes on where it was when its gateway is stopped in the middle and started again', async () => {
    const reached = Promise.withResolvers<void>();
    world.before = async () => {
      if (world.asked.length === 500) reached.resolve();
    };
    const run = await begin();
    await reached.promise;
    await analyses[Symbol.asyncDispose]();
    const stopped = world.asked.length;
    expect(stopped).toBeLessThan(2_500);
    analyses = await startWorld(database, world);
    await until(run, 'released');
    expect(counted(await tableOf(run))).toEqual(expected(2_500));
    expect(world.asked).toHaveLength(2_500);
  });

  it('is shared by two gateways on one database', async () => {
    const other = { ...world, asked: [] as string[] };
    const gate = Promise.withResolvers<void>();
    other.before = async () => gate.resolve();
    // The one does not go on before the other has taken part.
    world.before = async () => gate.promise;
    const run = await begin();
    await using there = await startWorld(database, other);
    await until(run, 'released');
    expect((await there.runs.find(run))?.state).toBe('released');
    expect(other.asked.length).toBeGreaterThan(0);
    expect(world.asked.length).toBeGreaterThan(0);
    expect(counted(await tableOf(run))).toEqual(expected(2_500));
  });

  it('is cancelled by its analyst, and by nobody else', async () => {
    const reached = Promise.withResolvers<void>();
    const go = Promise.withResolvers<void>();
    world.before = async () => {
      reached.resolve();
      await go.promise;
    };
    const run = await begin();
    await reached.promise;
    expect(await analyses.runs.cancel(run, CHECKER)).toMatchObject({ code: 'NOT_YOURS' });
    expect(await analyses.runs.cancel(run, ANALYST)).toMatchObject({ state: 'cancelled' });
    go.resolve();
    expect(await analyses.runs.cancel(run, ANALYST)).toMatchObject({ code: 'NOT_UNDER_WAY' });
    expect(await analyses.runs.result(run, ANALYST)).toMatchObject({ code: 'CANCELLED' });
    expect(world.givenBack).toEqual([run]);
    expect(await events()).toEqual(['analysis.started', 'analysis.cancelled']);
  });
});

describe('a table that another person has to release', () => {
  let run: string;
  beforeEach(async () => {
    await analyses[Symbol.asyncDispose]();
    world.secondChecker = true;
    analyses = await startWorld(database, world);
    run = await begin();
    await until(run, 'held');
  });

  it('is not shown to its analyst, who cannot release it either', async () => {
    expect(await analyses.runs.result(run, ANALYST)).toMatchObject({ code: 'HELD' });
    expect(await analyses.runs.decide(run, { release: true, reason: '' }, ANALYST)).toMatchObject({ code: 'SAME_PERSON' });
    const otherAccount = { ...CHECKER, person: ANALYST.person };
    expect(await analyses.runs.decide(run, { release: true, reason: '' }, otherAccount)).toMatchObject({ code: 'SAME_PERSON' });
  });

  it.each([
    ['another analyst', CHECKER],
    ['the owner of the data', OWNER],
  ])('is shown to %s, who releases it', async (_who, checker) => {
    expect(counted(await tableOf(run, checker))).toEqual(expected(2_500));
    expect(await analyses.runs.decide(run, { release: true, reason: '' }, checker)).toMatchObject({
      state: 'released',
      checker: checker.account,
    });
    expect(counted(await tableOf(run))).toEqual(expected(2_500));
  });

  it('is not for an owner of other data', async () => {
    expect(await analyses.runs.result(run, STRANGER)).toMatchObject({ code: 'NOT_YOURS' });
    expect(await analyses.runs.decide(run, { release: true, reason: '' }, STRANGER)).toMatchObject({ code: 'NOT_YOURS' });
  });

  it('is decided by one of two who decide at once; the other is told so', async () => {
    const decisions = await Promise.all([
      analyses.runs.decide(run, { release: true, reason: '' }, CHECKER),
      analyses.runs.decide(run, { release: false, reason: 'Too fine.' }, OWNER),
    ]);
    const refusals = decisions.filter((one) => 'kind' in one);
    expect(refusals).toEqual([expect.objectContaining({ code: 'ALREADY_DECIDED' })]);
    const decided = await analyses.runs.find(run);
    expect([
      ['released', CHECKER.account],
      ['withheld', OWNER.account],
    ]).toContainEqual([decided?.state, decided?.checker]);
  });

  it('is withheld for a reason, which the analyst reads in place of the table', async () => {
    expect(await analyses.runs.decide(run, { release: false, reason: ' ' }, CHECKER)).toMatchObject({ code: 'REASON_REQUIRED' });
    await analyses.runs.decide(run, { release: false, reason: 'Too fine.' }, CHECKER);
    expect(await analyses.runs.result(run, ANALYST)).toMatchObject({ code: 'WITHHELD', message: expect.stringContaining('Too fine.') });
  });
});

function unavailable(idNumbers: readonly string[]): object {
  return {
    data: { residents: idNumbers.map(() => ({ sex: null, currentResidence: null })) },
    errors: [{ message: 'Later.', path: ['residents'], extensions: { code: 'SUBGRAPH_UNAVAILABLE' } }],
  };
}
