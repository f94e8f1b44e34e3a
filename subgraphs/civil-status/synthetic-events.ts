import { copyLine } from '../../platform/database.ts';
import { addDays, fullYears, later } from '../population/dates.ts';
import { drawCommune } from '../population/places.ts';
import { weights } from '../population/random.ts';
import type { Person, Population } from '../population.ts';
import { drawEntry, livedOn, provinceOf } from './synthetic-entry.ts';

/** Births that never came into the electronic register. */
const BIRTH_MISSING = 0.03;
/** Law 60/2014/QH13 art. 15: within 60 days. */
const BIRTH_DAYS = 60;
/** Personal ID numbers are given at birth registration since this day; before, with the population database. */
const NUMBER_AT_BIRTH_SINCE = '2016-01-01';

export function birthLines(population: Population, person: Person): readonly string[] {
  const { random, registeredOn, under } = drawEntry(population, person, 'birth', person.dateOfBirth, BIRTH_DAYS);
  if (random.chance(BIRTH_MISSING)) return [];
  const [mother, father] = [personAt(population, person.motherIndex), personAt(population, person.fatherIndex)];
  const declarant = [mother, father].find((parent) => livedOn(parent, registeredOn));
  const place = `${drawCommune(random).name}, ${provinceOf(person)}`;
  const issuedOn = registeredOn >= NUMBER_AT_BIRTH_SINCE ? registeredOn : addDays(NUMBER_AT_BIRTH_SINCE, random.integer(0, 2_000));
  const relation = declarant === undefined ? null : declarant === mother ? 'MOTHER' : 'FATHER';
  return [
    copyLine([
      ...under(person),
      place,
      issuedOn > population.today ? null : issuedOn,
      mother?.idNumber ?? null,
      father?.idNumber ?? null,
      declarant?.idNumber ?? null,
      relation,
    ]),
  ];
}

/** Law 60/2014/QH13 art. 33: within 15 days. */
const DEATH_DAYS = 15;

export function deathLines(population: Population, person: Person): readonly string[] {
  if (person.dateOfDeath === null) return [];
  const { random, registeredOn, under } = drawEntry(population, person, 'death', person.dateOfDeath, DEATH_DAYS);
  const hour = String(random.integer(0, 23)).padStart(2, '0');
  const time = random.chance(0.8) ? `${hour}:${String(random.integer(0, 59)).padStart(2, '0')}` : null;
  const place = random.chance(0.6) ? 'Tại nhà riêng' : `Bệnh viện đa khoa tỉnh ${provinceOf(person)}`;
  const notice = random.chance(0.9) ? `Giấy báo tử số ${random.integer(1, 900)}/GBT` : null;
  const [declarant, relation] = declarantOf(population, person, registeredOn);
  return [copyLine([...under(person), person.dateOfDeath, time, place, notice, declarant?.idNumber ?? null, relation])];
}

/** Who of the family reports a death: the spouse, an adult child, a parent, anyone else of age; nobody where nobody is left. */
function declarantOf(population: Population, dead: Person, on: string): readonly [Person | undefined, string | null] {
  const alive = population
    .familyOf(dead)
    .filter((person) => person.index !== dead.index && livedOn(person, on) && fullYears(person.dateOfBirth, on) >= 18);
  const { marriage } = dead;
  const spouses = marriage?.endedBy === 'DIVORCE' ? [] : [marriage?.wifeIndex, marriage?.husbandIndex];
  const ways: readonly (readonly [string, (person: Person) => boolean])[] = [
    ['SPOUSE', ({ index }) => spouses.includes(index)],
    ['CHILD', ({ motherIndex, fatherIndex }) => motherIndex === dead.index || fatherIndex === dead.index],
    ['MOTHER', ({ index }) => index === dead.motherIndex],
    ['FATHER', ({ index }) => index === dead.fatherIndex],
    ['OTHER_RELATIVE', () => true],
  ];
  for (const [relation, is] of ways) {
    const person = alive.find(is);
    if (person !== undefined) return [person, relation];
  }
  return [undefined, null];
}

export function causeLines(population: Population, person: Person): readonly string[] {
  if (person.dateOfDeath === null) return [];
  const random = population.randomOf(person, 'civil-status.cause-of-death');
  const old = fullYears(person.dateOfBirth, person.dateOfDeath) >= 60;
  return [copyLine([person.idNumber, random.weighted(old ? CAUSES_OLD : CAUSES_YOUNG)])];
}

const CAUSES_OLD = weights([
  ['Tuổi già', 30],
  ['Tai biến mạch máu não', 24],
  ['Bệnh tim mạch', 18],
  ['Ung thư', 18],
  ['Viêm phổi', 6],
  ['Tai nạn', 4],
]);
const CAUSES_YOUNG = weights([
  ['Tai nạn giao thông', 34],
  ['Bệnh hiểm nghèo', 26],
  ['Tai nạn', 16],
  ['Đuối nước', 10],
  ['Bệnh tim mạch', 14],
]);

/** Both spouses have the same record, drawn for the wife. */
export function marriageLines(population: Population, person: Person): readonly string[] {
  const { marriage } = person;
  if (marriage === null) return [];
  const [wife, husband] = [population.person(marriage.wifeIndex), population.person(marriage.husbandIndex)];
  const { under } = drawEntry(population, wife, 'marriage', marriage.marriedOn, 0);
  return [copyLine([...under(person), wife.idNumber, husband.idNumber, marriage.marriedOn, marriage.endedOn, marriage.endedBy])];
}

const DIVORCE_NOTED_DAYS = 90;

export function divorceLines(population: Population, person: Person): readonly string[] {
  const { marriage } = person;
  if (marriage === null || marriage.endedBy !== 'DIVORCE' || marriage.endedOn === null) return [];
  const [wife, husband] = [population.person(marriage.wifeIndex), population.person(marriage.husbandIndex)];
  const { random, under } = drawEntry(population, wife, 'divorce', later(marriage.endedOn, marriage.marriedOn), DIVORCE_NOTED_DAYS);
  const court = `Tòa án nhân dân khu vực ${random.integer(1, 12)} - ${provinceOf(wife)}`;
  const judgment = `${random.integer(1, 900)}/${marriage.endedOn.slice(0, 4)}/QĐST-HNGĐ`;
  return [copyLine([...under(person), wife.idNumber, husband.idNumber, marriage.endedOn, court, judgment])];
}

function personAt(population: Population, index: number | null): Person | undefined {
  return index === null ? undefined : population.person(index);
}
