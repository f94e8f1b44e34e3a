import { argumentsReadBy } from '../policy/load.ts';
import { createJudge, decisionOf } from '../policy/decide.ts';
import type { ArgumentFacts, AssuranceLevel, Decision, DecisionContext } from '../policy/decision.ts';
import type { DecidedField } from '../policy/decided-fields.ts';
import type { Policy, PolicySet } from '../policy/policy-set.ts';
import { didYouMean } from '../policy/problems.ts';
import { questionOf } from '../policy/question.ts';
import type { LoadedRegistry } from '../policy/registry-load.ts';
import { scopeAdmits } from '../policy/transform-conflicts.ts';
import { circumstancesOf } from '../policy/circumstances.ts';
import { contextOf, sideOf, type ImpactSide } from './impact.ts';
import { compareDecisions } from './order.ts';

export interface ExplainQuestion {
  readonly application: string;
  readonly purpose: string;
  readonly coordinate: string;
  readonly action: DecisionContext['action'];
  readonly officerRole: string | null;
  readonly assurance: AssuranceLevel;
  readonly emergency: boolean;
  readonly self: boolean;
  readonly arguments: ArgumentFacts;
}

/** Why a question is answered as it is. */
export interface Explanation {
  readonly decision: ImpactSide;
  /** Reason code of a refusal; null when something is given, be it by consent alone. */
  readonly code: string | null;
  /** Text that gives the basis of what law gives, and of what consent adds. */
  readonly law: ExplainedPolicy | null;
  readonly consent: ExplainedPolicy | null;
  /** Group whose consent is asked for, where consent adds something. */
  readonly group: string | null;
  /** Policies that decide: permits that give, forbids that refuse. */
  readonly winning: readonly ExplainedPolicy[];
  /** Policies whose head names this question and that do not decide, with why not. */
  readonly losing: readonly ExplainedPolicy[];
  /** Single circumstances under which more would be given. */
  readonly changes: readonly WouldChange[];
}

export interface ExplainedPolicy {
  readonly id: string;
  readonly effect: 'permit' | 'forbid';
  readonly basis: string | null;
  readonly reference: string | null;
  readonly transform: string | null;
  readonly file: string;
  readonly line: number;
  readonly text: string;
  /** Why it does not decide; null for one that does. */
  readonly why: string | null;
}

export interface WouldChange {
  readonly what: string;
  readonly decision: ImpactSide;
}

/** What is wrong with the question, as a sentence. */
export type Unexplained = { readonly kind: 'unexplained'; readonly message: string };

/** Explains one answer of rules without errors. Nothing about a person takes part: decisions never depend on one. */
export function explain(
  set: PolicySet & { readonly registry: LoadedRegistry },
  question: ExplainQuestion,
  nowMs: number,
): Explanation | Unexplained {
  const { registry, fields } = set;
  const application = registry.applications.get(question.application);
  const field = fields.get(question.coordinate);
  if (application === undefined) return unexplained('application', question.application, registry.applications.keys());
  if (!registry.purposes.has(question.purpose)) return unexplained('purpose', question.purpose, registry.purposes.keys());
  if (field === undefined) return unexplained('field', question.coordinate, fields.keys());

  const judge = createJudge(set, argumentsReadBy(set));
  const context: DecisionContext = { ...question, officerRole: question.officerRole ?? undefined };
  const decide = (asked: DecisionContext, facts: ArgumentFacts): Decision => {
    const { permits, forbids, failed } = judge(asked, question.coordinate, facts);
    if (failed.length + forbids.length === 0) return decisionOf(permits, nowMs);
    return { kind: 'refused', code: 'FIELD_NOT_PERMITTED', policies: [...failed, ...forbids], expiresAtMs: Infinity };
  };
  const decision = decide(context, question.arguments);
  const judged = judge(context, question.coordinate, question.arguments);
  const winners = new Set(sideOf(decision).policies);
  const applying = new Set(judged.permits.map(({ id }) => id));
  const named = set.policies.filter((policy) => scopeAdmits(policy, questionOf(registry, application, question.action, field, {})));
  const whyNot = (policy: Policy): string => {
    if (policy.endsAtMs <= nowMs) return `It ended on ${new Date(policy.endsAtMs).toISOString()}.`;
    if (judged.forbids.length > 0 && policy.effect === 'permit')
      return `A forbid refuses whatever it may give: ${judged.forbids.join(', ')}.`;
    if (applying.has(policy.id)) return `${[...winners].join(', ')} gives as much or more.`;
    return 'Its conditions do not hold.';
  };
  const tried = variations(named, question, registry, field);
  const changes = tried.flatMap(({ what, asked, facts }) => {
    const other = decide(asked, facts);
    return compareDecisions(decision, other) === 'wider' ? [{ what, decision: sideOf(other) }] : [];
  });
  const byId = new Map(set.policies.map((policy) => [policy.id, policy]));
  const rung = (id: string | undefined): ExplainedPolicy | null => {
    const policy = id === undefined ? undefined : byId.get(id);
    return policy === undefined ? null : shown(policy, null);
  };
  return {
    decision: sideOf(decision),
    code: codeOf(decision, changes),
    law: decision.kind === 'permitted' ? rung(decision.law?.policyId) : null,
    consent: decision.kind === 'permitted' ? rung(decision.consent?.policyId) : null,
    group: decision.kind === 'permitted' && decision.consent !== undefined ? (field.group ?? null) : null,
    winning: set.policies.filter(({ id }) => winners.has(id)).map((policy) => shown(policy, null)),
    losing: named.filter(({ id }) => !winners.has(id)).map((policy) => shown(policy, whyNot(policy))),
    changes,
  };
}

function codeOf(decision: Decision, changes: readonly WouldChange[]): string | null {
  if (decision.kind === 'permitted') return null;
  return changes.some(({ what }) => what.startsWith(STRONGER)) ? 'ASSURANCE_TOO_LOW' : decision.code;
}

const STRONGER = 'a login of level';

/** The same question with one thing otherwise, as far as the rules that name it can tell. */
function variations(named: readonly Policy[], question: ExplainQuestion, registry: LoadedRegistry, field: DecidedField) {
  const application = registry.applications.get(question.application);
  if (application === undefined) return [];
  const { purpose, action, arguments: facts } = question;
  const of = (at: Partial<ExplainQuestion>): DecisionContext =>
    contextOf(application.id, at.purpose ?? purpose, action, {
      officerRole: at.officerRole ?? question.officerRole,
      assurance: at.assurance ?? question.assurance,
      emergency: at.emergency ?? question.emergency,
      self: question.self,
      arguments: facts,
    });
  const circumstances = circumstancesOf(named, registry, application, field);
  const roles = new Set(circumstances.flatMap(({ officerRole }) => officerRole ?? []).filter((role) => role !== ''));
  const levels = new Set(circumstances.flatMap(({ assurance }) => assurance ?? []).filter((level) => level > question.assurance));
  const values = new Map(circumstances.map(({ arguments: given }) => [JSON.stringify(given), given]));
  return [
    ...[...application.purposes]
      .filter((one) => one !== purpose)
      .map((one) => ({ what: `the purpose ${one}`, asked: of({ purpose: one }), facts })),
    ...[...roles].map((role) => ({ what: `an officer with the role ${role}`, asked: of({ officerRole: role }), facts })),
    ...[...levels].map((level) => ({ what: `${STRONGER} ${level}`, asked: of({ assurance: level }), facts })),
    ...(question.emergency ? [] : [{ what: 'an emergency', asked: of({ emergency: true }), facts }]),
    ...values
      .values()
      .filter((given) => given !== null && Object.keys(given).length > 0)
      .map((given) => ({ what: `the arguments ${JSON.stringify(given)}`, asked: of({}), facts: given ?? {} })),
  ];
}

function shown({ id, effect, basis, reference, transform, source }: Policy, why: string | null): ExplainedPolicy {
  return {
    id,
    effect,
    basis: basis === '' ? null : basis,
    reference: reference ?? null,
    transform: transform ?? null,
    file: source.file,
    line: source.position.line,
    text: source.text,
    why,
  };
}

function unexplained(what: string, name: string, known: Iterable<string>): Unexplained {
  return { kind: 'unexplained', message: `There is no ${what} "${name}".${didYouMean(name, known)}` };
}
