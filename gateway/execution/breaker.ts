/**
 * Keeps a gateway from waiting for a subgraph that is down, and the subgraph from being asked by everybody the moment it comes up (Nygard,
 * "Release It!", Circuit Breaker). Closed, it lets everything through; after so many failures in a row it opens for a time; then one call
 * is the probe that closes it or opens it again.
 */
export interface Breaker {
  readonly isOpen: boolean;
  /** Whether a call may be made. Each that may must say how it ended. */
  admits(): boolean;
  succeeded(): void;
  failed(): void;
  /** The call ended without telling anything of the subgraph. */
  abandoned(): void;
}

export interface BreakerOptions {
  /** Failures in a row that open it. */
  readonly failuresMax: number;
  readonly openMs: number;
  readonly clock: () => number;
  /** Told when it opens and closes. */
  readonly changed: (isOpen: boolean) => void;
}

export function createBreaker({ failuresMax, openMs, clock, changed }: BreakerOptions): Breaker {
  let failures = 0;
  let openUntilMs: number | undefined;
  let probing = false;

  const close = (): void => {
    const wasOpen = openUntilMs !== undefined;
    failures = 0;
    openUntilMs = undefined;
    probing = false;
    if (wasOpen) changed(false);
  };
  return {
    get isOpen() {
      return openUntilMs !== undefined;
    },
    admits() {
      if (openUntilMs === undefined) return true;
      if (probing || clock() < openUntilMs) return false;
      probing = true;
      return true;
    },
    succeeded: close,
    failed() {
      failures += 1;
      if (openUntilMs === undefined && failures < failuresMax) return;
      const opens = openUntilMs === undefined;
      // Calls that were under way when it opened fail late; only the probe may open it for longer.
      if (opens || probing) openUntilMs = clock() + openMs;
      probing = false;
      if (opens) changed(true);
    },
    abandoned() {
      probing = false;
    },
  };
}
