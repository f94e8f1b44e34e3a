import { drawDescent, FAMILY_SIZE, type Place } from './descent.ts';
import { drawHousehold, guardianOf } from './households.ts';
import { drawLives, type Life } from './lives.ts';
import { drawGivenName, drawSurname } from './names.ts';
import { numberOf, registrationCodeOf } from './numbers.ts';
import type { Person } from './person.ts';
import { randomFor } from './random.ts';

/** Share of people of whom no parent is known, and of whom only the mother is. */
const PARENTS_UNKNOWN = 0.025;
const FATHER_UNKNOWN = 0.01;

/** The people of one family, the last family shorter when the size is no multiple of it. Pure: the same for the same arguments. */
export function drawFamily(
  options: { readonly seed: number; readonly size: number; readonly today: string },
  family: number,
): readonly Person[] {
  const { seed, size, today } = options;
  const first = family * FAMILY_SIZE;
  const count = Math.max(0, Math.min(FAMILY_SIZE, size - first));
  const drawn = drawDescent(randomFor(seed, family, 'population.descent'), Number(today.slice(0, 4)));
  const places = drawn.map((place, at) => forgetParents(place, seed, first + at));
  // Lives follow from who was really born to whom, also where the registers no longer know it.
  const lives = drawLives(seed, first, drawn, { count, today });
  const surnames = drawSurnames(seed, first, drawn);
  const members = places.slice(0, count).map((place, at) => ({ place, life: lives[at] as Life, at }));
  const indexOf = (at: number | null): number | null => (at === null || at >= count ? null : first + at);

  return members.map(({ place, life, at }): Person => {
    const index = first + at;
    const { sex, birthYear } = place;
    const { born: dateOfBirth, wedding, status, since: statusSince } = life;
    const lasting = wedding !== null && wedding.endedOn === null;
    const { head, province } = drawHousehold(seed, first, members, at, today);
    return {
      index,
      idNumber: numberOf(seed, index, { sex, birthYear }),
      fullName: `${surnames[at]} ${drawGivenName(randomFor(seed, index, 'population.name'), sex, birthYear)}`,
      sex,
      dateOfBirth,
      registrationCode: registrationCodeOf(seed, index),
      motherIndex: indexOf(place.mother),
      fatherIndex: indexOf(place.father),
      guardianIndex: indexOf(guardianOf(members, at, today)),
      spouseIndex: lasting ? indexOf(place.partner) : null,
      maritalStatus: maritalStatusOf(life),
      marriage:
        wedding === null
          ? null
          : {
              wifeIndex: first + wedding.wife,
              husbandIndex: first + wedding.husband,
              marriedOn: wedding.marriedOn,
              endedOn: wedding.endedOn,
              endedBy: wedding.endedBy,
            },
      status,
      statusSince,
      dateOfDeath: status === 'DECEASED' ? statusSince : null,
      province,
      headIndex: indexOf(head),
    };
  });
}

function forgetParents(place: Place, seed: number, index: number): Place {
  if (place.mother === null && place.father === null) return place;
  const random = randomFor(seed, index, 'population.parents');
  if (random.chance(PARENTS_UNKNOWN)) return { ...place, mother: null, father: null };
  return random.chance(FATHER_UNKNOWN) ? { ...place, father: null } : place;
}

/** A child has the father's surname, without a father the mother's. */
function drawSurnames(seed: number, first: number, places: readonly Place[]): readonly string[] {
  const surnames: string[] = [];
  for (const [at, place] of places.entries()) {
    const from = place.father ?? place.mother;
    surnames.push((from === null ? undefined : surnames[from]) ?? drawSurname(randomFor(seed, first + at, 'population.surname')));
  }
  return surnames;
}

/** Of the dead, what it was when they died. */
function maritalStatusOf({ wedding, since, status }: Life): Person['maritalStatus'] {
  if (wedding === null) return 'SINGLE';
  if (wedding.endedBy === null) return 'MARRIED';
  if (wedding.endedBy === 'DIVORCE') return 'DIVORCED';
  return status === 'DECEASED' && since === wedding.endedOn ? 'MARRIED' : 'WIDOWED';
}
