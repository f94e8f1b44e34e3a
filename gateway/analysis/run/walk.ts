import { setTimeout } from 'node:timers/promises';
import type { Logger } from '../../../platform/log.ts';
import { failRun } from './end.ts';
import { finishRun, type FinishParts } from './finish.ts';
import type { InteractiveWatch } from './interactive.ts';
import { RANGE_TRIES_MAX } from './limits.ts';
import { isUnderWay, type Run } from './model.ts';
import type { WorkRange } from './queue.ts';
import { countRange, type RangeParts } from './range.ts';
import { runSeal } from './seal.ts';
import type { Share } from './share.ts';
import { hasPartial, pauseRun, readRun, writePartial } from './store.ts';

export interface WalkParts extends Omit<RangeParts, 'pause'>, FinishParts {
  readonly share: Share;
  readonly interactive: InteractiveWatch;
  readonly log: Logger;
}

/**
 * What is done with each range: counted, sealed, written once; the last one ends the run. Then the gateway rests. A range that was counted
 * already, by a gateway that was taken over from, is not counted again.
 */
export function createWalk(parts: WalkParts, stopping: AbortSignal): WorkRange {
  const { database, secret, clock, share, interactive, log } = parts;

  const walk = async (run: Run, from: number, to: number, signal: AbortSignal): Promise<void> => {
    if (await hasPartial(database, run.id, from)) return;
    const counted = await countRange(run, { from, to }, { ...parts, pause: async (id, why) => pauseRun(database, id, why) }, signal);
    if (counted.kind === 'over') return;
    if (counted.kind === 'failed') return failRun(run, counted.why, parts);
    const sealed = runSeal(secret, run.id).close(from, counted.written);
    const partial = { run: run.id, first: from, people: counted.people, sealed, at: new Date(clock()) };
    await database.transaction(async (tx) => writePartial(tx, partial));
  };

  return async ({ run: id, from, to }, attempt) => {
    const signal = AbortSignal.any([attempt.signal, stopping]);
    // Given back: another gateway, or this one when it is started again, takes it.
    signal.throwIfAborted();
    const run = await readRun(database, id);
    if (run === undefined || !isUnderWay(run.state)) return;
    // INVARIANT: the queue never gives a range up by itself, or nobody would end its run.
    if (attempt.tries > RANGE_TRIES_MAX) return failRun(run, 'A range of it was broken off too often. Run it again.', parts);
    const startedMs = performance.now();
    try {
      await interactive.beside(async () => walk(run, from, to, signal));
      await finishRun(id, parts);
    } catch (error) {
      if (signal.aborted || attempt.tries < RANGE_TRIES_MAX) throw error;
      log.error({ err: error, run: id }, 'a range of an analysis failed too often; its run has failed');
      await failRun(run, 'It failed inside the gateway. Tell its operator the id of the run.', parts);
    }
    const restMs = share.restAfter(performance.now() - startedMs, interactive.take());
    await setTimeout(restMs, undefined, { signal: stopping }).catch(() => undefined);
  };
}
