import { drawCommune, drawStreet } from '../population/places.ts';
import { PROVINCE_WEIGHTS, type Province } from '../population/provinces.ts';
import type { Person, Population, Random } from '../population.ts';
import type { ResidenceRow } from './store.ts';

/** An address as it goes into the register. */
export interface SyntheticResidence {
  readonly kind: ResidenceRow['kind'];
  readonly province: Province;
  readonly commune: string;
  readonly street: string;
}

/** Share of people whose permanent residence is elsewhere, and of those among them who registered where they stay. */
const REGISTERED_ELSEWHERE = 0.2;
const TEMPORARY_REGISTERED = 0.7;

/**
 * Where a person lives and is registered. Members of a household in the same province share an address; the dead keep the last permanent
 * residence; who has no province known has no current residence. Nothing follows from the ID number.
 */
export function residencesOf(population: Population, person: Person): readonly SyntheticResidence[] {
  const own = population.randomOf(person, 'residents.residence');
  const head = person.headIndex === null ? person : population.person(person.headIndex);
  const { province } = person;
  const current =
    province === null ? undefined : { province, ...placeIn(province === head.province ? population.randomOf(head, HOME) : own) };
  const elsewhere = current === undefined || own.chance(REGISTERED_ELSEWHERE);
  const permanent = elsewhere ? elsewhereFor(own) : current;
  return [
    { kind: 'PERMANENT' as const, ...permanent },
    ...(elsewhere && current !== undefined && own.chance(TEMPORARY_REGISTERED) ? [{ kind: 'TEMPORARY' as const, ...current }] : []),
    ...(current === undefined ? [] : [{ kind: 'CURRENT' as const, ...current }]),
  ];
}

const HOME = 'residents.home';

function elsewhereFor(random: Random): Omit<SyntheticResidence, 'kind'> {
  return { province: random.weighted(PROVINCE_WEIGHTS), ...placeIn(random) };
}

function placeIn(random: Random): { readonly commune: string; readonly street: string } {
  const { name, urban } = drawCommune(random);
  return { commune: `${name.charAt(0).toUpperCase()}${name.slice(1)}`, street: drawStreet(random, urban) };
}
