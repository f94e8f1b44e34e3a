import { LRUCache } from 'lru-cache';
import { prepareAuthorizer } from './cedar.ts';
import type { CedarArgumentType } from './decided-fields.ts';
import type { ArgumentFacts, AssuranceLevel, Decide, Decision, DecisionContext, Refused, Rung } from './decision.ts';
import type { Policy, PolicySet } from './policy-set.ts';
import { questionOf } from './question.ts';
import type { Registry } from './registry.ts';

export interface DecideOptions {
  readonly clock: () => number;
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
export function createDecide(
  set: PolicySet & { readonly registry: Registry },
  argumentsRead: ReadonlySet<string>,
  options: DecideOptions,
): Decide {
  const evaluate = createEvaluate(set, argumentsRead, options);
  const kept = new LRUCache<string, Decision>({ max: options.cacheMax });
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

/** The key of DESIGN.md ("Decide once, reuse many times"), a JSON array so that no two questions can have the same one. */
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

function createEvaluate(
  set: PolicySet & { readonly registry: Registry },
  argumentsRead: ReadonlySet<string>,
  options: DecideOptions,
): Evaluate {
  const policies = new Map(set.policies.map((policy) => [policy.id, policy]));
  const ask = prepareAuthorizer(Object.fromEntries(set.policies.map((policy) => [policy.id, policy.source.text])));
  const readsAssurance = set.policies.some((policy) => policy.reading.context.has('assurance'));

  return (context, coordinate, facts, nowMs) => {
    const decision = evaluateOnce(context, coordinate, facts, nowMs);
    if (decision.kind === 'permitted' || !readsAssurance) return decision;
    for (let assurance = context.assurance + 1; assurance <= 2; assurance += 1) {
      const stronger = evaluateOnce({ ...context, assurance: assurance as AssuranceLevel }, coordinate, facts, nowMs);
      if (stronger.kind === 'permitted') return { ...decision, code: 'ASSURANCE_TOO_LOW', expiresAtMs: stronger.expiresAtMs };
    }
    return decision;
  };

  function evaluateOnce(context: DecisionContext, coordinate: string, facts: ArgumentFacts, nowMs: number): Decision {
    const field = set.fields.get(coordinate);
    const application = set.registry.applications.get(context.application);
    if (!field || !application?.purposes.has(context.purpose)) return NO_RULE;
    const read = readable(set.argumentTypes, argumentsRead, facts);
    if (!read) return NO_RULE;

    const verdict = ask(
      questionOf(set.registry, application, context.action, field, {
        purpose: context.purpose,
        assurance: context.assurance,
        emergency: context.emergency,
        self: context.self === true,
        officer: context.officerRole === undefined ? {} : { role: context.officerRole },
        arguments: read,
      }),
    );
    if (verdict.failed.length > 0) {
      options.onFailure?.(verdict.failed);
      return NO_RULE;
    }
    if (verdict.decision === 'deny') return { ...NO_RULE, policies: [...verdict.reasons].sort() };
    const permits = verdict.reasons.map((id) => policies.get(id)).filter((policy) => policy !== undefined);
    return decisionOf(permits, nowMs);
  }
}

/** The two rungs of the permits that apply, without those whose time is over. */
export function decisionOf(permits: readonly Policy[], nowMs: number): Decision {
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

/** No transform gives more than any, no bound on questions more than one; among equals the smaller id stands, so that the record names the same permit every time. */
function bestRung(permits: readonly Policy[]): Rung | undefined {
  let best: Policy | undefined;
  for (const permit of permits) {
    const rank = rankOf(permit);
    const bestRank = best === undefined ? -1 : rankOf(best);
    if (!best || (rank === bestRank ? permit.id < best.id : rank > bestRank)) best = permit;
  }
  return best && { policyId: best.id, basis: best.basis, reference: best.reference, transform: best.transform, probesMax: best.probesMax };
}

function rankOf({ transform, probesMax }: Policy): number {
  return (transform === undefined ? 2 : 0) + (probesMax === undefined ? 1 : 0);
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
    if (value === undefined || !isOf(types.get(name), value)) return undefined;
    values[name] = value;
  }
  return values;
}

function isOf(type: CedarArgumentType | undefined, value: unknown): boolean {
  if (type === 'Long') return Number.isSafeInteger(value);
  return typeof value === (type === 'Bool' ? 'boolean' : 'string') && type !== undefined;
}

function hasLongText(argumentsRead: ReadonlySet<string>, facts: ArgumentFacts): boolean {
  for (const name of argumentsRead) {
    const value = Object.hasOwn(facts, name) ? facts[name] : undefined;
    if (typeof value === 'string' && value.length > KEPT_TEXT_LENGTH_MAX) return true;
  }
  return false;
}
