import { writeFile } from 'node:fs/promises';
import { csvOf } from '../../analysis/results/csv.ts';
import type { Labels, Language } from '../../analysis/results/model.ts';
import { svgOf } from '../../analysis/results/svg.ts';
import { textTable } from '../../analysis/results/text.ts';
import type { AnalysisResult } from '../../analysis/run/result.ts';
import { callAdmin } from '../client.ts';
import { writeGiven } from '../command-files.ts';
import type { CommandSettings } from '../command-settings.ts';
import { RefusedError } from '../refused.ts';

export const FORMATS = ['table', 'csv', 'json', 'svg'] as const;
export const LANGUAGES = ['vi', 'en'] as const satisfies readonly Language[];

export interface ShowOptions {
  readonly format: (typeof FORMATS)[number];
  readonly language: Language;
  readonly out?: string;
  readonly json?: true;
}

interface ResultAnswer {
  readonly json: string | null;
  readonly checksum: string | null;
  readonly labels: string | null;
  readonly refusal: { readonly code: string; readonly message: string } | null;
}

export interface FoundResult {
  readonly result: AnalysisResult;
  readonly checksum: string;
  readonly labels: Labels | undefined;
}

/** The table of a run. Rejects with the refusal where it is not shown. */
export async function resultOf(settings: CommandSettings, run: string): Promise<FoundResult> {
  const query = 'query ($run: ID!) { analysisResult(run: $run) { json checksum labels refusal { code message } } }';
  const { analysisResult } = await callAdmin<{ readonly analysisResult: ResultAnswer }>(settings, query, { run });
  const { json, checksum, labels, refusal } = analysisResult;
  if (refusal !== null) throw new RefusedError(refusal);
  return {
    result: JSON.parse(json ?? '{}') as AnalysisResult,
    checksum: checksum ?? '',
    labels: labels === null ? undefined : (JSON.parse(labels) as Labels),
  };
}

/** Prints a table in the form asked for, or writes it to a file. */
export async function printResult(settings: CommandSettings, found: FoundResult, options: ShowOptions): Promise<void> {
  const text = await textOf(found, options);
  const { out } = options;
  if (out === undefined) return settings.output.write(text);
  await writeGiven(out, async () => writeFile(out, text));
  settings.output.write(options.json === true ? `${JSON.stringify({ file: out })}\n` : `The table is in ${out}.\n`);
}

async function textOf({ result, checksum, labels }: FoundResult, { json, format, language }: ShowOptions): Promise<string> {
  if (json === true || format === 'json') return `${JSON.stringify({ ...result, checksum })}\n`;
  if (format === 'csv') return csvOf(result);
  return format === 'svg' ? svgOf(result, language, labels) : textTable(result, language, labels);
}
