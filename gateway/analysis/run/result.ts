import { createHash } from 'node:crypto';
import { canonicalJson } from '../../admin/canonical.ts';
import type { RawTable, ReleasedTable } from '../model.ts';
import type { Run } from './model.ts';

/** A result as it is stored, shown and printed: its cells, what was done to them, and what it can be made again from. */
export interface AnalysisResult {
  readonly analysis: string;
  readonly register: string;
  readonly snapshot: string;
  /** ISO 8601. */
  readonly takenAt: string;
  /** Content address of the approved analysis. */
  readonly operation: string;
  readonly question: Run['question'];
  readonly policyVersion: string;
  readonly schemaVersion: string;
  readonly dimensions: readonly string[];
  readonly measures: ReleasedTable['measures'];
  /** A bin for each dimension, `count` (null when redacted), and each measure (null when withheld). */
  readonly cells: readonly Readonly<Record<string, string | number | null>>[];
  /** What was done to the numbers, in sentences: in English, and the same in Vietnamese, which results of earlier versions have not. */
  readonly notes: readonly string[];
  readonly notesVi?: readonly string[] | undefined;
}

/**
 * The text of a result, canonical JSON (RFC 8785), and its SHA-256, hex. Nothing in it is of one run only, so that the same question to the same
 * snapshot under the same versions has the same checksum.
 */
export function resultOf(run: Run, table: ReleasedTable): { readonly body: string; readonly checksum: string } {
  const result: AnalysisResult = {
    analysis: run.analysis,
    register: run.register,
    snapshot: run.snapshot,
    takenAt: run.takenAt.toISOString(),
    operation: run.address,
    question: run.question,
    policyVersion: run.policyVersion,
    schemaVersion: run.schemaVersion,
    dimensions: table.dimensions,
    measures: table.measures,
    cells: table.cells.map(({ bins, count, measures }) => ({
      ...Object.fromEntries(table.dimensions.map((name, index) => [name, bins[index] ?? ''])),
      count,
      ...measures,
    })),
    notes: table.notes.map(({ en }) => en),
    notesVi: table.notes.map(({ vi }) => vi),
  };
  const body = canonicalJson(result);
  return { body, checksum: createHash('sha256').update(body).digest('hex') };
}

/** What was counted as one text, whatever order it was counted in. About persons: for a MAC only. */
export function rawText({ dimensions, cells }: RawTable): string {
  const lines = cells.map(({ bins, people, cellKey, numbers }) => {
    const measured = Object.entries(numbers)
      .toSorted(([one], [other]) => (one < other ? -1 : 1))
      .map(([name, counted]) => [name, [...counted].toSorted(([one], [other]) => one - other)]);
    return JSON.stringify([bins, people, cellKey, measured]);
  });
  return [JSON.stringify(dimensions), ...lines.toSorted()].join('\n');
}
