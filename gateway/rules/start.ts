import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { JWK } from 'jose';
import type { Database } from '../../platform/database.ts';
import type { Logger } from '../../platform/log.ts';
import type { Limits } from '../limits.ts';
import { loadPolicies, type LoadedPolicies } from '../policy/load.ts';
import type { SigningKey } from '../policy/officers.ts';
import { policyGraphOf } from '../policy/policy-set.ts';
import { readPolicyFiles } from '../policy/policy-files.ts';
import { PolicyError } from '../policy/problems.ts';
import { loadRegistry, REGISTRY_FILE } from '../policy/registry-load.ts';
import { startActiveRules, type ActiveRules } from './active.ts';
import { createFindSigner } from './keyring.ts';
import { fixedRegistry, type RegistrySource } from './registry-source.ts';
import { createRulesContext, type RulesContext } from './service.ts';
import { createRulesThread } from './thread.ts';

/** Whose signatures a gateway believes besides those of keys in the registry, and by whom it imports at the first start. */
export interface RulesTrust {
  /** Keys by account, from the configuration. */
  readonly keys: ReadonlyMap<string, readonly SigningKey[]>;
  /** Signs the first import; undefined in production, where a gateway believes without a signature what it is configured with, and nothing else. */
  readonly importer: { readonly account: string; readonly key: JWK } | undefined;
  /** What widens waits this long between its last approval and its activation. */
  readonly coolingOffMs: number;
}

export interface RulesParts {
  readonly database: Database;
  readonly directory: string;
  readonly supergraphSdl: string;
  readonly defaultIssuer: string;
  /** Undefined: the directory is the rules for as long as the gateway runs. */
  readonly trust: RulesTrust | undefined;
  /** Who is connected, followed where it changes; the directory's without it. */
  readonly registry?: RegistrySource | undefined;
  readonly limits: Limits;
  readonly log: Logger;
  readonly clock: () => number;
  /** Let go of with the gateway. */
  readonly resources: AsyncDisposableStack;
}

export interface Rules {
  readonly current: () => LoadedPolicies;
  readonly isFresh: () => boolean;
  /** For the admin API; undefined where rules do not change. */
  readonly administration: { readonly context: RulesContext; readonly cedarSchema: string } | undefined;
}

/** Puts rules in force: the active version of the database, or the directory. Rejects with every problem when they cannot be used. */
export async function startRules(parts: RulesParts): Promise<Rules> {
  const { database, directory, supergraphSdl, defaultIssuer, trust, limits, log, clock, resources } = parts;
  if (trust === undefined) return fixedRules(parts);
  const graph = policyGraphOf(supergraphSdl);
  const source = parts.registry ?? fixedRegistry(await readRegistry(directory, graph.subgraphs, defaultIssuer));
  const findSigner = createFindSigner(source.current, trust.keys);
  const thread = (): ReturnType<typeof createRulesThread> =>
    resources.use(
      createRulesThread({ supergraphSdl, defaultIssuer, timeoutMs: limits.rulesWorkTimeoutMs, queueMax: limits.rulesQueueMax }),
    );
  const active: ActiveRules = resources.use(
    await startActiveRules({
      database,
      directory,
      files: await readPolicyFiles(directory),
      graph,
      registry: source,
      findSigner,
      importer: trust.importer,
      thread: thread(),
      limits,
      log,
      clock,
    }),
  );
  // Administrators have a thread of their own: what one of them compares must not keep other rules from coming into force.
  const context = createRulesContext({
    database,
    active,
    registry: source,
    findSigner,
    thread: thread(),
    coolingOffMs: trust.coolingOffMs,
    clock,
  });
  return { current: active.current, isFresh: active.isFresh, administration: { context, cedarSchema: graph.cedarSchema } };
}

async function fixedRules({ directory, supergraphSdl, defaultIssuer, limits, log, clock }: RulesParts): Promise<Rules> {
  const policies = await loadPolicies({
    directory,
    supergraphSdl,
    clock,
    decisionCacheMax: limits.decisionCacheMax,
    defaultIssuer,
    onFailure: (policyIds) => log.error({ policyIds }, 'policies failed to evaluate; what they decide on is refused'),
  });
  return { current: () => policies, isFresh: () => true, administration: undefined };
}

async function readRegistry(directory: string, subgraphs: readonly string[], defaultIssuer: string) {
  const text = await readFile(join(directory, REGISTRY_FILE), 'utf8').catch((cause: unknown) => {
    throw new Error(`The policy directory ${directory} has no ${REGISTRY_FILE} that can be read. Name the directory that holds it.`, {
      cause,
    });
  });
  const { registry, problems } = loadRegistry(text, subgraphs, defaultIssuer);
  const errors = problems.filter(({ severity }) => severity === 'error');
  if (!registry || errors.length > 0) throw new PolicyError(directory, errors);
  return { registry, text };
}
