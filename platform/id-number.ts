/**
 * The personal ID number (số định danh cá nhân): 12 ASCII digits `PPP C YY NNNNNN`, kept as a string.
 * Source: Law 26/2023/QH15 art. 12 and Circular 07/2016/TT-BCA art. 7 (structure). No check digit is documented.
 */
export type IdNumber = string & { readonly __brand: 'IdNumber' };

const PATTERN = /^[0-9]{12}$/;

/** Whether the text is a well-formed ID number. Says nothing about whether such a person exists. */
export function isIdNumber(text: unknown): text is IdNumber {
  return typeof text === 'string' && PATTERN.test(text);
}

export interface IdNumberParts {
  /** Three digits: province or country of birth registration. Never the person's address. */
  readonly registrationCode: string;
  readonly sex: 'MALE' | 'FEMALE';
  readonly birthYear: number;
}

/** What the digits say. Sex may legally change after issue, so callers treat a mismatch as a flag and never as an error. */
export function idNumberParts(id: IdNumber): IdNumberParts {
  const century = Number(id[3]);
  return {
    registrationCode: id.slice(0, 3),
    sex: century % 2 === 0 ? 'MALE' : 'FEMALE',
    birthYear: 1900 + 100 * Math.floor(century / 2) + Number(id.slice(4, 6)),
  };
}

/** Builds a number from its parts. `serial` is 0 to 999,999. Throws a RangeError for a birth year outside 1900 to 2399. */
export function composeIdNumber(parts: IdNumberParts, serial: number): IdNumber {
  const centuries = Math.floor((parts.birthYear - 1900) / 100);
  if (centuries < 0 || centuries > 4) throw new RangeError(`A birth year from 1900 to 2399 is needed, not ${parts.birthYear}.`);
  const century = centuries * 2 + (parts.sex === 'MALE' ? 0 : 1);
  const year = String(parts.birthYear % 100).padStart(2, '0');
  return `${parts.registrationCode}${century}${year}${String(serial).padStart(6, '0')}` as IdNumber;
}

/**
 * Whether exactly twelve digits stand together somewhere in a text: they may be the number of somebody, and a text that is kept names nobody.
 * One UUID in three hundred ends in twelve digits, and is no number of anybody.
 */
export function holdsIdNumber(text: string): boolean {
  return /(?<!\d)\d{12}(?!\d)/.test(text.replaceAll(UUID, ''));
}

/** RFC 9562, section 4: with the bits of a version and of the variant. */
const UUID = /\b[\da-f]{8}-[\da-f]{4}-[1-8][\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}\b/gi;
