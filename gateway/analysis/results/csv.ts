import { stringify } from 'csv-stringify/sync';
import type { ResultTable } from './model.ts';

/**
 * A table as CSV (RFC 4180), names and bins as in the JSON. Notes stand before it as comments, with the prefix that "Metadata Vocabulary for
 * Tabular Data" (W3C, 5.9) has by default. A number that is redacted or withheld is empty. A bin that a spreadsheet would take for a formula
 * is quoted by an apostrophe (OWASP, "CSV Injection").
 */
export function csvOf({ analysis, snapshot, dimensions, measures, cells, notes }: ResultTable): string {
  const names = [...dimensions, 'count', ...measures.map(({ name }) => name)];
  const head = [`${analysis}, snapshot ${snapshot}`, ...notes, 'An empty number is redacted or withheld.'];
  const comments = head.map((line) => `# ${line.replaceAll(/\s+/g, ' ')}\r\n`).join('');
  const rows = cells.map((cell) => names.map((name) => escaped(cell[name])));
  return comments + stringify([names, ...rows], { record_delimiter: 'windows' });
}

/** Numbers are written by us and may be negative; only text can be a formula. */
function escaped(value: string | number | null | undefined): string | number | null {
  if (typeof value !== 'string') return value ?? null;
  return /^[=+\-@\t\r]/.test(value) ? `'${value}` : value;
}
