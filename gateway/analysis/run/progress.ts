import type { Queryable } from '../../../platform/database.ts';
import { RATE_SECONDS } from './limits.ts';
import { isUnderWay, type Run, type RunState } from './model.ts';
import { countRecent } from './store.ts';

/** How far a run is. */
export interface RunProgress {
  readonly state: RunState;
  readonly reason: string | null;
  readonly people: number;
  readonly peopleDone: number;
  /** People a second: lately, while it is under way, else over the whole of it. Null before the first are counted. */
  readonly peoplePerSecond: number | null;
  /** Null when it cannot be said, or there is nothing left to do. */
  readonly secondsLeft: number | null;
}

/** The progress of a run, from what stands in the database: the work of all gateways together. */
export async function progressOf(database: Queryable, run: Run, nowMs: number): Promise<RunProgress> {
  const { state, reason, people, peopleDone } = run;
  const begunMs = run.createdAt.getTime();
  const endMs = run.endedAt?.getTime() ?? nowMs;
  const spanMs = isUnderWay(state) ? Math.min(RATE_SECONDS * 1000, endMs - begunMs) : endMs - begunMs;
  const counted = isUnderWay(state) ? await countRecent(database, run.id, new Date(endMs - spanMs)) : peopleDone;
  const peoplePerSecond = peopleDone === 0 || spanMs <= 0 ? null : counted / (spanMs / 1000);
  const canSay = state === 'running' && peoplePerSecond !== null && peoplePerSecond > 0;
  return { state, reason, people, peopleDone, peoplePerSecond, secondsLeft: canSay ? (people - peopleDone) / peoplePerSecond : null };
}
