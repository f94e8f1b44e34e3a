import type { Random } from './random.ts';

const DAY_MS = 86_400_000;

/** Adds days to a calendar date `YYYY-MM-DD`. */
export function addDays(date: string, days: number): string {
  return dateOf(dayOf(date) + days);
}

/** Adds calendar years; 29 February becomes 1 March where the year has none. */
export function addYears(date: string, years: number): string {
  const [year, month, day] = partsOf(date);
  return dateOf(Date.UTC(year + years, month - 1, day) / DAY_MS);
}

/** Full years from one date to another, negative when it lies before. */
export function fullYears(from: string, to: string): number {
  return Number(to.slice(0, 4)) - Number(from.slice(0, 4)) - (to.slice(4) < from.slice(4) ? 1 : 0);
}

/** A date from `least` to `most`, both included; `least` when they are in the wrong order. */
export function drawDate(random: Random, least: string, most: string): string {
  const first = dayOf(least);
  return dateOf(random.integer(first, Math.max(first, dayOf(most))));
}

/** The later of two dates. */
export function later(one: string, other: string): string {
  return one > other ? one : other;
}

function dayOf(date: string): number {
  const [year, month, day] = partsOf(date);
  return Date.UTC(year, month - 1, day) / DAY_MS;
}

function dateOf(day: number): string {
  return new Date(day * DAY_MS).toISOString().slice(0, 10);
}

function partsOf(date: string): readonly [year: number, month: number, day: number] {
  return [Number(date.slice(0, 4)), Number(date.slice(5, 7)), Number(date.slice(8, 10))];
}
