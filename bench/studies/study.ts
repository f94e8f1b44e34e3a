import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { missing } from '../run/prerequisites.ts';
import { LOAD_CORE, pin } from '../run/processes.ts';
import type { Signals } from '../run/signals.ts';
import { startCanned, startTarget, type RunningTarget } from '../run/start.ts';
import { TARGETS } from '../targets/all.ts';
import { composePeerSupergraph } from '../work/graph.ts';

/** What `npm run bench -- --study NAME` gives a study. */
export interface StudyParts {
  /** Let go of at the end, also when the study is stopped. */
  readonly resources: AsyncDisposableStack;
  readonly signals: Signals;
  readonly progress: (text: string) => void;
}

/**
 * Runs a study: the canned subgraphs are started, then each target named on the command line (`a,b`; else `defaults`) is started, looked at
 * and stopped. Rejects with a sentence when something that it needs is not there.
 */
export async function study(defaults: readonly string[], look: (running: RunningTarget) => Promise<void>): Promise<void> {
  const names = process.argv[2]?.split(',') ?? defaults;
  const targets = TARGETS.filter(({ name }) => names.includes(name));
  const problems = [...missing(targets)];
  if (targets.length !== names.length) problems.push(`The targets are ${TARGETS.map(({ name }) => name).join(', ')}.`);
  if (problems.length > 0) throw new Error(problems.join('\n'));
  await using resources = new AsyncDisposableStack();
  await pin(process.pid, LOAD_CORE);
  const directory = await mkdtemp(join(tmpdir(), 'lien-thong-study-'));
  resources.defer(async () => rm(directory, { recursive: true, force: true }));
  const subgraphUrls = await startCanned(directory, resources);
  const peerSupergraphFile = join(directory, 'supergraph.graphql');
  await writeFile(peerSupergraphFile, composePeerSupergraph(subgraphUrls));
  for (const target of targets) {
    await using own = new AsyncDisposableStack();
    await look(await startTarget(target, { subgraphUrls, peerSupergraphFile, directory, resources: own }));
  }
}
