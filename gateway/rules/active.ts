import type { Database, Listener, Queryable } from '../../platform/database.ts';
import type { Logger } from '../../platform/log.ts';
import type { Limits } from '../limits.ts';
import { usePolicies, type LoadedPolicies } from '../policy/load.ts';
import type { PolicyGraph } from '../policy/policy-set.ts';
import { contentVersion, type PolicyFiles } from '../policy/policy-files.ts';
import { PolicyError } from '../policy/problems.ts';
import { believe, chainOf, type BelieveParts } from './believe.ts';
import type { FindSigner } from './keyring.ts';
import type { RegistrySource } from './registry-source.ts';
import type { VerifiedStep } from './round.ts';
import { canonicalJson } from '../admin/canonical.ts';
import { GATEWAY_ACTOR, recordEvent } from '../admin/events.ts';
import { hashOf, signatureOf } from './signature.ts';
import { signStatement, type Statement } from './statement.ts';
import {
  insertContent,
  insertStep,
  lockRules,
  notifyRules,
  readActivations,
  readContent,
  readLastActivation,
  RULES_CHANNEL,
} from './store.ts';
import type { RulesThread } from './thread.ts';
import { filesOf, textsOf, type PolicyTexts } from './thread-protocol.ts';

/** Rules ready to be switched to, the newest last: what is active, what was, and what may be next. As many as Cedar keeps parsed, less one. */
const READY_MAX = 3;

/** The rules in force at this moment, for everything that outlives a request. */
export interface ActiveRules extends AsyncDisposable {
  /** Rules with registry. They may have changed with the next call; a request takes them once. */
  readonly current: () => LoadedPolicies;
  /** False when nobody could look for so long that other rules may be in force: then nothing may be answered by them. */
  readonly isFresh: () => boolean;
  /** The activation by which they are in force. */
  readonly activation: () => Activation;
  /** Looks now; resolves when what is active is in use here. Rejects when nobody could look. */
  readonly refresh: () => Promise<void>;
  /** Hash of the activation that is the last believed one at this moment, for whoever holds the lock. */
  readonly lastHash: (tx: Queryable) => Promise<string>;
  /** Reads a version that may become active soon, so that switching to it takes no time. Never rejects. */
  readonly prepare: (version: string) => Promise<void>;
}

export interface Activation {
  /** The statement's hash; a next activation names it. */
  readonly hash: string;
  readonly version: string;
  readonly files: PolicyTexts;
  readonly chain: readonly VerifiedStep[];
}

export interface ActiveRulesParts {
  readonly database: Database;
  readonly directory: string;
  /** What the directory holds. */
  readonly files: PolicyFiles;
  readonly graph: PolicyGraph;
  readonly registry: RegistrySource;
  readonly findSigner: FindSigner;
  /** Signs the first import; undefined where the installation has no key, and then a gateway believes only what it is configured with. */
  readonly importer: { readonly account: string; readonly key: Parameters<typeof signStatement>[1] } | undefined;
  readonly thread: RulesThread;
  readonly limits: Limits;
  readonly log: Logger;
  readonly clock: () => number;
}

/**
 * Finds the active version, at the first start by importing the directory, and follows it: by notices, and by looking every half second behind
 * them. Rejects with a sentence when there is none that can be believed and used. INVARIANT: nothing is used whose signatures do not verify, and
 * what is not believed changes nothing: the version in use stays.
 */
export async function startActiveRules(parts: ActiveRulesParts): Promise<ActiveRules> {
  const { database, registry, thread, limits, log, clock } = parts;
  const ready = new Map<string, LoadedPolicies>();
  const disbelieved = new Set<number>();
  let use: { readonly policies: LoadedPolicies; readonly activation: Activation; readonly number: number } | undefined;
  let freshAtMs = clock();
  let looking: Promise<void> | undefined;

  const believeParts: BelieveParts = {
    database,
    findSigner: parts.findSigner,
    registry: () => registry.current(),
    configuredVersion: contentVersion(parts.files),
    widens: async (before, after) =>
      (await thread.ask({ kind: 'impact', before, after, registry: registry.text(), nowMs: clock() })).widened > 0,
  };

  /** Rules read by the thread; only preparing Cedar is done here. */
  const load = async (version: string, files: PolicyTexts, from = version): Promise<LoadedPolicies> => {
    const known = ready.get(readyKey(version, registry.text()));
    if (known !== undefined) return known;
    const text = registry.text();
    const prepared = await thread.ask({ kind: 'prepare', files, registry: text, nowMs: clock() });
    // INVARIANT: what the thread decided ahead is used with the registry that it decided by.
    if (registry.text() !== text) return load(version, files, from);
    const errors = prepared.problems.filter(({ severity }) => severity === 'error');
    if (errors.length > 0) throw new PolicyError(from, errors);
    const { fields, argumentTypes } = parts.graph;
    const loaded = usePolicies(
      { ...prepared, fields, argumentTypes, registry: registry.current() },
      {
        clock,
        decisionCacheMax: limits.decisionCacheMax,
        onFailure: (policyIds) => log.error({ policyIds }, 'policies failed to evaluate; what they decide on is refused'),
      },
      prepared.decided,
    );
    ready.set(readyKey(version, text), loaded);
    for (const key of ready.keys()) if (ready.size > READY_MAX) ready.delete(key);
    return loaded;
  };

  /** Takes up the newest activation that is believed and can be used; the ones that are not are told of once. */
  const follow = async (): Promise<void> => {
    const rows = (await readActivations(database, use?.number ?? 0, limits.rulesActivationsMax)).toReversed();
    const told = (row: { readonly number: number; readonly version: string }, reason: string): void => {
      if (disbelieved.has(row.number)) return;
      disbelieved.add(row.number);
      log.error({ activation: row.number, version: row.version, reason }, 'an activation of rules is not believed; the rules in use stay');
    };
    const newer = chainOf(rows, use?.activation.hash, believeParts, told);
    const chain = [...(use?.activation.chain ?? []), ...newer].slice(-limits.rulesActivationsMax);
    for (const step of newer.toReversed()) {
      const { version } = step.statement;
      const believed = await believe(step, chain, believeParts);
      if ('reason' in believed) {
        // Older rules may be wider: unsure which, a gateway does not start, and one that runs stays as it is.
        if (believed.broken && use === undefined)
          throw new Error(`The version of the rules in force cannot be used: ${believed.reason}. Restore the database.`);
        told({ number: step.number, version }, believed.reason);
        continue;
      }
      const policies = await load(version, believed.files);
      const upTo = chain.slice(0, chain.indexOf(step) + 1);
      const first = use === undefined;
      use = { policies, number: step.number, activation: { hash: step.hash, version, files: believed.files, chain: upTo } };
      if (!first) log.info({ version, activation: step.number }, 'other rules are in force');
      return;
    }
  };

  const look = async (on: Pick<Database, 'query'>): Promise<void> => {
    const last = await readLastActivation(on);
    if (last !== use?.number && !disbelieved.has(last)) await follow();
    freshAtMs = clock();
  };

  /** One look at a time; who asks while one is under way gets the next, which began after the question. */
  const refresh = async (on: Pick<Database, 'query'> = database): Promise<void> => {
    const before = looking;
    const own = (async () => {
      await before?.catch(() => undefined);
      await look(on);
    })();
    looking = own;
    await own;
  };

  const failed = (error: unknown): void => log.warn({ err: error }, 'whether other rules are in force could not be looked up');
  const prepare = async (version: string): Promise<void> => {
    try {
      const files = await readContent(database, version);
      if (files !== undefined && contentVersion(filesOf(files)) === version) await load(version, files);
    } catch (error) {
      log.warn({ err: error, version }, 'a version that may become active could not be prepared');
    }
  };

  await importFirst(parts, async (files) => void (await load(contentVersion(filesOf(files)), files, parts.directory)));
  await refresh();
  if (use === undefined) {
    throw new Error(
      'No version of the rules in the database is signed by those who may. Restore the database, or start with an empty one.',
    );
  }
  const listener: Listener = await database.listen(RULES_CHANNEL, (version) => {
    refresh().catch(failed);
    if (version !== '') void prepare(version);
  });
  let polling: Promise<void> | undefined;
  const timer = setInterval(() => {
    polling ??= refresh(listener)
      .catch(failed)
      .finally(() => (polling = undefined));
  }, limits.rulesPollMs);
  timer.unref();
  const inUse = (): NonNullable<typeof use> => {
    if (use === undefined) throw new Error('Rules are in use from the start.');
    return use;
  };
  const stopFollowing = registry.changed(() => {
    const { policies } = inUse();
    use = { ...inUse(), policies: policies.withRegistry(registry.current()) };
    ready.clear();
  });
  return {
    current: () => inUse().policies,
    activation: () => inUse().activation,
    isFresh: () => clock() - freshAtMs <= limits.rulesStaleMsMax,
    refresh: async () => refresh(),
    async lastHash(tx) {
      const { number, activation } = inUse();
      const rows = (await readActivations(tx, number, limits.rulesActivationsMax)).toReversed();
      return chainOf(rows, activation.hash, believeParts, () => undefined).at(-1)?.hash ?? activation.hash;
    },
    prepare,
    async [Symbol.asyncDispose]() {
      clearInterval(timer);
      stopFollowing();
      await polling;
      await looking?.catch(() => undefined);
      await listener[Symbol.asyncDispose]();
    },
  };
}

function readyKey(version: string, registry: string): string {
  return `${version} ${hashOf(registry)}`;
}

/** The first start of an installation: what the directory holds becomes the first version, checked before anything is written. */
async function importFirst(parts: ActiveRulesParts, check: (files: PolicyTexts) => Promise<void>): Promise<void> {
  const { database, files, importer, clock } = parts;
  if ((await readLastActivation(database)) > 0) return;
  const texts = textsOf(files);
  await check(texts);
  const version = contentVersion(files);
  const at = new Date(clock());
  const account = importer?.account ?? 'configuration';
  const statement: Statement = { kind: 'import', version, account, at: at.toISOString(), reason: 'First start.', after: null };
  const signed = importer && signStatement(statement, importer.key);
  const text = signed?.text ?? canonicalJson(statement);
  await database.transaction(async (tx) => {
    await lockRules(tx);
    // Of two gateways that start at once one imports.
    if ((await readLastActivation(tx)) > 0) return;
    await insertContent(tx, version, texts, at);
    const step = { hash: hashOf(text), kind: 'import', version, at, statement: text } as const;
    await insertStep(tx, { ...step, key_id: signed?.keyId ?? null, signature: signed?.signature ?? null });
    const body = signed === undefined ? { statement: step.hash } : signatureOf(signed);
    await recordEvent(tx, { kind: 'policy.import', actor: GATEWAY_ACTOR, atMs: at.getTime(), subject: version, body });
    await notifyRules(tx, version);
  });
}
