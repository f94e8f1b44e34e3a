/** Vietnam has no summer time: UTC+7 all year. */
export const VIETNAM_OFFSET_MS = 7 * 3_600_000;

/** The day in Vietnam that a moment is in, `YYYY-MM-DD`. */
export function dayInVietnam(atMs: number): string {
  return new Date(atMs + VIETNAM_OFFSET_MS).toISOString().slice(0, 10);
}
