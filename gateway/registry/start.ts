import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { JWK } from 'jose';
import type { RegistrySources } from '../admin/registry-schema.ts';
import type { Database } from '../../platform/database.ts';
import type { Logger } from '../../platform/log.ts';
import { policyGraphOf } from '../policy/policy-set.ts';
import { REGISTRY_FILE } from '../policy/registry-load.ts';
import { administerRegistry } from './administration.ts';
import { startRegistry, type LiveRegistry } from './live.ts';

export interface RegistryParts {
  readonly database: Database;
  /** Holds registry.yaml, which the first start imports. */
  readonly directory: string;
  /** The graph as the rules read it. */
  readonly supergraphSdl: string;
  readonly defaultIssuer: string;
  /** Keys that applications begin with which the registry names none for. */
  readonly madeKeys: ReadonlyMap<string, JWK> | undefined;
  /** Public keys that the installation made for officers, by account. */
  readonly officerKeys: ReadonlyMap<string, readonly string[]>;
  readonly pollMs: number;
  readonly log: Logger;
  readonly clock: () => number;
  /** Let go of with the gateway. */
  readonly resources: AsyncDisposableStack;
}

/** Starts to follow the registry in the database, and what administers it. */
export async function startRegistryWith(parts: RegistryParts): Promise<{ readonly live: LiveRegistry; readonly sources: RegistrySources }> {
  const { database, directory, supergraphSdl, defaultIssuer, clock, resources, officerKeys, ...rest } = parts;
  const { subgraphs } = policyGraphOf(supergraphSdl);
  const importText = await readFile(join(directory, REGISTRY_FILE), 'utf8').catch((cause: unknown) => {
    throw new Error(`The policy directory ${directory} has no ${REGISTRY_FILE} that can be read. Name the directory that holds it.`, {
      cause,
    });
  });
  const root = { subgraphs, defaultIssuer, importText, officerKeys };
  const live = resources.use(await startRegistry({ database, clock, ...root, ...rest }));
  return { live, sources: administerRegistry(live, { database, ...root, clock }) };
}
