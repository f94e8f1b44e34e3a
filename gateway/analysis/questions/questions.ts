import type { Database, Queryable } from '../../../platform/database.ts';
import { rulesFor, UNITS } from '../disclosure/parameters.ts';
import type { Release } from '../disclosure/release.ts';
import type { ReleasedTable } from '../model.ts';
import { type Budgets, monthNumber, type QuestionAsker } from './budgets.ts';
import { isFiltered, judge, type Judgement } from './judge.ts';
import { type Question, questionKey } from './question.ts';
import type { Counted, ReleaseTask } from './release-task.ts';
import { deleteUnreleased, insertQuestion, keepRelease, lockQuestions, readPast, readQuestion, readReleased } from './store.ts';

/** Questions of all gateways together: judged, paid for, and answered once. */
export interface Questions {
  /** What `take` would say now; nothing is spent. Shown before a run. */
  readonly preview: (question: Question, asker: QuestionAsker) => Promise<Judgement>;
  /**
   * Judges a question and takes its budget under the id of the run that will answer it. Of two gateways at once the second sees what the first took.
   * `answered` names the run whose answer it is, which may still be under way, also when that is this run. Committed when the promise resolves, together
   * with what `begin` writes where it is allowed.
   */
  readonly take: (question: Question, asker: QuestionAsker, run: string, begin?: (tx: Queryable) => Promise<void>) => Promise<Judgement>;
  /** The run ended and nothing was released: its budget is free again, and the question may be asked anew. Does nothing after a release. */
  readonly giveBack: (run: string, on?: Queryable) => Promise<void>;
  /**
   * Releases what a run counted. Of a run that released before it gives the same table again, whatever was released since. Throws when no question was taken
   * under the run.
   */
  readonly release: (run: string, counted: Counted) => Promise<ReleasedTable>;
}

export interface QuestionParts {
  readonly database: Database;
  readonly budgets: Budgets;
  /** Key material that gateways alone hold; whoever has it can take the noise off. */
  readonly secret: Buffer;
  readonly makeRelease: (task: ReleaseTask) => Promise<Release>;
  readonly clock: () => number;
}

/** The noise follows from the budget that everything is paid from; a budget of more units than {@link UNITS} gets wider noise. */
export function createQuestions({ database, budgets, secret, makeRelease, clock }: QuestionParts): Questions {
  const rules = rulesFor(Math.max(budgets.everything, UNITS));

  const judged = async (from: Queryable, question: Question, asker: QuestionAsker): Promise<Judgement> => {
    const around = budgets.windowMonths - 1;
    const month = monthNumber(question.period);
    const past = await readPast(from, monthAt(month - around), monthAt(month + around), questionKey(question));
    return judge(question, asker, past, budgets);
  };

  return {
    preview: (question, asker) => judged(database, question, asker),
    take: (question, asker, run, begin) =>
      database.transaction(async (tx) => {
        await lockQuestions(tx);
        const judgement = await judged(tx, question, asker);
        if (judgement.kind !== 'allowed') return judgement;
        const { key, cost } = judgement;
        const { population, period } = question;
        const taken = { key, run, population, period, ...asker, units: cost.units, isFiltered: isFiltered(question) };
        await insertQuestion(tx, taken, new Date(clock()));
        await begin?.(tx);
        return judgement;
      }),
    giveBack: (run, on = database) => deleteUnreleased(on, run),
    release: (run, counted) =>
      database.transaction(async (tx) => {
        await lockQuestions(tx);
        const asked = await readQuestion(tx, run);
        if (asked === undefined)
          throw new Error('No budget was taken under this run, so nothing of it is released. Ask the question again.');
        if (asked.release !== null) return asked.release.table;
        const before = await readReleased(tx, asked.population, asked.period);
        const linked = before.flatMap((one) => (one.release?.kept === undefined ? [] : [one.release.kept]));
        const made = await makeRelease({ ...counted, key: asked.key, rules, secret, linked });
        await keepRelease(tx, run, made);
        return made.table;
      }),
  };
}

function monthAt(month: number): string {
  const year = Math.floor((month - 1) / 12);
  return `${String(year).padStart(4, '0')}-${String(month - year * 12).padStart(2, '0')}`;
}
