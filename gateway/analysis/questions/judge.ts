import { CELLS_MAX, DIMENSIONS_MAX } from '../disclosure/parameters.ts';
import { type Account, accountsOf, type Budgets, type PastQuestion, type QuestionAsker } from './budgets.ts';
import { epsilonOf, RHO_PER_UNIT, rhoOf } from './privacy-loss.ts';
import { type Question, questionKey } from './question.ts';

/** What a question would cost, and what its accounts hold. */
export interface Cost {
  readonly units: number;
  readonly accounts: readonly Account[];
  /** Of the epsilon account of the population and period, for a question with filters. */
  readonly epsilon?: { readonly ofQuestion: number; readonly spent: number; readonly max: number } | undefined;
}

export type Judgement =
  | { readonly kind: 'allowed'; readonly key: string; readonly cost: Cost }
  /** An equal question was asked: its run has the answer, or will have it. Nothing is spent. */
  | { readonly kind: 'answered'; readonly key: string; readonly run: string }
  | { readonly kind: 'refused'; readonly code: QuestionRefusal; readonly message: string };

export type QuestionRefusal =
  | 'TOO_MANY_DIMENSIONS'
  | 'TOO_MANY_CELLS'
  | 'QUANTILE_NEAR_THE_END'
  | 'BOUNDS_OUT_OF_ORDER'
  | 'FILTER_NEEDS_EPSILON'
  | 'EPSILON_WITHOUT_FILTER'
  | 'EPSILON_SPENT'
  | 'BUDGET_SPENT';

/** A quantile nearer to the minimum or maximum is not told. */
const QUANTILE_MARGIN = 0.05;
/** More noise than this ε gives would be of no use to anybody, and less would spend the account at once. */
const EPSILON_MIN = 0.05;

/**
 * Whether a question may be answered, and what that costs. It looks at questions, those that were asked before by anyone among them, and never at data: a refusal
 * tells nothing about anybody. It is the same before a run, to show what it would cost, and when it is taken.
 */
export function judge(question: Question, asker: QuestionAsker, past: readonly PastQuestion[], budgets: Budgets): Judgement {
  const key = questionKey(question);
  const equal = past.find((one) => one.key === key);
  if (equal !== undefined) return { kind: 'answered', key, run: equal.run };
  const flaw = flawOf(question);
  if (flaw !== undefined) return flaw;
  const accounts = accountsOf(question, asker, past, budgets);
  const units = unitsOf(question);
  const used = accounts.find(({ name, spent, max }) => (name !== 'filters' || isFiltered(question)) && spent + units > max + ROUNDING);
  if (used !== undefined) return spentRefusal(used, units, question, budgets);
  return {
    kind: 'allowed',
    key,
    cost: { units, accounts, epsilon: isFiltered(question) ? epsilonAccount(question, accounts) : undefined },
  };
}

/** Of sums of millionths. */
const ROUNDING = 1e-9;
const MILLION = 1e6;

/** A unit for the count and one for each measure; under differential privacy what its ε is worth, whatever is measured. */
export function unitsOf(question: Question): number {
  if (!isFiltered(question)) return 1 + question.measures.length;
  return Math.ceil((rhoOf(question.epsilon ?? 0) / RHO_PER_UNIT) * MILLION) / MILLION;
}

export function isFiltered({ filters }: Question): boolean {
  return filters.length > 0;
}

function epsilonAccount(question: Question, accounts: readonly Account[]): Cost['epsilon'] {
  const { spent = 0, max = 0 } = accounts.find(({ name }) => name === 'filters') ?? {};
  return { ofQuestion: question.epsilon ?? 0, spent: epsilonOf(spent * RHO_PER_UNIT), max: epsilonOf(max * RHO_PER_UNIT) };
}

function flawOf(question: Question): Judgement | undefined {
  const { dimensions, measures, epsilon } = question;
  const cells = dimensions.reduce((product, { bins }) => product * bins, 1);
  if (dimensions.length > DIMENSIONS_MAX) {
    return refused(
      'TOO_MANY_DIMENSIONS',
      `A table has ${DIMENSIONS_MAX} dimensions at most, this has ${dimensions.length}. Leave some out.`,
    );
  }
  if (cells > CELLS_MAX) {
    return refused(
      'TOO_MANY_CELLS',
      `The table would have ${cells} cells, most of them empty; ${CELLS_MAX} is the most. Take coarser bins, or leave a dimension out.`,
    );
  }
  if (measures.some(({ kind, at = 0.5 }) => kind === 'quantile' && Math.min(at, 1 - at) < QUANTILE_MARGIN)) {
    return refused(
      'QUANTILE_NEAR_THE_END',
      `A quantile below ${QUANTILE_MARGIN} or above ${1 - QUANTILE_MARGIN} tells of single people. Take one between.`,
    );
  }
  if (measures.some(({ between }) => between !== undefined && !(between[0] < between[1]))) {
    return refused('BOUNDS_OUT_OF_ORDER', 'The bounds of a measure are two numbers, the smaller first. Correct them in the analysis.');
  }
  if (isFiltered(question) && !(epsilon !== undefined && Number.isFinite(epsilon) && epsilon >= EPSILON_MIN)) {
    return refused(
      'FILTER_NEEDS_EPSILON',
      `A question with filters is answered under differential privacy only. Give an epsilon of ${EPSILON_MIN} or more.`,
    );
  }
  if (!isFiltered(question) && epsilon !== undefined) {
    return refused('EPSILON_WITHOUT_FILTER', 'Without a filter a question is answered with the noise of every table. Leave epsilon out.');
  }
  return undefined;
}

function spentRefusal({ name, spent, max }: Account, units: number, question: Question, { windowMonths }: Budgets): Judgement {
  const { population, period } = question;
  if (name === 'filters') {
    const { spent: used, max: most } = { spent: epsilonOf(spent * RHO_PER_UNIT), max: epsilonOf(max * RHO_PER_UNIT) };
    return refused(
      'EPSILON_SPENT',
      `Questions with filters over ${population} in ${period} have used ε ${used.toFixed(2)} of ${most.toFixed(2)}, and this would take ${(question.epsilon ?? 0).toFixed(2)} more. Ask with a smaller epsilon, or use what was released.`,
    );
  }
  const whose = {
    analyst: `Your budget of ${windowMonths} months`,
    team: `The budget of your agency of ${windowMonths} months`,
    population: `The budget of ${population} in ${period}`,
    everything: `The budget of all populations of ${windowMonths} months`,
  }[name];
  return refused(
    'BUDGET_SPENT',
    `${whose} is ${max} units, of which ${shown(spent)} are spent; this question takes ${shown(units)}. Use what was released, or ask with fewer measures.`,
  );
}

function shown(units: number): string {
  return String(Math.round(units * 100) / 100);
}

function refused(code: QuestionRefusal, message: string): Judgement {
  return { kind: 'refused', code, message };
}
