import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createCounting } from '../../../gateway/analysis/run/counting.ts';
import { checkAnalysis } from '../../../gateway/analysis/check.ts';
import type { ApprovedAnalysis, DisclosureControl, Populations, RunRefusal } from '../../../gateway/analysis/run/model.ts';
import { startAnalyses, type Analyses } from '../../../gateway/analysis/start.ts';
import { NO_TREES } from '../../../gateway/analysis/trees.ts';
import type { Actor } from '../../../gateway/admin/actor.ts';
import { loadGraph } from '../../../gateway/graph.ts';
import { LIMITS, type Limits } from '../../../gateway/limits.ts';
import type { Pipeline } from '../../../gateway/pipeline.ts';
import { migrate, openDatabase, type Database } from '../../../platform/database.ts';
import { createLog } from '../../../platform/log.ts';
import { SHIPPED_REGISTRY } from '../../admin/shipped-registry.ts';
import { MIGRATIONS } from '../../identity/demo-gateway.ts';
import { testLedger } from '../../ledger/event-ledger.ts';

const SDL = readFileSync(join(import.meta.dirname, '..', '..', '..', 'schema', 'supergraph.graphql'), 'utf8');
export const DOCUMENT = 'query ($idNumbers: [IdNumber!]!) { residents(idNumbers: $idNumbers) { sex currentResidence { province } } }';
const PROVINCES = ['HA_NOI', 'HUE', 'CA_MAU'] as const;
export const SECRET = Buffer.alloc(32, 5);
export const SNAPSHOT = '2026-11';

/** The people of a register, of whom everything follows from their ordinal. */
export function idNumberOf(ordinal: number): string {
  return String(1_000_000_000 + ordinal).padStart(12, '0');
}
export function personOf(idNumber: string): { readonly sex: string; readonly currentResidence: { readonly province: string } } {
  const ordinal = Number(idNumber) - 1_000_000_000;
  return { sex: ordinal % 2 === 0 ? 'FEMALE' : 'MALE', currentResidence: { province: PROVINCES[ordinal % 3] ?? '' } };
}

/** What a test turns. */
export interface World {
  people: number;
  policyVersion: string;
  secondChecker: boolean;
  /** The analysis as it is approved; a text instead refuses it. */
  address: string;
  refusal: RunRefusal | undefined;
  /** Whether the register answers. */
  isUp: boolean;
  /** Replaces the answer about a batch. */
  answer: ((idNumbers: readonly string[]) => object | undefined) | undefined;
  /** Every number that was asked for, as often as it was. */
  readonly asked: string[];
  /** Budgets given back, by run. */
  readonly givenBack: string[];
  /** Called before a batch is answered. */
  before: (idNumbers: readonly string[]) => Promise<void>;
}

export function createWorld(change: Partial<World> = {}): World {
  return {
    people: 2_500,
    policyVersion: 'rules-1',
    secondChecker: false,
    address: 'sha256:1',
    refusal: undefined,
    isUp: true,
    answer: undefined,
    asked: [],
    givenBack: [],
    before: async () => undefined,
    ...change,
  };
}

export const ANALYST: Actor = actor('statistics/officer-071', 'person-71', ['analyst']);
export const CHECKER: Actor = actor('statistics/officer-072', 'person-72', ['analyst']);
export const OWNER: Actor = actor('police/officer-064', 'person-64', ['data-owner']);
export const STRANGER: Actor = actor('justice/officer-081', 'person-81', ['data-owner']);

function actor(account: string, person: string, roles: readonly ('analyst' | 'data-owner')[]): Actor {
  return { account, person, agency: account.split('/')[0] ?? '', roles: new Set(roles), login: { kind: 'key', keyId: 'k', chosen: true } };
}

export async function openWorldDatabase(options: { readonly url?: string; readonly directory?: string } = {}): Promise<Database> {
  const database = await openDatabase({ ...options, statementTimeoutMs: 5_000 });
  await migrate(database, MIGRATIONS);
  return database;
}

const graph = loadGraph(SDL, { ourScalars: true, classifiedSdl: undefined });

/** What runs analyses in one gateway, over a population whose registers are this file's. Counting is the real one. */
export async function startWorld(database: Database, world: World, limits: Partial<Limits> = {}): Promise<Analyses> {
  const checked = checkAnalysis(definition(world), DOCUMENT, { graph, trees: NO_TREES, populations: new Set(graph.subgraphs.keys()) });
  if (checked.kind === 'refused') throw new Error(checked.problems.join(' '));
  const findAnalysis = async (name: string): Promise<ApprovedAnalysis | RunRefusal> =>
    world.refusal ?? {
      kind: 'approved',
      name,
      address: world.address,
      application: 'statistics-office',
      purpose: 'statistics.official',
      document: DOCUMENT,
      analysis: checked.analysis,
      counting: createCounting(checked.analysis, NO_TREES, SECRET),
    };
  return startAnalyses({
    database,
    events: testLedger(database, Date.now).events,
    ask: askOf(world),
    findAnalysis,
    populations: populationsOf(world),
    control: controlOf(world, database),
    registry: () => SHIPPED_REGISTRY,
    policyVersion: () => world.policyVersion,
    schemaVersion: 'schema',
    secret: SECRET,
    limits: { ...LIMITS, analysisPeoplePerRange: 100, analysisSharePercent: 99, ...limits },
    log: createLog('gateway', 'silent'),
    clock: Date.now,
  });
}

function definition({ secondChecker }: World): object {
  const label = { vi: 'Nhãn', en: 'Label' };
  return {
    title: label,
    population: 'residents',
    people: 'residents',
    dimensions: [
      { name: 'province', path: 'currentResidence.province', bins: 'each', label },
      { name: 'sex', path: 'sex', bins: 'each', label },
    ],
    secondChecker,
  };
}

function askOf(world: World): Pipeline['ask'] {
  return async (_caller, { body }) => {
    const { idNumbers } = (body as { variables: { idNumbers: readonly string[] } }).variables;
    await world.before(idNumbers);
    world.asked.push(...idNumbers);
    const answered = world.answer?.(idNumbers) ?? { data: { residents: idNumbers.map(personOf) } };
    const extensions = { disclosure: { record: 'r', policyVersion: world.policyVersion } };
    return { status: 200, headers: {}, body: Buffer.from(JSON.stringify({ extensions, ...answered })), code: 'OK' };
  };
}

function populationsOf(world: World): Populations {
  const away = { kind: 'away', register: 'residents' } as const;
  return {
    snapshot: async () => ({
      kind: 'snapshot',
      snapshot: SNAPSHOT,
      takenAt: new Date('2026-11-01T00:00:00Z'),
      day: '2026-11-01',
      people: world.people,
    }),
    idNumbers: async (_register, _snapshot, { from, to }) =>
      world.isUp ? { kind: 'people', idNumbers: Array.from({ length: to - from + 1 }, (_, index) => idNumberOf(from + index)) } : away,
  };
}

/** Lets every question through and every count out as it is: what disclosure control does is tested where it lives. */
function controlOf(world: World, database: Database): DisclosureControl {
  return {
    async ask(_asked, begin) {
      await database.transaction(begin);
      return { kind: 'free' };
    },
    preview: async () => ({ kind: 'cost', units: 1, accounts: [] }),
    giveBack: async (run) => void world.givenBack.push(run),
    release: async (_asked, { dimensions, measures, cells }) => ({
      dimensions,
      measures,
      cells: cells.map(({ bins, people }) => ({ bins, count: people, measures: {} })),
      notes: [],
    }),
  };
}
