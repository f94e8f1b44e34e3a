import { isAuthorizedPartial, type CedarValueJson } from '@cedar-policy/cedar-wasm/nodejs';
import type { GrantAction } from '../../platform/grant.ts';
import type { Question } from './cedar.ts';
import type { DecidedField } from './decided-fields.ts';
import type { Policy } from './policy-set.ts';
import { error, type Problem } from './problems.ts';
import { questionOf } from './question.ts';
import type { LoadedRegistry } from './registry-load.ts';

export const ACTIONS: readonly GrantAction[] = ['read', 'write', 'aggregate'];

/**
 * Finds permits with different transforms that can apply to the same question, where nothing would say which gives more ("Transforms
 * that do not compare fail the check"). For every application, action and field that the scopes of two such permits admit, Cedar's partial
 * evaluation is asked with each of the application's purposes known and the rest of the context unknown. The rule is conservative: two
 * permits that only assurance, emergency, role or arguments keep apart are reported too. Each pair is reported once, at the later permit.
 */
export function transformConflicts(
  policies: readonly Policy[],
  registry: LoadedRegistry,
  fields: ReadonlyMap<string, DecidedField>,
): readonly Problem[] {
  const transforming = policies.filter((policy) => policy.effect === 'permit' && policy.transform !== undefined);
  const found = new Map<string, Problem>();
  if (!differ(transforming)) return [];

  for (const application of registry.applications.values()) {
    for (const field of fields.values()) {
      for (const action of ACTIONS) {
        const question = questionOf(registry, application, action, field, {});
        const admitted = transforming.filter((policy) => scopeAdmits(policy, question));
        if (!differ(admitted)) continue;
        for (const purpose of application.purposes) note(together(admitted, question, purpose), field);
      }
    }
  }
  return [...found.values()];

  function note(possible: readonly Policy[], field: DecidedField): void {
    for (const [index, later] of possible.entries()) {
      for (const earlier of possible.slice(0, index)) {
        if (earlier.transform === later.transform) continue;
        const key = JSON.stringify([earlier.id, later.id]);
        const message =
          `The permits "${earlier.id}" (@transform("${earlier.transform}")) and "${later.id}" (@transform("${later.transform}")) can both ` +
          `apply to ${field.coordinate}, and neither gives more than the other. Give both the same transform, or keep them apart by purpose.`;
        if (!found.has(key)) found.set(key, error(later.source.file, later.source.annotation('transform'), message));
      }
    }
  }
}

function differ(policies: readonly Policy[]): boolean {
  return new Set(policies.map((policy) => policy.transform)).size > 1;
}

/** Which of the permits may apply when only the purpose is known. */
function together(permits: readonly Policy[], question: Question, purpose: string): readonly Policy[] {
  const unknown = (name: string): CedarValueJson => ({ __extn: { fn: 'unknown', arg: name } });
  const answer = isAuthorizedPartial({
    ...question,
    action: { type: 'Action', id: question.action },
    context: {
      purpose,
      assurance: unknown('assurance'),
      emergency: unknown('emergency'),
      self: unknown('self'),
      officer: unknown('officer'),
      arguments: unknown('arguments'),
    },
    policies: { staticPolicies: Object.fromEntries(permits.map((permit) => [permit.id, permit.source.text])) },
  });
  // What cannot be ruled out counts as possible.
  if (answer.type === 'failure') return permits;
  const possible = new Set([...answer.response.satisfied, ...answer.response.mayBeDetermining, ...answer.response.errored]);
  return permits.filter((permit) => possible.has(permit.id));
}

/** Whether principal, action and resource of a policy's head admit the question. Cheap, and never false where the policy could apply. */
export function scopeAdmits(policy: Pick<Policy, 'json'>, question: Question): boolean {
  const around = new Set(question.entities.flatMap(({ uid, parents }) => [uid, ...parents].map((entity) => JSON.stringify(entity))));
  const { principal, resource, action } = policy.json;
  const admits = (constraint: object): boolean => {
    const inner = 'in' in constraint ? (constraint.in as object) : constraint;
    return !('entity' in inner) || around.has(JSON.stringify(inner.entity));
  };
  const actions =
    action.op === 'All' ? ACTIONS : 'entities' in action ? action.entities.map(idOf) : 'entity' in action ? [idOf(action.entity)] : ACTIONS;
  return admits(principal) && admits(resource) && actions.includes(question.action as GrantAction);
}

function idOf(entity: object): string {
  return 'id' in entity ? String(entity.id) : '';
}
