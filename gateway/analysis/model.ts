import type { Bilingual } from './trees.ts';

/**
 * The shapes that the parts of an analysis hand to each other. A run walks a snapshot of a population, counts (`tabulate`), and releases
 * what is counted only through disclosure control (`disclosure/`). Raw tables are about persons: they stay in the process, or are sealed.
 */

/** What is counted for one bin of each dimension, before disclosure control. */
export interface RawCell {
  /** One for each dimension, in the order of the analysis. */
  readonly bins: readonly string[];
  /** Distinct people. */
  readonly people: number;
  /** Sum of the record keys of these people, modulo 2^32: the same people always give the same sum (cell-key method). */
  readonly cellKey: number;
  /** By name of the measure. */
  readonly numbers: Readonly<Record<string, RawNumbers>>;
}

/** The numbers of one measure in one cell: each with how often it stands. */
export type RawNumbers = ReadonlyMap<number, number>;

export interface RawTable {
  readonly dimensions: readonly string[];
  readonly measures: readonly MeasureSpec[];
  readonly cells: readonly RawCell[];
}

/** A measure beside the count of people, which every table has. */
export interface MeasureSpec {
  readonly name: string;
  readonly kind: 'mean' | 'quantile' | 'distinct';
  /** Of a quantile, above 0 and below 1. */
  readonly at?: number | undefined;
  /** Bounds of the numbers, the first smaller; what lies outside counts as the nearest. A mean or quantile without bounds is withheld. */
  readonly between?: readonly [low: number, high: number] | undefined;
}

/** What may leave: after noise, redaction and rounding. */
export interface ReleasedTable {
  readonly dimensions: readonly string[];
  readonly measures: readonly MeasureSpec[];
  readonly cells: readonly ReleasedCell[];
  /** What was done to the numbers, in sentences. */
  readonly notes: readonly Bilingual[];
}

export interface ReleasedCell {
  readonly bins: readonly string[];
  /** People; null when redacted. */
  readonly count: number | null;
  /** By name of the measure; null when withheld. */
  readonly measures: Readonly<Record<string, number | null>>;
}
