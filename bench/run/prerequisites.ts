import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Target } from '../targets/target.ts';
import { unknownSubgraphs } from '../work/graph.ts';

const PEERS = join(import.meta.dirname, '..', 'peers');

/** What is missing on this machine for these targets, each with what to run; empty when nothing is. */
export function missing(targets: readonly Target[]): readonly string[] {
  const found: string[] = [];
  if (process.platform !== 'linux') found.push('The bench pins processes to cores and reads /proc: it runs on Linux only.');
  if (!isProgram('taskset')) found.push('taskset is not there. Install it: apt-get install util-linux');
  if (!isProgram('wrk')) found.push('wrk is not there. Install it: apt-get install wrk');
  for (const { name, isPeerPackage, package: packageName = '' } of targets) {
    if (isPeerPackage && !existsSync(join(PEERS, 'node_modules', packageName))) {
      found.push(
        `${packageName} of the target ${name} is not there. Install the peers: npm ci --prefix bench/peers (or leave it out by --targets)`,
      );
    }
  }
  for (const name of unknownSubgraphs())
    found.push(`The graph has the subgraph ${name} that the bench does not serve. Add it to bench/work/graph.ts.`);
  return found;
}

function isProgram(name: string): boolean {
  return spawnSync(name, ['--version'], { stdio: 'ignore' }).error === undefined;
}
