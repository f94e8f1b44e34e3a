/** Seals are good for a minute in all, so a million nonces is over 16,000 calls a second: more than one process answers. */
const NONCES_MAX = 1_000_000;

export interface Nonces {
  /** Remembers a nonce. `seen` when it is remembered already, `full` when no more can be: both mean that the call is refused. */
  use(nonce: string, nowMs: number): 'new' | 'seen' | 'full';
}

/** Remembers nonces for `lifetimeMs`, at most `max` of them. */
export function createNonces(lifetimeMs: number, max = NONCES_MAX): Nonces {
  // All live equally long, so the order of insertion is the order of expiry.
  const expiry = new Map<string, number>();
  return {
    use(nonce, nowMs) {
      for (const [old, expiresMs] of expiry) {
        if (expiresMs > nowMs) break;
        expiry.delete(old);
      }
      if (expiry.has(nonce)) return 'seen';
      if (expiry.size >= max) return 'full';
      expiry.set(nonce, nowMs + lifetimeMs);
      return 'new';
    },
  };
}
