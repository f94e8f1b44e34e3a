/**
 * How much of a gateway analyses may take. One range is counted at a time, and after each the gateway rests in proportion to what it took:
 * at a share of one half as long as it worked. The share falls by half whenever people's own requests took clearly longer beside a range than
 * without one, and rises again by small steps while they do not (additive increase, multiplicative decrease: Chiu and Jain, "Analysis of the
 * increase and decrease algorithms for congestion avoidance", 1989). It is their latency that is watched and not this process' load, because
 * a range burdens the registers too, which answer both.
 */
export interface Share {
  /** What the gateway may take now, above 0 and at most what was stated. */
  readonly current: () => number;
  /** Call when a range is counted; gives how long to rest, in milliseconds. */
  readonly restAfter: (workedMs: number, interactive: Interactive) => number;
}

/** Mean latency of people's own requests since the last range, in milliseconds; undefined when there were none of a kind. */
export interface Interactive {
  /** While a range was under way. */
  readonly besideMs: number | undefined;
  readonly alone: number | undefined;
}

/** The share never falls below this, so that a run ends on the busiest gateway too. */
const SHARE_MIN = 0.1;
const SHARE_STEP = 0.05;
/** Clearly longer: by this factor, and by more than what timers are off by. */
const SLOWER_FACTOR = 3;
const SLOWER_MS = 5;
const REST_MS_MAX = 30_000;

/** Shares of at most `most`, above 0 and below 1. */
export function createShare(most: number): Share {
  let share = most;
  return {
    current: () => share,
    restAfter(workedMs, interactive) {
      share = isSlowed(interactive) ? Math.max(Math.min(SHARE_MIN, most), share / 2) : Math.min(most, share + SHARE_STEP);
      return Math.min(REST_MS_MAX, workedMs * (1 / share - 1));
    },
  };
}

function isSlowed({ besideMs, alone }: Interactive): boolean {
  return besideMs !== undefined && alone !== undefined && besideMs > alone * SLOWER_FACTOR && besideMs - alone > SLOWER_MS;
}
