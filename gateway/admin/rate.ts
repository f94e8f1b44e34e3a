import { LRUCache } from 'lru-cache';
import { ACCOUNTS_COUNTED_MAX, CALLS_PER_SECOND_MAX, CALLS_SAVED_MAX } from './limits.ts';

/**
 * A bucket of calls for each account, refilled while time passes: whoever calls without end waits, and others do not. Returns whether the
 * account may call now. Each gateway counts for itself.
 */
export function createTakeCall(clock: () => number): (account: string) => boolean {
  const buckets = new LRUCache<string, { calls: number; atMs: number }>({ max: ACCOUNTS_COUNTED_MAX });
  return (account) => {
    const nowMs = clock();
    const bucket = buckets.get(account) ?? { calls: CALLS_SAVED_MAX, atMs: nowMs };
    const refilled = Math.max(0, nowMs - bucket.atMs) * (CALLS_PER_SECOND_MAX / 1000);
    bucket.calls = Math.min(CALLS_SAVED_MAX, bucket.calls + refilled);
    bucket.atMs = nowMs;
    buckets.set(account, bucket);
    if (bucket.calls < 1) return false;
    bucket.calls -= 1;
    return true;
  };
}
