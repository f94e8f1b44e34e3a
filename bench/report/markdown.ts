import { WORK_NAMES } from '../work/documents.ts';
import { rowAt, type Results } from './results.ts';
import { ratio, whole } from './table.ts';

/** The table of the README, at 32 connections, with × floor at 256 in brackets, and a line that says when and where. */
export function renderMarkdown(results: Results): string {
  const head = '| gateway | Q1 req/s | × floor | CPU µs | Q2 req/s | × floor | CPU µs | Q3 req/s | × floor | CPU µs |';
  const rule = '| --- | --: | --: | --: | --: | --: | --: | --: | --: | --: |';
  const lines = results.targets.flatMap(({ name, title, version }) => {
    const cells = WORK_NAMES.flatMap((work) => {
      const few = rowAt(results, name, work, 32);
      if (!few) return ['', '', ''];
      const many = rowAt(results, name, work, 256);
      return [
        whole(few.median.requestsPerSecond),
        `${ratio(few.timesFloor)} (${ratio(many?.timesFloor ?? null)})`,
        whole(few.median.cpuUs),
      ];
    });
    if (cells.every((cell) => cell === '')) return [];
    const isOurs = name === 'floor' || name.startsWith('ours-');
    const label = isOurs ? title : `${title} ${version}`;
    return [`| ${name.startsWith('ours-') ? `**${label}**` : label} | ${cells.join(' | ')} |`];
  });
  const { machine, plan, date, commit } = results;
  const where = `${date.slice(0, 10)}, commit ${commit}, ${machine.cpu}, ${machine.cores} cores, Node ${machine.node.slice(1)}; medians of ${plan.rounds} rounds of ${plan.seconds} s, 32 connections (× floor at 256 in brackets).`;
  return [head, rule, ...lines, '', where, ''].join('\n');
}
