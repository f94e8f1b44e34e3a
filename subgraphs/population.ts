import { FAMILY_SIZE } from './population/descent.ts';
import { drawFamily } from './population/families.ts';
import { PEOPLE_MAX } from './population/numbers.ts';
import type { Person } from './population/person.ts';
import { randomFor, type Random } from './population/random.ts';

export type { Marriage, Person } from './population/person.ts';
export type { Province } from './population/provinces.ts';
export type { Random } from './population/random.ts';

/**
 * Synthetic people: the same ones for the same seed, size and day, in every process, in any order and one at a time. Nobody in it exists.
 * Each register makes its rows from it (`Register.synthesise`), so that the registers agree about who is whose mother and who has died.
 */
export interface Population {
  readonly seed: number;
  readonly size: number;
  /** The day as of which they live, `YYYY-MM-DD`; nobody is born, marries or dies after it. */
  readonly today: string;
  /** The person of this index. Throws a RangeError outside 0 to `size` - 1. Cheap for neighbours, who are made together. */
  readonly person: (index: number) => Person;
  /** All of them in the order of their index. Only a family is in memory at a time. */
  readonly people: () => Iterable<Person>;
  /** The person's whole family, this person included: every parent, spouse, guardian or head of a household is in it. */
  readonly familyOf: (person: Person) => readonly Person[];
  /** Chance for one topic of one person, always the same draws. A register prefixes its topics with its name: `education.school`. */
  readonly randomOf: (person: Person, topic: string) => Random;
}

/** The day of the synthetic population unless another is given: fixed, so that a seed gives the same people next year. */
export const POPULATION_TODAY = '2026-01-01';

/** Makes a population of any size up to 50 million. Throws a RangeError for a size beyond it or that is not a whole number. */
export function createPopulation(options: { readonly seed: number; readonly size: number; readonly today?: string }): Population {
  const { seed, size, today = POPULATION_TODAY } = options;
  if (!Number.isSafeInteger(size) || size < 0 || size > PEOPLE_MAX) {
    throw new RangeError(`A population has 0 to ${PEOPLE_MAX} people. Ask for a size in that range.`);
  }
  // Neighbours are asked for one after the other: one family kept is enough, and a million people still need no more memory than twenty.
  let kept: { readonly number: number; readonly members: readonly Person[] } | undefined;
  const family = (number: number): readonly Person[] => {
    if (kept?.number !== number) kept = { number, members: drawFamily({ seed, size, today }, number) };
    return kept.members;
  };
  const person = (index: number): Person => {
    const found = family(Math.floor(index / FAMILY_SIZE))[index % FAMILY_SIZE];
    if (found === undefined || index >= size) throw new RangeError('There is no person of this index in the population.');
    return found;
  };
  return {
    seed,
    size,
    today,
    person,
    *people() {
      for (let index = 0; index < size; index += 1) yield person(index);
    },
    familyOf: ({ index }) => family(Math.floor(index / FAMILY_SIZE)),
    randomOf: ({ index }, topic) => randomFor(seed, index, topic),
  };
}
