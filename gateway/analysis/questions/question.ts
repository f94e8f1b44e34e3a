import { createHash } from 'node:crypto';
import { canonicalJson } from '../../admin/canonical.ts';
import type { MeasureSpec } from '../model.ts';

/** A question about a population, as far as it matters for what its answer discloses. Nothing in it is data. */
export interface Question {
  /** The register whose people are counted. */
  readonly population: string;
  /** The snapshot's month, `YYYY-MM`. */
  readonly period: string;
  /** What is selected of each person, by content: the document's address with its variables in canonical JSON. */
  readonly document: string;
  readonly dimensions: readonly QuestionDimension[];
  readonly measures: readonly QuestionMeasure[];
  readonly filters: readonly QuestionFilter[];
  /** Of differential privacy, for a question with filters; with {@link DELTA} (privacy-loss.ts). */
  readonly epsilon?: number | undefined;
}

export interface QuestionDimension {
  /** The value of a person that is put into bins: the same text for the same value. Two texts for one value cost budget and nothing else. */
  readonly of: string;
  /** A level of a lattice. */
  readonly level: string;
  /** How many bins the level has. */
  readonly bins: number;
  /** Whether the value is a row's, of which a person has several. */
  readonly isOfRow: boolean;
}

export interface QuestionMeasure extends Omit<MeasureSpec, 'name'> {
  readonly of: string;
}

export interface QuestionFilter {
  readonly of: string;
  readonly level: string;
  /** Who is counted. */
  readonly bins: readonly string[];
}

/**
 * The same text for equal questions, whatever their names are, whoever asks and in whatever order: SHA-256, hex, of what is asked. An equal
 * question gets the answer that is there, and spends nothing.
 */
export function questionKey({ population, period, document, dimensions, measures, filters, epsilon }: Question): string {
  const asked = {
    population,
    period,
    document,
    dimensions: inOrder(dimensions.map(({ of, level }) => ({ of, level }))),
    measures: inOrder(measures.map(({ of, kind, at, between }) => ({ of, kind, at, between }))),
    filters: inOrder(filters.map(({ of, level, bins }) => ({ of, level, bins: [...new Set(bins)].toSorted() }))),
    epsilon: filters.length > 0 ? epsilon : undefined,
  };
  return createHash('sha256').update(canonicalJson(asked)).digest('hex');
}

function inOrder<T>(members: readonly T[]): readonly T[] {
  return members.toSorted((one, other) => (canonicalJson(one) < canonicalJson(other) ? -1 : 1));
}
