import { copyLine } from '../../platform/database.ts';
import { addDays, addYears, fullYears, later } from '../population/dates.ts';
import { drawGivenName } from '../population/names.ts';
import { REGISTRATION_PROVINCES } from '../population/provinces.ts';
import { weights } from '../population/random.ts';
import type { Person, Population } from '../population.ts';
import type { SyntheticTable } from '../register.ts';
import { residencesOf } from './synthetic-addresses.ts';

/** Residents' rows of synthetic people: some without a phone, a card or an electronic identity, minors by what they may have. */
export function synthesiseResidents(population: Population): readonly SyntheticTable[] {
  return [
    {
      table: 'resident',
      columns: [
        'id_number',
        'full_name',
        'other_names',
        'date_of_birth',
        'sex',
        'status',
        'status_since',
        'nationality',
        'place_of_birth',
        'place_of_birth_registration',
        'origin',
        'phone',
        'marital_status',
        'spouse_id_number',
        'mother_id_number',
        'father_id_number',
        'household_head_id_number',
      ],
      lines: lines(population, residentLine),
    },
    {
      table: 'resident_sensitive',
      columns: ['id_number', 'ethnicity', 'religion', 'blood_type'],
      lines: lines(population, sensitiveLine),
    },
    {
      table: 'residence',
      columns: ['id_number', 'kind', 'province', 'commune', 'street'],
      lines: lines(population, residenceLines),
    },
    { table: 'id_card', columns: ['id_number', 'issued_on', 'expires_on', 'status'], lines: lines(population, idCardLine) },
    { table: 'eid_account', columns: ['id_number', 'level', 'status'], lines: lines(population, eidLine) },
    {
      table: 'household_member',
      columns: ['id_number', 'entry', 'member_id_number', 'relation'],
      lines: lines(population, householdLines),
    },
  ];
}

function* lines(population: Population, of: (population: Population, person: Person) => readonly string[]): Generator<string> {
  for (const person of population.people()) yield* of(population, person);
}

const OTHER_NAME = 0.03;
const PHONE_FROM_YEARS = 12;
const WITHOUT_PHONE = 0.1;

function residentLine(population: Population, person: Person): readonly string[] {
  const random = population.randomOf(person, 'residents.resident');
  const numberOf = (index: number | null): string | null => (index === null ? null : population.person(index).idNumber);
  const born = Number(person.dateOfBirth.slice(0, 4));
  // Names are letters and spaces, so that an array of them needs no escapes.
  const otherNames = random.chance(OTHER_NAME) ? `{"${drawGivenName(random, person.sex, born)}"}` : '{}';
  const prefix = random.pick(PHONE_PREFIXES);
  const phone = `${prefix}${String(random.integer(0, 9_999_999)).padStart(7, '0')}`;
  const hasPhone = fullYears(person.dateOfBirth, population.today) >= PHONE_FROM_YEARS && !random.chance(WITHOUT_PHONE);
  const place = REGISTRATION_PROVINCES.get(person.registrationCode) ?? null;
  return [
    copyLine([
      person.idNumber,
      person.fullName,
      otherNames,
      person.dateOfBirth,
      person.sex,
      person.status,
      person.statusSince,
      'VNM',
      place,
      place,
      random.chance(0.8) ? place : random.pick([...REGISTRATION_PROVINCES.values()]),
      hasPhone && person.status === 'ALIVE' ? phone : null,
      person.maritalStatus,
      numberOf(person.spouseIndex),
      numberOf(person.motherIndex),
      numberOf(person.fatherIndex),
      numberOf(person.headIndex),
    ]),
  ];
}

const PHONE_PREFIXES = [
  '032',
  '035',
  '036',
  '038',
  '070',
  '076',
  '079',
  '081',
  '083',
  '085',
  '086',
  '090',
  '091',
  '093',
  '096',
  '097',
  '098',
];

const MEMBER_OF_FAMILY_FAITH = 0.9;
const BLOOD_TYPE_KNOWN = 0.4;

function sensitiveLine(population: Population, person: Person): readonly string[] {
  const random = population.randomOf(person, 'residents.sensitive');
  // Ethnic group and mostly religion are the family's, and so drawn for its first person.
  const first = population.familyOf(person)[0] ?? person;
  const family = population.randomOf(first, 'residents.family');
  const ethnicity = family.weighted(ETHNICITIES);
  const faith = family.weighted(RELIGIONS);
  const religion = random.chance(MEMBER_OF_FAMILY_FAITH) ? faith : random.weighted(RELIGIONS);
  return [copyLine([person.idNumber, ethnicity, religion, random.chance(BLOOD_TYPE_KNOWN) ? random.weighted(BLOOD_TYPES) : null])];
}

// Shares after the census of 2019, the smaller groups left out.
const ETHNICITIES = weights([
  ['Kinh', 85.3],
  ['Tày', 1.9],
  ['Thái', 1.9],
  ['Mường', 1.5],
  ['Mông', 1.4],
  ['Khmer', 1.4],
  ['Nùng', 1.1],
  ['Dao', 0.9],
  ['Hoa', 0.8],
  ['Gia Rai', 0.5],
  ['Ê Đê', 0.4],
  ['Ba Na', 0.3],
  ['Chăm', 0.2],
]);
const RELIGIONS = weights([
  ['Không', 84],
  ['Công giáo', 6.1],
  ['Phật giáo', 6.4],
  ['Phật giáo Hòa Hảo', 1],
  ['Tin lành', 1],
  ['Cao Đài', 0.6],
  ['Hồi giáo', 0.1],
]);
const BLOOD_TYPES = weights([
  ['O_POSITIVE', 42],
  ['B_POSITIVE', 30],
  ['A_POSITIVE', 21],
  ['AB_POSITIVE', 6],
  ['O_NEGATIVE', 0.05],
  ['B_NEGATIVE', 0.04],
  ['A_NEGATIVE', 0.03],
  ['AB_NEGATIVE', 0.01],
]);

function residenceLines(population: Population, person: Person): readonly string[] {
  return residencesOf(population, person).map(({ kind, province, commune, street }) =>
    copyLine([person.idNumber, kind, province, commune, street]),
  );
}

/** A card is issued from 14 years on and renewed at 25, 40 and 60 (Law 26/2023/QH15 art. 21). */
const RENEWAL_YEARS = [14, 25, 40, 60];
const WITHOUT_CARD = 0.03;
const CARD_LOST = 0.015;
/** Cards with a chip are issued since this day. */
const FIRST_ISSUE = '2021-01-01';

function idCardLine(population: Population, person: Person): readonly string[] {
  const random = population.randomOf(person, 'residents.id-card');
  const age = fullYears(person.dateOfBirth, person.statusSince ?? population.today);
  const reached = RENEWAL_YEARS.findLast((years) => years <= age);
  if (reached === undefined || random.chance(WITHOUT_CARD)) return [];
  const issuedOn = later(addYears(person.dateOfBirth, reached), addDays(FIRST_ISSUE, random.integer(0, 900)));
  if (issuedOn > (person.statusSince ?? population.today)) return [];
  const next = RENEWAL_YEARS.find((years) => years > fullYears(person.dateOfBirth, issuedOn));
  const expiresOn = next === undefined ? null : addYears(person.dateOfBirth, next);
  const lost = random.chance(CARD_LOST);
  const expired = expiresOn !== null && expiresOn < population.today;
  const status = person.status === 'DECEASED' ? 'REVOKED' : lost ? 'LOST' : expired ? 'EXPIRED' : 'VALID';
  return [copyLine([person.idNumber, issuedOn, expiresOn, status])];
}

const EID_FROM_YEARS = 14;
const WITHOUT_EID = 0.25;

function eidLine(population: Population, person: Person): readonly string[] {
  const random = population.randomOf(person, 'residents.eid');
  const age = fullYears(person.dateOfBirth, population.today);
  if (person.status === 'DECEASED' || age < EID_FROM_YEARS || random.chance(WITHOUT_EID)) return [];
  const level = random.chance(0.85) ? 'LEVEL_2' : 'LEVEL_1';
  return [copyLine([person.idNumber, level, person.status === 'MISSING' || random.chance(0.02) ? 'LOCKED' : 'ACTIVE'])];
}

/** The roll of the household that the person heads; nothing for everyone else. */
function householdLines(population: Population, head: Person): readonly string[] {
  if (head.headIndex !== head.index) return [];
  const family = population.familyOf(head);
  const others = family.filter((person) => person.headIndex === head.index && person.index !== head.index);
  return [head, ...others].map((person, at) => copyLine([head.idNumber, at + 1, person.idNumber, relationTo(head, person, family)]));
}

function relationTo(head: Person, person: Person, family: readonly Person[]): string {
  if (person.index === head.index) return 'HEAD';
  if (person.index === head.spouseIndex) return 'SPOUSE';
  const ofHead = (one: Person): boolean =>
    [one.motherIndex, one.fatherIndex].some((parent) => parent !== null && (parent === head.index || parent === head.spouseIndex));
  if (ofHead(person)) return 'CHILD';
  const parents = family.filter(({ index }) => index === person.motherIndex || index === person.fatherIndex);
  return parents.some(ofHead) ? 'GRANDCHILD' : 'OTHER';
}
