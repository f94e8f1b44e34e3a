import { randomUUID } from 'node:crypto';
import type { Actor } from '../../admin/actor.ts';
import { recordEvent } from '../../admin/events.ts';
import type { Database, Queryable } from '../../../platform/database.ts';
import type { Limits } from '../../limits.ts';
import { tooThin } from '../check.ts';
import type { Registry } from '../../policy/registry.ts';
import { PEOPLE_MAX, RUNS_UNDER_WAY_MAX } from './limits.ts';
import {
  rangesOf,
  refused,
  type AnalysisQuestion,
  type Asked,
  type ApprovedAnalysis,
  type DisclosureControl,
  type NewRun,
  type PopulationSnapshot,
  type Populations,
  type QuestionCost,
  type RunRefusal,
} from './model.ts';
import type { RangeQueue } from './queue.ts';
import { countUnderWay, insertRun, notifyRuns } from './store.ts';

export interface BeginParts {
  readonly database: Database;
  readonly findAnalysis: (name: string, question: AnalysisQuestion) => Promise<ApprovedAnalysis | RunRefusal>;
  readonly populations: Populations;
  readonly control: DisclosureControl;
  readonly registry: () => Registry;
  readonly policyVersion: () => string;
  readonly schemaVersion: string;
  readonly queue: () => Promise<RangeQueue>;
  readonly limits: Pick<Limits, 'analysisPeoplePerRange'>;
  readonly clock: () => number;
}

/** `isNew` is false where the question was asked before: its run is named, and nobody is counted again. */
export interface Begun {
  readonly kind: 'begun';
  readonly run: string;
  readonly isNew: boolean;
}

/**
 * Begins a run: the analysis is approved and may be asked now, the question is judged from the questions asked so far and its budget taken, the
 * snapshot is there; then run, ranges and record stand together. What is refused is recorded too, with the code alone.
 */
export async function beginRun(name: string, question: AnalysisQuestion, actor: Actor, parts: BeginParts): Promise<Begun | RunRefusal> {
  const begun = await tryBegin(name, question, actor, parts);
  if (begun.kind === 'refused') {
    const body = { analysis: name, code: begun.code };
    await recordEvent(parts.database, { kind: 'analysis.refused', actor, atMs: parts.clock(), subject: name, body });
  }
  return begun;
}

async function tryBegin(name: string, question: AnalysisQuestion, actor: Actor, parts: BeginParts): Promise<Begun | RunRefusal> {
  const { database, control, limits, clock } = parts;
  if ((await countUnderWay(database)) >= RUNS_UNDER_WAY_MAX) {
    return refused('TOO_MANY_RUNS', `${RUNS_UNDER_WAY_MAX} runs are under way. Wait until one has ended, or cancel one.`);
  }
  const found = await findAsked(name, question, actor, parts);
  if (found.kind === 'refused') return found;
  const { asked, snapshot } = found;
  const { run: id, analysis, register, day } = asked;
  const { people } = snapshot;
  const run: NewRun = {
    id,
    analysis: name,
    address: analysis.address,
    question,
    policyVersion: parts.policyVersion(),
    schemaVersion: parts.schemaVersion,
    register,
    snapshot: snapshot.snapshot,
    takenAt: snapshot.takenAt,
    day,
    people,
    peoplePerRange: limits.analysisPeoplePerRange,
    analyst: actor.account,
    person: actor.person,
    createdAt: new Date(clock()),
  };
  // Before the transaction: an embedded database has the one connection, and jobs are begun on it.
  const jobs = await parts.queue();
  const judged = await control.ask(asked, async (tx) => writeRun(tx, run, actor, jobs));
  if (judged.kind === 'refused') return judged;
  if (judged.kind === 'answered') return { kind: 'begun', run: judged.run, isNew: false };
  return { kind: 'begun', run: id, isNew: true };
}

/** What a question would take of the budgets; nothing is taken. */
export async function previewRun(
  name: string,
  question: AnalysisQuestion,
  actor: Actor,
  parts: BeginParts,
): Promise<QuestionCost | { readonly kind: 'answered'; readonly run: string } | RunRefusal> {
  const found = await findAsked(name, question, actor, parts);
  return found.kind === 'refused' ? found : parts.control.preview(found.asked);
}

interface FoundAsked {
  readonly kind: 'found';
  readonly asked: Asked;
  readonly snapshot: PopulationSnapshot;
}

/** The analysis as it may be asked now, over the snapshot of now. */
async function findAsked(name: string, question: AnalysisQuestion, actor: Actor, parts: BeginParts): Promise<FoundAsked | RunRefusal> {
  const analysis = await parts.findAnalysis(name, question);
  if (analysis.kind === 'refused') return analysis;
  const application = parts.registry().applications.get(analysis.application);
  if (application === undefined || application.suspended || !application.purposes.has(analysis.purpose)) {
    return refused('APPLICATION_NOT_REGISTERED', `${analysis.application} may not ask for ${analysis.purpose}. The registry says who may.`);
  }
  const { register, registers } = analysis.counting;
  const snapshot = await parts.populations.snapshot(register, registers);
  if (snapshot.kind === 'refused') return snapshot;
  if (snapshot.kind === 'away')
    return refused('REGISTER_UNAVAILABLE', `The register ${snapshot.register} does not answer. Run the analysis again when it does.`);
  if (snapshot.people > PEOPLE_MAX) return refused('POPULATION_TOO_LARGE', `A run is of ${PEOPLE_MAX} people at most.`);
  const thin = tooThin(analysis.analysis, snapshot.people);
  if (thin !== undefined) return refused('TOO_THIN', thin);
  const asker = { account: actor.account, agency: actor.agency, person: actor.person };
  const asked = { run: randomUUID(), analysis, question, register, snapshot: snapshot.snapshot, day: snapshot.day, asker };
  return { kind: 'found', asked, snapshot };
}

async function writeRun(tx: Queryable, run: NewRun, actor: Actor, jobs: RangeQueue): Promise<void> {
  const { id, analysis, address, register, snapshot, people, peoplePerRange, policyVersion, question } = run;
  await insertRun(tx, run);
  await jobs.add(
    tx,
    Array.from(rangesOf(people, peoplePerRange), (range) => ({ run: id, ...range })),
  );
  const body = { analysis, address, register, snapshot, people, policyVersion, filters: Object.keys(question.filters) };
  await recordEvent(tx, { kind: 'analysis.started', actor, atMs: run.createdAt.getTime(), subject: id, body });
  await notifyRuns(tx);
}
