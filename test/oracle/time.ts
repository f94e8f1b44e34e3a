import type { Chance } from './chance.ts';

/** When the cases of a set begin: the morning in Vietnam. */
export const START_MS = Date.parse('2026-11-23T00:00:00Z');

/** Days are Vietnam's, and the last day of a permit still counts. */
export function isOver(until: string | undefined, nowMs: number): boolean {
  return until !== undefined && nowMs >= Date.parse(`${until}T24:00:00+07:00`);
}

export function dayOf(nowMs: number): string {
  return new Date(nowMs + 7 * 3_600_000).toISOString().slice(0, 10);
}

/** Time stands mostly still, or goes to the last moment of a day or the first of the next. */
export function later(chance: Chance, nowMs: number): number {
  if (chance.yes(0.94)) return nowMs + (chance.yes(0.3) ? 1_000 : 0);
  const nextMs = Date.parse(`${dayOf(nowMs)}T24:00:00+07:00`);
  return chance.yes(0.4) ? nextMs - 1 : nextMs;
}
