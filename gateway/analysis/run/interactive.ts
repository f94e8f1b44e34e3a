import type { Pipeline } from '../../pipeline.ts';
import type { Interactive } from './share.ts';

/** Watches how long people's own requests take, beside ranges of analyses and without them. */
export interface InteractiveWatch {
  /** The same pipeline, watched. */
  readonly watching: (pipeline: Pipeline) => Pipeline;
  /** Runs a range; requests that overlap it are beside it. */
  readonly beside: <Result>(range: () => Promise<Result>) => Promise<Result>;
  /** What was seen since the last call. What requests take alone is remembered when there were none. */
  readonly take: () => Interactive;
}

/** A mean of which older requests weigh less and less: about the last twenty count. */
const WEIGHT = 0.05;

export function createInteractiveWatch(): InteractiveWatch {
  let ranges = 0;
  /** Ranges begun, so that a request knows whether one began and ended while it was under way. */
  let begun = 0;
  let alone: number | undefined;
  let beside = { count: 0, ms: 0 };
  return {
    watching: (pipeline) => ({
      ...pipeline,
      async answer(request, mediaType) {
        const startedMs = performance.now();
        const wasBeside = ranges > 0;
        const before = begun;
        try {
          return await pipeline.answer(request, mediaType);
        } finally {
          const ms = performance.now() - startedMs;
          if (wasBeside || begun !== before) beside = { count: beside.count + 1, ms: beside.ms + ms };
          else alone = alone === undefined ? ms : alone + WEIGHT * (ms - alone);
        }
      },
    }),
    async beside(range) {
      ranges += 1;
      begun += 1;
      try {
        return await range();
      } finally {
        ranges -= 1;
      }
    },
    take() {
      const seen = { besideMs: beside.count === 0 ? undefined : beside.ms / beside.count, alone };
      beside = { count: 0, ms: 0 };
      return seen;
    },
  };
}
