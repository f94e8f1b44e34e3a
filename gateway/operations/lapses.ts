import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Logger } from '../../platform/log.ts';
import type { EventLedger } from '../ledger/recording.ts';
import type { LoadedPolicies } from '../policy/load.ts';
import type { ApprovedOperations } from './approved.ts';
import type { KnownOperation } from './known.ts';
import { insertLapse, lockOperations, readLapses } from './store.ts';

export interface LapsesParts {
  readonly events: EventLedger;
  readonly known: () => readonly KnownOperation[];
  readonly approved: ApprovedOperations;
  readonly rules: () => LoadedPolicies;
  readonly pollMs: number;
  readonly log: Logger;
  readonly clock: () => number;
}

/**
 * Looks at all approved operations whenever other rules are in force, or other operations are known, and notes with a record in the ledger which no
 * longer give what was approved, and which do so again. Each request judges for itself by the rules that it is answered with: what is noted here is
 * for people, and comes within a second. Of several gateways one notes it.
 */
export function startNotingLapses({ events, known, approved, rules, pollMs, log, clock }: LapsesParts): AsyncDisposable {
  const noted = new Map<string, boolean>();
  let last: { readonly key: string; readonly operations: readonly KnownOperation[]; readonly untilMs: number } | undefined;

  const look = async (): Promise<void> => {
    const policies = rules();
    const operations = known();
    if (last?.key === policies.key && last.operations === operations && clock() < last.untilMs) return;
    const changed: { readonly operation: KnownOperation; readonly reason: string | undefined }[] = [];
    let untilMs = Number.POSITIVE_INFINITY;
    for (const operation of operations.filter(isApproved)) {
      const judged = approved.judged(operation, policies);
      untilMs = Math.min(untilMs, judged.untilMs);
      const { reason } = judged;
      if ((noted.get(operation.proposal) ?? false) !== (reason !== undefined)) changed.push({ operation, reason });
      // Judging one takes some milliseconds, and requests go on meanwhile.
      await nextTurn();
    }
    if (changed.length > 0) await note(changed, policies.version);
    for (const { operation, reason } of changed) noted.set(operation.proposal, reason !== undefined);
    last = { key: policies.key, operations, untilMs };
  };

  const isApproved = ({ standing, expiresAtMs }: KnownOperation): boolean => standing.state === 'approved' && clock() < expiresAtMs;

  const note = async (
    changed: readonly { readonly operation: KnownOperation; readonly reason: string | undefined }[],
    policyVersion: string,
  ): Promise<void> => {
    const atMs = clock();
    const make = await events.entriesAt(atMs);
    await events.together(async (tx) => {
      await lockOperations(tx);
      const before = await readLapses(tx);
      // Another gateway may have been quicker.
      const news = changed.filter(
        ({ operation, reason }) => ((before.get(operation.proposal) ?? null) === null) !== (reason === undefined),
      );
      for (const { operation, reason = null } of news) {
        await insertLapse(tx, { proposal: operation.proposal, at: new Date(atMs), policyVersion, reason });
      }
      const entries = news.map(({ operation: { address, content, proposal }, reason }) =>
        make({
          kind: 'approval',
          action: reason === undefined ? 'operation.resume' : 'operation.lapse',
          subject: address,
          actor: 'gateway',
          details: { name: content.name, proposal, policyVersion, ...(reason === undefined ? {} : { reason }) },
        }),
      );
      return { result: undefined, entries };
    });
    for (const { operation, reason } of changed) {
      const facts = { operation: operation.content.name, address: operation.address, reason };
      if (reason === undefined) log.info(facts, 'an operation gives what was approved again, and runs');
      else log.warn(facts, 'an operation no longer gives what was approved, and is suspended');
    }
  };

  let looking: Promise<void> | undefined;
  const timer = setInterval(() => {
    looking ??= look()
      .catch((error: unknown) => log.warn({ err: error }, 'operations could not be looked through; what lapsed is refused all the same'))
      .finally(() => (looking = undefined));
  }, pollMs);
  timer.unref();
  return {
    async [Symbol.asyncDispose]() {
      clearInterval(timer);
      await looking;
    },
  };
}
