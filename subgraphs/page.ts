import { GraphQLError } from 'graphql';
import { isCalendarDate } from '../platform/scalars.ts';

/** Bounds of every list's `first` argument. */
const PAGE_ENTRIES_MAX = 100;
const PAGE_ENTRIES_DEFAULT = 20;

/** What one list asks for: a number of entries, and the position after which they begin. */
export interface Page {
  readonly first: number;
  /** The parts of the cursor's position, as text; undefined from the start. */
  readonly after: readonly string[] | undefined;
}

/**
 * Reads `first` and `after`. `checks` say what each part of this list's positions is like, so that a cursor of another list, or a
 * made-up one, is refused here and never reaches SQL. Throws a GraphQLError with code BAD_USER_INPUT.
 */
export function readPage(
  args: { readonly first?: number | null | undefined; readonly after?: string | null | undefined },
  checks: readonly ((part: string) => boolean)[],
): Page {
  const first = args.first ?? PAGE_ENTRIES_DEFAULT;
  if (!Number.isInteger(first) || first < 1 || first > PAGE_ENTRIES_MAX) {
    throw badInput(`"first" is a number from 1 to ${PAGE_ENTRIES_MAX}. Ask for the rest with "after".`);
  }
  if (args.after === undefined || args.after === null) return { first, after: undefined };
  const parts = Buffer.from(args.after, 'base64url').toString('utf8').split('|');
  if (parts.length !== checks.length || parts.some((part, index) => checks[index]?.(part) !== true)) {
    throw badInput('"after" is the "cursor" of an entry of this list. Send one that the list gave.');
  }
  return { first, after: parts };
}

/** The cursor of an entry at this position. Opaque to callers; holds nothing but the entry's own ordering values. */
export function writeCursor(...position: readonly (string | number)[]): string {
  return Buffer.from(position.join('|')).toString('base64url');
}

/** An error about an argument: its text reaches the caller and must hold no value of theirs. */
export function badInput(message: string): GraphQLError {
  return new GraphQLError(message, { extensions: { code: 'BAD_USER_INPUT' } });
}

/** Parts of a position that are a date, a number that SQL takes as an integer, a year, or a short text. */
export const positionDate = (part: string): boolean => isCalendarDate(part);
export const positionNumber = (part: string): boolean => /^\d{1,9}$/.test(part);
export const positionYear = (part: string): boolean => /^\d{4}$/.test(part);
export const positionText = (part: string): boolean => part.length <= 60 && !part.includes('\0');
