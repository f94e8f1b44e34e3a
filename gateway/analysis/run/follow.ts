import { setTimeout } from 'node:timers/promises';
import type { Queryable } from '../../../platform/database.ts';
import { FOLLOW_MS } from './limits.ts';
import { isUnderWay } from './model.ts';
import { progressOf, type RunProgress } from './progress.ts';
import { readRun } from './store.ts';

/** Wakes those who wait when something became of some run. */
export interface Bell {
  readonly ring: () => void;
  /** Resolves at the next ring, after `ms` at the latest, or when the signal aborts. */
  readonly heard: (ms: number, signal: AbortSignal) => Promise<void>;
}

export function createBell(): Bell {
  let waiting = Promise.withResolvers<void>();
  return {
    ring() {
      waiting.resolve();
      waiting = Promise.withResolvers<void>();
    },
    async heard(ms, signal) {
      const ended = new AbortController();
      const late = setTimeout(ms, undefined, { signal: AbortSignal.any([signal, ended.signal]) }).catch(() => undefined);
      await Promise.race([waiting.promise, late]);
      ended.abort();
    },
  };
}

/** The progress of a run each time it is another, until the run is no more under way. Nothing where there is no such run. */
export async function* followRun(
  id: string,
  parts: { readonly database: Queryable; readonly bell: Bell; readonly clock: () => number },
  signal: AbortSignal,
): AsyncGenerator<RunProgress> {
  let last: string | undefined;
  while (!signal.aborted) {
    const heard = parts.bell.heard(FOLLOW_MS, signal);
    const run = await readRun(parts.database, id);
    if (run === undefined) return;
    const key = JSON.stringify([run.state, run.reason, run.peopleDone]);
    if (key !== last) yield await progressOf(parts.database, run, parts.clock());
    last = key;
    if (!isUnderWay(run.state)) return;
    await heard;
  }
}
