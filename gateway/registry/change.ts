import { actorOf, type Actor } from '../admin/actor.ts';
import { recordEvent } from '../admin/events.ts';
import type { Database, Queryable } from '../../platform/database.ts';
import { loadRegistry, parseRegistry, type LoadedRegistry, type RegistryFile } from '../policy/registry-load.ts';
import { differenceOf, entriesOf, hashOfEntries, textOf } from './entries.ts';
import { believedEntries } from './grants.ts';
import { rootOf, type RootParts } from './live.ts';
import { lockRegistry, readConfirmedGrants, readRegistry, writeChange } from './store.ts';

/** Why a change is not made: a word for programs, and a sentence that says what to do. */
export interface RegistryRefusal {
  readonly kind: 'refused';
  readonly code: RegistryRefusalCode;
  readonly message: string;
}
export type RegistryRefusalCode =
  | 'NOT_YOURS'
  | 'UNKNOWN'
  | 'EXISTS'
  | 'INVALID'
  | 'NO_CHANGE'
  | 'SAME_PERSON'
  | 'ALREADY_DECIDED'
  | 'ROLE_REVOKED'
  | 'LAST_ADMINISTRATORS'
  | 'STALE'
  | 'SIGNATURE_INVALID';

export interface RegistryChanged {
  readonly kind: 'changed';
  readonly revision: number;
}

export interface ChangeParts extends RootParts {
  readonly database: Database;
  readonly clock: () => number;
  /** Brings this gateway up to the change before the caller is answered. */
  readonly refresh: () => Promise<void>;
}

/** What an edit sees: the registry as it is while nobody else changes it, the actor as that registry has it. */
export interface Editing {
  readonly tx: Queryable;
  /** A copy to change. */
  readonly file: RegistryFile;
  readonly registry: LoadedRegistry;
  readonly actor: Actor;
  readonly at: Date;
}

/** What is recorded of an edit that was made. */
export interface Edited {
  readonly kind: 'edited';
  readonly event: string;
  readonly subject: string;
  readonly body: Readonly<Record<string, unknown>>;
  /** Checked like a change, recorded, and not made. */
  readonly isTrial?: true;
}

/**
 * Changes the registry under its lock: reads it, lets `edit` change a copy, checks the whole of it as a start would, writes what differs,
 * records who did it, and tells every gateway. All of it or nothing. Roles are looked up again under the lock, so that one that was revoked
 * meanwhile changes nothing.
 */
export async function changeRegistry(
  parts: ChangeParts,
  actor: Actor,
  edit: (editing: Editing) => Promise<Edited | RegistryRefusal>,
): Promise<RegistryChanged | RegistryRefusal> {
  const { database, subgraphs, defaultIssuer, clock, refresh } = parts;
  const outcome = await database.transaction(async (tx): Promise<RegistryChanged | RegistryRefusal> => {
    await lockRegistry(tx);
    const stored = await readRegistry(tx);
    const before = believedEntries(stored?.entries ?? [], await readConfirmedGrants(tx), rootOf(parts)).entries;
    const text = textOf(before);
    const file = parseRegistry(text);
    const { registry } = loadRegistry(text, subgraphs, defaultIssuer);
    if (stored === undefined || file === undefined || registry === undefined)
      throw new Error('The registry in the database cannot be used.');
    const nowMs = clock();
    const present = actorOf(registry, actor.account, actor.login, nowMs);
    if (present === undefined) return refused('ROLE_REVOKED', 'This account is in the registry no more. Ask an administrator.');

    const edited = await edit({ tx, file, registry, actor: present, at: new Date(nowMs) });
    if (edited.kind === 'refused') return edited;
    const problems = loadRegistry(textOf(entriesOf(file)), subgraphs, defaultIssuer).problems.filter(
      ({ severity }) => severity === 'error',
    );
    if (problems.length > 0) return refused('INVALID', problems.map(({ message }) => message).join(' '));
    const after = edited.isTrial === true ? stored.entries : entriesOf(file);
    const { written, gone } = differenceOf(stored.entries, after);
    const revision = edited.isTrial === true ? stored.revision : await writeChange(tx, written, gone);
    const body = { ...edited.body, revision, registry: hashOfEntries(after) };
    await recordEvent(tx, { kind: edited.event, actor: present, atMs: nowMs, subject: edited.subject, body });
    return { kind: 'changed', revision };
  });
  if (outcome.kind === 'changed') await refresh();
  return outcome;
}

export function refused(code: RegistryRefusalCode, message: string): RegistryRefusal {
  return { kind: 'refused', code, message };
}

/** Whether the actor administers who is connected, for this agency. */
export function administers({ roles, agency }: Actor, of: string): boolean {
  return roles.has('national-administrator') || (roles.has('registry-administrator') && agency === of);
}

export const NOT_YOURS = refused('NOT_YOURS', "This is another agency's. Ask its registry administrator, or a national administrator.");
