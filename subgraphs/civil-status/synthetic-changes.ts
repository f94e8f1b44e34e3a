import { copyLine } from '../../platform/database.ts';
import { addDays, addYears, drawDate, fullYears, later } from '../population/dates.ts';
import { FAMILY_SIZE, THIRD_GENERATION_FROM } from '../population/descent.ts';
import { drawGivenName } from '../population/names.ts';
import { REGISTRATION_PROVINCES } from '../population/provinces.ts';
import type { Person, Population } from '../population.ts';
import { drawEntry, provinceOf } from './synthetic-entry.ts';

/** Share of children without known parents who were adopted, by a couple of the family 20 years older or more (Law 52/2010/QH12 art. 14). */
const ADOPTED = 0.5;
const ADOPTED_BEFORE_YEARS = 16;
const ADOPTER_OLDER_YEARS = 20;

export function adoptionLines(population: Population, child: Person): readonly string[] {
  // Of grandparents and in-laws no parents are known either; they are no foundlings.
  const inThirdGeneration = child.index % FAMILY_SIZE >= THIRD_GENERATION_FROM;
  if (!inThirdGeneration || child.motherIndex !== null || child.fatherIndex !== null) return [];
  const random = population.randomOf(child, 'civil-status.adopted');
  if (!random.chance(ADOPTED)) return [];
  const latest = [addYears(child.dateOfBirth, ADOPTED_BEFORE_YEARS), child.statusSince ?? population.today, population.today].toSorted()[0];
  const adoptedOn = drawDate(random, addDays(child.dateOfBirth, 15), latest ?? population.today);
  const adopter = population
    .familyOf(child)
    .find(
      ({ index, dateOfBirth, marriage }) =>
        marriage?.wifeIndex === index &&
        fullYears(dateOfBirth, child.dateOfBirth) >= ADOPTER_OLDER_YEARS &&
        marriage.marriedOn <= adoptedOn &&
        (marriage.endedOn === null || marriage.endedOn > adoptedOn),
    );
  if (adopter?.marriage == null || adoptedOn > (latest ?? adoptedOn)) return [];
  const husband = population.person(adopter.marriage.husbandIndex);
  if (fullYears(husband.dateOfBirth, child.dateOfBirth) < ADOPTER_OLDER_YEARS) return [];
  const { under } = drawEntry(population, child, 'adoption', adoptedOn, 0);
  return [child, adopter, husband].map((person) =>
    copyLine([...under(person), child.idNumber, adopter.idNumber, husband.idNumber, adoptedOn]),
  );
}

/** Days from what makes a guardian necessary to the registration. */
const GUARDIAN_DAYS = 60;

export function guardianshipLines(population: Population, ward: Person): readonly string[] {
  if (ward.guardianIndex === null) return [];
  const guardian = population.person(ward.guardianIndex);
  const parents = [ward.motherIndex, ward.fatherIndex].flatMap((index) => (index === null ? [] : [population.person(index)]));
  const beganOn = parents.map((parent) => parent.statusSince ?? ward.dateOfBirth).reduce(later, ward.dateOfBirth);
  const { under } = drawEntry(population, ward, 'guardianship', beganOn, GUARDIAN_DAYS);
  return [ward, guardian].map((person) => copyLine([...under(person), ward.idNumber, guardian.idNumber, beganOn, null]));
}

/** Share of fathers who recognised their child after its birth registration. */
const RECOGNISED = 0.008;

export function parentageLines(population: Population, child: Person): readonly string[] {
  if (child.fatherIndex === null) return [];
  const random = population.randomOf(child, 'civil-status.recognised');
  if (!random.chance(RECOGNISED)) return [];
  const father = population.person(child.fatherIndex);
  const earliest = addDays(child.dateOfBirth, 90);
  const latest = [
    addYears(child.dateOfBirth, 12),
    ...[child.statusSince, father.statusSince, population.today].filter((day) => day !== null),
  ]
    .toSorted()
    .at(0);
  if (latest === undefined || latest <= earliest) return [];
  const recognisedOn = drawDate(random, earliest, latest);
  const { under } = drawEntry(population, child, 'parentage', recognisedOn, 0);
  return [child, father].map((person) => copyLine([...under(person), child.idNumber, father.idNumber, recognisedOn]));
}

const CORRECTED = 0.015;

export function correctionLines(population: Population, person: Person): readonly string[] {
  const random = population.randomOf(person, 'civil-status.corrected');
  if (!random.chance(CORRECTED)) return [];
  const correctedOn = drawDate(random, addDays(person.dateOfBirth, 200), person.statusSince ?? population.today);
  if (correctedOn > (person.statusSince ?? population.today)) return [];
  const [kind, entry, previous, corrected] = random.pick([
    ['CHANGE', 'FULL_NAME', previousName(population, person), person.fullName],
    ['CORRECTION', 'DATE_OF_BIRTH', addDays(person.dateOfBirth, random.integer(1, 20)), person.dateOfBirth],
    ['CORRECTION', 'PLACE_OF_BIRTH', random.pick([...REGISTRATION_PROVINCES.values()]), provinceOf(person)],
  ] as const);
  const { under } = drawEntry(population, person, 'correction', correctedOn, 0);
  return [copyLine([...under(person), kind, entry, previous, corrected])];
}

function previousName(population: Population, person: Person): string {
  const surname = person.fullName.split(' ', 1)[0] ?? '';
  const random = population.randomOf(person, 'civil-status.previous-name');
  return `${surname} ${drawGivenName(random, person.sex, Number(person.dateOfBirth.slice(0, 4)))}`;
}
