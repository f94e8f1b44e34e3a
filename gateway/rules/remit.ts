import type { Actor } from '../admin/actor.ts';
import type { Change } from './changes.ts';
import { refuse, type RuleRefusal } from './refusals.ts';

/** Rules named in a refusal. */
const NAMED_MAX = 10;

/**
 * Whether an officer may change these rules: a national administrator any, an agency's policy editor those whose head names an application of the agency, a
 * data owner those whose head names data that the agency owns. Cases go with the rules.
 */
export function outsideRemit({ roles, agency }: Pick<Actor, 'roles' | 'agency'>, changes: readonly Change[]): RuleRefusal | undefined {
  if (roles.has('national-administrator')) return undefined;
  const mayChange = ({ agencies, owners }: Change): boolean =>
    (roles.has('policy-editor') && agencies.every((one) => one === agency)) ||
    (roles.has('data-owner') && owners.every((one) => one === agency));
  const others = changes.filter((change) => !mayChange(change));
  if (others.length === 0) return undefined;
  const named = others.slice(0, NAMED_MAX).map(({ what }) => what.slice(0, 200));
  return refuse('NOT_YOUR_RULES', `Not yours: ${named.join('; ')}${others.length > NAMED_MAX ? ', …' : ''}.`);
}
