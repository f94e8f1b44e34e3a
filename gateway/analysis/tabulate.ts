import assert from 'node:assert';
import { addNumber, addPerson, cellAt, type Accumulator } from './accumulator.ts';
import type { Analysis, Grouped, Measured } from './definition.ts';
import { createBinning, type Binning } from './lattice.ts';
import { ROW_ITEMS_MAX } from './disclosure/parameters.ts';
import type { MeasureSpec, RawCell, RawNumbers, RawTable } from './model.ts';
import type { Trees } from './trees.ts';

/** The table of an analysis over one snapshot: which cells there are, and where a value belongs. Made once for a run. */
export interface Tabulation {
  readonly analysis: Analysis;
  readonly dimensions: readonly Binned[];
  readonly filters: readonly Binned[];
  readonly measures: readonly MeasureSpec[];
  /** Every combination of bins. */
  readonly cells: number;
}

interface Binned extends Grouped, Binning {}

/** One batch's answer. */
export interface Batch {
  /** The member `data` of the answer, complete: an answer with errors is not counted. */
  readonly data: Readonly<Record<string, unknown>>;
  /** In the order in which they were asked for. */
  readonly idNumbers: readonly string[];
  /** Of each, 0 to 2^32 - 1: what the noise of the cells is keyed by. */
  readonly recordKeys: readonly number[];
  /** Places of people who did not consent to everything that is counted: they take no part. */
  readonly withheld?: ReadonlySet<number> | undefined;
  /** Bins of each filter that the analyst named; all of a filter that is left out. */
  readonly where?: Readonly<Record<string, readonly string[]>> | undefined;
}

/** Lays the table out as of the snapshot's day, `YYYY-MM-DD`, to which ages are relative. */
export function layOut(analysis: Analysis, trees: Trees, day: string): Tabulation {
  const binned = (grouped: Grouped): Binned => ({ ...grouped, ...createBinning(grouped.level, grouped.leaf, trees, day) });
  const dimensions = analysis.dimensions.map(binned);
  const cells = dimensions.reduce((product, { bins }) => product * bins.length, 1);
  const measures = analysis.definition.measures.map(({ name, ...measure }) => ({
    name,
    kind: measure.kind,
    at: measure.kind === 'quantile' ? measure.at : undefined,
    between: measure.kind === 'distinct' ? undefined : measure.between,
  }));
  return { analysis, dimensions, measures, filters: analysis.filters.map(binned), cells };
}

/**
 * Counts one batch's people into an accumulator. Pure but for the accumulator, and the same whatever batches people come in. A person is
 * counted once in a cell, however many rows of theirs belong there. Throws when the answer is not of this document.
 */
export function tabulate(tabulation: Tabulation, accumulator: Accumulator, { data, idNumbers, recordKeys, withheld, where }: Batch): void {
  const people = at(data, tabulation.analysis.people);
  assert(Array.isArray(people) && people.length === idNumbers.length, 'An answer has an entry for each person asked.');
  assert(recordKeys.length === idNumbers.length, 'Each person has a record key.');
  assert(new Set(idNumbers).size === idNumbers.length, 'A person is asked for once.');
  const wanted = wantedOf(tabulation.filters, where);
  for (const [index, person] of (people as readonly unknown[]).entries()) {
    accumulator.people += 1;
    if (withheld?.has(index) !== true) countPerson(tabulation, accumulator, person, recordKeys[index] ?? 0, wanted);
  }
}

/**
 * Places of people to whom an error of the answer belongs, by its path: those who did not consent. INVARIANT: whoever is left out here is in no
 * cell; without it a value that was withheld would pass for one that is not there.
 */
export function withheldOf(
  { analysis }: Tabulation,
  errors: readonly { readonly path?: readonly (string | number)[] | undefined }[],
): ReadonlySet<number> {
  const { people } = analysis;
  const places = errors.map(({ path }) => (people.every((name, index) => path?.[index] === name) ? path?.[people.length] : undefined));
  return new Set(places.filter((place) => typeof place === 'number'));
}

/** What one person adds, cell by cell, before any of it is added: rows of one cell belong together. */
function countPerson(
  tabulation: Tabulation,
  accumulator: Accumulator,
  person: unknown,
  recordKey: number,
  wanted: readonly Wanted[],
): void {
  const { rows, measures } = tabulation.analysis;
  const items = rows.length === 0 ? [undefined] : itemsOf(at(person, rows));
  const byCell = new Map<number, (readonly number[])[]>();
  let counted = 0;
  for (const row of items) {
    // INVARIANT: nobody adds more to a table than disclosure control reckons with.
    if (counted >= ROW_ITEMS_MAX) break;
    if (wanted.some(({ filter, places }) => !places.has(filter.placeOf(valueOf(filter, person, row))))) continue;
    counted += 1;
    const place = placeOf(tabulation, person, row);
    const numbers = measures.map((measure) => numbersOf(measure, person, row));
    const known = byCell.get(place);
    if (known === undefined) byCell.set(place, numbers);
    else
      for (const [index, { ofRow }] of measures.entries()) {
        // What is the person's own stands once, whatever their rows.
        if (ofRow) known[index] = [...(known[index] ?? []), ...(numbers[index] ?? [])];
      }
  }
  for (const [place, numbers] of byCell) {
    const cell = cellAt(accumulator, place, measures.length);
    addPerson(cell, recordKey);
    for (const [index, counted] of cell.numbers.entries()) {
      for (const number of numbers[index] ?? []) addNumber(accumulator, counted, number);
    }
  }
}

/** Where a cell stands when all combinations of bins are written one after the other, the last dimension changing first. */
function placeOf({ dimensions }: Tabulation, person: unknown, row: unknown): number {
  let place = 0;
  for (const dimension of dimensions) place = place * dimension.bins.length + dimension.placeOf(valueOf(dimension, person, row));
  return place;
}

interface Wanted {
  readonly filter: Binned;
  readonly places: ReadonlySet<number>;
}

function wantedOf(filters: readonly Binned[], where: Batch['where']): readonly Wanted[] {
  return Object.entries(where ?? {}).map(([name, bins]) => {
    const filter = filters.find((one) => one.name === name);
    assert(
      filter?.bins !== undefined && bins.every((bin) => filter.bins.includes(bin)),
      'Filters and bins are of the analysis, as judged.',
    );
    return { filter, places: new Set(bins.map((bin) => filter.bins.indexOf(bin))) };
  });
}

/**
 * The table that was counted. INVARIANT: it has every combination of bins, those without anybody too. Were they left out, the row that is not
 * there would say that nobody is, and the one that is redacted that somebody is.
 */
export function rawTableOf({ dimensions, measures, cells }: Tabulation, accumulator: Accumulator): RawTable {
  const cellOf = (place: number): RawCell => {
    const cell = accumulator.cells.get(place);
    const numbers = measures.map(({ name }, index): readonly [string, RawNumbers] => [
      name,
      cell?.numbers[index] ?? new Map<number, number>(),
    ]);
    return {
      bins: binsAt(dimensions, place),
      people: cell?.people ?? 0,
      cellKey: cell?.cellKey ?? 0,
      numbers: Object.fromEntries(numbers),
    };
  };
  return {
    dimensions: dimensions.map(({ name }) => name),
    measures,
    cells: Array.from({ length: cells }, (_, place) => cellOf(place)),
  };
}

function binsAt(dimensions: readonly Binned[], place: number): readonly string[] {
  const bins: string[] = [];
  let rest = place;
  for (const { bins: own } of dimensions.toReversed()) {
    bins.unshift(own[rest % own.length] ?? '');
    rest = Math.floor(rest / own.length);
  }
  return bins;
}

function valueOf({ ofRow, path }: Pick<Grouped, 'ofRow' | 'path'>, person: unknown, row: unknown): unknown {
  return at(ofRow ? row : person, path);
}

function numbersOf(measure: Measured, person: unknown, row: unknown): readonly number[] {
  const value = valueOf(measure, person, row);
  if (value === null || value === undefined) return [];
  if (typeof value === 'number' && Number.isFinite(value)) return [value];
  throw new Error(`The measure "${measure.name}" does not lead to numbers. Correct the analysis.`);
}

function itemsOf(value: unknown): readonly unknown[] {
  if (value === null || value === undefined) return [];
  assert(Array.isArray(value), 'Rows are a list.');
  return value;
}

/** Follows names through objects; undefined once there is nothing more. */
function at(value: unknown, path: readonly string[]): unknown {
  let found = value;
  for (const name of path) {
    if (typeof found !== 'object' || found === null) return undefined;
    found = Object.hasOwn(found, name) ? (found as Record<string, unknown>)[name] : undefined;
  }
  return found;
}
