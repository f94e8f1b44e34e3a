import Table from 'cli-table3';
import { cpus, totalmem } from 'node:os';

/** What a study has found: a table for the terminal, and the same to keep. */
export interface Note {
  readonly terminal: string;
  readonly markdown: string;
}

export interface NoteParts {
  readonly title: string;
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
  /** How to read the table, a sentence or more each. */
  readonly remarks: readonly string[];
  readonly date: Date;
  readonly machine: string;
  readonly commit: string;
}

/** A note in both forms. The first column is text, the others are numbers. */
export function makeNote({ title, head, rows, remarks, date, machine, commit }: NoteParts): Note {
  const table = new Table({
    head: [...head],
    colAligns: head.map((_, column) => (column === 0 ? 'left' : 'right')),
    style: { head: [], border: [] },
  });
  table.push(...rows.map((row) => [...row]));
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  const rule = head.map((_, column) => (column === 0 ? '---' : '---:'));
  return {
    terminal: `${title}\n${table.toString()}\n${remarks.join('\n')}`,
    markdown: `${[
      `# ${title}`,
      `${date.toISOString().slice(0, 10)}, commit ${commit}, ${machine}.`,
      [head, rule, ...rows].map(line).join('\n'),
      ...remarks,
    ].join('\n\n')}\n`,
  };
}

/** This machine in a few words; all its cores, also those that this process is not pinned to. */
export function machineName(): string {
  const memoryGb = Math.round(totalmem() / 2 ** 30);
  return `${cpus()[0]?.model.trim() ?? 'unknown processor'}, ${cpus().length} cores, ${memoryGb} GB, Node ${process.version}`;
}
