import { createHmac } from 'node:crypto';

/** Leaves a part of a text value; undefined when nothing is left that does not give the whole away. */
export type ApplyTransform = (value: unknown, agency: string) => unknown;

const ISO_DAY = /^(\d{4})-\d\d-\d\d/;
const LAST_COUNT = 4;
/** Characters of a pseudonym: 132 bits. */
const PSEUDONYM_LENGTH = 22;

/**
 * The transforms of single values. A day keeps its form when only its year is left: its scalar knows no other, and
 * the answer says that the field is transformed. `pseudonymKey` makes pseudonyms that one agency can join by and no two agencies share.
 */
export function transformOf(name: string, scalar: string, pseudonymKey: Buffer | undefined): ApplyTransform | undefined {
  switch (name) {
    case 'year':
      return ofText((text) => {
        const year = ISO_DAY.exec(text)?.[1];
        return year === undefined ? undefined : scalar === 'Date' ? `${year}-01-01` : year;
      });
    case 'last4':
      return ofText((text) => (Array.from(text).length > LAST_COUNT ? Array.from(text).slice(-LAST_COUNT).join('') : undefined));
    case 'initials':
      return ofText(initials);
    case 'pseudonym':
      if (pseudonymKey === undefined) return undefined;
      return ofText((text, agency) =>
        createHmac('sha256', pseudonymKey)
          .update(JSON.stringify([agency, text]))
          .digest('base64url')
          .slice(0, PSEUDONYM_LENGTH),
      );
    default:
      return undefined;
  }
}

function ofText(change: (text: string, agency: string) => string | undefined): ApplyTransform {
  return (value, agency) => (typeof value === 'string' ? change(value, agency) : undefined);
}

/** `Nguyễn Văn An` to `N. V. A.` */
function initials(text: string): string | undefined {
  const words = text
    .trim()
    .split(/\s+/u)
    .filter((word) => word !== '');
  return words.length === 0 ? undefined : words.map((word) => `${(Array.from(word)[0] ?? '').toLocaleUpperCase('vi')}.`).join(' ');
}
