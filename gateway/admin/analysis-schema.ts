import { z } from 'zod';
import { isUuid } from '../../platform/uuid.ts';
import { redactNumbers } from '../../platform/log.ts';
import { refused, type AnalysisQuestion, type ListedAnalysis, type Run, type RunRefusal } from '../analysis/run/model.ts';
import type { AnalysisResult } from '../analysis/run/result.ts';
import type { Labels } from '../analysis/results/model.ts';
import type { RunService } from '../analysis/run/service.ts';
import { TEXT_LENGTH_MAX } from './limits.ts';
import { countOf, numberAfter, pageOf, type PageArguments } from './page.ts';
import type { AdminContext } from './schema.ts';
import { badInput, fieldError } from './field-error.ts';

export interface AnalysisSources {
  readonly runs: RunService;
  readonly list: () => Promise<readonly ListedAnalysis[]>;
  /** Words for what the tables of an analysis call by names. */
  readonly labels: (address: string) => Labels | undefined;
}

interface QuestionInput {
  readonly variables?: string | null;
  readonly filters?: readonly { readonly dimension: string; readonly bins: readonly string[] }[] | null;
  readonly epsilon?: number | null;
}

/** Resolvers of the root fields. Undefined where nothing is analysed: then there is nothing to list and nothing runs. */
export function analysisRoot(sources: AnalysisSources | undefined) {
  const runs = (): RunService => {
    if (sources !== undefined) return sources.runs;
    throw fieldError('FIELD_NOT_PERMITTED', 'This gateway runs no analyses.');
  };
  const shown = async (run: Run) => ({
    ...run,
    operation: run.address,
    question: JSON.stringify(run.question),
    ...(await runs().progress(run)),
  });
  const step = async (outcome: Run | RunRefusal, more: { readonly isNew?: boolean } = {}) =>
    'kind' in outcome ? { refusal: outcome } : { ...more, run: await shown(outcome) };

  return {
    analyses: async () =>
      ((await sources?.list()) ?? []).map(({ address, variables, ...one }) => ({
        ...one,
        operation: address,
        variables: JSON.stringify(variables),
      })),
    analysisRuns: async (args: PageArguments & { readonly analysis?: string | null }) => {
      const count = countOf(args);
      const rows = await runs().list(numberAfter(args) ?? Number.MAX_SAFE_INTEGER, args.analysis ?? null, count + 1);
      return pageOf(rows, count, ({ number }) => number, shown);
    },
    analysisCost: async (args: { readonly analysis: string; readonly question?: QuestionInput | null }, { actor }: AdminContext) => {
      const question = questionOf(args.question ?? {});
      if ('kind' in question) return { refusal: question };
      const cost = await runs().preview(args.analysis, question, actor);
      if (cost.kind === 'refused') return { refusal: cost };
      if (cost.kind === 'answered') return { answeredBy: cost.run };
      const { units, accounts, epsilon } = cost;
      return {
        units,
        accounts: accounts.map((account) => ({ ...account, takes: account.name === 'filters' && epsilon === undefined ? 0 : units })),
        epsilon: epsilon && { ...epsilon, name: 'epsilon', takes: epsilon.ofQuestion },
      };
    },
    analysisRun: async ({ run: id }: { readonly run: string }) => {
      const run = await runs().find(idOf(id));
      return run === undefined ? null : shown(run);
    },
    analysisResult: async ({ run }: { readonly run: string }, { actor }: AdminContext) => {
      const result = await runs().result(idOf(run), actor);
      if ('kind' in result) return { refusal: result };
      const { operation } = JSON.parse(result.body) as AnalysisResult;
      const labels = sources?.labels(operation);
      return { json: result.body, checksum: result.checksum, labels: labels === undefined ? null : JSON.stringify(labels) };
    },
    runAnalysis: async (args: { readonly analysis: string; readonly question?: QuestionInput | null }, { actor }: AdminContext) => {
      const question = questionOf(args.question ?? {});
      if ('kind' in question) return { refusal: question };
      const begun = await runs().begin(args.analysis, question, actor);
      if (begun.kind === 'refused') return { refusal: begun };
      const run = await runs().find(begun.run);
      if (run === undefined) throw new Error('A run that began is there.');
      return step(run, { isNew: begun.isNew });
    },
    cancelRun: async ({ run }: { readonly run: string }, { actor }: AdminContext) => step(await runs().cancel(idOf(run), actor)),
    releaseRun: async (
      { run, release, reason }: { readonly run: string; readonly release: boolean; readonly reason?: string | null },
      { actor }: AdminContext,
    ) => step(await runs().decide(idOf(run), { release, reason: textOf(reason ?? '') }, actor)),
  };
}

const FILTERS_MAX = 10;
const BINS_MAX = 1_000;
const EPSILON_MAX = 100;
const Variables = z.record(z.string(), z.unknown());

/** What is asked, as far as it can be judged without the analysis. */
function questionOf({ variables: text, filters, epsilon }: QuestionInput): AnalysisQuestion | RunRefusal {
  const variables = text === null || text === undefined ? {} : readObject(text);
  if (variables === undefined) return refused('VARIABLES_INVALID', 'variables is a JSON object, like {"from": "2026-01-01"}. Correct it.');
  const given = filters ?? [];
  if (given.length > FILTERS_MAX || given.some(({ bins }) => bins.length === 0 || bins.length > BINS_MAX)) {
    return refused('FILTERS_INVALID', `Filter by ${FILTERS_MAX} dimensions at most, each with 1 to ${BINS_MAX} bins.`);
  }
  if (new Set(given.map(({ dimension }) => dimension)).size < given.length) {
    return refused('FILTERS_INVALID', 'A dimension is filtered by once. Give all of its bins together.');
  }
  if (typeof epsilon === 'number' && !(epsilon > 0 && epsilon <= EPSILON_MAX)) {
    return refused('EPSILON_INVALID', `epsilon is a number above 0 and at most ${EPSILON_MAX}.`);
  }
  // In one order each, so that equal questions are equal.
  const ordered = given
    .map(({ dimension, bins }) => [dimension, [...new Set(bins)].toSorted()] as const)
    .toSorted(([one], [other]) => (one < other ? -1 : 1));
  return { variables, filters: Object.fromEntries(ordered), ...(typeof epsilon === 'number' ? { epsilon } : {}) };
}

function readObject(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    return Variables.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}

function idOf(run: string): string {
  if (isUuid(run)) return run;
  throw badInput('run is the id of a run, as "analysis list --runs" shows it.');
}

function textOf(reason: string): string {
  const text = redactNumbers(reason.normalize('NFC')).trim();
  if (Array.from(text).length <= TEXT_LENGTH_MAX) return text;
  throw badInput(`reason has ${TEXT_LENGTH_MAX} characters at most.`);
}
