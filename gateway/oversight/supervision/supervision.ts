import type { PulseSum } from './store.ts';

export interface Latency {
  readonly answers: number;
  readonly meanMs: number | null;
  /** Upper bounds: of so many in a hundred the time was at most this. */
  readonly p50Ms: number | null;
  readonly p99Ms: number | null;
}

export interface RegisterHealth {
  readonly register: string;
  readonly calls: number;
  readonly unavailable: number;
  readonly meanMs: number | null;
}

/** Times of answers from their counts by upper bound. */
export function latencyOf(sums: readonly PulseSum[]): Latency {
  const buckets = sums
    .filter(({ kind }) => kind === 'latency')
    .map(({ name, count, milliseconds }) => ({ bound: Number(name), count, milliseconds }))
    .toSorted((a, b) => a.bound - b.bound);
  const answers = buckets.reduce((sum, { count }) => sum + count, 0);
  const total = buckets.reduce((sum, { milliseconds }) => sum + milliseconds, 0);
  const quantile = (part: number): number | null => {
    let counted = 0;
    for (const { bound, count } of buckets) {
      counted += count;
      if (counted >= part * answers) return bound;
    }
    return null;
  };
  return { answers, meanMs: answers === 0 ? null : total / answers, p50Ms: quantile(0.5), p99Ms: quantile(0.99) };
}

/** What each register made of the calls of it. */
export function registersOf(sums: readonly PulseSum[], registers: Iterable<string>): readonly RegisterHealth[] {
  const calls = Map.groupBy(
    sums.filter(({ kind }) => kind === 'register'),
    ({ subject }) => subject,
  );
  return [...new Set([...registers, ...calls.keys()])].toSorted().map((register) => {
    const rows = calls.get(register) ?? [];
    const all = rows.reduce((sum, { count }) => sum + count, 0);
    const unavailable = rows.find(({ name }) => name === 'unavailable')?.count ?? 0;
    const ms = rows.reduce((sum, { milliseconds }) => sum + milliseconds, 0);
    return { register, calls: all, unavailable, meanMs: all === 0 ? null : ms / all };
  });
}
