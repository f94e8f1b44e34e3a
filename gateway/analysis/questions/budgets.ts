import { UNITS } from '../disclosure/parameters.ts';

/**
 * Who may spend how much, in units of {@link UNITS}: one unit is one count of a person. All bounds hold within the window; what is promised rests on
 * `everything`, the others share it out.
 */
export interface Budgets {
  /** Over all populations. */
  readonly everything: number;
  /** Over one population and period, by anyone. */
  readonly population: number;
  /** Of that, for questions with filters: the epsilon account of the population and period. */
  readonly filters: number;
  readonly team: number;
  readonly analyst: number;
  /** A release counts for so many months before and after its own. */
  readonly windowMonths: number;
}

export const BUDGETS: Budgets = { everything: UNITS, population: 8, filters: 3, team: UNITS, analyst: 10, windowMonths: 12 };

/** A question that was asked. */
export interface PastQuestion {
  readonly key: string;
  readonly run: string;
  readonly population: string;
  readonly period: string;
  readonly analyst: string;
  readonly team: string;
  readonly units: number;
  readonly isFiltered: boolean;
}

/** Who asks. */
export interface QuestionAsker {
  /** Account of the analyst. */
  readonly analyst: string;
  /** Agency of the analyst. */
  readonly team: string;
}

/** One account, as it stands before a question. */
export interface Account {
  readonly name: 'analyst' | 'team' | 'population' | 'filters' | 'everything';
  readonly spent: number;
  readonly max: number;
}

/** The accounts that a question over a population and period is paid from. `past` may hold more than the window. */
export function accountsOf(
  question: { readonly population: string; readonly period: string },
  { analyst, team }: QuestionAsker,
  past: readonly PastQuestion[],
  budgets: Budgets,
): readonly Account[] {
  const month = monthNumber(question.period);
  const inWindow = past.filter(({ period }) => Math.abs(monthNumber(period) - month) < budgets.windowMonths);
  const here = inWindow.filter(({ population, period }) => population === question.population && period === question.period);
  return [
    { name: 'analyst', spent: spent(inWindow.filter((one) => one.analyst === analyst)), max: budgets.analyst },
    { name: 'team', spent: spent(inWindow.filter((one) => one.team === team)), max: budgets.team },
    { name: 'population', spent: spent(here), max: budgets.population },
    { name: 'filters', spent: spent(here.filter(({ isFiltered }) => isFiltered)), max: budgets.filters },
    { name: 'everything', spent: spent(inWindow), max: budgets.everything },
  ];
}

/** Months since the year 0 of a `YYYY-MM`. */
export function monthNumber(period: string): number {
  return Number(period.slice(0, 4)) * 12 + Number(period.slice(5, 7));
}

function spent(questions: readonly PastQuestion[]): number {
  return questions.reduce((sum, { units }) => sum + units, 0);
}
