import { callAdmin } from '../client.ts';
import type { Common } from '../command-host.ts';
import type { CommandSettings } from '../command-settings.ts';
import { RefusedError } from '../refused.ts';
import { followRun } from './analysis-follow.ts';
import { printResult, resultOf, type ShowOptions } from './analysis-table.ts';

export interface RunOptions extends Common, ShowOptions {
  readonly variables?: string;
  readonly filter?: Readonly<Record<string, readonly string[]>>;
  readonly epsilon?: number;
  readonly json?: true;
  readonly wait: boolean;
  /** Say what it would take, and do not run it. */
  readonly cost?: true;
}

interface Step {
  readonly run: { readonly id: string; readonly state: string } | null;
  readonly isNew: boolean | null;
  readonly refusal: { readonly code: string; readonly message: string } | null;
}

/** Begins a run, waits until it has ended, and prints its table. Rejects with a sentence when there is none to print. */
export async function analysisRun(settings: CommandSettings, name: string, options: RunOptions): Promise<void> {
  const { variables, filter = {}, epsilon, json, wait } = options;
  const query = `mutation ($name: ID!, $question: AnalysisQuestionInput) {
    step: runAnalysis(analysis: $name, question: $question) { run { id state } isNew refusal { code message } }
  }`;
  const filters = Object.entries(filter).map(([dimension, bins]) => ({ dimension, bins }));
  const question = { variables, filters, epsilon };
  const cost = await costOf(settings, name, question);
  if (options.cost === true) return settings.output.write(json === true ? `${JSON.stringify(cost)}\n` : `${costText(cost)}\n`);
  if (json !== true && cost.refusal === null) settings.output.progress?.write(`${costText(cost)}\n`);
  const { step } = await callAdmin<{ readonly step: Step }>(settings, query, { name, question });
  if (step.run === null) {
    if (json === true) settings.output.write(`${JSON.stringify({ refusal: step.refusal })}\n`);
    throw new RefusedError(step.refusal ?? { code: 'UNKNOWN', message: 'The gateway answered something else. Is it of another version?' });
  }
  const { id } = step.run;
  if (!wait) return settings.output.write(json === true ? `${JSON.stringify({ run: id })}\n` : `${id}\n`);
  const quiet = json === true ? { ...settings, output: { ...settings.output, progress: undefined } } : settings;
  const { state, reason } = await followRun(quiet, id, name);
  // Whoever counts does not look before another person has.
  if (state === 'held') {
    throw new RefusedError({ code: 'HELD', message: `The table waits for another person, who releases it with: analysis release ${id}` });
  }
  if (state === 'failed') throw new RefusedError({ code: 'FAILED', message: reason ?? 'The run has failed.' });
  return printResult(settings, await resultOf(settings, id), options);
}

interface Account {
  readonly name: string;
  readonly spent: number;
  readonly takes: number;
  readonly max: number;
}

interface Cost {
  readonly units: number | null;
  readonly accounts: readonly Account[] | null;
  readonly epsilon: Account | null;
  readonly answeredBy: string | null;
  readonly refusal: { readonly code: string; readonly message: string } | null;
}

async function costOf(settings: CommandSettings, name: string, question: object): Promise<Cost> {
  const query = `query ($name: ID!, $question: AnalysisQuestionInput) {
    analysisCost(analysis: $name, question: $question) {
      units accounts { name spent takes max } epsilon { name spent takes max } answeredBy refusal { code message }
    }
  }`;
  return (await callAdmin<{ readonly analysisCost: Cost }>(settings, query, { name, question })).analysisCost;
}

/** What a question takes, in a sentence for each account that may run out. */
function costText({ accounts, epsilon, answeredBy, refusal }: Cost): string {
  if (refusal !== null) return refusal.message;
  if (answeredBy !== null) return 'This question was asked before: its table costs nothing.';
  const listed = [...(accounts ?? []).filter(({ takes }) => takes > 0), ...(epsilon === null ? [] : [epsilon])];
  const text = listed.map(({ name, spent, takes, max }) => `${name} ${shown(spent)} + ${shown(takes)} of ${shown(max)}`);
  return `Budgets, spent and taken by this question: ${text.join(' · ')}`;
}

function shown(amount: number): string {
  return String(Math.round(amount * 100) / 100);
}
