/**
 * What may be ID numbers in a text: twelve digits together. UUIDs and hashes are full of digits, and twelve of them stand together in one of a
 * hundred pseudonyms.
 */
export function numbersIn(text: string): readonly string[] {
  return text.replaceAll(NO_NUMBERS, '').match(/(?<!\d)\d{12}(?!\d)/g) ?? [];
}

const NO_NUMBERS = /\b(?:[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}|[\da-f]{32,})\b/g;
