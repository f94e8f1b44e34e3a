// What the first three characters of a health insurance card say: object code (mã đối tượng) and benefit digit (mã mức hưởng).
// Source: Decision 1351/QĐ-BHXH of 2015 art. 2.

/** Percentage of the costs paid, by benefit digit. 2 has caps that 1 has not, 5 covers costs outside the list too. */
export function benefitRate(digit: number): number | null {
  return RATES.get(digit) ?? null;
}

/** Whether the object code belongs to the digit. False is a warning about the data, never a reason to refuse. */
export function objectCodeMatchesDigit(objectCode: string, digit: number): boolean {
  return OBJECT_CODES.get(digit)?.has(objectCode) ?? false;
}

/** Object code, digit, province and social insurance number as one card number; whether the text has that form. */
export function isCardNumber(text: string): boolean {
  return /^[A-Z]{2}[1-5]\d{2}\d{10}$/.test(text);
}

const RATES: ReadonlyMap<number, number> = new Map([
  [1, 100],
  [2, 100],
  [3, 95],
  [4, 80],
  [5, 100],
]);

const OBJECT_CODES: ReadonlyMap<number, ReadonlySet<string>> = new Map(
  Object.entries({
    1: 'CC TE',
    2: 'CK CB KC HN DT DK XD BT TS',
    3: 'HT TC CN',
    4: 'DN HX CH NN TK HC XK TB NO CT XB TN CS XN MS HD TQ TA TY HG LS PV HS SV GB GD',
    5: 'QN CA CY',
  }).map(([digit, codes]) => [Number(digit), new Set(codes.split(' '))]),
);
