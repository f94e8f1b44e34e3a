import { isAuthorized } from '@cedar-policy/cedar-wasm/nodejs';
import { circumstancesOf } from './circumstances.ts';
import type { Question } from './cedar.ts';
import { createJudge } from './decide.ts';
import type { DecisionContext } from './decision.ts';
import { argumentsReadBy } from './load.ts';
import type { Policy, PolicySet } from './policy-set.ts';
import { warning, type Problem } from './problems.ts';
import { questionOf } from './question.ts';
import type { LoadedRegistry } from './registry-load.ts';
import { ACTIONS, scopeAdmits } from './transform-conflicts.ts';

/**
 * Warns of rules that do nothing: permits and forbids that match no question that can be asked, and permits that are never seen because a forbid
 * refuses wherever they match. Asked is every application, purpose, action and field that the head of a rule admits, in every circumstance that the
 * rule reads.
 */
export function reachProblems(set: PolicySet & { readonly registry: LoadedRegistry }, nowMs: number): readonly Problem[] {
  const judge = createJudge(set, argumentsReadBy(set));
  return set.policies.flatMap((policy) => {
    if (policy.endsAtMs <= nowMs) return [];
    const at = policy.source.annotation('id');
    const shadows = new Set<string>();
    for (const { question, context, facts, coordinate } of questionsFor(policy, set)) {
      if (!matches(policy, question)) continue;
      if (policy.effect === 'forbid') return [];
      const { forbids } = judge(context, coordinate, facts);
      if (forbids.length === 0) return [];
      for (const id of forbids) shadows.add(id);
    }
    const { file } = policy.source;
    if (shadows.size === 0) {
      return [warning(file, at, `The ${policy.effect} "${policy.id}" matches nothing that can be asked. Correct or remove it.`)];
    }
    const named = [...shadows].toSorted().map((id) => `"${id}"`);
    return [
      warning(file, at, `The permit "${policy.id}" gives nothing: wherever it matches, ${named.join(', ')} forbids. Remove one of them.`),
    ];
  });
}

function* questionsFor(policy: Policy, { registry, fields }: PolicySet & { readonly registry: LoadedRegistry }) {
  for (const application of registry.applications.values()) {
    for (const field of fields.values()) {
      for (const action of ACTIONS) {
        const head = questionOf(registry, application, action, field, {});
        if (!scopeAdmits(policy, head)) continue;
        for (const at of circumstancesOf([policy], registry, application, field)) {
          for (const purpose of application.purposes) {
            const role = at.officerRole === null || at.officerRole === '' ? undefined : at.officerRole;
            const told = { purpose, assurance: at.assurance ?? 0, emergency: at.emergency ?? false, self: at.self ?? false };
            const facts = at.arguments ?? {};
            const context: DecisionContext = { ...told, action, application: application.id, officerRole: role };
            const asked = { ...told, officer: role === undefined ? {} : { role }, arguments: { ...facts } };
            yield { question: { ...head, context: asked } satisfies Question, context, facts, coordinate: field.coordinate };
          }
        }
      }
    }
  }
}

/** Whether the policy by itself applies. What cannot be asked, an argument of another type for instance, does not match. */
function matches({ id, source }: Policy, question: Question): boolean {
  const answer = isAuthorized({
    principal: question.principal,
    action: { type: 'Action', id: question.action },
    resource: question.resource,
    context: question.context,
    entities: question.entities,
    policies: { staticPolicies: { [id]: source.text } },
  });
  return answer.type === 'success' && answer.response.diagnostics.reason.includes(id);
}
