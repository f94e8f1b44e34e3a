import Table from 'cli-table3';
import { callAdmin } from '../client.ts';
import type { Common } from '../command-host.ts';
import type { CommandSettings } from '../command-settings.ts';
import { RefusedError } from '../refused.ts';
import { printResult, resultOf, type ShowOptions } from './analysis-table.ts';

const RUN = `id analysis operation question state reason register snapshot takenAt people peopleDone peoplePerSecond secondsLeft policyVersion
  schemaVersion analyst createdAt endedAt checker checkedAt`;

interface Run {
  readonly id: string;
  readonly analysis: string;
  readonly operation: string;
  readonly question: string;
  readonly state: string;
  readonly reason: string | null;
  readonly register: string;
  readonly snapshot: string;
  readonly takenAt: string;
  readonly people: number;
  readonly peopleDone: number;
  readonly peoplePerSecond: number | null;
  readonly secondsLeft: number | null;
  readonly policyVersion: string;
  readonly schemaVersion: string;
  readonly analyst: string;
  readonly createdAt: string;
  readonly endedAt: string | null;
  readonly checker: string | null;
}

interface Listed {
  readonly name: string;
  readonly state: string;
  readonly register: string;
  readonly dimensions: readonly string[];
  readonly measures: readonly string[];
  readonly secondChecker: boolean;
  readonly expiresAt: string | null;
  readonly why: string;
}

interface ListOptions extends Common {
  readonly runs?: true;
  readonly analysis?: string;
  readonly first?: number;
  readonly after?: string;
}

/** Prints the approved analyses, or what was run. */
export async function analysisList(settings: CommandSettings, options: ListOptions): Promise<void> {
  if (options.runs !== true && options.analysis === undefined) return listAnalyses(settings, options);
  const query = `query ($analysis: ID, $first: Int, $after: String) {
    analysisRuns(analysis: $analysis, first: $first, after: $after) { nodes { ${RUN} } pageInfo { hasNextPage endCursor } }
  }`;
  type Data = { readonly nodes: readonly Run[]; readonly pageInfo: { readonly hasNextPage: boolean; readonly endCursor: string | null } };
  const { analysis, first, after } = options;
  const { analysisRuns } = await callAdmin<{ readonly analysisRuns: Data }>(settings, query, { analysis, first, after });
  print(settings, options, analysisRuns, () => {
    const rows = table(['run', 'analysis', 'state', 'people', 'snapshot', 'analyst', 'began']);
    for (const run of analysisRuns.nodes)
      rows.push([run.id, run.analysis, run.state, `${run.peopleDone} of ${run.people}`, run.snapshot, run.analyst, run.createdAt]);
    const { hasNextPage, endCursor } = analysisRuns.pageInfo;
    return hasNextPage ? `${rows.toString()}\nThere are more: --after ${endCursor}` : rows.toString();
  });
}

async function listAnalyses(settings: CommandSettings, options: Common): Promise<void> {
  const query =
    '{ analyses { name operation application purpose why state register dimensions measures filters secondChecker variables expiresAt } }';
  const { analyses } = await callAdmin<{ readonly analyses: readonly Listed[] }>(settings, query);
  print(settings, options, analyses, () => {
    const rows = table(['analysis', 'state', 'population', 'by', 'measures', 'approved until']);
    for (const one of analyses) {
      const until = `${one.expiresAt ?? '–'}${one.secondChecker ? '\n(second checker)' : ''}`;
      rows.push([one.name, one.state, one.register, one.dimensions.join('\n'), ['count', ...one.measures].join('\n'), until]);
    }
    return rows.toString();
  });
}

/** Prints a run with all that its table can be made again from, and the table where there is one to be shown. */
export async function analysisShow(settings: CommandSettings, id: string, options: ShowOptions & Common): Promise<void> {
  const query = `query ($run: ID!) { analysisRun(run: $run) { ${RUN} } }`;
  const { analysisRun: run } = await callAdmin<{ readonly analysisRun: Run | null }>(settings, query, { run: id });
  if (run === null)
    throw new RefusedError({ code: 'UNKNOWN', message: 'There is no such run. "analysis list --runs" shows those there are.' });
  const found = run.state === 'released' || run.state === 'held' ? await resultOf(settings, id) : undefined;
  if (options.json === true || (found === undefined && options.format === 'json')) {
    return settings.output.write(
      `${JSON.stringify({ run, ...(found === undefined ? {} : { ...found.result, checksum: found.checksum }) })}\n`,
    );
  }
  if (found !== undefined && (options.format !== 'table' || options.out !== undefined)) return printResult(settings, found, options);
  settings.output.write(`${runText(run, found?.checksum)}\n`);
  if (found !== undefined) await printResult(settings, found, options);
}

function runText(run: Run, checksum: string | undefined): string {
  const rows = new Table({ style: { head: [], border: [] } });
  const facts: Readonly<Record<string, string | null>> = {
    run: run.id,
    analysis: run.analysis,
    state: run.reason === null ? run.state : `${run.state}: ${run.reason}`,
    people: `${run.peopleDone} of ${run.people}${run.peoplePerSecond === null ? '' : `, ${Math.round(run.peoplePerSecond)} a second`}`,
    operation: run.operation,
    question: run.question,
    snapshot: `${run.snapshot} of ${run.register}, taken ${run.takenAt}`,
    rules: run.policyVersion,
    schema: `sha256:${run.schemaVersion}`,
    table: checksum === undefined ? null : `sha256:${checksum}`,
    analyst: run.analyst,
    checker: run.checker,
    time: `${run.createdAt} to ${run.endedAt ?? 'now'}`,
  };
  for (const [name, value] of Object.entries(facts)) if (value !== null) rows.push([name, value]);
  return rows.toString();
}

/** Ends a run that is under way. Rejects with the refusal when it is not. */
export async function analysisCancel(settings: CommandSettings, run: string, options: Common): Promise<void> {
  const mutation = `mutation ($run: ID!) { step: cancelRun(run: $run) { run { ${RUN} } refusal { code message } } }`;
  await change(settings, mutation, { run }, options, 'The run is cancelled. What was counted is forgotten.');
}

/** Decides on a table that is held. Rejects with the refusal when this person may not, or somebody else has. */
export async function analysisRelease(
  settings: CommandSettings,
  run: string,
  options: Common & { readonly withhold?: string },
): Promise<void> {
  const mutation = `mutation ($run: ID!, $release: Boolean!, $reason: String) {
    step: releaseRun(run: $run, release: $release, reason: $reason) { run { ${RUN} } refusal { code message } }
  }`;
  const release = options.withhold === undefined;
  const done = release ? `The table is released. Print it with: analysis show ${run}` : 'The table is withheld.';
  await change(settings, mutation, { run, release, reason: options.withhold }, options, done);
}

interface Step {
  readonly run: Run | null;
  readonly refusal: { readonly code: string; readonly message: string } | null;
}

async function change(
  settings: CommandSettings,
  mutation: string,
  variables: Readonly<Record<string, unknown>>,
  options: Common,
  done: string,
): Promise<void> {
  const { step } = await callAdmin<{ readonly step: Step }>(settings, mutation, variables);
  print(settings, options, step.refusal === null ? step.run : step, () => (step.refusal === null ? done : ''));
  if (step.refusal !== null) throw new RefusedError(step.refusal);
}

function table(head: string[]): InstanceType<typeof Table> {
  return new Table({ head, style: { head: [], border: [] } });
}

function print(settings: CommandSettings, { json }: Common, data: unknown, text: () => string): void {
  const printed = json === true ? JSON.stringify(data) : text();
  if (printed !== '') settings.output.write(`${printed}\n`);
}
