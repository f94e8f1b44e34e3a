import { createCellKeyNoise, type Noise } from '../../../gateway/analysis/disclosure/cell-key.ts';
import { redactedUpTo } from '../../../gateway/analysis/disclosure/counts.ts';
import type { KeptDimension, KeptRelease } from '../../../gateway/analysis/disclosure/kept.ts';
import { createPerturbation } from '../../../gateway/analysis/disclosure/perturbation.ts';
import { release, type Release } from '../../../gateway/analysis/disclosure/release.ts';
import { binOf, nesting, RULES, solver } from './world.ts';

/** Trials of each attack; the issue asks for a thousand releases at least. */
export const TRIALS = Number(process.env['ATTACK_TRIALS'] ?? 1_200);

/** Numbers from 0 to below 1, the same for the same seed (mulberry32). */
export function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** People alike: how many, and the sum of their record keys, which nobody outside knows. */
export interface Kind {
  readonly values: Readonly<Record<string, string>>;
  readonly people: number;
  readonly keys: number;
}

/** One play: what is secret of it, and a register that is asked. */
export interface Play {
  readonly random: () => number;
  /** Whether the person is there. */
  readonly isMember: boolean;
  readonly secret: Buffer;
  /** The sum of the record keys of some people, or of one. */
  readonly newKey: () => number;
}

export interface TableQuestion {
  readonly name: string;
  readonly dimensions: readonly KeptDimension[];
  readonly linked?: readonly KeptRelease[];
  /** Instead of the noise that the question gives. */
  readonly noise?: Noise;
}

/** Counts kinds of people and releases the table, as a run does. */
export function askKinds(kinds: readonly Kind[], secret: Buffer, { name, dimensions, linked = [], noise }: TableQuestion): Release {
  const cells = new Map<string, { bins: readonly string[]; people: number; cellKey: number }>();
  for (const { values, people, keys } of kinds) {
    if (people === 0) continue;
    const bins = dimensions.map((dimension) => binOf({ id: '', values }, dimension));
    const cell = cells.get(bins.join()) ?? { bins, people: 0, cellKey: 0 };
    cells.set(bins.join(), { bins, people: cell.people + people, cellKey: (cell.cellKey + keys) % 2 ** 32 });
  }
  const raw = {
    dimensions: dimensions.map(({ level }) => level),
    measures: [],
    cells: [...cells.values()].map((cell) => ({ ...cell, numbers: {} })),
  };
  return release(raw, {
    question: name,
    dimensions,
    contribution: { cells: 1, items: 1 },
    rules: RULES,
    noise: noise ?? createCellKeyNoise(secret, name),
    linked,
    nesting,
    solver,
  });
}

const LAW = createPerturbation(RULES.sigma, RULES.bound);

/** How likely a cell with so many people is shown so, in a table of so many cells. */
export function likelihood(count: number | null, people: number, cells: number): number {
  const most = redactedUpTo(cells, LAW, RULES);
  if (count === null) return 1 - LAW.isAbove(most - people);
  const around = (RULES.roundingBase - 1) / 2;
  let sum = 0;
  for (let noisy = Math.max(most + 1, count - around); noisy <= count + around; noisy += 1) sum += LAW.probability(noisy - people);
  return sum;
}

/** One thing seen: a cell that the person is in if they are there, with what it counts without them. */
export interface Seen {
  readonly count: number | null;
  readonly others: number;
  /** Of the table. */
  readonly cells: number;
}

/** The best guess there is for noise that is independent (Neyman and Pearson): by the likelihood of all that was seen. Ties are for the coin. */
export function guessByLikelihood(seen: readonly Seen[], random: () => number): boolean {
  let ratio = 0;
  for (const { count, others, cells } of seen)
    ratio += Math.log(likelihood(count, others + 1, cells)) - Math.log(likelihood(count, others, cells));
  return ratio === 0 || Number.isNaN(ratio) ? random() < 0.5 : ratio > 0;
}

/** How often the bit is guessed, over many plays with a coin and secrets of their own. */
export function playAttack(seed: number, attack: (play: Play) => boolean, trials = TRIALS): number {
  const random = seeded(seed);
  let guessed = 0;
  for (let trial = 0; trial < trials; trial += 1) {
    const isMember = random() < 0.5;
    const secret = Buffer.from(Array.from({ length: 32 }, () => Math.floor(random() * 256)));
    const newKey = (): number => Math.floor(random() * 2 ** 32);
    if (attack({ random, isMember, secret, newKey }) === isMember) guessed += 1;
  }
  return guessed / trials;
}

/** A table's cell by its bins. */
export function cellOf({ table }: Release, ...bins: readonly string[]): number | null {
  const cell = table.cells.find((one) => one.bins.join() === bins.join());
  if (cell === undefined) throw new Error(`The table has no cell ${bins.join()}.`);
  return cell.count;
}
