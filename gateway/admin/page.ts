import { PAGE_DEFAULT, PAGE_MAX } from './limits.ts';
import { badInput } from './field-error.ts';

/** A part of a list that may be long, with where to go on. */
export interface Page<Node> {
  readonly nodes: readonly Node[];
  readonly pageInfo: { readonly hasNextPage: boolean; readonly endCursor: string | null };
}

export interface PageArguments {
  readonly first?: number | null;
  readonly after?: string | null;
}

/** How many a call asks for. Throws BAD_USER_INPUT when it is none or too many. */
export function countOf({ first }: PageArguments): number {
  const count = first ?? PAGE_DEFAULT;
  if (count < 1 || count > PAGE_MAX) throw badInput(`first is a whole number from 1 to ${PAGE_MAX}.`);
  return count;
}

/** The number that a cursor of {@link pageOf} holds; undefined without a cursor. Throws BAD_USER_INPUT for what is no cursor. */
export function numberAfter({ after }: PageArguments): number | undefined {
  if (after === undefined || after === null) return undefined;
  const text = Buffer.from(after, 'base64url').toString('utf8');
  if (!/^\d{1,15}$/.test(text)) throw badInput('after is the endCursor of an earlier page.');
  return Number(text);
}

/** A page from one row more than was asked for. `numberOf` gives what the next page begins behind. */
export function pageOf<Row, Node>(
  rows: readonly Row[],
  count: number,
  numberOf: (row: Row) => number,
  show: (row: Row) => Node,
): Page<Node> {
  const shown = rows.slice(0, count);
  const last = shown.at(-1);
  return {
    nodes: shown.map(show),
    pageInfo: {
      hasNextPage: rows.length > count,
      endCursor: last === undefined ? null : Buffer.from(String(numberOf(last))).toString('base64url'),
    },
  };
}
