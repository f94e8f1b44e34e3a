import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { cpus, release, totalmem } from 'node:os';
import { join } from 'node:path';
import type { Measured } from '../run/measure.ts';
import type { Cell, Connections } from '../run/rounds.ts';
import { NODE_OPTIONS, type Target } from '../targets/target.ts';
import { ROOT } from '../work/graph.ts';
import type { WorkName } from '../work/documents.ts';

/** What a run of the bench found, as it is kept in bench/results. */
export interface Results {
  readonly date: string;
  readonly machine: {
    readonly cpu: string;
    readonly cores: number;
    readonly memoryGb: number;
    readonly kernel: string;
    readonly node: string;
  };
  readonly commit: string;
  readonly plan: { readonly rounds: number; readonly seconds: number; readonly warmUpSeconds: number; readonly nodeOptions: string };
  readonly targets: readonly { readonly name: string; readonly title: string; readonly what: string; readonly version: string }[];
  readonly rows: readonly Row[];
  /** Targets that did not start and rounds that failed, each with its reason. */
  readonly failures: readonly { readonly target: string; readonly reason: string }[];
}

export interface Row {
  readonly target: string;
  readonly work: WorkName;
  readonly connections: Connections;
  /** Medians of the rounds, each number by itself; rounds that failed are not among them. */
  readonly median: Measured;
  /** Median of the ratios to the floor in the same round; null where the floor was not measured. */
  readonly timesFloor: number | null;
  readonly rounds: readonly Measured[];
}

export function gatherResults(parts: {
  readonly targets: readonly Target[];
  readonly cells: readonly Cell[];
  readonly failures: Results['failures'];
  readonly plan: Omit<Results['plan'], 'nodeOptions'>;
}): Results {
  const { cells } = parts;
  return {
    date: new Date().toISOString(),
    machine: {
      cpu: cpus()[0]?.model ?? 'unknown',
      cores: cpus().length,
      memoryGb: Math.round(totalmem() / 2 ** 30),
      kernel: release(),
      node: process.version,
    },
    commit: commit(),
    plan: { ...parts.plan, nodeOptions: NODE_OPTIONS },
    targets: parts.targets.map((target) => ({ name: target.name, title: target.title, what: target.what, version: versionOf(target) })),
    rows: cells.flatMap((cell) => rowOf(cell, cells)),
    failures: parts.failures,
  };
}

function rowOf(cell: Cell, cells: readonly Cell[]): readonly Row[] {
  const measured = cell.rounds.filter((round) => round !== undefined);
  const [first] = measured;
  if (first === undefined) return [];
  const names = Object.keys(first) as (keyof Measured)[];
  const median_ = Object.fromEntries(names.map((name) => [name, median(measured.map((round) => round[name]))])) as unknown as Measured;
  const floor = cells.find(({ target, work, connections }) => target === 'floor' && work === cell.work && connections === cell.connections);
  // Only rounds in which both were measured can be compared.
  const ratios = cell.rounds.flatMap((round, index) => {
    const beside = floor?.rounds[index];
    return round && beside ? [round.requestsPerSecond / beside.requestsPerSecond] : [];
  });
  const { target, work, connections } = cell;
  return [{ target, work, connections, median: median_, timesFloor: ratios.length === 0 ? null : median(ratios), rounds: measured }];
}

/** The middle value, of an even count the mean of the two in the middle. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? upper) + upper) / 2;
}

/** The row of a target, undefined when it has none. */
export function rowAt(results: Results, target: string, work: WorkName, connections: Connections): Row | undefined {
  return results.rows.find((row) => row.target === target && row.work === work && row.connections === connections);
}

function versionOf({ package: name, isPeerPackage }: Target): string {
  if (name === undefined) return commit();
  const folder = isPeerPackage ? join(ROOT, 'bench', 'peers') : ROOT;
  const { version } = JSON.parse(readFileSync(join(folder, 'node_modules', name, 'package.json'), 'utf8')) as { version: string };
  return version;
}

/** The commit measured, and whether the files measured differ from it. */
export function commit(): string {
  try {
    const git = (...args: readonly string[]): string => execFileSync('git', args, { cwd: ROOT, encoding: 'utf8' }).trim();
    return `${git('rev-parse', '--short', 'HEAD')}${git('status', '--porcelain', '--', 'gateway', 'platform', 'bench') === '' ? '' : ' with changes'}`;
  } catch {
    // An unpacked archive has no history.
    return 'unknown';
  }
}
