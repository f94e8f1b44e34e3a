import { composeIdNumber, type IdNumber } from '../../platform/id-number.ts';
import { FAMILY_SIZE } from './descent.ts';
import { REGISTRATION_PROVINCES } from './provinces.ts';
import { randomFor, weights } from './random.ts';

/** Serials behind one prefix of an ID number. */
const SERIALS = 1_000_000;
const CODES = [...REGISTRATION_PROVINCES.keys()];
/** Below 63 times the serials, so that the codes, turned on by one every million people, never meet again. */
export const PEOPLE_MAX = 50_000_000;

const CODE_WEIGHTS = weights(CODES.map((code, at): [number, number] => [at, code === '079' ? 8 : code === '001' ? 7 : 1]));
/** Share of people whose birth was registered elsewhere than their family's. */
const REGISTERED_ELSEWHERE = 0.12;

/**
 * Where the birth was registered: mostly the family's province. Drawn by the index within its million and then turned on by one for every
 * million before it, which makes ID numbers unique (see `numberOf`).
 */
export function registrationCodeOf(seed: number, index: number): string {
  const within = index % SERIALS;
  const own = randomFor(seed, within, 'population.registration');
  const at = own.chance(REGISTERED_ELSEWHERE)
    ? own.weighted(CODE_WEIGHTS)
    : randomFor(seed, Math.floor(within / FAMILY_SIZE), 'population.home').weighted(CODE_WEIGHTS);
  return CODES[(at + Math.floor(index / SERIALS)) % CODES.length] ?? '001';
}

/**
 * The ID number of this index, in the form of platform/id-number.ts.
 * INVARIANT: no two indices below PEOPLE_MAX get the same number. Within a million the serials are a permutation; people who share a serial
 * are whole millions apart, and so differ in their registration code.
 */
export function numberOf(seed: number, index: number, about: { readonly sex: 'MALE' | 'FEMALE'; readonly birthYear: number }): IdNumber {
  return composeIdNumber({ registrationCode: registrationCodeOf(seed, index), ...about }, permuted(seed, index % SERIALS));
}

/** A permutation of 0 to 999,999: three rounds of a Feistel network over its upper and lower three digits. */
function permuted(seed: number, value: number): number {
  let upper = Math.floor(value / 1000);
  let lower = value % 1000;
  for (let round = 0; round < 3; round += 1) {
    const turned = (upper + Math.floor(randomFor(seed, lower, ROUNDS[round] ?? '').next() * 1000)) % 1000;
    upper = lower;
    lower = turned;
  }
  return upper * 1000 + lower;
}

const ROUNDS = ['population.serial-1', 'population.serial-2', 'population.serial-3'];
