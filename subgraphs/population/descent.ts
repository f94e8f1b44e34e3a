import type { Random } from './random.ts';

/** People of one family of three generations; nobody has relatives outside theirs. Divides the million that ID serials repeat after. */
export const FAMILY_SIZE = 20;
/** Places from this one on are the third generation. */
export const THIRD_GENERATION_FROM = 12;

/** One place in a family: who it descends from and when it was born. Places are numbered so that parents come before their children. */
export interface Place {
  readonly sex: 'MALE' | 'FEMALE';
  readonly birthYear: number;
  readonly mother: number | null;
  readonly father: number | null;
  /** Whom the person marries. */
  readonly partner: number | null;
}

// The places:
//   0 1 and 2 3    grandmothers and grandfathers of the two sides
//   5 4 6 · 8 7 9  their children, eldest first; 4 and 7 marry
//   10, 11         marry the eldest of either side (5 and 8); where they come from is not known
//   12 13 14       children of 4 and 7
//   15 16 · 17 18  children of 5 and 10, of 8 and 11
//   19             child of 6 or 9 without a known father, where one of them is a woman; else another of 5 and 10
// With the bounds below, counted in calendar years back from the present one: mothers are 20 to 36 when they give birth, fathers up to 6
// older, wives 21 and husbands 21 or more at the wedding, nobody is older than 96, everyone is born before this year.
const WIFE_AGE = { least: 27, most: 52 };
const HUSBAND_OLDER_MOST = 6;
const FIRST_BIRTH = { least: 22, most: 28 };
const LAST_BIRTH_MOST = 36;
const BETWEEN_SIBLINGS = { least: 2, most: 4 };
const SINGLE_MOTHER_AGE = { least: 20, most: 30 };

/** Draws the twenty places of a family; `year` is the present calendar year. */
export function drawDescent(random: Random, year: number): readonly Place[] {
  const places = new Map<number, Place>();
  const wifeYear = year - random.integer(WIFE_AGE.least, WIFE_AGE.most);
  const husbandYear = wifeYear - random.integer(0, HUSBAND_OLDER_MOST);
  const leftIsWife = random.chance(0.5);
  for (const [side, isWife] of [
    [LEFT, leftIsWife],
    [RIGHT, !leftIsWife],
  ] as const) {
    const middleYear = isWife ? wifeYear : husbandYear;
    const eldestYear = middleYear - random.integer(BETWEEN_SIBLINGS.least, BETWEEN_SIBLINGS.most);
    const youngestYear = middleYear + random.integer(BETWEEN_SIBLINGS.least, BETWEEN_SIBLINGS.most);
    const motherYear = eldestYear - random.integer(FIRST_BIRTH.least, FIRST_BIRTH.most);
    const fatherYear = motherYear - random.integer(0, HUSBAND_OLDER_MOST);
    const parents = { mother: side.mother, father: side.father };
    places.set(side.mother, { sex: 'FEMALE', birthYear: motherYear, mother: null, father: null, partner: side.father });
    places.set(side.father, { sex: 'MALE', birthYear: fatherYear, mother: null, father: null, partner: side.mother });
    places.set(side.eldest, { sex: sexOf(random), birthYear: eldestYear, ...parents, partner: side.married });
    places.set(side.middle, { sex: isWife ? 'FEMALE' : 'MALE', birthYear: middleYear, ...parents, partner: side.across });
    places.set(side.youngest, { sex: sexOf(random), birthYear: youngestYear, ...parents, partner: null });
    places.set(side.married, inLaw(random, side.eldest, places, year));
  }
  const single = [LEFT.youngest, RIGHT.youngest].find((place) => places.get(place)?.sex === 'FEMALE');
  addChildren(random, places, year, LEFT.middle, [12, 13, 14]);
  addChildren(random, places, year, LEFT.eldest, single === undefined ? [15, 16, 19] : [15, 16]);
  addChildren(random, places, year, RIGHT.eldest, [17, 18]);
  if (single !== undefined) {
    const born = places.get(single)?.birthYear ?? year;
    const birthYear = born + random.integer(SINGLE_MOTHER_AGE.least, Math.min(SINGLE_MOTHER_AGE.most, year - 1 - born));
    places.set(19, { sex: sexOf(random), birthYear, mother: single, father: null, partner: null });
  }
  return Array.from({ length: FAMILY_SIZE }, (_, place) => at(places, place));
}

const LEFT = { mother: 0, father: 1, eldest: 5, middle: 4, youngest: 6, across: 7, married: 10 };
const RIGHT = { mother: 2, father: 3, eldest: 8, middle: 7, youngest: 9, across: 4, married: 11 };

function inLaw(random: Random, partner: number, places: ReadonlyMap<number, Place>, year: number): Place {
  const { sex, birthYear } = at(places, partner);
  const nothingKnown = { mother: null, father: null, partner };
  if (sex === 'FEMALE') return { sex: 'MALE', birthYear: birthYear - random.integer(0, HUSBAND_OLDER_MOST), ...nothingKnown };
  // A wife must have had the years for the children that follow.
  const youngerMost = Math.min(HUSBAND_OLDER_MOST, year - WIFE_AGE.least - birthYear);
  return { sex: 'FEMALE', birthYear: birthYear + random.integer(0, youngerMost), ...nothingKnown };
}

function addChildren(random: Random, places: Map<number, Place>, year: number, parent: number, children: readonly number[]): void {
  const one = at(places, parent);
  const other = one.partner ?? parent;
  const [mother, father] = one.sex === 'FEMALE' ? [parent, other] : [other, parent];
  const born = at(places, mother).birthYear;
  // Years to spare between the earliest possible births and the latest, spent a few before each child.
  const last = Math.min(LAST_BIRTH_MOST, year - 1 - born);
  let spare = last - FIRST_BIRTH.least - BETWEEN_SIBLINGS.least * (children.length - 1);
  let age = FIRST_BIRTH.least - BETWEEN_SIBLINGS.least;
  for (const child of children) {
    const wait = random.integer(0, Math.min(spare, BETWEEN_SIBLINGS.most));
    spare -= wait;
    age += BETWEEN_SIBLINGS.least + wait;
    places.set(child, { sex: sexOf(random), birthYear: born + age, mother, father, partner: null });
  }
}

function sexOf(random: Random): Place['sex'] {
  return random.chance(0.505) ? 'MALE' : 'FEMALE';
}

function at(places: ReadonlyMap<number, Place>, place: number): Place {
  const found = places.get(place);
  if (found === undefined) throw new Error(`The family has no place ${place}.`);
  return found;
}
