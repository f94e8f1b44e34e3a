import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createSnapshotRegister, POPULATION_PAGE_MAX, type SnapshotRegister } from '../../gateway/analysis/register.ts';
import { openDatabase } from '../../platform/database.ts';
import { REGISTERS } from '../../subgraphs/registers.ts';
import { loadSynthetic } from '../../subgraphs/load.ts';
import { createPopulation } from '../../subgraphs/population.ts';
import { register } from '../../subgraphs/register.ts';
import { residents } from '../../subgraphs/residents/register.ts';
import { createSnapshots, SNAPSHOTS_KEPT_MAX } from '../../subgraphs/snapshots/snapshots.ts';
import { createPostgresDatabase, postgresAnswers, startRegister, type TestRegister } from './harness.ts';

const RESIDENTS = register(residents);
const SYNTHETIC = { seed: 7, size: 300 };
const people = [...createPopulation(SYNTHETIC).people()];
const living = people.filter(({ status }) => status === 'ALIVE').map(({ idNumber }) => idNumber as string);
const [someone = ''] = living;
const WHO = { agency: 'statistics', purpose: 'statistics.official' };
const STATISTICS = { application: 'statistics-office', ...WHO };

const databases = [{ name: 'PGlite' }, ...((await postgresAnswers()) ? [{ name: 'PostgreSQL' }] : [])];

describe.each(databases)('snapshots on $name', ({ name }) => {
  const resources = new AsyncDisposableStack();
  let now = new Date('2026-09-30T16:59:59Z');
  let running: TestRegister;
  let snapshots: SnapshotRegister;
  const sealKey = randomBytes(32);

  beforeAll(async () => {
    const databaseUrl = name === 'PostgreSQL' ? resources.use(await createPostgresDatabase()).url : undefined;
    running = resources.use(
      await startRegister(RESIDENTS, {
        databaseUrl,
        synthetic: SYNTHETIC,
        clock: () => now,
        sealKey,
        ceiling: (agency, purpose, group, action) =>
          action === 'read' || (agency === WHO.agency && purpose === WHO.purpose && group !== 'residents.contact'),
      }),
    );
    snapshots = createSnapshotRegister(running.subgraph.url, sealKey, () => now.getTime());
  });
  afterAll(async () => resources.disposeAsync());

  const counted = async (snapshot: string, selection: string): Promise<Record<string, unknown> | undefined> =>
    (await running.entities([someone], selection, { ...STATISTICS, action: 'aggregate', snapshot }))[0];
  const change = async (text: string): Promise<void> => {
    await running.subgraph.database.query({ text }, [someone]);
  };

  it('gives one snapshot to all who ask for the month at once, and the same to those who ask later', async () => {
    const taken = await Promise.all(Array.from({ length: 5 }, async () => snapshots.take('2026-09')));
    const [first] = taken;
    expect(first).toMatchObject({ kind: 'taken', snapshot: '2026-09', day: '2026-09-30', people: living.length });
    expect(new Set(taken.map((one) => JSON.stringify(one))).size).toBe(1);

    await change('UPDATE resident SET sex = sex WHERE id_number = $1');
    now = new Date(now.getTime() + 500);
    expect(await snapshots.take('2026-09')).toEqual(first);
  });

  it('gives two processes of a register that are asked at once one snapshot, of which the second sees what the first took', async () => {
    await using resources = new AsyncDisposableStack();
    const url = name === 'PostgreSQL' ? resources.use(await createPostgresDatabase()).url : undefined;
    const one = resources.use(await startRegister(RESIDENTS, { databaseUrl: url, synthetic: SYNTHETIC }));
    const other = url === undefined ? one.subgraph.database : resources.use(await openDatabase({ url, statementTimeoutMs: 10_000 }));
    const asked = [one.subgraph.database, other].map((database, index) =>
      createSnapshots({ database, people: RESIDENTS.people, clock: () => new Date(Date.UTC(2026, 8, 1, 12, 0, index)) }),
    );
    const taken = await Promise.all(asked.map(async (snapshots) => snapshots.take('2026-09')));
    expect(taken[0]).toEqual(taken[1]);
    expect(await asked[1]?.find('2026-09')).toEqual(taken[0]);
  });

  it('lets go of the snapshots of synthetic people when others are loaded', async () => {
    await using resources = new AsyncDisposableStack();
    const databaseUrl = name === 'PostgreSQL' ? resources.use(await createPostgresDatabase()).url : undefined;
    const { subgraph } = resources.use(await startRegister(RESIDENTS, { databaseUrl, synthetic: SYNTHETIC }));
    const snapshotsOf = () =>
      createSnapshots({ database: subgraph.database, people: RESIDENTS.people, clock: () => new Date('2026-09-01T12:00:00Z') });
    const before = await snapshotsOf().take('2026-09');
    await loadSynthetic(subgraph.database, RESIDENTS, { seed: SYNTHETIC.seed, size: 100 });
    expect(await snapshotsOf().find('2026-09')).toBeUndefined();
    expect((await snapshotsOf().take('2026-09'))?.people).toBeLessThan(before?.people ?? 0);
  });

  it('lists the living by dense ordinals in the order of their ID numbers', async () => {
    const page = await snapshots.population({ snapshot: '2026-09', ...WHO, from: 1, to: POPULATION_PAGE_MAX });
    expect(page).toEqual({ kind: 'given', idNumbers: living.toSorted() });
    const middle = await snapshots.population({ snapshot: '2026-09', ...WHO, from: 11, to: 20 });
    expect(middle).toEqual({ kind: 'given', idNumbers: living.toSorted().slice(10, 20) });
    expect(await snapshots.population({ snapshot: '2026-09', ...WHO, from: living.length + 1, to: living.length + 9 })).toEqual({
      kind: 'given',
      idNumbers: [],
    });
  });

  it('counts what stood there when the snapshot was taken, whatever has changed since, and reads what stands there now', async () => {
    const before = await counted('2026-09', 'fullName sex currentResidence { province } idCard { status }');
    await change(`UPDATE resident SET full_name = 'Người Khác', sex = 'FEMALE' WHERE id_number = $1`);
    await change(`UPDATE residence SET province = 'CA_MAU' WHERE id_number = $1`);
    await change(`DELETE FROM id_card WHERE id_number = $1`);
    for (let turn = 0; turn < 3; turn += 1) {
      expect(await counted('2026-09', 'fullName sex currentResidence { province } idCard { status }')).toEqual(before);
      const [live] = await running.entities([someone], 'fullName sex currentResidence { province } idCard { status }');
      expect(live).toMatchObject({ fullName: 'Người Khác', sex: 'FEMALE', idCard: null });
    }
  });

  it('keeps prepared statements apart on a connection that reads the snapshot and the live tables by turns', async () => {
    const { database } = running.subgraph;
    const statement = { name: 'test-turns', text: 'SELECT full_name AS "name" FROM resident WHERE id_number = $1' };
    for (let turn = 0; turn < 3; turn += 1) {
      const [frozen, live] = await database.transaction(async (tx) => {
        const [now] = await tx.query<{ name: string }>(statement, [someone]);
        await tx.query({ text: 'SET LOCAL search_path TO snapshot_2026_09' });
        const [then] = await tx.query<{ name: string }>(statement, [someone]);
        return [then?.name, now?.name];
      });
      expect(live).toBe('Người Khác');
      expect(frozen).not.toBe('Người Khác');
    }
  });

  it('takes the day of the snapshot for today', async () => {
    const [someoneBorn] = await running.entities([someone], 'dateOfBirth');
    const born = String(someoneBorn?.['dateOfBirth']);
    const age = 2026 - Number(born.slice(0, 4)) - ('09-30' < born.slice(5) ? 1 : 0);
    expect(await counted('2026-09', `isAtLeast(age: ${age})`)).toEqual({ isAtLeast: true });
    expect(await counted('2026-09', `isAtLeast(age: ${age + 1})`)).toEqual({ isAtLeast: false });
    await change(`UPDATE resident SET date_of_birth = date_of_birth - 1000 WHERE id_number = $1`);
    expect(await counted('2026-09', `isAtLeast(age: ${age + 1})`)).toEqual({ isAtLeast: false });
  });

  it.each([
    ['a grant to count that names no snapshot', { action: 'aggregate' }, 403, 'without a snapshot'],
    ['a snapshot that is not there', { action: 'aggregate', snapshot: '2026-08' }, 403, 'the snapshot is not there'],
    ['a snapshot under a grant to read', { action: 'read', snapshot: '2026-09' }, 403, 'a snapshot under a grant to read'],
    ['something else in the place of a snapshot', { action: 'aggregate', snapshot: 'public' }, 401, 'the grant is not good'],
  ] as const)('refuses %s', async (_, grant, status, reason) => {
    const query = 'query ($r: [_Any!]!) { _entities(representations: $r) { ... on Resident { sex } } }';
    const answer = await running.call({ query, variables: { r: [] }, grant: { ...STATISTICS, ...grant } });
    expect(answer.status).toBe(status);
    expect(running.logged.at(-1)).toContain(reason);
  });

  it('lists nobody to an agency whose counting the owner does not allow, nor more at once than a page', async () => {
    const range = { snapshot: '2026-09', ...WHO, from: 1, to: 10 };
    expect(await snapshots.population({ ...range, agency: 'hospital' })).toEqual({ kind: 'refused' });
    expect(running.logged.at(-1)).toContain('above the ceiling');
    expect(await snapshots.population({ ...range, purpose: 'health.check-in' })).toEqual({ kind: 'refused' });
    expect(await snapshots.population({ ...range, snapshot: '2026-08' })).toEqual({ kind: 'refused' });
    for (const wrong of [{ to: POPULATION_PAGE_MAX + 1 }, { from: 0 }, { from: 11 }, { from: 1.5 }]) {
      expect(await snapshots.population({ ...range, ...wrong })).toEqual({ kind: 'refused' });
    }
  });

  it('takes nothing of a month that is over or has not begun, and nothing without the seal of that call', async () => {
    for (const period of ['2026-08', '2026-10', '2026-13', 'public']) expect(await snapshots.take(period)).toEqual({ kind: 'refused' });
    const stranger = createSnapshotRegister(running.subgraph.url, randomBytes(32), () => now.getTime());
    expect(await stranger.take('2026-09')).toEqual({ kind: 'unavailable' });
    expect(await stranger.population({ snapshot: '2026-09', ...WHO, from: 1, to: 10 })).toEqual({ kind: 'unavailable' });
  });

  it('keeps a bounded number of months and drops the oldest with its tables', async () => {
    // A second later it is October in Vietnam.
    const months = ['2026-10-01T00:00:00+07:00', '2026-11-01T00:00:00+07:00', '2026-12-01T00:00:00+07:00'];
    expect(months).toHaveLength(SNAPSHOTS_KEPT_MAX);
    for (const month of months) {
      now = new Date(month);
      expect(await snapshots.take(month.slice(0, 7))).toMatchObject({ kind: 'taken', day: month.slice(0, 10) });
    }
    expect(await snapshots.population({ snapshot: '2026-09', ...WHO, from: 1, to: 1 })).toEqual({ kind: 'refused' });
    const schemas = await running.subgraph.database.query<{ name: string }>({
      text: `SELECT nspname AS name FROM pg_namespace WHERE nspname LIKE 'snapshot%' ORDER BY 1`,
    });
    expect(schemas.map((row) => row.name)).toEqual(['snapshot_2026_10', 'snapshot_2026_11', 'snapshot_2026_12']);
    expect(await counted('2026-10', 'fullName')).toEqual({ fullName: 'Người Khác' });
  });
});

describe.each(databases)('every register on $name', ({ name }) => {
  it.each([...REGISTERS.values()])('copies all tables of $name with their keys and lists its people', async (one) => {
    await using resources = new AsyncDisposableStack();
    const databaseUrl = name === 'PostgreSQL' ? resources.use(await createPostgresDatabase()).url : undefined;
    const sealKey = randomBytes(32);
    const running = resources.use(await startRegister(one, { databaseUrl, synthetic: SYNTHETIC, sealKey }));
    const snapshots = createSnapshotRegister(running.subgraph.url, sealKey, Date.now);
    const period = new Date(Date.now() + 7 * 3_600_000).toISOString().slice(0, 7);
    const taken = await snapshots.take(period);
    if (taken.kind !== 'taken') throw new Error('It is taken.');
    expect(taken.people).toBeGreaterThan(SYNTHETIC.size / 10);
    const listed = await snapshots.population({ snapshot: period, ...WHO, from: 1, to: SYNTHETIC.size });
    expect(listed).toMatchObject({ kind: 'given' });

    const keys = await running.subgraph.database.query<{ schema: string; tables: string }>({
      text: `SELECT CASE WHEN nspname = 'public' THEN 'live' ELSE 'snapshot' END AS schema,
          string_agg(relname || ' ' || pg_get_constraintdef(c.oid), ', ' ORDER BY relname) AS tables
        FROM pg_constraint c JOIN pg_class t ON t.oid = conrelid JOIN pg_namespace n ON n.oid = relnamespace
        WHERE contype = 'p' AND (nspname = 'public' OR nspname LIKE 'snapshot%')
          AND relname NOT LIKE 'register_%' AND relname NOT IN ('schema_migrations', 'grants_seen', 'population')
        GROUP BY 1 ORDER BY 1`,
    });
    expect(keys.map(({ schema }) => schema)).toEqual(['live', 'snapshot']);
    expect(keys[1]?.tables).toBe(keys[0]?.tables);
  });
});
