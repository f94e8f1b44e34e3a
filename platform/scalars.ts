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

/** ISO 8601 calendar date, years 0001 to 9999, checked against the calendar. */
export function isCalendarDate(value: unknown): value is string {
  if (typeof value !== 'string' || !/^\d{4}-\d{2}-\d{2}$/.test(value)) return false;
  const at = new Date(`${value}T00:00:00Z`);
  return !Number.isNaN(at.getTime()) && at.toISOString().startsWith(value);
}

function isInstant(value: unknown): boolean {
  return (
    typeof value === 'string' &&
    /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,9})?(Z|[+-]\d{2}:\d{2})$/.test(value) &&
    isCalendarDate(value.slice(0, 10)) &&
    !Number.isNaN(Date.parse(value))
  );
}
