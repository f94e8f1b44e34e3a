import { fullYears } from './dates.ts';
import type { Place } from './descent.ts';
import type { Life } from './lives.ts';
import { PROVINCE_WEIGHTS, type Province } from './provinces.ts';
import { randomFor } from './random.ts';

/** Someone of a family as far as living together goes. */
export interface Member {
  readonly place: Place;
  readonly life: Life;
  readonly at: number;
}

const ADULT_YEARS = 18;
/** Unmarried children live with a parent until this age. */
const LEAVES_HOME_YEARS = 30;
/** Share of people of whom no current residence is known, and of those who live elsewhere than their household. */
const RESIDENCE_UNKNOWN = 0.04;
const LIVES_ELSEWHERE = 0.05;

/**
 * The head of the household that a member lives in, and the province they live in. Couples live with the husband, unmarried children under 30
 * with the mother or else the father, minors without either with their guardian, everyone else on their own.
 */
export function drawHousehold(
  seed: number,
  first: number,
  members: readonly Member[],
  at: number,
  today: string,
): { readonly head: number | null; readonly province: Province | null } {
  if (members[at]?.life.status !== 'ALIVE') return { head: null, province: null };
  const head = headOf(members, at, today);
  const own = randomFor(seed, first + at, 'population.residence');
  if (own.chance(RESIDENCE_UNKNOWN)) return { head, province: null };
  const home = own.chance(LIVES_ELSEWHERE) || head === null ? own : randomFor(seed, first + head, 'population.home-province');
  return { head, province: home.weighted(PROVINCE_WEIGHTS) };
}

/** The eldest adult alive among the parents' generation and then the grandparents', for a minor without a living parent known; else null. */
export function guardianOf(members: readonly Member[], at: number, today: string): number | null {
  const minor = members[at];
  if (minor === undefined || !isAlive(minor) || fullYears(minor.life.born, today) >= ADULT_YEARS) return null;
  if ([minor.place.mother, minor.place.father].some((parent) => parent !== null && isAlive(members[parent]))) return null;
  return GUARDIANS.find((place) => place !== at && isAlive(members[place]) && isAdult(members[place], today)) ?? null;
}

/** Places in the order in which they are asked to be a guardian; all of generations whose youngest are adults. */
const GUARDIANS = [5, 8, 4, 7, 6, 9, 10, 11, 0, 2, 1, 3];

function headOf(members: readonly Member[], at: number, today: string): number | null {
  const member = members[at];
  if (member === undefined) return null;
  const { wedding } = member.life;
  if (wedding !== null) return wedding.endedOn === null && isAlive(members[wedding.husband]) ? wedding.husband : at;
  const age = fullYears(member.life.born, today);
  if (age >= LEAVES_HOME_YEARS) return at;
  for (const parent of [member.place.mother, member.place.father]) {
    if (parent !== null && isAlive(members[parent])) return headOf(members, parent, today);
  }
  if (age >= ADULT_YEARS) return at;
  const guardian = guardianOf(members, at, today);
  return guardian === null ? null : headOf(members, guardian, today);
}

function isAlive(member: Member | undefined): boolean {
  return member?.life.status === 'ALIVE';
}

function isAdult(member: Member | undefined, today: string): boolean {
  return member !== undefined && fullYears(member.life.born, today) >= ADULT_YEARS;
}
