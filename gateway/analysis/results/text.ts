import Table from 'cli-table3';
import { binLabel, columnLabel, notesIn, numberIn, WORDS, type Labels, type Language, type ResultTable } from './model.ts';

/** Tables of more rows than this list only those that are shown. */
const REDACTED_ROWS_MAX = 100;

/** A table for a terminal, with its notes. What is redacted is counted where it would only fill the screen. */
export function textTable(result: ResultTable, language: Language, labels?: Labels): string {
  const { dimensions, measures, cells, snapshot } = result;
  const names = [...dimensions, 'count', ...measures.map(({ name }) => name)];
  const table = new Table({
    head: names.map((name) => columnLabel(name, labels, language)),
    colAligns: names.map((_, index) => (index < dimensions.length ? 'left' : 'right')),
    style: { head: [], border: [] },
  });
  const listed = cells.length <= REDACTED_ROWS_MAX ? cells : cells.filter(({ count }) => count !== null);
  for (const cell of listed) {
    table.push([
      ...dimensions.map((name) => binLabel(name, String(cell[name]), labels, language)),
      ...names.slice(dimensions.length).map((name) => numberText(cell[name], language)),
    ]);
  }
  const left = cells.length - listed.length;
  const title = labels === undefined ? result.analysis : labels.title[language];
  return `${[`${title} (${WORDS.snapshot[language]} ${snapshot})`, table.toString(), ...(left > 0 ? [leftText(left, language)] : []), ...notesIn(result, language)].join('\n')}\n`;
}

function numberText(value: string | number | null | undefined, language: Language): string {
  if (value === null || value === undefined) return WORDS.redacted[language];
  return typeof value === 'number' ? numberIn(value, language) : value;
}

function leftText(cells: number, language: Language): string {
  return language === 'vi' ? `${cells} ô không công bố và không liệt kê.` : `${cells} cells are redacted and not listed.`;
}
