import { addDays } from '../population/dates.ts';
import { drawCommune } from '../population/places.ts';
import { REGISTRATION_PROVINCES } from '../population/provinces.ts';
import type { Person, Population, Random } from '../population.ts';

/** Kinds of record as the last part of a record's id, so that ids are unique without counting: eight to a person. */
const KINDS = ['birth', 'death', 'marriage', 'divorce', 'adoption', 'guardianship', 'parentage', 'correction'] as const;
type Kind = (typeof KINDS)[number];

/** Fields that every record begins with, as drawn for the person whose record it is (of a marriage: the wife's). */
export interface SyntheticEntry {
  readonly random: Random;
  readonly registeredOn: string;
  /** The beginning of a row under this person. */
  readonly under: (person: Person) => readonly (string | number)[];
}

/** Draws an entry registered at most `days` after the event, never after the population's day. */
export function drawEntry(population: Population, about: Person, kind: Kind, eventOn: string, days: number): SyntheticEntry {
  const random = population.randomOf(about, `civil-status.${kind}`);
  const drawn = addDays(eventOn, random.integer(0, days));
  const registeredOn = drawn > population.today ? population.today : drawn;
  const year = registeredOn.slice(0, 4);
  const recordId = about.index * KINDS.length + KINDS.indexOf(kind);
  const number = `${random.integer(1, 480)}/${year}`;
  const book = `0${random.integer(1, 3)}/${year}-${BOOKS[kind]}`;
  const office = `Ủy ban nhân dân ${drawCommune(random).name}, ${provinceOf(about)}`;
  return { random, registeredOn, under: ({ idNumber }) => [idNumber, recordId, registeredOn, number, book, office] };
}

/** Name of the province, of the 63, where the person's birth was registered. */
export function provinceOf(person: Person): string {
  return REGISTRATION_PROVINCES.get(person.registrationCode) ?? '';
}

/** Whether the person lived on that day. */
export function livedOn(person: Person | undefined, date: string): person is Person {
  return person !== undefined && person.dateOfBirth <= date && (person.statusSince === null || person.statusSince > date);
}

/** Abbreviations of the books' names: khai sinh, khai tử, kết hôn, ly hôn, nuôi con nuôi, giám hộ, nhận cha mẹ con, thay đổi cải chính. */
const BOOKS: Readonly<Record<Kind, string>> = {
  birth: 'KS',
  death: 'KT',
  marriage: 'KH',
  divorce: 'LH',
  adoption: 'CN',
  guardianship: 'GH',
  parentage: 'CMC',
  correction: 'TĐCC',
};
