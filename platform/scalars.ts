import { GraphQLError, GraphQLScalarType, Kind, type ValueNode } from 'graphql';
import { isIdNumber } from './id-number.ts';

/**
 * The scalars that registers and gateway share, by name. A value that does not parse raises a GraphQLError whose text says what is
 * needed and never repeats the value (it may be a person's).
 */
export const SCALARS: Readonly<Record<'IdNumber' | 'Date' | 'DateTime', GraphQLScalarType<string, string>>> = {
  IdNumber: textScalar('IdNumber', isIdNumber, 'An IdNumber is a string of exactly 12 digits.', 'ID_NUMBER_INVALID'),
  Date: textScalar('Date', isCalendarDate, 'A Date is a string like "2026-01-31" and a day that exists.'),
  DateTime: textScalar('DateTime', isInstant, 'A DateTime is a string like "2026-01-31T08:00:00Z".'),
};

function textScalar(
  name: string,
  accepts: (value: unknown) => boolean,
  need: string,
  code = 'BAD_USER_INPUT',
): GraphQLScalarType<string, string> {
  const parse = (value: unknown): string => {
    if (!accepts(value)) throw new GraphQLError(need, { extensions: { code } });
    return value as string;
  };
  return new GraphQLScalarType({
    name,
    serialize: parse,
    parseValue: parse,
    parseLiteral: (node: ValueNode) => parse(node.kind === Kind.STRING ? node.value : undefined),
  });
}

/** ISO 8601 calendar date of the Gregorian calendar, years 0000 to 9999. By arithmetic: a thousand people have ten thousand dates. */
export function isCalendarDate(value: unknown): value is string {
  if (typeof value !== 'string' || value.length !== 10 || value[4] !== '-' || value[7] !== '-') return false;
  const year = digits(value, 0, 4);
  const month = digits(value, 5, 7);
  const day = digits(value, 8, 10);
  if (!(year >= 0 && month >= 1 && month <= 12 && day >= 1)) return false;
  const isLeap = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
  return day <= (month === 2 && isLeap ? 29 : (DAYS_OF_MONTH[month - 1] ?? 0));
}

const DAYS_OF_MONTH = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31] as const;
const CODE_OF_0 = 48;

/** The number that stands there in decimal digits, NaN when anything else stands there. */
function digits(text: string, from: number, to: number): number {
  let number = 0;
  for (let at = from; at < to; at += 1) {
    const digit = text.charCodeAt(at) - CODE_OF_0;
    if (digit < 0 || digit > 9) return Number.NaN;
    number = number * 10 + digit;
  }
  return number;
}

function isInstant(value: unknown): boolean {
  return (
    typeof value === 'string' &&
    /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,9})?(Z|[+-]\d{2}:\d{2})$/.test(value) &&
    isCalendarDate(value.slice(0, 10)) &&
    !Number.isNaN(Date.parse(value))
  );
}
