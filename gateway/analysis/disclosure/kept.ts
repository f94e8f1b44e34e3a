/** A dimension as later releases are linked by it. */
export interface KeptDimension {
  /** What is put into bins, the same text for the same value of a person. */
  readonly of: string;
  /** A level of a lattice. */
  readonly level: string;
  /** Every bin that there can be. */
  readonly bins: readonly string[];
}

/** A cell that was released; count null when it is not shown. */
export interface KeptCell {
  readonly bins: readonly string[];
  readonly count: number | null;
  /** Redacted because it is small, with noise, and not to protect another. Not for readers. */
  readonly isPrimary: boolean;
}

/** What is kept of each release, so that those after it over the same population and period are held against it. JSON. */
export interface KeptRelease {
  /** Canonical key of the question. */
  readonly question: string;
  readonly dimensions: readonly KeptDimension[];
  readonly cells: readonly KeptCell[];
  /** A shown count is at most so far from the people there are: noise and rounding. */
  readonly offMax: number;
}
