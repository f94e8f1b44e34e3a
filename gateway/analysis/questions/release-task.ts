import { createCellKeyNoise } from '../disclosure/cell-key.ts';
import type { KeptDimension, KeptRelease } from '../disclosure/kept.ts';
import type { Nesting } from '../disclosure/nesting.ts';
import type { Contribution, DisclosureRules } from '../disclosure/parameters.ts';
import { release, type Release } from '../disclosure/release.ts';
import type { Solver } from '../disclosure/solver.ts';
import type { RawTable } from '../model.ts';
import { filteredNoise, filteredRules } from './filtered.ts';
import { isFiltered } from './judge.ts';
import type { Question } from './question.ts';

/** What was counted for a question. */
export interface Counted {
  readonly question: Question;
  readonly raw: RawTable;
  /** In the order of the table, with all bins that there can be. */
  readonly dimensions: readonly KeptDimension[];
  readonly contribution: Contribution;
}

/** All that a release is made from. Values that another thread can be given. */
export interface ReleaseTask extends Counted {
  /** Canonical key of the question. */
  readonly key: string;
  readonly rules: DisclosureRules;
  /** Key material that gateways alone hold. */
  readonly secret: Uint8Array;
  /** All that was released over the same population and period before. */
  readonly linked: readonly KeptRelease[];
}

/** Makes a release: with noise by cell keys, or under differential privacy where the analyst filtered. */
export function makeRelease(task: ReleaseTask, means: { readonly nesting: Nesting; readonly solver: Solver }): Release {
  const { question, key, raw, dimensions, contribution, linked, rules, secret } = task;
  const [own, noise] = isFiltered(question)
    ? [filteredRules(question, rules), filteredNoise()]
    : [rules, createCellKeyNoise(Buffer.from(secret), key)];
  return release(raw, { question: key, dimensions, contribution, linked, rules: own, noise, ...means });
}
