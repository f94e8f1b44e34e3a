/** Citizens that one call may name. */
export const CITIZENS_MAX = 1_000;
