import { expect, test } from 'vitest';
import { readOptions } from '../../bench/options.ts';
import { renderMarkdown } from '../../bench/report/markdown.ts';
import { gatherResults, median, type Results } from '../../bench/report/results.ts';
import { signsOf } from '../../bench/report/signs.ts';
import { renderSvg } from '../../bench/report/svg.ts';
import { renderTables } from '../../bench/report/table.ts';
import type { Measured } from '../../bench/run/measure.ts';
import type { Target } from '../../bench/targets/target.ts';

const target = (name: string): Target => ({
  name,
  title: `<${name}>`,
  what: 'nothing',
  launch: async () => Promise.reject(new Error('Nothing is started in this test.')),
});

function round(requestsPerSecond: number, changed: Partial<Measured> = {}): Measured {
  return {
    requestsPerSecond,
    answersPerConnection: 100,
    p50Ms: 1,
    p99Ms: 2,
    cpuUs: 3,
    gatewayCore: 0.98,
    othersOnGatewayCore: 0,
    loadCoreIdle: 0.4,
    ...changed,
  };
}

/** Three rounds on a machine that became twice as fast after the first, and one failed round. */
function results(): Results {
  const cell = (name: string, rounds: readonly (Measured | undefined)[]) => ({
    target: name,
    work: 'q1' as const,
    connections: 32 as const,
    rounds,
  });
  return gatherResults({
    targets: [target('floor'), target('ours-open')],
    cells: [cell('floor', [round(1_000), round(2_000), round(2_000)]), cell('ours-open', [round(500), round(1_000), undefined])],
    failures: [{ target: 'ours-open', reason: 'round 3 of 3: wrk saw errors (status: 1)' }],
    plan: { rounds: 3, seconds: 5, warmUpSeconds: 1 },
  });
}

test('× floor compares rounds with the floor in the same round, so that a machine that changes its speed does not change it', () => {
  const [floor, ours] = results().rows;
  expect(floor?.timesFloor).toBe(1);
  // The medians of the rates alone would say 750 of 2,000.
  expect(ours?.timesFloor).toBe(0.5);
  expect(ours?.median.requestsPerSecond).toBe(750);
  expect(ours?.rounds).toHaveLength(2);
});

test('the median of an even count lies between the two in the middle', () => {
  expect(median([3, 1, 2])).toBe(2);
  expect(median([4, 1, 2, 3])).toBe(2.5);
});

test('a row says when its gateway waited, was disturbed, or had too little time', () => {
  expect(signsOf(round(1))).toBe('');
  expect(signsOf(round(1, { gatewayCore: 0.89 }))).toBe('!');
  expect(signsOf(round(1, { othersOnGatewayCore: 0.2, loadCoreIdle: 0.01 }))).toBe('~^');
  expect(signsOf(round(1, { answersPerConnection: 1 }))).toBe('#');
});

test('tables, markdown and chart show every target and say what failed', () => {
  const table = renderTables(results(), ['q1']);
  expect(table).toContain('FAILED ours-open: round 3 of 3');
  expect(table).toContain('0.50');
  expect(renderMarkdown(results())).toContain('| **<ours-open>** | 750 | 0.50 (-) | 3 |');
  const svg = renderSvg(results(), ['q1']);
  expect(svg).toContain('&lt;ours-open&gt;');
  expect(svg).not.toContain('<ours-open>');
});

test('a command line that cannot be followed is answered with a sentence', () => {
  const names = ['floor', 'ours-open'];
  expect(readOptions(['--targets', 'ours-open', '--work', 'q3', '--markdown'], names)).toMatchObject({
    targets: ['ours-open'],
    works: ['q3'],
  });
  expect(readOptions(['--targets', 'nobody'], names)).toContain('nobody');
  expect(readOptions(['--work', 'q9'], names)).toContain('--work');
  expect(readOptions(['--rounds', '0'], names)).toContain('--rounds');
  expect(readOptions(['--seconds', 'x'], names)).toContain('--seconds');
  expect(readOptions(['--fast'], names)).toContain('--fast');
});
