import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { CheckReport } from '../../policy/check.ts';
import { callAdmin } from '../client.ts';
import type { CommandSettings } from '../command-settings.ts';
import { passes } from '../policy-report.ts';

const SUPERGRAPH_FILE = join(import.meta.dirname, '../../../schema/supergraph.graphql');

/**
 * Checks the policies in `directory` without a gateway, or those that the running gateway uses, and prints the report. Resolves whether
 * they may be used. Rejects with a sentence when nothing could be checked.
 */
export async function policyCheck(settings: CommandSettings, directory: string | undefined, json: boolean): Promise<boolean> {
  const report = directory === undefined ? await checkActive(settings) : await checkDirectory(directory);
  const passed = passes(report);
  if (json) settings.output.write(`${JSON.stringify({ passed, ...report })}\n`);
  else settings.output.write(await describe(report, settings.output.columns));
  return passed;
}

async function checkDirectory(directory: string): Promise<CheckReport> {
  const { checkPolicies } = await import('../../policy/check.ts');
  const supergraph = await readFile(SUPERGRAPH_FILE, 'utf8').catch((cause: unknown) => {
    throw new Error(`The supergraph ${SUPERGRAPH_FILE} cannot be read. Write it with "npm run generate".`, { cause });
  });
  return checkPolicies(directory, supergraph);
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
