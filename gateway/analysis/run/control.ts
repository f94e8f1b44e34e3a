import type { GraphQLSchema } from 'graphql';
import { BUDGETS, type QuestionAsker } from '../questions/budgets.ts';
import type { Judgement } from '../questions/judge.ts';
import type { Question } from '../questions/question.ts';
import { createQuestions } from '../questions/questions.ts';
import { releaseInThread } from '../questions/release-thread.ts';
import type { Trees } from '../trees.ts';
import type { Database } from '../../../platform/database.ts';
import { refused, type Asked, type DisclosureControl, type RunRefusal } from './model.ts';
import { layOut } from '../tabulate.ts';
import { questionOf } from './question.ts';

export interface ControlParts {
  readonly database: Database;
  /** Key material that gateways alone hold. */
  readonly secret: Buffer;
  readonly trees: Trees;
  readonly schema: GraphQLSchema;
  readonly clock: () => number;
}

/** Judges the questions of runs and lets their tables out, for all gateways on one database together. */
export function createControl({ trees, schema, ...parts }: ControlParts): DisclosureControl {
  const questions = createQuestions({ ...parts, budgets: BUDGETS, makeRelease: async (task) => releaseInThread(task, trees) });
  const judged = async (
    asked: Asked,
    judge: (question: Question, asker: QuestionAsker) => Promise<Judgement>,
  ): Promise<Judgement | RunRefusal> => {
    const unknown = unknownFilter(asked, trees);
    if (unknown !== undefined) return refused('FILTERS_INVALID', unknown);
    return judge(questionOf(asked, trees, schema).question, { analyst: asked.asker.account, team: asked.asker.agency });
  };
  return {
    async ask(asked, begin) {
      const judgement = await judged(asked, async (question, asker) => questions.take(question, asker, asked.run, begin));
      return judgement.kind === 'allowed' ? { kind: 'free' } : judgement;
    },
    async preview(asked) {
      const judgement = await judged(asked, questions.preview);
      return judgement.kind === 'allowed' ? { ...judgement.cost, kind: 'cost' } : judgement;
    },
    giveBack: async (run, tx) => questions.giveBack(run, tx),
    release: async (asked, raw) => questions.release(asked.run, { ...questionOf(asked, trees, schema), raw }),
  };
}

/** Filters are dimensions that were approved for it, and their bins those of the lattice. */
function unknownFilter({ analysis, question, day }: Asked, trees: Trees): string | undefined {
  const { filters } = layOut(analysis.analysis, trees, day);
  for (const [name, bins] of Object.entries(question.filters)) {
    const filter = filters.find((one) => one.name === name);
    const names = filters.map((one) => one.name).join(', ');
    if (filter === undefined)
      return `This analysis cannot be filtered by "${name}". ${names === '' ? 'It takes no filters.' : `Use ${names}.`}`;
    const strange = bins.find((bin) => !filter.bins.includes(bin));
    if (strange !== undefined)
      return `The filter "${name}" has no bin "${strange}". Its bins are ${filter.bins.slice(0, BINS_TOLD_MAX).join(', ')}.`;
  }
  return undefined;
}

const BINS_TOLD_MAX = 50;
