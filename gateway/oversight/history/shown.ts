import { GraphQLError } from 'graphql';
import type { Registry } from '../../policy/registry.ts';
import type { HistoryEntry } from './entry.ts';
import { readCursor, type History } from './history.ts';

/** Entries of a page at most. */
const HISTORY_PAGE_MAX = 100;
const HISTORY_PAGE = 20;

export interface HistoryArguments {
  readonly first?: number | null;
  readonly after?: string | null;
  readonly agency?: string | null;
  readonly from?: string | Date | null;
  readonly to?: string | Date | null;
}

/** A page in the form that the graph and the admin API answer with. */
export interface ShownHistory {
  readonly edges: readonly { readonly cursor: string; readonly node: object }[];
  readonly pageInfo: { readonly hasNextPage: boolean; readonly endCursor: string | null };
}

export type ShowHistory = (idNumber: string, page: HistoryArguments, withHidden?: boolean) => Promise<ShownHistory>;

/** Reads a page by the arguments of the API, with names out of the registry. Throws BAD_USER_INPUT for arguments that cannot be. */
export function createShowHistory(history: History, registry: () => Registry): ShowHistory {
  return async (idNumber, { first, after, agency, from, to }, withHidden = false) => {
    const count = first ?? HISTORY_PAGE;
    if (count < 1 || count > HISTORY_PAGE_MAX) throw bad(`first is a whole number from 1 to ${HISTORY_PAGE_MAX}.`);
    const cursor = after === undefined || after === null ? undefined : readCursor(after);
    if (after !== undefined && after !== null && cursor === undefined) throw bad('after is the endCursor of an earlier page.');
    const page = await history.read({
      idNumber,
      count,
      after: cursor,
      agency: agency ?? undefined,
      fromMs: momentOf(from),
      toMs: momentOf(to),
      withHidden,
    });
    const { agencies, purposes } = registry();
    const node = ({ id, purpose, agency: by, ...entry }: HistoryEntry) => ({
      ...entry,
      record: id,
      agency: by,
      agencyName: by === undefined ? undefined : agencies.get(by)?.name,
      purpose,
      purposeText: purpose === undefined ? undefined : purposes.get(purpose)?.text,
    });
    return {
      edges: page.entries.map(({ entry, cursor: at }) => ({ cursor: at, node: node(entry) })),
      pageInfo: { hasNextPage: page.hasNextPage, endCursor: page.endCursor ?? null },
    };
  };
}

function momentOf(moment: string | Date | null | undefined): number | undefined {
  if (moment === null || moment === undefined) return undefined;
  const ms = moment instanceof Date ? moment.getTime() : Date.parse(moment);
  if (Number.isNaN(ms)) throw bad('from and to are moments like 2026-11-25T08:00:00Z.');
  return ms;
}

function bad(message: string): GraphQLError {
  return new GraphQLError(message, { extensions: { code: 'BAD_USER_INPUT' } });
}
