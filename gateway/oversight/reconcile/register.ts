import { request } from 'undici';
import { z } from 'zod';
import { seal, SEAL_HEADER } from '../../../platform/grant.ts';
import type { Served } from './store.ts';

/** What seals a question that carries no grant; registers know it by this name. */
const SEALED_AS = 'reconciliation';
const PAGE_MAX = 5_000;
const TIMEOUT_MS = 10_000;

const Answer = z.object({ grants: z.array(z.object({ grantId: z.string().max(200), application: z.string(), at: z.iso.datetime() })) });

export type Asked =
  | { readonly kind: 'served'; readonly grants: readonly Served[]; readonly pageMax: number }
  | { readonly kind: 'unavailable' | 'unsupported' };

/** Asks a register which grants it served after a place, in the order of time. */
export type Ask = (after: Pick<Served, 'at' | 'grantId'>) => Promise<Asked>;

/** Asks at the address beside the register's graph, sealed with the key that both have. */
export function createAsk(graphUrl: string, sealKey: Buffer, clock: () => number): Ask {
  const url = new URL('grants-served', graphUrl);
  return async ({ at, grantId }) => {
    const body = JSON.stringify({ after: { at, grantId }, limit: PAGE_MAX });
    try {
      const reply = await request(url, {
        method: 'POST',
        headers: { 'content-type': 'application/json', [SEAL_HEADER]: seal(SEALED_AS, body, sealKey, clock()) },
        body,
        headersTimeout: TIMEOUT_MS,
        bodyTimeout: TIMEOUT_MS,
      });
      if (reply.statusCode !== 200) {
        await reply.body.dump();
        return { kind: reply.statusCode === 404 ? 'unsupported' : 'unavailable' };
      }
      const read = Answer.safeParse(await reply.body.json());
      return read.success ? { kind: 'served', grants: read.data.grants, pageMax: PAGE_MAX } : { kind: 'unavailable' };
    } catch {
      // Whatever kept it from answering, what was not compared is compared the next time.
      return { kind: 'unavailable' };
    }
  };
}
