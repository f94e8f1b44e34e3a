import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '../../platform/free-port.ts';
import type { Options } from '../options.ts';
import { machineName, makeNote, type Note } from '../report/note.ts';
import { commit } from '../report/results.ts';
import { disturbance } from '../report/signs.ts';
import { STAGES, timeByStage, type Stage } from '../report/stage-of.ts';
import { whole } from '../report/table.ts';
import { measure, untilIdle, type Measured } from '../run/measure.ts';
import { LOAD_CORE, pin } from '../run/processes.ts';
import { profileWhile } from '../run/profiler.ts';
import { startCanned, startTarget } from '../run/start.ts';
import { verify } from '../run/verify.ts';
import { runWrk, writeScript } from '../run/wrk.ts';
import { oursPolicies } from '../targets/ours-policies.ts';
import { WORKS, type WorkName } from '../work/documents.ts';
import type { StudyParts } from './study.ts';

const CONNECTIONS = 32;

const TITLES: Readonly<Record<Stage, string>> = {
  authenticate: 'authenticate',
  admit: 'admit',
  prepare: 'prepare (decide, prune, plan, compile)',
  execute: 'execute (with the sockets to the registers)',
  record: 'record',
  answer: 'answer',
  rest: 'rest (HTTP, Fastify, Apollo Server, promises)',
  native: 'outside JavaScript',
  garbage: 'garbage collection',
  idle: 'idle',
};

export interface StageColumn extends Pick<Measured, 'othersOnGatewayCore'> {
  readonly work: WorkName;
  readonly requests: number;
  /** Of the main thread, microseconds in all. */
  readonly timesUs: Readonly<Record<Stage, number>>;
  /** Of the process and all its threads for each request, as the kernel counts it. */
  readonly cpuUs: number;
}

/** Where the gateway's CPU time goes, by stage of the pipeline, with policies on. */
export async function stages(options: Options, { resources, signals, progress }: StudyParts): Promise<Note> {
  await pin(process.pid, LOAD_CORE);
  const directory = await mkdtemp(join(tmpdir(), 'lien-thong-stages-'));
  resources.defer(async () => rm(directory, { recursive: true, force: true }));
  const subgraphUrls = await startCanned(directory, resources);
  const port = await freePort('127.0.0.1');
  const inspected = {
    ...oursPolicies,
    launch: async (context: Parameters<typeof oursPolicies.launch>[0]) => {
      const launch = await oursPolicies.launch(context);
      return { ...launch, args: [`--inspect=127.0.0.1:${port}`, ...launch.args] };
    },
  };
  const starting = startTarget(inspected, { subgraphUrls, peerSupergraphFile: '', directory, resources });
  signals.waitFor(starting);
  const running = await starting;
  const columns: StageColumn[] = [];
  for (const work of options.works) {
    progress(`profiling ${work}`);
    await verify(running.url, running.headers, WORKS[work]);
    const scriptFile = await writeScript(WORKS[work], running.headers, running.directory);
    const { url } = running;
    await runWrk({ url, scriptFile, connections: CONNECTIONS, seconds: options.warmUpSeconds, directory: running.directory });
    await untilIdle(running);
    const { profile, result } = await profileWhile(port, async () => measure(running, scriptFile, CONNECTIONS, options.seconds));
    const requests = result.answersPerConnection * CONNECTIONS;
    const { cpuUs, othersOnGatewayCore } = result;
    columns.push({ work, requests, timesUs: timeByStage(profile), cpuUs, othersOnGatewayCore });
    await untilIdle(running);
  }
  return makeNote({ ...stagesTable(columns), date: new Date(), machine: machineName(), commit: commit() });
}

/** Head, rows and remarks of the table: microseconds for each request, and the share of what the main thread did. */
export function stagesTable(columns: readonly StageColumn[]): Omit<Parameters<typeof makeNote>[0], 'date' | 'machine' | 'commit'> {
  const busyUs = ({ timesUs }: StageColumn): number => STAGES.reduce((sum, stage) => (stage === 'idle' ? sum : sum + timesUs[stage]), 0);
  const cells = (column: StageColumn, stage: Stage): readonly string[] => {
    const timeUs = column.timesUs[stage];
    const share = stage === 'idle' ? '-' : `${((timeUs / busyUs(column)) * 100).toFixed(1)} %`;
    return [whole(timeUs / column.requests), share];
  };
  const both = columns.map((column) => [whole(busyUs(column) / column.requests), '100 %']);
  return {
    title: 'Stages: CPU µs for each request',
    head: ['stage', ...columns.flatMap(({ work }) => [`${work.toUpperCase()} µs`, 'share'])],
    rows: [
      ...STAGES.map((stage) => [TITLES[stage], ...columns.flatMap((column) => cells(column, stage))]),
      ['main thread without idle', ...both.flat()],
      ['all threads, as the kernel counts', ...columns.flatMap(({ cpuUs }) => [whole(cpuUs), '-'])],
    ],
    remarks: [
      `Target ours-policies over canned subgraphs, ${CONNECTIONS} connections of wrk, the main thread under V8's sampling profiler, which costs ` +
        'time itself. Idle is time in which the thread waited, divided by the requests answered.',
      'A sample belongs to the outermost function of its call stack in a file of a stage. What the sockets to the registers cost before they call ' +
        "back counts as execute where undici is on the stack, else as rest, as does Node's own HTTP on the client's side.",
      disturbance(columns),
    ],
  };
}
