import { copyLine } from '../../platform/database.ts';
import type { Person, Population, Random } from '../population.ts';
import { addDays, fullYears, later } from '../population/dates.ts';
import { PROVINCES } from '../population/provinces.ts';
import { weights } from '../population/random.ts';
import type { SyntheticTable } from '../register.ts';

/** Cards and visits of synthetic people: some never insured, some no longer, object codes that fit age and digit, visits while insured. */
export function synthesiseHealthInsurance(population: Population): readonly SyntheticTable[] {
  return [
    {
      table: 'coverage',
      columns: [
        'id_number',
        'valid_from',
        'valid_to',
        'card_number',
        'object_code',
        'benefit_digit',
        'issuing_province',
        'primary_facility',
        'five_years_continuous_since',
        'copayment_exempt_from',
      ],
      lines: coverageLines(population),
    },
    {
      table: 'visit',
      columns: ['id_number', 'visited_on', 'visit_no', 'facility', 'diagnosis_code', 'total_amount', 'fund_amount'],
      lines: visitLines(population),
    },
  ];
}

function* coverageLines(population: Population): Generator<string> {
  for (const person of population.people()) {
    for (const card of cardsOf(population, person)) {
      yield copyLine([
        person.idNumber,
        card.validFrom,
        card.validTo,
        card.cardNumber,
        card.objectCode,
        card.benefitDigit,
        card.issuingProvince,
        card.primaryFacility,
        card.fiveYearsContinuousSince,
        card.copaymentExemptFrom,
      ]);
    }
  }
}

interface Card {
  readonly validFrom: string;
  readonly validTo: string | null;
  readonly cardNumber: string | null;
  readonly objectCode: string;
  readonly benefitDigit: number;
  readonly issuingProvince: string;
  readonly primaryFacility: string;
  readonly fiveYearsContinuousSince: string | null;
  readonly copaymentExemptFrom: string | null;
}

/** Share of people who never had a card, and of those whose last one ran out. */
const NEVER_INSURED = 0.03;
const LAPSED = 0.06;
/** Share of cards whose number has been replaced by the personal ID number. */
const NUMBER_UNIFIED = 0.08;

function cardsOf(population: Population, person: Person): readonly Card[] {
  const random = population.randomOf(person, 'health-insurance.coverage');
  if (random.chance(NEVER_INSURED)) return [];
  const lapsed = random.chance(LAPSED);
  const end = person.statusSince ?? (lapsed ? addDays(population.today, -random.integer(30, 900)) : null);
  const last = end ?? population.today;
  if (last < person.dateOfBirth) return [];
  // The latest card, and before it one more for those insured long enough.
  const firstDay = later(addDays(last, -random.integer(200, 1_400)), person.dateOfBirth);
  const validTo = end ?? `${Number(population.today.slice(0, 4)) + random.integer(1, 4)}-12-31`;
  const cards = [cardOf(person, random, firstDay, validTo, last)];
  const before = addDays(firstDay, -1);
  if (fullYears(person.dateOfBirth, before) >= 3) {
    cards.unshift(cardOf(person, random, later(addDays(before, -random.integer(365, 1_800)), person.dateOfBirth), before, before));
  }
  return cards;
}

function cardOf(person: Person, random: Random, validFrom: string, validTo: string, on: string): Card {
  const age = fullYears(person.dateOfBirth, on);
  const [objectCode, benefitDigit] = random.weighted(age < 6 ? UNDER_SIX : age < 23 ? LEARNERS : age < 60 ? WORKING_AGE : OLDER);
  const issuingProvince = person.registrationCode.slice(1);
  const number = `${objectCode}${benefitDigit}${issuingProvince}${issuingProvince}${String(person.index % 100_000_000).padStart(8, '0')}`;
  const longInsured = age >= 10 && random.chance(0.5);
  return {
    validFrom,
    validTo,
    cardNumber: random.chance(NUMBER_UNIFIED) ? null : number,
    objectCode,
    benefitDigit,
    issuingProvince,
    primaryFacility: facilityFor(person, random),
    fiveYearsContinuousSince: longInsured ? addDays(validFrom, random.integer(0, 150)) : null,
    copaymentExemptFrom: longInsured && random.chance(0.05) ? addDays(validFrom, random.integer(150, 190)) : null,
  };
}

type ObjectCode = readonly [code: string, digit: number];
const UNDER_SIX = weights<ObjectCode>([
  [['TE', 1], 97],
  [['HN', 2], 3],
]);
const LEARNERS = weights<ObjectCode>([
  [['HS', 4], 70],
  [['SV', 4], 15],
  [['HN', 2], 5],
  [['DT', 2], 6],
  [['CN', 3], 4],
]);
const WORKING_AGE = weights<ObjectCode>([
  [['DN', 4], 42],
  [['GD', 4], 32],
  [['HC', 4], 6],
  [['NN', 4], 3],
  [['CN', 3], 4],
  [['HN', 2], 4],
  [['DT', 2], 5],
  [['BT', 2], 2],
  [['QN', 5], 2],
]);
const OLDER = weights<ObjectCode>([
  [['HT', 3], 45],
  [['GD', 4], 30],
  [['BT', 2], 12],
  [['CK', 2], 4],
  [['CC', 1], 4],
  [['HN', 2], 5],
]);

function* visitLines(population: Population): Generator<string> {
  for (const person of population.people()) {
    const random = population.randomOf(person, 'health-insurance.visits');
    const visits = random.weighted(VISITS_BY_PERSON);
    const cards = visits === 0 ? [] : cardsOf(population, person);
    if (cards.length === 0) continue;
    for (let visitNo = 1; visitNo <= visits; visitNo += 1) {
      const visit = visitOf(population, person, cards, random);
      if (visit !== undefined) {
        yield copyLine([person.idNumber, visit.on, visitNo, visit.facility, visit.diagnosisCode, visit.total, visit.fund]);
      }
    }
  }
}

const VISITS_BY_PERSON = weights([
  [0, 20],
  [1, 25],
  [2, 20],
  [3, 15],
  [5, 12],
  [8, 6],
  [30, 2],
]);
const VISIT_DAYS_BACK_MAX = 1_600;
const RATE_BY_DIGIT = [0, 100, 100, 95, 80, 100] as const;

function visitOf(population: Population, person: Person, cards: readonly Card[], random: Random) {
  const on = addDays(person.dateOfDeath ?? population.today, -random.integer(1, VISIT_DAYS_BACK_MAX));
  const card = cards.find(({ validFrom, validTo }) => validFrom <= on && (validTo === null || on <= validTo));
  if (card === undefined) return undefined;
  const total = random.integer(8, 400) * 10_000;
  return {
    on,
    facility: random.chance(0.6) ? card.primaryFacility : facilityFor(person, random),
    diagnosisCode: random.chance(0.97) ? random.pick(DIAGNOSES) : null,
    total,
    fund: Math.floor((total * (RATE_BY_DIGIT[card.benefitDigit] ?? 0)) / 100),
  };
}

/** Common diagnoses (ICD-10): hypertension, diabetes, infections, injuries, … */
const DIAGNOSES = [
  'I10',
  'E11',
  'J06',
  'J20',
  'K29',
  'K21',
  'M54',
  'H52',
  'J00',
  'N39',
  'A09',
  'L20',
  'E78',
  'M17',
  'I25',
  'S60',
  'G43',
  'J45',
  'K02',
  'O80',
];
const FACILITY_KINDS = [
  'Bệnh viện Đa khoa',
  'Trung tâm Y tế khu vực',
  'Trạm Y tế phường Trung tâm',
  'Bệnh viện Nhi',
  'Bệnh viện Y học cổ truyền',
];

function facilityFor(person: Person, random: Random): string {
  const place = person.province === null ? undefined : PROVINCES.get(person.province)?.name;
  return `${random.pick(FACILITY_KINDS)} ${place ?? 'Hà Nội'}`;
}
