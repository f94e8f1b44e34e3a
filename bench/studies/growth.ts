import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createPopulation } from '../../subgraphs/population.ts';
import type { Options } from '../options.ts';
import { machineName, makeNote, type Note } from '../report/note.ts';
import { commit, median } from '../report/results.ts';
import { disturbance } from '../report/signs.ts';
import { ratio, whole } from '../report/table.ts';
import { openBenchDatabase } from '../run/database.ts';
import { measure, untilIdle, type Measured } from '../run/measure.ts';
import { LOAD_CORE, pin } from '../run/processes.ts';
import { startRegisters } from '../run/registers.ts';
import { startTarget, type RunningTarget } from '../run/start.ts';
import { send } from '../run/verify.ts';
import { runWrk, writeScript } from '../run/wrk.ts';
import { createGovernedKeys, launchGoverned } from '../targets/governed.ts';
import { REQUESTS_PER_WORK, WORKS, type Work } from '../work/documents.ts';
import type { StudyParts } from './study.ts';

const SIZES = [10_000, 100_000, 1_000_000] as const;
const SEED = 1;
const CONNECTIONS = 32;
const GROWTH_WORKS = ['q1', 'q2'] as const;
type GrowthWork = (typeof GROWTH_WORKS)[number];
/** Answers looked at before the first round. */
const SAMPLES = 8;
/** Coprime to every size, so that the people asked for lie all over the registers and none comes twice before all have. */
const STRIDE = 7_919;

/** One population with registers and a gateway of its own. */
interface Setup {
  readonly citizens: number;
  readonly loadingMs: number;
  readonly databaseBytes: number;
  readonly running: RunningTarget;
  readonly scripts: Readonly<Record<GrowthWork, string>>;
}

export interface GrowthRow extends Pick<Setup, 'citizens' | 'loadingMs' | 'databaseBytes'> {
  /** By round, the same rounds in every row. */
  readonly measured: Readonly<Record<GrowthWork, readonly Measured[]>>;
}

/**
 * How rate and latency change with the number of citizens: real registers and everything on, on PostgreSQL. All sizes are up at the same
 * time and take turns, so that whatever else the machine does meets all of them.
 */
export async function growth(options: Options, { resources, signals, progress }: StudyParts): Promise<Note> {
  await pin(process.pid, LOAD_CORE);
  const directory = await mkdtemp(join(tmpdir(), 'lien-thong-growth-'));
  resources.defer(async () => rm(directory, { recursive: true, force: true }));
  const setups: Setup[] = [];
  for (const citizens of sizesUpTo(options.citizensMax)) {
    progress(`loading ${whole(citizens)} citizens`);
    const starting = setUp(citizens, join(directory, String(citizens)), resources);
    signals.waitFor(starting);
    setups.push(await starting);
  }
  for (const { citizens, running, scripts } of setups) {
    progress(`warming up with ${whole(citizens)} citizens`);
    for (const work of GROWTH_WORKS) await load(running, scripts[work], options.warmUpSeconds);
  }
  const rows = setups.map((setup) => ({ ...setup, measured: { q1: [] as Measured[], q2: [] as Measured[] } }));
  for (let round = 0; round < options.rounds; round += 1) {
    for (const work of GROWTH_WORKS) {
      for (const { citizens, running, scripts, measured } of round % 2 === 0 ? rows : rows.toReversed()) {
        progress(`round ${round + 1}: ${work} with ${whole(citizens)} citizens`);
        await untilIdle(running);
        await running.beforeRound();
        measured[work].push(await measure(running, scripts[work], CONNECTIONS, options.seconds));
      }
    }
  }
  return makeNote({ ...growthTable(rows), date: new Date(), machine: machineName(), commit: commit() });
}

/** The populations of a study that goes no further than `citizensMax`. */
export function sizesUpTo(citizensMax: number): readonly number[] {
  return SIZES.filter((size) => size <= citizensMax);
}

/** Indices of the people that request number `request` asks for. */
export function peopleOf(request: number, citizens: number, people: number): readonly number[] {
  return Array.from({ length: people }, (_, place) => ((request * people + place) * STRIDE) % citizens);
}

/** Head, rows and remarks of the table; rates also as ratio to the first row, the median of the rounds. */
export function growthTable(rows: readonly GrowthRow[]): Omit<Parameters<typeof makeNote>[0], 'date' | 'machine' | 'commit'> {
  const [first] = rows;
  const rounds = rows.flatMap(({ measured }) => [...measured.q1, ...measured.q2]);
  const cells = (row: GrowthRow, work: GrowthWork): readonly string[] => {
    const own = row.measured[work];
    const ratios = own.map(({ requestsPerSecond }, round) => requestsPerSecond / (first?.measured[work][round]?.requestsPerSecond ?? NaN));
    const middle = (name: 'requestsPerSecond' | 'p50Ms' | 'p99Ms'): number => median(own.map((measured) => measured[name]));
    return [whole(middle('requestsPerSecond')), ratio(median(ratios)), middle('p50Ms').toFixed(1), middle('p99Ms').toFixed(1)];
  };
  const columns = ['req/s', '× first row', 'p50 ms', 'p99 ms'];
  return {
    title: 'Growth: rate and latency by number of citizens',
    head: ['citizens', 'loaded in s', 'registers MB', ...columns.map((name) => `Q1 ${name}`), ...columns.map((name) => `Q2 ${name}`)],
    rows: rows.map((row) => [
      whole(row.citizens),
      (row.loadingMs / 1000).toFixed(1),
      whole(row.databaseBytes / 1e6),
      ...cells(row, 'q1'),
      ...cells(row, 'q2'),
    ]),
    remarks: [
      `Q1 asks for one citizen of four registers, Q2 for fifty, ${CONNECTIONS} connections, ID numbers from all over the population. Policies, ` +
        'grants, seals and records are on; the registers check them and read PostgreSQL, one database each. All figures are medians of the rounds.',
      'The gateway has a core to itself; the registers, PostgreSQL and the load generator share the other, so that only the ratio between rows ' +
        `says something. In the rounds the gateway used ${spread(rounds, 'gatewayCore')} of its core, and the other one was ` +
        `${spread(rounds, 'loadCoreIdle')} idle.`,
      disturbance(rounds),
    ],
  };
}

/** Least and most of a share in percent. */
function spread(rounds: readonly Measured[], name: 'gatewayCore' | 'loadCoreIdle'): string {
  const percents = rounds.map((round) => Math.round(round[name] * 100));
  return `${Math.min(...percents)} to ${Math.max(...percents)} %`;
}

async function setUp(citizens: number, directory: string, resources: AsyncDisposableStack): Promise<Setup> {
  const keys = createGovernedKeys();
  const registers = await startRegisters({ citizens, seed: SEED, keys, directory, resources });
  const ledger = resources.use(await openBenchDatabase());
  const databases = [ledger, ...registers.databases];
  const bodies = bodiesFor(citizens);
  const running = await startTarget(
    {
      name: `growth-${citizens}`,
      title: `${whole(citizens)} citizens`,
      what: 'everything on, with the registers of the project',
      probe: bodies.q1[0] ?? '',
      launch: async (context) => ({
        ...(await launchGoverned(context, ledger.url, { keys })),
        beforeRound: async () => {
          for (const database of databases) await database.pinBackends();
        },
      }),
    },
    { subgraphUrls: registers.urls, peerSupergraphFile: '', directory, resources },
  );
  const scripts = { q1: '', q2: '' };
  for (const work of GROWTH_WORKS) {
    await expectAnswers(running, bodies[work]);
    scripts[work] = await writeScript(WORKS[work], running.headers, running.directory, bodies[work]);
  }
  let databaseBytes = 0;
  for (const database of registers.databases) databaseBytes += await database.sizeBytes();
  return { citizens, loadingMs: registers.loadingMs, databaseBytes, running, scripts };
}

function bodiesFor(citizens: number): Readonly<Record<GrowthWork, readonly string[]>> {
  const population = createPopulation({ seed: SEED, size: citizens });
  const bodies = (work: Work): readonly string[] =>
    Array.from({ length: REQUESTS_PER_WORK }, (_, request) => {
      const idNumbers = peopleOf(request, citizens, work.citizens).map((index) => population.person(index).idNumber);
      return JSON.stringify({ query: work.query, variables: work.variables(idNumbers) });
    });
  return { q1: bodies(WORKS.q1), q2: bodies(WORKS.q2) };
}

/** A refusal would be fast and measure nothing. */
async function expectAnswers({ url, headers }: RunningTarget, bodies: readonly string[]): Promise<void> {
  for (const body of bodies.slice(0, SAMPLES)) {
    const { status, text } = await send(url, headers, body);
    const answered = JSON.parse(text) as { data?: Record<string, unknown>; errors?: readonly { extensions?: { code?: unknown } }[] };
    const codes = (answered.errors ?? []).map(({ extensions }) => String(extensions?.code)).join(', ');
    if (status !== 200 || codes !== '') throw new Error(`The gateway answered ${status} with errors: ${codes}.`);
    if (Object.values(answered.data ?? {}).some((value) => value === null))
      throw new Error('The registers do not know a citizen of theirs.');
  }
}

async function load(running: RunningTarget, scriptFile: string, seconds: number): Promise<void> {
  await running.beforeRound();
  await runWrk({ url: running.url, scriptFile, connections: CONNECTIONS, seconds, directory: running.directory });
}
