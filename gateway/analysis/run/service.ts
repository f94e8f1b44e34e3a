import type { Actor } from '../../admin/actor.ts';
import { recordEvent } from '../../admin/events.ts';
import { beginRun, previewRun, type BeginParts, type Begun } from './begin.ts';
import { followRun, type Bell } from './follow.ts';
import { isUnderWay, refused, type AnalysisQuestion, type QuestionCost, type Run, type RunRefusal } from './model.ts';
import { progressOf, type RunProgress } from './progress.ts';
import { decideRelease, whyNotBy, type Decision } from './release.ts';
import { endRun, readResult, readRun, readRuns, type StoredResult } from './store.ts';

/** What the admin API asks of runs. Each call is of somebody whose role was looked at; whether it may be done by this person is judged here. */
export interface RunService {
  readonly begin: (name: string, question: AnalysisQuestion, actor: Actor) => Promise<Begun | RunRefusal>;
  /** What a question would take of its budgets; nothing is taken. */
  readonly preview: (
    name: string,
    question: AnalysisQuestion,
    actor: Actor,
  ) => Promise<QuestionCost | { readonly kind: 'answered'; readonly run: string } | RunRefusal>;
  /** Runs before a number, the newest first. */
  readonly list: (before: number, analysis: string | null, count: number) => Promise<readonly Run[]>;
  readonly find: (id: string) => Promise<Run | undefined>;
  readonly progress: (run: Run) => Promise<RunProgress>;
  readonly follow: (id: string, signal: AbortSignal) => AsyncGenerator<RunProgress>;
  /** The table, to whoever may see it; showing it is recorded. */
  readonly result: (id: string, actor: Actor) => Promise<StoredResult | RunRefusal>;
  readonly cancel: (id: string, actor: Actor) => Promise<Run | RunRefusal>;
  readonly decide: (id: string, decision: Decision, actor: Actor) => Promise<Run | RunRefusal>;
}

export function createRunService(parts: BeginParts & { readonly bell: Bell }): RunService {
  const { database, registry, control, clock } = parts;
  return {
    begin: async (name, question, actor) => beginRun(name, question, actor, parts),
    preview: async (name, question, actor) => previewRun(name, question, actor, parts),
    list: async (before, analysis, count) => readRuns(database, before, analysis, count),
    find: async (id) => readRun(database, id),
    progress: async (run) => progressOf(database, run, clock()),
    follow: (id, signal) => followRun(id, parts, signal),

    async result(id, actor) {
      const run = await readRun(database, id);
      if (run === undefined) return UNKNOWN;
      const notYet = whyNotShown(run, actor);
      if (notYet !== undefined) return notYet;
      const notBy = run.state === 'held' ? whyNotBy(run, actor, registry()) : undefined;
      if (notBy !== undefined) return notBy;
      const result = await readResult(database, id);
      if (result === undefined) return refused('NO_RESULT', 'This run has no table.');
      const body = { analysis: run.analysis, checksum: result.checksum, state: run.state };
      await recordEvent(database, { kind: 'analysis.shown', actor, atMs: clock(), subject: id, body });
      return result;
    },

    async cancel(id, actor) {
      const run = await readRun(database, id);
      if (run === undefined) return UNKNOWN;
      if (run.person !== actor.person && !actor.roles.has('national-administrator')) {
        return refused('NOT_YOURS', 'A run is cancelled by its analyst, or by a national administrator.');
      }
      const at = new Date(clock());
      const isCancelled = await database.transaction(async (tx) => {
        if (!(await endRun(tx, id, 'cancelled', null, at))) return false;
        await control.giveBack(id, tx);
        await recordEvent(tx, { kind: 'analysis.cancelled', actor, atMs: at.getTime(), subject: id, body: { analysis: run.analysis } });
        return true;
      });
      const now = (await readRun(database, id)) ?? run;
      if (!isCancelled) return refused('NOT_UNDER_WAY', `This run is not under way: it is ${now.state}.`);
      return now;
    },

    decide: async (id, decision, actor) => decideRelease(id, decision, actor, parts),
  };
}

const UNKNOWN = refused('UNKNOWN', 'There is no such run. "analysis list --runs" shows those there are.');

/** What keeps a table from whoever may see tables; the second checker of one that is held has to see it. */
function whyNotShown({ state, reason, person }: Run, actor: Actor): RunRefusal | undefined {
  if (state === 'held' && person === actor.person) {
    return refused('HELD', 'The table waits for another person to release it, with: analysis release RUN.');
  }
  if (state === 'withheld') return refused('WITHHELD', `The checker withheld the table. ${reason ?? ''}`.trim());
  if (state === 'failed') return refused('FAILED', reason ?? 'The run has failed.');
  if (state === 'cancelled') return refused('CANCELLED', 'The run was cancelled.');
  return isUnderWay(state) ? refused('NOT_READY', 'The run is under way. Wait until it has ended.') : undefined;
}
