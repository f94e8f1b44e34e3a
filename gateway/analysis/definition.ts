import { z } from 'zod';
import { DIMENSIONS_MAX } from './disclosure/parameters.ts';
import type { Leaf } from './lattice.ts';
import { BilingualText } from './trees.ts';

/**
 * How the answer of an approved document is counted: the member `analysis` of what is approved. It is signed with the document, so that a
 * character changed in either makes another analysis.
 */
const Path = z
  .string()
  .regex(/^[_A-Za-z]\w*(\.[_A-Za-z]\w*)*$/, 'must be names of the answer joined by dots, like currentResidence.province');
/** `count` and the members of a result's cells that are not dimensions have names of their own. */
const Name = z.string().regex(/^(?!(?:count|notes)$)[a-z][A-Za-z0-9]{0,39}$/, 'must be a short name like ageGroup, and not "count"');

const Dimension = z.strictObject({
  name: Name,
  /** From a person, or through the rows. */
  path: Path,
  /** A level of a lattice (lattice.ts, policies/analyses/lattices.yaml). */
  bins: z.string().max(60),
  label: BilingualText,
});
/** Bounds of a measure's numbers, without which it is withheld: what lies outside counts as the nearest. */
const Between = z
  .tuple([z.number(), z.number()])
  .refine(([low, high]) => low < high, 'must be two numbers, the smaller first')
  .readonly();
const Measure = z.discriminatedUnion('kind', [
  z.strictObject({ name: Name, path: Path, kind: z.literal('mean'), between: Between.optional(), label: BilingualText }),
  z.strictObject({ name: Name, path: Path, kind: z.literal('distinct'), label: BilingualText }),
  z.strictObject({
    name: Name,
    path: Path,
    kind: z.literal('quantile'),
    at: z.number().gt(0).lt(1),
    between: Between.optional(),
    label: BilingualText,
  }),
]);

const MEASURES_MAX = 4;

export const AnalysisDefinition = z.strictObject({
  title: BilingualText,
  /** The register whose people are walked. */
  population: z.string().max(60),
  /** Where the answer has the list with one entry for each person asked. */
  people: Path,
  /** A list under a person: an item each is put into bins, and people are still counted once in a cell. */
  rows: Path.optional(),
  dimensions: z.array(Dimension).min(1).max(DIMENSIONS_MAX),
  measures: z.array(Measure).max(MEASURES_MAX).default([]),
  /** What an analyst may filter by, under differential privacy only. */
  filters: z.array(Dimension).max(DIMENSIONS_MAX).default([]),
  /** Whether somebody else looks at a result before it is released. */
  secondChecker: z.boolean().default(false),
});
export type AnalysisDefinition = z.output<typeof AnalysisDefinition>;
export type DimensionSpec = z.output<typeof Dimension>;

/** Variables of an analysis' document that the engine sets, whatever the approved values of the others are. */
export const PEOPLE_VARIABLE = 'idNumbers';

/** A definition whose paths were found in the document that it belongs to. */
export interface Analysis {
  readonly definition: AnalysisDefinition;
  /** The names by which an answer leads to the list of people. */
  readonly people: readonly string[];
  /** From a person to the list of rows; empty where a person is the row. */
  readonly rows: readonly string[];
  readonly dimensions: readonly Grouped[];
  readonly filters: readonly Grouped[];
  readonly measures: readonly Measured[];
  /** Cells that a table has, those of unknown values too. */
  readonly cells: number;
  /** Subgraphs that may be asked for something that the document selects, and the population's: each has to have the snapshot. */
  readonly registers: ReadonlySet<string>;
}

/** What is put into bins. */
export interface Grouped {
  readonly name: string;
  readonly level: string;
  readonly leaf: Leaf;
  /** Whether the value is the row's, else the person's. */
  readonly ofRow: boolean;
  /** From the row or the person. */
  readonly path: readonly string[];
  /** `Type.field` of the value. */
  readonly coordinate: string;
}

/** What is measured. */
export interface Measured {
  readonly name: string;
  readonly ofRow: boolean;
  readonly path: readonly string[];
}

export type CheckedAnalysis =
  | { readonly kind: 'checked'; readonly analysis: Analysis }
  /** Sentences that say what to change. */
  | { readonly kind: 'refused'; readonly problems: readonly string[] };
