import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Database, Listener, Queryable } from '../../platform/database.ts';
import type { Logger } from '../../platform/log.ts';
import type { Limits } from '../limits.ts';
import type { RegistrySource } from '../rules/registry-source.ts';
import type { FindSigner } from '../rules/keyring.ts';
import { readProposed, type KnownOperation, type Proposed } from './known.ts';
import type { ReadingParts } from './reading.ts';
import { operationRounds, standingOf, verifyOperationStep, type VerifiedOperationStep } from './round.ts';
import { OPERATIONS_CHANNEL, readLastStep, readSteps, type OperationStepRow } from './store.ts';

/** Operations as they stand in the database, as far as signatures let them be believed. */
export interface LiveOperations extends AsyncDisposable {
  /** In order of their proposals. */
  readonly known: () => readonly KnownOperation[];
  /** Looks now; resolves when every step taken before is in force here. */
  readonly refresh: () => Promise<void>;
}

export interface LiveOperationsParts extends ReadingParts {
  readonly database: Database;
  readonly registry: RegistrySource;
  readonly findSigner: FindSigner;
  readonly limits: Limits;
  readonly log: Logger;
}

/** Steps verified before others get a turn: a signature takes a tenth of a millisecond. */
const VERIFIED_PER_TURN = 50;

/**
 * Reads the operations of the database and follows them: by notice, and by looking behind it every half second. INVARIANT: a row counts for
 * what its signatures verify to and for nothing else; one that is not believed is told of once and changes nothing.
 */
export async function followOperations(parts: LiveOperationsParts): Promise<LiveOperations> {
  const { database, registry, limits, log } = parts;
  const rows: OperationStepRow[] = [];
  const proposals = new Map<string, Proposed | undefined>();
  const told = new Set<string>();
  let known: readonly KnownOperation[] = [];
  let lookedWith = '';

  const disbelieved = (hash: string, reason: string): void => {
    if (told.has(hash)) return;
    told.add(hash);
    log.error({ statement: hash, reason }, 'a step with an operation is not believed; it changes nothing');
  };

  const look = async (on: Queryable): Promise<void> => {
    const before = rows.at(-1)?.number ?? 0;
    if ((await readLastStep(on)) !== before) {
      for (let page: readonly OperationStepRow[] = []; ;) {
        page = await readSteps(on, rows.at(-1)?.number ?? 0, limits.operationStepsRead);
        rows.push(...page);
        if (page.length < limits.operationStepsRead) break;
      }
    }
    // Rights and keys may have come or gone with the registry.
    const version = `${registry.current().version} ${rows.length}`;
    if (version === lookedWith) return;
    known = await believed(on);
    lookedWith = version;
  };

  const believed = async (on: Queryable): Promise<readonly KnownOperation[]> => {
    const steps: VerifiedOperationStep[] = [];
    for (const [index, row] of rows.entries()) {
      const step = verifyOperationStep(row, parts.findSigner);
      if (typeof step === 'string') disbelieved(row.hash, step);
      else steps.push(step);
      if ((index + 1) % VERIFIED_PER_TURN === 0) await nextTurn();
    }
    const found: KnownOperation[] = [];
    for (const round of operationRounds(steps)) {
      const { hash, statement } = round.proposed;
      if (!proposals.has(hash)) proposals.set(hash, await readProposed(on, round, parts));
      const proposed = proposals.get(hash);
      const standing = proposed && standingOf(round, proposed, registry.current(), limits.operationDaysMax);
      if (proposed === undefined) disbelieved(hash, 'a proposal without the content and report that were signed');
      else if (standing === undefined) disbelieved(hash, 'a proposal by somebody who may not make it');
      else found.push({ ...proposed, proposal: hash, round, standing, expiresAtMs: Date.parse(statement.expiresAt) });
    }
    return found;
  };

  /** One look at a time; who asks while one is under way gets the next, which began after the question. */
  let looking: Promise<void> = Promise.resolve();
  const refresh = async (on: Queryable = database): Promise<void> => {
    const next = looking.then(async () => look(on));
    looking = next.catch(() => undefined);
    return next;
  };
  const failed = (error: unknown): void => log.warn({ err: error }, 'operations could not be looked at; those known stay as they are');

  await refresh();
  const listener: Listener = await database.listen(OPERATIONS_CHANNEL, () => void refresh().catch(failed));
  let polling: Promise<void> | undefined;
  const timer = setInterval(() => {
    polling ??= refresh(listener)
      .catch(failed)
      .finally(() => (polling = undefined));
  }, limits.operationsPollMs);
  timer.unref();
  const stopFollowing = registry.changed(() => void refresh().catch(failed));
  return {
    known: () => known,
    refresh: async () => refresh(),
    async [Symbol.asyncDispose]() {
      clearInterval(timer);
      stopFollowing();
      await polling;
      await listener[Symbol.asyncDispose]();
      await looking;
    },
  };
}
