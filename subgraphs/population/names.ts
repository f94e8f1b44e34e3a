import { faker } from '@faker-js/faker/locale/vi';
import { weights, type Random } from './random.ts';

// Word lists only: faker's own generators put the surname last.
const { person } = faker.rawDefinitions;
const SURNAMES_LISTED = listOf(person?.last_name?.generic);
const GIVEN_NAMES = { MALE: listOf(person?.first_name?.male), FEMALE: listOf(person?.first_name?.female) };

/** Per cent of people with the commonest surnames; the others of the list share the rest. */
const COMMON_SURNAMES: readonly (readonly [string, number])[] = [
  ['Nguyễn', 32],
  ['Trần', 11],
  ['Lê', 9.5],
  ['Phạm', 7],
  ['Hoàng', 5.1],
  ['Phan', 4.5],
  ['Vũ', 3.9],
  ['Đặng', 2.1],
  ['Bùi', 2],
  ['Đỗ', 1.4],
  ['Hồ', 1.3],
  ['Ngô', 1.3],
  ['Dương', 1],
];
const COMMON = new Set(COMMON_SURNAMES.map(([surname]) => surname));
const SURNAMES = weights<string>([
  ...COMMON_SURNAMES,
  ...SURNAMES_LISTED.filter((surname) => !COMMON.has(surname)).map((surname): [string, number] => [surname, 0.6]),
]);
const TRADITIONAL_MIDDLE = { MALE: 'Văn', FEMALE: 'Thị' };
/** Share of people born before this year with the traditional middle name, and of the younger. */
const TRADITION_ENDS = 1985;
const TRADITIONAL = { before: 0.5, since: 0.12 };

/** A surname (họ), as common as it is. */
export function drawSurname(random: Random): string {
  return random.weighted(SURNAMES);
}

/** Middle and given name (chữ đệm và tên) for someone of this sex and birth year. */
export function drawGivenName(random: Random, sex: 'MALE' | 'FEMALE', birthYear: number): string {
  const name = random.pick(GIVEN_NAMES[sex]);
  if (!random.chance(birthYear < TRADITION_ENDS ? TRADITIONAL.before : TRADITIONAL.since)) return name;
  return `${TRADITIONAL_MIDDLE[sex]} ${name.slice(name.lastIndexOf(' ') + 1)}`;
}

function listOf(words: readonly string[] | undefined): readonly string[] {
  if (words === undefined || words.length === 0)
    throw new Error('The Vietnamese word lists of @faker-js/faker have no names. Check its version.');
  return words;
}
