import type { MeasureSpec } from '../model.ts';
import type { Bilingual } from '../trees.ts';

/** A released table as it is stored and answered: what every form of it is made from. */
export interface ResultTable {
  /** Name of the analysis. */
  readonly analysis: string;
  /** Month of the snapshot, like 2026-11. */
  readonly snapshot: string;
  readonly dimensions: readonly string[];
  readonly measures: readonly MeasureSpec[];
  /** A bin for each dimension, `count` (null when redacted), and each measure (null when withheld). */
  readonly cells: readonly ResultCell[];
  /** What was done to the numbers, in sentences: in English, and the same in Vietnamese, which results of earlier versions have not. */
  readonly notes: readonly string[];
  readonly notesVi?: readonly string[] | undefined;
}

export type ResultCell = Readonly<Record<string, string | number | null>>;

export type Language = keyof Bilingual;

/** Words for what a table calls by names. Whatever has none is shown by its name. */
export interface Labels {
  readonly title: Bilingual;
  /** By name of a dimension or measure. */
  readonly columns: Readonly<Record<string, Bilingual>>;
  /** By name of a dimension, then by bin. */
  readonly bins: Readonly<Record<string, Readonly<Record<string, Bilingual>>>>;
}

/** What the forms themselves say. */
export const WORDS = {
  count: { vi: 'Số người', en: 'People' },
  redacted: { vi: 'không công bố', en: 'redacted' },
  snapshot: { vi: 'Dữ liệu chốt', en: 'Snapshot' },
} as const satisfies Record<string, Bilingual>;

/** A number as it is written in a language: 1.130 people in Vietnamese are 1,130 in English. */
export function numberIn(value: number, language: Language): string {
  return new Intl.NumberFormat(language === 'vi' ? 'vi-VN' : 'en-GB').format(value);
}

/** What was done to the numbers, in one of the languages. */
export function notesIn({ notes, notesVi }: ResultTable, language: Language): readonly string[] {
  return language === 'vi' ? (notesVi ?? notes) : notes;
}

/** The word for a column. */
export function columnLabel(name: string, labels: Labels | undefined, language: Language): string {
  if (name === 'count') return WORDS.count[language];
  const { columns } = labels ?? NONE;
  return (Object.hasOwn(columns, name) ? columns[name]?.[language] : undefined) ?? name;
}

/** The word for a bin. */
export function binLabel(dimension: string, bin: string, labels: Labels | undefined, language: Language): string {
  const { bins } = labels ?? NONE;
  const own = Object.hasOwn(bins, dimension) ? (bins[dimension] ?? {}) : {};
  return (Object.hasOwn(own, bin) ? own[bin]?.[language] : undefined) ?? COMMON[bin]?.[language] ?? bin;
}

const NONE: Pick<Labels, 'columns' | 'bins'> = { columns: {}, bins: {} };

/** Bins that lattices have of themselves (lattice.ts). */
const COMMON: Readonly<Partial<Record<string, Bilingual>>> = Object.assign(Object.create(null), {
  unknown: { vi: 'Không rõ', en: 'Unknown' },
  other: { vi: 'Khác', en: 'Other' },
  present: { vi: 'Có', en: 'Yes' },
  absent: { vi: 'Không', en: 'No' },
  true: { vi: 'Có', en: 'Yes' },
  false: { vi: 'Không', en: 'No' },
  earlier: { vi: 'Trước đó', en: 'Earlier' },
  later: { vi: 'Sau đó', en: 'Later' },
});
