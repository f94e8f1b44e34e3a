import { z } from 'zod';

/**
 * What was counted so far: sums of sums, without an ID number in it. It is still about persons (a cell may hold one) and is sealed before it
 * is kept anywhere. Adding is commutative and associative, so that batches may come in any order from any gateway.
 */
export interface Accumulator {
  /** People who were looked at, whether they stand in a cell or not. */
  people: number;
  /** By the place of the cell in the table. */
  readonly cells: Map<number, CellSum>;
  /** Distinct numbers held in all cells, which is what its memory goes by. */
  values: number;
}

export interface CellSum {
  people: number;
  /** Modulo 2^32. */
  cellKey: number;
  /** In the order of the measures: each number with how often it stands. */
  readonly numbers: readonly Map<number, number>[];
}

/** Distinct numbers of one table, some 50 bytes each: amounts in đồng of a million people stay below. */
export const VALUES_MAX = 2_000_000;
const MODULUS = 2 ** 32;

/** Nothing counted yet. */
export function emptyAccumulator(): Accumulator {
  return { people: 0, cells: new Map(), values: 0 };
}

/** The sum of a cell, made when it is first needed. */
export function cellAt({ cells }: Accumulator, place: number, measures: number): CellSum {
  const known = cells.get(place);
  if (known !== undefined) return known;
  const numbers = Array.from({ length: measures }, () => new Map<number, number>());
  const cell: CellSum = { people: 0, cellKey: 0, numbers };
  cells.set(place, cell);
  return cell;
}

/** Counts one person in a cell. `recordKey` is the person's, 0 to 2^32 - 1. */
export function addPerson(cell: CellSum, recordKey: number): void {
  cell.people += 1;
  cell.cellKey = (cell.cellKey + recordKey) % MODULUS;
}

/** Counts a number of a measure in a cell, so many times. Throws when there are too many to hold. */
export function addNumber(accumulator: Accumulator, numbers: Map<number, number>, number: number, times = 1): void {
  const known = numbers.get(number);
  if (known === undefined) {
    accumulator.values += 1;
    if (accumulator.values > VALUES_MAX) {
      throw new Error(`The measures of the analysis have more than ${VALUES_MAX} different numbers. Measure something coarser.`);
    }
  }
  numbers.set(number, (known ?? 0) + times);
}

/** Adds what another has counted of other people. Leaves `from` as it is. */
export function mergeInto(into: Accumulator, from: Accumulator): void {
  into.people += from.people;
  for (const [place, { people, cellKey, numbers }] of from.cells) {
    const cell = cellAt(into, place, numbers.length);
    cell.people += people;
    cell.cellKey = (cell.cellKey + cellKey) % MODULUS;
    for (const [index, counted] of numbers.entries()) {
      const own = cell.numbers[index];
      if (own === undefined) throw new Error('Two counts of different analyses are not added.');
      for (const [number, times] of counted) addNumber(into, own, number, times);
    }
  }
}

const Numbers = z.array(z.tuple([z.number(), z.int().positive()]));
const CellTuple = z.tuple([z.int().nonnegative(), z.int().nonnegative(), z.int().nonnegative(), z.array(Numbers)]);
const Written = z.strictObject({ people: z.int().nonnegative(), cells: z.array(CellTuple) });

/** JSON of a count, the same for the same count in whatever order it came about. */
export function writeAccumulator({ people, cells }: Accumulator): string {
  const byPlace = [...cells].toSorted(([one], [other]) => one - other);
  const written: z.input<typeof Written> = {
    people,
    cells: byPlace.map(([place, cell]) => [
      place,
      cell.people,
      cell.cellKey,
      cell.numbers.map((numbers) => [...numbers].toSorted(([one], [other]) => one - other)),
    ]),
  };
  return JSON.stringify(written);
}

/** Reads {@link writeAccumulator}'s JSON. Throws when it is none. */
export function readAccumulator(text: string): Accumulator {
  const read = Written.parse(JSON.parse(text));
  const accumulator: Accumulator = { people: read.people, cells: new Map(), values: 0 };
  for (const [place, people, cellKey, numbers] of read.cells) {
    for (const counted of numbers) accumulator.values += counted.length;
    accumulator.cells.set(place, { people, cellKey, numbers: numbers.map((counted) => new Map(counted)) });
  }
  return accumulator;
}
