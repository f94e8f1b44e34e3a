import { dayInVietnam } from '../../platform/vietnam-time.ts';
import { request } from 'undici';
import { z } from 'zod';
import { seal, SEAL_HEADER } from '../../platform/grant.ts';
import { isIdNumber } from '../../platform/id-number.ts';

/** What seals these questions, which carry no grant; registers know them by these names. */
const SEALED_AS = { snapshot: 'snapshot', population: 'population' } as const;
/** Copying a register of a hundred million people takes minutes, once in a period. */
const SNAPSHOT_TIMEOUT_MS = 600_000;
const POPULATION_TIMEOUT_MS = 10_000;
/** ID numbers of one page at most. */
export const POPULATION_PAGE_MAX = 10_000;

/** A register's frozen copy. */
export interface Snapshot {
  /** Its name and its period: a month like 2026-11. */
  readonly snapshot: string;
  /** ISO 8601. */
  readonly takenAt: string;
  /** The day in Vietnam on which it was taken, to which ages and "current" are relative: `YYYY-MM-DD`. */
  readonly day: string;
  /** People of the register; their ordinals are 1 to `people`. */
  readonly people: number;
}

/** `refused`: the register's owner or the register itself says no, and asking again does not help. */
export type NotGiven = { readonly kind: 'refused' | 'unavailable' | 'unsupported' };
export type SnapshotAnswer = ({ readonly kind: 'taken' } & Snapshot) | NotGiven;
export type PopulationAnswer = { readonly kind: 'given'; readonly idNumbers: readonly string[] } | NotGiven;

export interface PopulationRange {
  readonly snapshot: string;
  readonly agency: string;
  readonly purpose: string;
  /** The first ordinal and the last, both included: {@link POPULATION_PAGE_MAX} at most. */
  readonly from: number;
  readonly to: number;
}

/** One register as analyses see it, beside its graph. Nothing rejects: what a register does not give is a value. */
export interface SnapshotRegister {
  /** Has the register take the snapshot of a period, a month like 2026-11, or finds the one that it has. */
  readonly take: (period: string) => Promise<SnapshotAnswer>;
  /** ID numbers of a range of ordinals, ascending; fewer at the end of the population. They are never kept. */
  readonly population: (range: PopulationRange) => Promise<PopulationAnswer>;
}

const SnapshotReply = z.object({
  snapshot: z.string().max(20),
  takenAt: z.iso.datetime(),
  day: z.iso.date(),
  people: z.int().nonnegative(),
});
const PopulationReply = z.object({ idNumbers: z.array(z.string().refine(isIdNumber)).max(POPULATION_PAGE_MAX) });

/** Asks at the addresses beside the register's graph, sealed with the key that both have. */
export function createSnapshotRegister(graphUrl: string, sealKey: Buffer, clock: () => number): SnapshotRegister {
  const ask = async <Reply>(
    route: keyof typeof SEALED_AS,
    question: object,
    reply: z.ZodType<Reply>,
    timeoutMs: number,
  ): Promise<Reply | NotGiven> => {
    const body = JSON.stringify(question);
    try {
      const answer = await request(new URL(route, graphUrl), {
        method: 'POST',
        headers: { 'content-type': 'application/json', [SEAL_HEADER]: seal(SEALED_AS[route], body, sealKey, clock()) },
        body,
        headersTimeout: timeoutMs,
        bodyTimeout: timeoutMs,
      });
      if (answer.statusCode !== 200) {
        await answer.body.dump();
        return { kind: NOT_GIVEN.get(answer.statusCode) ?? 'unavailable' };
      }
      const read = reply.safeParse(await answer.body.json());
      return read.success ? read.data : { kind: 'unavailable' };
    } catch {
      // Whatever kept it from answering, the run waits and asks again.
      return { kind: 'unavailable' };
    }
  };
  return {
    async take(period) {
      const answer = await ask('snapshot', { period }, SnapshotReply, SNAPSHOT_TIMEOUT_MS);
      return 'kind' in answer ? answer : { kind: 'taken', ...answer };
    },
    async population(range) {
      const answer = await ask('population', range, PopulationReply, POPULATION_TIMEOUT_MS);
      return 'kind' in answer ? answer : { kind: 'given', ...answer };
    },
  };
}

const NOT_GIVEN: ReadonlyMap<number, NotGiven['kind']> = new Map([
  [400, 'refused'],
  [403, 'refused'],
  [404, 'unsupported'],
]);

/** Snapshots of all registers that an analysis touches, or which of them did not give one and why. */
export type Snapshots =
  | { readonly kind: 'taken'; readonly of: ReadonlyMap<string, Snapshot> }
  | { readonly kind: 'not given'; readonly register: string; readonly why: NotGiven['kind'] };

/**
 * Has every one of these registers take the snapshot of a period, before anything is counted. Registers may have been asked on different days
 * of it; each snapshot says its own.
 */
export async function takeSnapshots(
  registers: ReadonlyMap<string, SnapshotRegister>,
  names: Iterable<string>,
  period: string,
): Promise<Snapshots> {
  const asked = await Promise.all(
    Array.from(names, async (name): Promise<readonly [string, SnapshotAnswer]> => [
      name,
      (await registers.get(name)?.take(period)) ?? { kind: 'unsupported' },
    ]),
  );
  const of = new Map<string, Snapshot>();
  for (const [register, answer] of asked) {
    if (answer.kind !== 'taken') return { kind: 'not given', register, why: answer.kind };
    const { kind: _, ...snapshot } = answer;
    of.set(register, snapshot);
  }
  return { kind: 'taken', of };
}

/** The period that a moment is in: the month in Vietnam, like 2026-11. */
export function periodAt(nowMs: number): string {
  return dayInVietnam(nowMs).slice(0, 7);
}
