import { LRUCache } from 'lru-cache';
import { prepareAuthorizer } from './cedar.ts';
import type { Annotations } from './annotations.ts';
import { hasCedarType, type CedarArgumentType, type DecidedField } from './decided-fields.ts';
import type { ArgumentFacts, AssuranceLevel, Decide, Decision, DecisionContext, Refused, Rung } from './decision.ts';
import { questionOf } from './question.ts';
import type { Registry } from './registry.ts';

/** What deciding needs of rules: of a `PolicySet`, or what another thread made of one (policy-worker.ts). */
export interface RunnableSet {
  readonly version: string;
  readonly registry: Registry;
  readonly fields: ReadonlyMap<string, DecidedField>;
  readonly argumentTypes: ReadonlyMap<string, CedarArgumentType>;
  readonly policies: readonly RunnablePolicy[];
}

export interface RunnablePolicy extends Annotations {
  readonly effect: 'permit' | 'forbid';
  readonly source: { readonly text: string };
  readonly reading: { readonly context: ReadonlySet<string> };
}

export interface DecideOptions {
  readonly clock: () => number;
  /** Decisions that were made already, by `decisionKey`. */
  readonly decided?: ReadonlyMap<string, Decision> | undefined;
  /** Decisions kept at once, the least recently used given up first. */
  readonly cacheMax: number;
  /** Told the ids of policies that failed to evaluate; the decision is refused in any case. */
  readonly onFailure: ((policyIds: readonly string[]) => void) | undefined;
}

// A text argument is the client's and can be long; a decision about such a one is made each time instead of filling the cache.
const KEPT_TEXT_LENGTH_MAX = 256;
const NO_RULE: Refused = { kind: 'refused', code: 'FIELD_NOT_PERMITTED', policies: [], expiresAtMs: Infinity };

/**
 * Makes the decider of a policy set that has no errors. A decision comes from the cache while it holds, else from Cedar.
 * INVARIANT: everything that Cedar is told is in the key, or follows from it under one policy version; nothing about a person is told.
 */
export function createDecide(set: RunnableSet, argumentsRead: ReadonlySet<string>, options: DecideOptions): Decide {
  const evaluate = createEvaluate(set, argumentsRead, options);
  const kept = new LRUCache<string, Decision>({ max: options.cacheMax });
  for (const [key, decision] of options.decided ?? []) kept.set(key, decision);
  return (context, coordinate, facts) => {
    const nowMs = options.clock();
    const key = decisionKey(set.version, context, coordinate, argumentsRead, facts);
    const known = kept.get(key);
    if (known && nowMs < known.expiresAtMs) return known;
    const decision = evaluate(context, coordinate, facts, nowMs);
    if (!hasLongText(argumentsRead, facts)) kept.set(key, decision);
    return decision;
  };
}

/** The key under which a decision is kept, a JSON array so that no two questions can have the same one. */
export function decisionKey(
  version: string,
  context: DecisionContext,
  coordinate: string,
  argumentsRead: ReadonlySet<string>,
  facts: ArgumentFacts,
): string {
  const { action, application, officerRole = null, purpose, assurance, emergency, self = false } = context;
  const read: (string | number | boolean | null)[] = [];
  for (const name of argumentsRead) read.push(Object.hasOwn(facts, name) ? (facts[name] ?? null) : null);
  return JSON.stringify([version, action, application, officerRole, purpose, assurance, emergency, self, coordinate, read]);
}

type Evaluate = (context: DecisionContext, coordinate: string, facts: ArgumentFacts, nowMs: number) => Decision;

function createEvaluate(set: RunnableSet, argumentsRead: ReadonlySet<string>, options: DecideOptions): Evaluate {
  const judge = createJudge(set, argumentsRead);
  const readsAssurance = set.policies.some((policy) => policy.reading.context.has('assurance'));

  const evaluateOnce: Evaluate = (context, coordinate, facts, nowMs) => {
    const { permits, forbids, failed } = judge(context, coordinate, facts);
    if (failed.length > 0) {
      options.onFailure?.(failed);
      return NO_RULE;
    }
    return forbids.length > 0 ? { ...NO_RULE, policies: forbids } : decisionOf(permits, nowMs);
  };

  return (context, coordinate, facts, nowMs) => {
    const decision = evaluateOnce(context, coordinate, facts, nowMs);
    if (decision.kind === 'permitted' || !readsAssurance) return decision;
    for (let assurance = context.assurance + 1; assurance <= 2; assurance += 1) {
      const stronger = evaluateOnce({ ...context, assurance: assurance as AssuranceLevel }, coordinate, facts, nowMs);
      if (stronger.kind === 'permitted') return { ...decision, code: 'ASSURANCE_TOO_LOW', expiresAtMs: stronger.expiresAtMs };
    }
    return decision;
  };
}

/** Which policies apply, whatever the time: the permits when no forbid does. */
export interface Judgement {
  readonly permits: readonly RunnablePolicy[];
  /** Ids, in order. */
  readonly forbids: readonly string[];
  /** Ids of policies that failed to evaluate: then nothing is permitted. */
  readonly failed: readonly string[];
}

const NOTHING_APPLIES: Judgement = { permits: [], forbids: [], failed: [] };

/** Asks Cedar. What is not registered together, or of an argument type that nobody can decide on, has no policy that applies. */
export function createJudge(
  set: RunnableSet,
  argumentsRead: ReadonlySet<string>,
): (context: DecisionContext, coordinate: string, facts: ArgumentFacts) => Judgement {
  const policies = new Map(set.policies.map((policy) => [policy.id, policy]));
  const ask = prepareAuthorizer(Object.fromEntries(set.policies.map((policy) => [policy.id, policy.source.text])));

  return (context, coordinate, facts) => {
    const field = set.fields.get(coordinate);
    const application = set.registry.applications.get(context.application);
    if (!field || !application?.purposes.has(context.purpose)) return NOTHING_APPLIES;
    const read = readable(set.argumentTypes, argumentsRead, facts);
    if (!read) return NOTHING_APPLIES;

    const { decision, reasons, failed } = ask(
      questionOf(set.registry, application, context.action, field, {
        purpose: context.purpose,
        assurance: context.assurance,
        emergency: context.emergency,
        self: context.self === true,
        officer: context.officerRole === undefined ? {} : { role: context.officerRole },
        arguments: read,
      }),
    );
    if (failed.length > 0) return { ...NOTHING_APPLIES, failed };
    if (decision === 'deny') return { ...NOTHING_APPLIES, forbids: [...reasons].sort() };
    return { ...NOTHING_APPLIES, permits: reasons.map((id) => policies.get(id)).filter((policy) => policy !== undefined) };
  };
}

/** The two rungs of the permits that apply, without those whose time is over. */
export function decisionOf(permits: readonly RunnablePolicy[], nowMs: number): Decision {
  const inForce = permits.filter((permit) => nowMs < permit.endsAtMs);
  const law = bestRung(inForce.filter((permit) => permit.basis !== 'CONSENT'));
  const consent = bestRung(inForce.filter((permit) => permit.basis === 'CONSENT'));
  if (!law && !consent) return NO_RULE;
  const adds = consent !== undefined && (law === undefined || (law.transform !== undefined && consent.transform === undefined));
  return {
    kind: 'permitted',
    law,
    consent: adds ? consent : undefined,
    expiresAtMs: Math.min(...inForce.map((permit) => permit.endsAtMs)),
  };
}

/** What gives more; among equals the smaller id stands, so that the record names the same permit every time. */
function bestRung(permits: readonly RunnablePolicy[]): Rung | undefined {
  let best: RunnablePolicy | undefined;
  for (const permit of permits) if (best === undefined || givesMore(permit, best)) best = permit;
  if (best === undefined) return undefined;
  const { id, basis, reference, transform, probesMax, hiddenDays } = best;
  return { policyId: id, basis, reference, transform, probesMax, hiddenDays };
}

/**
 * No transform gives more than any, no bound on questions more than one, a larger bound more than a smaller. Of permits that give the same, one
 * that is shown to the person at once goes before one that is hidden.
 */
function givesMore(one: Annotations, other: Annotations): boolean {
  if ((one.transform === undefined) !== (other.transform === undefined)) return one.transform === undefined;
  const [bound = Infinity, otherBound = Infinity] = [one.probesMax, other.probesMax];
  if (bound !== otherBound) return bound > otherBound;
  if ((one.hiddenDays === undefined) !== (other.hiddenDays === undefined)) return one.hiddenDays === undefined;
  return one.id < other.id;
}

/** The argument values that policies read; undefined when one is not of the type that the schema gives it, which nobody can decide on. */
function readable(
  types: ReadonlyMap<string, CedarArgumentType>,
  argumentsRead: ReadonlySet<string>,
  facts: ArgumentFacts,
): Record<string, string | number | boolean> | undefined {
  const values: Record<string, string | number | boolean> = {};
  for (const name of argumentsRead) {
    if (!Object.hasOwn(facts, name)) continue;
    const value = facts[name];
    if (value === undefined || !hasCedarType(types.get(name), value)) return undefined;
    values[name] = value;
  }
  return values;
}

function hasLongText(argumentsRead: ReadonlySet<string>, facts: ArgumentFacts): boolean {
  for (const name of argumentsRead) {
    const value = Object.hasOwn(facts, name) ? facts[name] : undefined;
    if (typeof value === 'string' && value.length > KEPT_TEXT_LENGTH_MAX) return true;
  }
  return false;
}
