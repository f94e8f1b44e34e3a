import Table from 'cli-table3';
import { WORKS, type WorkName } from '../work/documents.ts';
import { rowAt, type Results, type Row } from './results.ts';
import { signsOf, SIGNS_EXPLAINED } from './signs.ts';

const HEAD = ['', 'req/s', '× floor', 'p50 ms', 'p99 ms', 'CPU µs', 'core', 'req/s', '× floor', 'p50 ms', 'p99 ms', 'core'];

/** The results as tables for a terminal, one for each work: 32 connections on the left, 256 on the right. */
export function renderTables(results: Results, works: readonly WorkName[]): string {
  const parts = works.map((work) => `${WORKS[work].title}; 32 connections on the left, 256 on the right\n${tableOf(results, work)}\n`);
  const signs = results.rows.map(({ median }) => signsOf(median)).join('');
  parts.push(...SIGNS_EXPLAINED.filter((sentence) => signs.includes(sentence.charAt(0))));
  parts.push('CPU µs: of the gateway for each request; core: its share of the core that it has for itself.');
  parts.push(...results.failures.map(({ target, reason }) => `FAILED ${target}: ${reason}`));
  return `${parts.join('\n')}\n`;
}

function tableOf(results: Results, work: WorkName): string {
  const table = new Table({
    head: HEAD,
    colAligns: HEAD.map((_, column) => (column === 0 ? 'left' : 'right')),
    style: { head: [], border: [] },
  });
  for (const { name, title } of results.targets) {
    const few = rowAt(results, name, work, 32);
    const many = rowAt(results, name, work, 256);
    if (few || many) table.push([title, ...cells(few, true), ...cells(many, false)]);
  }
  return table.toString();
}

function cells(row: Row | undefined, withCpu: boolean): readonly string[] {
  if (!row) return Array.from({ length: withCpu ? 6 : 5 }, () => '-');
  const { requestsPerSecond, p50Ms, p99Ms, cpuUs, gatewayCore } = row.median;
  return [
    whole(requestsPerSecond),
    ratio(row.timesFloor),
    p50Ms.toFixed(1),
    p99Ms.toFixed(1),
    ...(withCpu ? [whole(cpuUs)] : []),
    `${(gatewayCore * 100).toFixed(0)} %${signsOf(row.median)}`,
  ];
}

export function whole(value: number): string {
  return Math.round(value).toLocaleString('en-US');
}

export function ratio(value: number | null): string {
  return value === null ? '-' : value.toFixed(2);
}
