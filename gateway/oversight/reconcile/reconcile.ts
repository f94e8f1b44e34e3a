import type { Database } from '../../../platform/database.ts';
import type { Logger } from '../../../platform/log.ts';
import type { EventLedger } from '../../ledger/recording.ts';
import type { Ask } from './register.ts';
import {
  addIncidents,
  clearIncidents,
  readBeginning,
  readIncidents,
  readReconciled,
  readUnrecorded,
  setReconciled,
  type IncidentRow,
  type Served,
} from './store.ts';

/** A call is made before its request is recorded; after this long it is, or never will be. */
export const SETTLED_SECONDS = 120;
/** Grants of a turn: what is left is compared in the next. */
const PAGES_MAX = 100;
const INCIDENTS_SHOWN_MAX = 1_000;

export interface Reconciled {
  readonly register: string;
  /** `unavailable`: it did not answer; `unsupported`: it keeps no grants. */
  readonly status: 'compared' | 'unavailable' | 'unsupported';
  readonly served: number;
  /** No record names them yet, and their requests may be under way. */
  readonly underWay: number;
  readonly incidents: number;
}

export interface Reconciliation {
  readonly registers: readonly Reconciled[];
  /** All that are not cleared, the newest first. */
  readonly incidents: readonly IncidentRow[];
}

export interface ReconcileParts {
  readonly database: Database;
  readonly registers: ReadonlyMap<string, Ask>;
  readonly events: EventLedger;
  readonly found: (register: string, count: number) => void;
  readonly log: Logger;
  readonly clock: () => number;
  /** Calls younger than this may be under way; {@link SETTLED_SECONDS} unless somebody knows better. */
  readonly settledSeconds: number;
}

/**
 * Compares the grants that registers say they served with those that records name: data that left a register without a record is an incident,
 * raised as an event in the ledger, a metric and a line of the log. The ledger has been followed to its end before.
 */
export async function reconcile(parts: ReconcileParts): Promise<Reconciliation> {
  await clearIncidents(parts.database, new Date(parts.clock()));
  const registers = await Promise.all(Array.from(parts.registers, async ([register, ask]) => ofRegister(register, ask, parts)));
  return { registers, incidents: await readIncidents(parts.database, INCIDENTS_SHOWN_MAX) };
}

async function ofRegister(
  register: string,
  ask: Ask,
  { database, events, found, log, clock, settledSeconds }: ReconcileParts,
): Promise<Reconciled> {
  const nowMs = clock();
  const settledMs = nowMs - settledSeconds * 1_000;
  const since = (await readReconciled(database, register)) ?? (await readBeginning(database)) ?? new Date(nowMs);
  const sums = { served: 0, underWay: 0, incidents: 0 };
  let after = { at: since.toISOString(), grantId: '' };
  let until = since;
  for (let page = 0; page < PAGES_MAX; page += 1) {
    const answer = await ask(after);
    if (answer.kind !== 'served') {
      if (answer.kind === 'unavailable') log.warn({ register }, 'a register could not be asked which grants it served');
      return { register, status: answer.kind, ...sums };
    }
    const { grants } = answer;
    const last = grants.at(-1);
    const unrecorded = await readUnrecorded(
      database,
      grants.map(({ grantId }) => grantId),
    );
    const missing = grants.filter(({ grantId }) => unrecorded.has(grantId));
    const incidents = missing.filter(({ at }) => Date.parse(at) <= settledMs);
    sums.served += grants.length;
    sums.underWay += missing.length - incidents.length;
    if (last !== undefined) {
      after = last;
      until = new Date(Math.min(Date.parse(last.at), settledMs));
    }
    const raised = await note(register, incidents, until);
    sums.incidents += raised.length;
    if (grants.length < answer.pageMax) break;
  }
  return { register, status: 'compared', ...sums };

  async function note(name: string, incidents: readonly Served[], upTo: Date): Promise<readonly Served[]> {
    const at = new Date(clock());
    const make = await events.entriesAt(at.getTime());
    const raised = await events.together(async (tx) => {
      const fresh = await addIncidents(tx, name, incidents, at);
      await setReconciled(tx, name, upTo);
      const entries = fresh.map(({ grantId, application }) =>
        make({
          kind: 'administration',
          action: 'grant.unrecorded',
          actor: 'gateway',
          case: null,
          second: null,
          details: { register: name, grant: grantId, application },
        }),
      );
      return { result: fresh, entries };
    });
    if (raised.length > 0) {
      found(name, raised.length);
      log.error({ register: name, grants: raised.length }, 'INCIDENT: a register served grants that no record names');
    }
    return raised;
  }
}
