import { addDays, addYears, drawDate, fullYears, later } from './dates.ts';
import type { Place } from './descent.ts';
import { randomFor, type Random } from './random.ts';

/** What became of one place of a family. Dates `YYYY-MM-DD`; places are numbers within the family. */
export interface Life {
  readonly born: string;
  readonly status: 'ALIVE' | 'DECEASED' | 'MISSING';
  readonly since: string | null;
  readonly wedding: Wedding | null;
}

export interface Wedding {
  readonly wife: number;
  readonly husband: number;
  readonly marriedOn: string;
  readonly endedOn: string | null;
  readonly endedBy: 'DIVORCE' | 'DEATH' | null;
}

/** Per cent that have died by an age, in steps of it. */
const DEAD_BY_AGE: readonly (readonly [age: number, share: number])[] = [
  [90, 0.85],
  [80, 0.55],
  [70, 0.28],
  [60, 0.1],
  [50, 0.04],
  [18, 0.012],
  [0, 0.004],
];
const MISSING_SHARE = 0.005;
const DIVORCED_SHARE = 0.09;
const ADULT_YEARS = 18;

/**
 * Draws births, weddings, divorces and deaths. People live at least until a year after their last child's birth. `first` is the index of the
 * family's first person; places at or beyond `count` are not in the population and neither marry nor are born.
 */
export function drawLives(
  seed: number,
  first: number,
  places: readonly Place[],
  { count, today }: { readonly count: number; readonly today: string },
): readonly Life[] {
  const born = places.map((place, at) => drawBirth(randomFor(seed, first + at, 'population.birth'), place.birthYear));
  const lastBirths = places.map((_, at) => lastBirth(at));
  const fates = places.map((_, at) => drawFate(randomFor(seed, first + at, 'population.fate'), at));
  const weddings = places.map((place, at) => (place.sex === 'FEMALE' ? drawWedding(at, place.partner) : null));
  return places.map((place, at) => ({
    born: born[at] ?? today,
    ...(fates[at] ?? STILL_ALIVE),
    wedding: weddings[at] ?? (place.partner === null ? null : (weddings[place.partner] ?? null)),
  }));

  function lastBirth(parent: number): string | null {
    const births = places.flatMap((place, at) => (place.mother === parent || place.father === parent ? [born[at] ?? today] : []));
    return births.length === 0 ? null : births.reduce(later);
  }

  function drawFate(random: Random, at: number): Fate {
    const age = fullYears(born[at] ?? today, today);
    const share = DEAD_BY_AGE.find(([from]) => age >= from)?.[1] ?? 0;
    const missing = age > ADULT_YEARS && random.chance(MISSING_SHARE);
    if (!missing && !random.chance(share)) return STILL_ALIVE;
    const earliest = lastBirths[at] ?? (missing || age > ADULT_YEARS ? addYears(born[at] ?? today, ADULT_YEARS) : (born[at] ?? today));
    const since = drawLate(random, addYears(earliest, 1));
    return since === null ? STILL_ALIVE : { status: missing ? 'MISSING' : 'DECEASED', since };
  }

  /** A date after `earliest`, more likely a recent one; null when there is none before today. */
  function drawLate(random: Random, earliest: string): string | null {
    return earliest >= today ? null : later(drawDate(random, earliest, today), drawDate(random, earliest, today));
  }

  function drawWedding(wife: number, husband: number | null): Wedding | null {
    if (husband === null || wife >= count || husband >= count) return null;
    const random = randomFor(seed, first + wife, 'population.wedding');
    const eldestYear = Math.min(...places.filter((place) => place.mother === wife).map((place) => place.birthYear));
    const year = Number.isFinite(eldestYear) ? eldestYear - 1 : Number(today.slice(0, 4)) - 1;
    const marriedOn = drawBirth(random, year);
    const death = [fates[wife], fates[husband]].flatMap((fate) => (fate?.status === 'DECEASED' && fate.since !== null ? [fate.since] : []));
    const endedByDeath = death.length === 0 ? null : death.reduce((one, other) => (one < other ? one : other));
    const earliest = addYears(lastBirths[wife] ?? marriedOn, 1);
    const latest = endedByDeath === null ? today : addDays(endedByDeath, -1);
    // Grandparents of this population do not divorce: their generation hardly did.
    if (wife > 3 && earliest < latest && random.chance(DIVORCED_SHARE)) {
      return { wife, husband, marriedOn, endedOn: drawDate(random, earliest, latest), endedBy: 'DIVORCE' };
    }
    return { wife, husband, marriedOn, endedOn: endedByDeath, endedBy: endedByDeath === null ? null : 'DEATH' };
  }
}

type Fate = Pick<Life, 'status' | 'since'>;
const STILL_ALIVE: Fate = { status: 'ALIVE', since: null };

function drawBirth(random: Random, year: number): string {
  return drawDate(random, `${year}-01-01`, `${year}-12-31`);
}
