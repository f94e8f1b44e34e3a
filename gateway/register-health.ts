import { request } from 'undici';

const TIMEOUT_MS = 1_000;
/** What was found is told again for so long, so that asking for readiness costs registers nothing. */
const KEPT_MS = 5_000;

export type Health = Readonly<Record<string, 'up' | 'down'>>;

/** Asks each register whether it is well, by the address beside its graph. Readiness shows it and does not depend on it. */
export function createRegisterHealth(urls: ReadonlyMap<string, string>, clock: () => number): () => Promise<Health> {
  let known: { readonly atMs: number; readonly health: Promise<Health> } | undefined;

  const ask = async (): Promise<Health> =>
    Object.fromEntries(await Promise.all(Array.from(urls, async ([name, url]) => [`register ${name}`, await isUp(url)] as const)));

  return async () => {
    const nowMs = clock();
    if (known === undefined || Math.abs(nowMs - known.atMs) > KEPT_MS) known = { atMs: nowMs, health: ask() };
    return known.health;
  };
}

async function isUp(graphUrl: string): Promise<'up' | 'down'> {
  try {
    const reply = await request(new URL('health/ready', graphUrl), {
      headersTimeout: TIMEOUT_MS,
      bodyTimeout: TIMEOUT_MS,
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    await reply.body.dump();
    // A subgraph of somebody else's may have no such address; that it answers is what is asked.
    return reply.statusCode < 500 ? 'up' : 'down';
  } catch {
    return 'down';
  }
}
