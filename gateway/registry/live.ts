import type { JWK } from 'jose';
import type { Database } from '../../platform/database.ts';
import type { Logger } from '../../platform/log.ts';
import { problemLine } from '../policy/problems.ts';
import { loadRegistry, parseRegistry, type LoadedRegistry } from '../policy/registry-load.ts';
import type { RegistrySource } from '../rules/registry-source.ts';
import { GATEWAY_ACTOR, recordEvent } from '../admin/events.ts';
import { entriesOf, hashOfEntries, textOf } from './entries.ts';
import { believedEntries, type GrantRoot } from './grants.ts';
import { lockRegistry, readConfirmedGrants, readRegistry, REGISTRY_CHANNEL, readRevision, writeChange } from './store.ts';

/** The registry of one moment. */
export interface RegistrySnapshot {
  readonly revision: number;
  readonly registry: LoadedRegistry;
  /** As `loadRegistry` reads it. */
  readonly text: string;
}

/** The registry as it is in the database, at hand without asking. */
export interface LiveRegistry extends RegistrySource, AsyncDisposable {
  readonly snapshot: () => RegistrySnapshot;
  /** Looks now; resolves when the latest is in force here. */
  readonly refresh: () => Promise<void>;
}

/** What a gateway is configured with, and trusts before anything in the database. */
export interface RootParts {
  /** Text of registry.yaml, for the first start. */
  readonly importText: string;
  /** Names of the graph's subgraphs. */
  readonly subgraphs: readonly string[];
  readonly defaultIssuer: string;
  /** Public keys that the installation made, by account. */
  readonly officerKeys: ReadonlyMap<string, readonly string[]>;
}

export interface LiveRegistryParts extends RootParts {
  readonly database: Database;
  /** Keys that applications begin with which the registry names none for, by application. */
  readonly madeKeys?: ReadonlyMap<string, JWK> | undefined;
  readonly pollMs: number;
  readonly log: Logger;
  readonly clock: () => number;
}

/**
 * Imports the registry at the first start, and follows the database afterwards: by notice, and by looking every `pollMs` at one number
 * should a notice get lost. A revision that cannot be read, because somebody wrote to the tables by hand, is not taken: the last good one
 * stays and the log says so. Throws with a sentence when there is none to begin with.
 */
export async function startRegistry(parts: LiveRegistryParts): Promise<LiveRegistry> {
  const { database, log } = parts;
  await importOnce(parts);
  let snapshot = await read(parts);
  if (typeof snapshot === 'string') throw new Error(`The registry in the database cannot be used. ${snapshot}`);
  let current: RegistrySnapshot = snapshot;
  const listeners = new Set<() => void>();
  let refused: number | undefined;

  const look = async (): Promise<void> => {
    const revision = await readRevision(listener);
    if (revision === undefined || revision === current.revision || revision === refused) return;
    snapshot = await read(parts);
    if (typeof snapshot === 'string') {
      refused = revision;
      log.error({ revision, reason: snapshot }, 'a revision of the registry cannot be used; the one before stays in force');
      return;
    }
    current = snapshot;
    for (const listener of listeners) listener();
    log.info({ revision: current.revision }, 'the registry has changed');
  };
  // One look at a time, and whoever asks while one is under way gets one that began after asking.
  let looking: Promise<void> = Promise.resolve();
  const refresh = async (): Promise<void> => {
    const next = looking.then(look);
    looking = next.catch(() => undefined);
    return next;
  };
  const failed = (error: unknown): void => log.warn({ err: error }, 'the registry could not be looked at; the last one stays in force');
  const listener = await database.listen(REGISTRY_CHANNEL, () => void refresh().catch(failed));
  const timer = setInterval(() => void refresh().catch(failed), parts.pollMs);
  timer.unref();
  return {
    snapshot: () => current,
    current: () => current.registry,
    text: () => current.text,
    changed(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    refresh,
    async [Symbol.asyncDispose]() {
      clearInterval(timer);
      await listener[Symbol.asyncDispose]();
      await looking;
    },
  };
}

/** What rights begin with: the officers of the configuration. */
export function rootOf({ importText, subgraphs, defaultIssuer, officerKeys }: RootParts): GrantRoot {
  const { registry } = loadRegistry(importText, subgraphs, defaultIssuer);
  return { officers: registry?.accounts.values() ?? [], madeKeys: officerKeys };
}

async function importOnce({ database, importText, subgraphs, defaultIssuer, madeKeys, clock }: LiveRegistryParts): Promise<void> {
  await database.transaction(async (tx) => {
    await lockRegistry(tx);
    if ((await readRevision(tx)) !== undefined) return;
    const file = parseRegistry(importText);
    const problems = loadRegistry(importText, subgraphs, defaultIssuer).problems.filter(({ severity }) => severity === 'error');
    if (file === undefined || problems.length > 0) {
      throw new Error(`The registry cannot be imported. Correct it and start again.\n${problems.map(problemLine).join('\n')}`);
    }
    for (const [id, application] of Object.entries(file.applications)) {
      const made = madeKeys?.get(id);
      if (made !== undefined && application.keys.length === 0) application.keys = [{ key: made as Record<string, string> }];
    }
    const entries = entriesOf(file);
    const revision = await writeChange(tx, entries, []);
    const body = { revision, registry: hashOfEntries(entries) };
    await recordEvent(tx, { kind: 'registry.import', actor: GATEWAY_ACTOR, atMs: clock(), subject: 'registry', body });
  });
}

async function read(parts: LiveRegistryParts): Promise<RegistrySnapshot | string> {
  const { database, subgraphs, defaultIssuer, log } = parts;
  const stored = await readRegistry(database);
  if (stored === undefined) return 'It is not there.';
  const { entries, stripped } = believedEntries(stored.entries, await readConfirmedGrants(database), rootOf(parts));
  if (stripped.length > 0)
    log.error({ accounts: stripped }, 'rights or keys in the registry were given by nobody who may; they do not count');
  const text = textOf(entries);
  const { registry, problems } = loadRegistry(text, subgraphs, defaultIssuer);
  const errors = problems.filter(({ severity }) => severity === 'error');
  if (registry === undefined || errors.length > 0) return errors.map(({ message }) => message).join(' ');
  return { revision: stored.revision, registry, text };
}
