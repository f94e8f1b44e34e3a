import type { MeasureSpec, RawTable, ReleasedTable } from '../model.ts';
import type { Noise } from './cell-key.ts';
import { hideComplements } from './complementary.ts';
import { type ProtectedCell, protectCounts, redactedUpTo, rounded } from './counts.ts';
import type { KeptCell, KeptDimension, KeptRelease } from './kept.ts';
import { protectMeasure } from './measures.ts';
import type { Nesting } from './nesting.ts';
import { notesOf } from './notes.ts';
import type { Contribution, DisclosureRules } from './parameters.ts';
import { createPerturbation, type Perturbation } from './perturbation.ts';
import { sharedByAll } from './shares.ts';
import type { Solver } from './solver.ts';

/** What a release depends on beside the table. */
export interface ReleaseContext {
  /** Canonical key of the question (questions/question.ts). */
  readonly question: string;
  /** For each dimension of the table, in its order: what is binned, at what level, and all bins that there can be. */
  readonly dimensions: readonly KeptDimension[];
  readonly contribution: Contribution;
  readonly rules: DisclosureRules;
  /** Of this question: `createCellKeyNoise`. */
  readonly noise: Noise;
  /** All that was released over the same population and period before. */
  readonly linked: readonly KeptRelease[];
  readonly nesting: Nesting;
  readonly solver: Solver;
}

export interface Release {
  readonly table: ReleasedTable;
  /** To be kept, for releases to come; undefined when nothing adds up to this one or from it. */
  readonly kept: KeptRelease | undefined;
}

/**
 * Disclosure control: makes of a table about people one about nobody. In this order: noise by cell keys on every number; cells of few redacted; what
 * all of a group share withheld; rounding; further cells hidden until the linked tables together tell nothing of the redacted ones; measures of
 * the cells that are left.
 *
 * INVARIANT: after the first step nothing looks at a raw number again, except a measure at its own, through noise of its own. What `parameters.ts` promises rests on it.
 *
 * Pure: the same table in the same context gives the same release. It blocks the thread for the linear programs: about a second for 1,400 cells that are linked with others, none for a table alone.
 */
export function release(raw: RawTable, context: ReleaseContext): Release {
  const { rules, dimensions, noise, contribution } = context;
  const lawFor = createLaws(rules);
  const law = lawFor(Math.sqrt(contribution.cells));
  const cells = protectCounts(
    raw,
    dimensions.map(({ bins }) => bins),
    law,
    noise,
  );
  const most = redactedUpTo(cells.length, law, rules);
  const offMax = law.bound + Math.floor(rules.roundingBase / 2);
  const released = { question: context.question, dimensions, cells: shownCells(cells, most, rules), offMax };
  // People who stand in several cells are counted in each: such cells are no parts of a whole, and nothing follows from their sums. Nor does it
  // where noise has no end.
  const isLinked = contribution.cells === 1 && rules.hasEnd;
  const kept = isLinked ? hideComplements(released, context.linked, context.nesting, context.solver) : released;
  const measured = measuresOf(raw.measures, cells, kept.cells, { ...context, lawFor });
  return {
    table: {
      dimensions: raw.dimensions,
      measures: raw.measures,
      cells: kept.cells.map(({ bins, count }, place) => ({ bins, count, measures: measured[place] ?? {} })),
      notes: notesOf(
        { deviation: law.deviation, offMax: rules.hasEnd ? offMax : undefined, redactedUpTo: most, measures: raw.measures },
        rules,
      ),
    },
    kept: isLinked ? kept : undefined,
  };
}

/** Laws of noise for what one person moves by up to `moves`: as wide as many times. */
function createLaws({ sigma, bound }: DisclosureRules): (moves: number) => Perturbation {
  const made = new Map<number, Perturbation>();
  return (moves) => {
    const law = made.get(moves) ?? createPerturbation(sigma * moves, Math.ceil(bound * moves));
    made.set(moves, law);
    return law;
  };
}

/** Counts that are shown before anything is held against other tables. */
function shownCells(cells: readonly ProtectedCell[], most: number, rules: DisclosureRules): readonly KeptCell[] {
  const shared = sharedByAll(cells, (place) => (cells[place]?.noisy ?? 0) > most, rules);
  return cells.map(({ bins, noisy }, place) => {
    const isPrimary = noisy <= most;
    return { bins, isPrimary, count: isPrimary || shared.has(place) ? null : rounded(noisy, rules.roundingBase) };
  });
}

function measuresOf(
  specs: readonly MeasureSpec[],
  cells: readonly ProtectedCell[],
  shown: readonly KeptCell[],
  {
    rules,
    noise,
    contribution,
    lawFor,
  }: Pick<ReleaseContext, 'rules' | 'noise' | 'contribution'> & { readonly lawFor: (moves: number) => Perturbation },
): readonly Readonly<Record<string, number | null>>[] {
  return cells.map(({ bins, noisy, raw }, place) =>
    Object.fromEntries(
      specs.map((spec) => {
        if (shown[place]?.count == null) return [spec.name, null];
        const value = protectMeasure(spec, {
          numbers: raw.numbers[spec.name],
          noisyPeople: noisy,
          items: contribution.items,
          rules,
          lawFor,
          noise: (part, law) => noise({ part: `${spec.name} ${part}`, bins, cellKey: raw.cellKey }, law),
        });
        return [spec.name, value];
      }),
    ),
  );
}
