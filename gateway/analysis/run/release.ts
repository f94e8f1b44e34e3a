import type { Actor } from '../../admin/actor.ts';
import { recordEvent } from '../../admin/events.ts';
import type { Database } from '../../../platform/database.ts';
import type { Registry } from '../../policy/registry.ts';
import { refused, type Run, type RunRefusal } from './model.ts';
import { decideRun, readRun } from './store.ts';

export interface Decision {
  /** Released, or withheld for good. */
  readonly release: boolean;
  /** Needed where it is withheld. */
  readonly reason: string;
}

export interface ReleaseParts {
  readonly database: Database;
  readonly registry: () => Registry;
  readonly clock: () => number;
}

/**
 * What another person decides on a table that is held. Of two who decide at once the second is told that the first has. Gives the run as it is
 * then.
 */
export async function decideRelease(
  id: string,
  { release, reason }: Decision,
  actor: Actor,
  { database, registry, clock }: ReleaseParts,
): Promise<Run | RunRefusal> {
  const run = await readRun(database, id);
  if (run === undefined) return refused('UNKNOWN', 'There is no such run. "analysis list --runs" shows those there are.');
  const notBy = whyNotBy(run, actor, registry());
  if (notBy !== undefined) return notBy;
  if (run.state !== 'held') return notHeld(run);
  if (!release && reason.trim() === '') return refused('REASON_REQUIRED', 'Say why the table is withheld: the analyst reads it.');
  const at = new Date(clock());
  const state = release ? 'released' : 'withheld';
  const isDecided = await database.transaction(async (tx) => {
    if (!(await decideRun(tx, id, { state, reason: reason.trim() === '' ? null : reason, checker: actor.account, at }))) return false;
    await recordEvent(tx, { kind: `analysis.${state}`, actor, atMs: at.getTime(), subject: id, body: { analysis: run.analysis } });
    return true;
  });
  const decided = (await readRun(database, id)) ?? run;
  return isDecided ? decided : notHeld(decided);
}

/** A checker is another natural person, of the analyst's trade or of those who answer for the data. */
export function whyNotBy(run: Run, { person, roles, agency }: Actor, { registers }: Pick<Registry, 'registers'>): RunRefusal | undefined {
  if (person === run.person)
    return refused('SAME_PERSON', 'Another person than the analyst decides on the release. Ask a colleague, or the owner of the data.');
  if (roles.has('analyst')) return undefined;
  if (registers.get(run.register)?.owner === agency) return undefined;
  return refused('NOT_YOURS', `Another analyst decides on the release, or the owner of ${run.register}.`);
}

function notHeld({ state, checker }: Run): RunRefusal {
  if (checker !== null) return refused('ALREADY_DECIDED', `${checker} has decided already: the table is ${state}.`);
  return refused('NOT_HELD', `This run does not wait for a release: it is ${state}.`);
}
