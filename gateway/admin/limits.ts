/** Citizens that one call may name. */
export const CITIZENS_MAX = 1_000;
/** Characters of a reason that somebody gives. */
export const TEXT_LENGTH_MAX = 200;
/** Nodes of a page of a list, unless asked for another number. */
export const PAGE_DEFAULT = 50;
export const PAGE_MAX = 500;
/** Calls of one account in a second, and how many it may save up. */
export const CALLS_PER_SECOND_MAX = 200;
export const CALLS_SAVED_MAX = 1_000;
/** Accounts whose calls are counted at once; the registry has no more officers who administer. */
export const ACCOUNTS_COUNTED_MAX = 10_000;
