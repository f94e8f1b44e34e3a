import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { readOptions, type Options, type StudyName } from './options.ts';
import { renderMarkdown } from './report/markdown.ts';
import { gatherResults, type Results } from './report/results.ts';
import { renderSvg } from './report/svg.ts';
import { renderTables } from './report/table.ts';
import { missing } from './run/prerequisites.ts';
import { LOAD_CORE, pin } from './run/processes.ts';
import { runRounds } from './run/rounds.ts';
import { stopOnSignals, type Signals } from './run/signals.ts';
import { startCanned, startTarget, type RunningTarget } from './run/start.ts';
import { growth } from './studies/growth.ts';
import { stages } from './studies/stages.ts';
import { TARGETS } from './targets/all.ts';
import { composePeerSupergraph } from './work/graph.ts';

// Entry file of the benchmark; see README.md. npm run bench -- --quick

const RESULTS = join(import.meta.dirname, 'results');
const LATEST_JSON = join(RESULTS, 'latest.json');
const LATEST_SVG = join(RESULTS, 'latest.svg');

async function main(): Promise<number> {
  const options = readOptions(
    process.argv.slice(2),
    TARGETS.map(({ name }) => name),
  );
  if (typeof options === 'string') return complain([options]);
  if (options.markdown) return printMarkdown(options);
  if (options.study !== undefined) return look(options, options.study);
  const problems = missing(TARGETS.filter(({ name }) => options.targets.includes(name)));
  if (problems.length > 0) return complain(problems);
  const results = await run(options);
  process.stdout.write(`\n${renderTables(results, options.works)}`);
  // A quick run is for looking, not for keeping.
  const jsonFile = options.jsonFile ?? (options.quick ? undefined : LATEST_JSON);
  const svgFile = options.svgFile ?? (options.quick ? undefined : LATEST_SVG);
  await write(jsonFile, `${JSON.stringify(results, undefined, 2)}\n`);
  await write(svgFile, renderSvg(results, options.works));
  return results.failures.length > 0 ? 1 : 0;
}

/** Runs a study that has no entry file of its own, prints its table and keeps it. */
async function look(options: Options, study: StudyName): Promise<number> {
  const problems = missing([]);
  if (problems.length > 0) return complain(problems);
  await using resources = new AsyncDisposableStack();
  const signals = stopOnSignals(resources);
  try {
    const note = await { growth, stages }[study](options, { resources, signals, progress });
    process.stdout.write(`\n${note.terminal}\n`);
    if (!options.quick) await write(join(RESULTS, `${study}.md`), note.markdown);
    return 0;
  } catch (error) {
    if (signals.stopping) await new Promise(() => undefined);
    throw error;
  }
}

async function run(options: Options): Promise<Results> {
  await using resources = new AsyncDisposableStack();
  const signals = stopOnSignals(resources);
  try {
    return await measureAll(options, resources, signals);
  } catch (error) {
    // What fails because everything is being stopped is no news; the process ends when all has stopped.
    if (signals.stopping) await new Promise(() => undefined);
    throw error;
  }
}

/** Starts the canned subgraphs and the targets and measures. A target that does not start is left out with its reason. */
async function measureAll(options: Options, resources: AsyncDisposableStack, signals: Signals): Promise<Results> {
  await pin(process.pid, LOAD_CORE);
  const directory = await mkdtemp(join(tmpdir(), 'lien-thong-bench-'));
  resources.defer(async () => rm(directory, { recursive: true, force: true }));
  const subgraphUrls = await startCanned(directory, resources);
  const peerSupergraphFile = join(directory, 'supergraph.graphql');
  await writeFile(peerSupergraphFile, composePeerSupergraph(subgraphUrls));

  const targets = TARGETS.filter(({ name }) => options.targets.includes(name));
  const failures: { target: string; reason: string }[] = [];
  const running: RunningTarget[] = [];
  for (const target of targets) {
    if (signals.stopping) throw new Error('stopping');
    progress(`starting ${target.name}`);
    try {
      const started = startTarget(target, { subgraphUrls, peerSupergraphFile, directory, resources });
      signals.waitFor(started);
      running.push(await started);
    } catch (error) {
      failures.push({ target: target.name, reason: error instanceof Error ? error.message : String(error) });
    }
  }
  const { rounds, seconds, warmUpSeconds } = options;
  const measured = await runRounds(running, { works: options.works, rounds, seconds, warmUpSeconds, progress });
  return gatherResults({
    targets: targets.filter(({ name }) => running.some(({ target }) => target.name === name)),
    cells: measured.cells,
    failures: [...failures, ...measured.failures],
    plan: { rounds, seconds, warmUpSeconds },
  });
}

async function printMarkdown({ jsonFile = LATEST_JSON }: Options): Promise<number> {
  if (!existsSync(jsonFile)) return complain([`There are no results at ${jsonFile}. Run the bench first.`]);
  process.stdout.write(renderMarkdown(JSON.parse(await readFile(jsonFile, 'utf8')) as Results));
  return 0;
}

async function write(file: string | undefined, text: string): Promise<void> {
  if (file === undefined) return;
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, text);
}

function progress(text: string): void {
  process.stderr.write(`${Math.round(performance.now() / 1000)} s: ${text}\n`);
}

function complain(sentences: readonly string[]): number {
  process.stderr.write(`${sentences.join('\n')}\n`);
  return 1;
}

process.exitCode = await main();
