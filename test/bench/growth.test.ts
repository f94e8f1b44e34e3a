import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readOptions } from '../../bench/options.ts';
import { makeNote } from '../../bench/report/note.ts';
import type { Measured } from '../../bench/run/measure.ts';
import { ceilingOf } from '../../bench/run/registers.ts';
import { growthTable, peopleOf, sizesUpTo } from '../../bench/studies/growth.ts';
import { ROOT, SUBGRAPHS } from '../../bench/work/graph.ts';
import { ceilingOf as rulesAllow } from '../../platform/ceiling.ts';
import { readCeiling } from '../../subgraphs/ceiling.ts';

const round = (requestsPerSecond: number): Measured => ({
  requestsPerSecond,
  answersPerConnection: 100,
  p50Ms: 10,
  p99Ms: 20,
  cpuUs: 3,
  gatewayCore: 0.5,
  othersOnGatewayCore: 0.04,
  loadCoreIdle: 0,
});

test('a million citizens are loaded only when asked for', () => {
  expect(sizesUpTo(100_000)).toEqual([10_000, 100_000]);
  expect(sizesUpTo(1_000_000)).toEqual([10_000, 100_000, 1_000_000]);
  expect(readOptions(['--study', 'growth'], [])).toMatchObject({ study: 'growth', citizensMax: 100_000 });
  expect(readOptions(['--study', 'growth', '--citizens-max', '1000000'], [])).toMatchObject({ citizensMax: 1_000_000 });
});

test('refuses a study that does not exist and populations out of bounds with a sentence', () => {
  expect(readOptions(['--study', 'growht'], [])).toMatch(/growth, stages/);
  expect(readOptions(['--citizens-max', '9999'], [])).toMatch(/10000 to 1000000/);
  expect(readOptions(['--citizens-max', '2000000'], [])).toMatch(/10000 to 1000000/);
});

test('asks for nobody twice before everybody was asked for, and for nobody outside the population', () => {
  const asked = Array.from({ length: 200 }, (_, request) => peopleOf(request, 10_000, 50)).flat();
  expect(new Set(asked).size).toBe(10_000);
  expect(Math.max(...asked)).toBe(9_999);
});

test('compares a size with the first one in the same round', () => {
  const part = { loadingMs: 1_500, databaseBytes: 2e6 };
  const { rows, head } = growthTable([
    { citizens: 10_000, ...part, measured: { q1: [round(100), round(200), round(400)], q2: [round(10)] } },
    { citizens: 100_000, ...part, measured: { q1: [round(90), round(100), round(360)], q2: [round(5)] } },
  ]);
  expect(rows.map((row) => row.length)).toEqual([head.length, head.length]);
  expect(rows[1]).toEqual(['100,000', '1.5', '2', '100', '0.90', '10.0', '20.0', '5', '0.50', '10.0', '20.0']);
});

test('the ceilings made for the bench are ceilings of each register and let its application have everything', () => {
  for (const name of SUBGRAPHS) {
    const sdl = readFileSync(join(ROOT, 'subgraphs', name, 'schema.graphql'), 'utf8');
    const ceiling = rulesAllow(readCeiling(ceilingOf(sdl), name));
    const [, group = ''] = /group: "([^"]+)"/.exec(sdl) ?? [];
    expect(ceiling('bench', 'bench.file', group, 'read')).toBe(true);
    expect(ceiling('bank', 'bench.file', group, 'read')).toBe(false);
  }
});

test('a note to keep says when and where', () => {
  const parts = { title: 'T', head: ['a', 'b'], rows: [['x', '1']], remarks: ['So it is.'] };
  const { markdown } = makeNote({ ...parts, date: new Date('2026-01-02T03:04:05Z'), machine: 'two cores', commit: 'abc' });
  expect(markdown).toBe('# T\n\n2026-01-02, commit abc, two cores.\n\n| a | b |\n| --- | ---: |\n| x | 1 |\n\nSo it is.\n');
});
