import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { CheckReport } from '../../policy/check.ts';
import { callAdmin } from '../client.ts';
import type { CommandSettings } from '../command-settings.ts';
import { passes } from '../policy-report.ts';

const SUPERGRAPH_FILE = join(import.meta.dirname, '../../../schema/supergraph.graphql');

export interface PolicyCheckOptions {
  /** Somebody else's supergraph; without it the project's own. */
  readonly supergraph?: string | undefined;
  readonly json?: boolean | undefined;
}

/**
 * Checks the policies in `directory` without a gateway, or those that the running gateway uses, and prints the report. Resolves whether
 * they may be used. Rejects with a sentence when nothing could be checked.
 */
export async function policyCheck(
  settings: CommandSettings,
  directory: string | undefined,
  { supergraph = SUPERGRAPH_FILE, json = false }: PolicyCheckOptions,
): Promise<boolean> {
  const report = directory === undefined ? await checkActive(settings) : await checkDirectory(directory, supergraph);
  const passed = passes(report);
  if (json) settings.output.write(`${JSON.stringify({ passed, ...report })}\n`);
  else settings.output.write(await describe(report, settings.output.columns));
  return passed;
}

/**
 * Prints the Cedar schema that the policies of `directory` are validated against, made of the supergraph and the directory's
 * classification. Rejects with every problem when the classification is wrong.
 */
export async function policySchema(settings: CommandSettings, directory: string, { supergraph = SUPERGRAPH_FILE }: PolicyCheckOptions) {
  const { classifyByDirectory } = await import('../../policy/classification-file.ts');
  const { cedarSchemaOf } = await import('../../policy/cedar-schema.ts');
  const { PolicyError } = await import('../../policy/problems.ts');
  const { sdl, problems } = await classifyByDirectory(await readSupergraph(supergraph), directory);
  const errors = problems.filter(({ severity }) => severity === 'error');
  if (errors.length > 0) throw new PolicyError(directory, errors);
  settings.output.write(cedarSchemaOf(sdl));
}

async function checkDirectory(directory: string, supergraph: string): Promise<CheckReport> {
  const { checkPolicies } = await import('../../policy/check.ts');
  const { checkOperationFiles } = await import('../../operations/check-files.ts');
  const sdl = await readSupergraph(supergraph);
  const report = await checkPolicies(directory, sdl);
  const operations = await checkOperationFiles(directory, sdl, () => []);
  return { ...report, problems: [...report.problems, ...operations.problems] };
}

async function readSupergraph(file: string): Promise<string> {
  return readFile(file, 'utf8').catch((cause: unknown) => {
    const make = file === SUPERGRAPH_FILE ? 'Write it with "npm run generate".' : 'Give the path of a composed supergraph SDL file.';
    throw new Error(`The supergraph ${file} cannot be read. ${make}`, { cause });
  });
}

async function checkActive(settings: CommandSettings): Promise<CheckReport> {
  const answer = await callAdmin<{ readonly policyCheck: CheckReport }>(
    settings,
    '{ policyCheck { policies cases problems { file line column severity message } } }',
  );
  return answer.policyCheck;
}

async function describe(report: CheckReport, columns: number | undefined): Promise<string> {
  const summary = `${report.policies} policies read, ${report.cases} cases passed: ${passes(report) ? 'the policies can be used' : 'the policies cannot be used'}.\n`;
  if (report.problems.length === 0) return summary;
  const { default: Table } = await import('cli-table3');
  // What is left for the text beside three columns and their borders; without a terminal lines are as long as they are.
  const width = columns === undefined ? undefined : Math.max(30, columns - 50);
  const table = new Table({
    head: ['where', 'severity', 'problem'],
    style: { head: [], border: [] },
    wordWrap: true,
    ...(width === undefined ? {} : { colWidths: [null, null, width] }),
  });
  for (const { file, line, column, severity, message } of report.problems) table.push([`${file}:${line}:${column}`, severity, message]);
  return `${table.toString()}\n${summary}`;
}
