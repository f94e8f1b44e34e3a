import { setImmediate as nextTurn } from 'node:timers/promises';
import { usePolicies, type LoadedPolicies } from '../policy/load.ts';
import type { PolicyGraph } from '../policy/policy-set.ts';
import type { PreparedRules } from '../rules/thread-protocol.ts';
import type { FoundOperation } from './approved.ts';
import type { OperationKind } from './content.ts';
import type { Difference } from './difference.ts';
import type { DisclosureGraph } from './disclosure.ts';
import { judge } from './lapse.ts';

/** What other rules would do to an approved operation. */
export interface OperationImpact {
  readonly address: string;
  readonly kind: OperationKind;
  readonly name: string;
  readonly application: string;
  readonly effect: 'suspended' | 'resumed';
  /** Why it would not run; null when it would run again. */
  readonly reason: string | null;
  readonly differences: readonly Difference[];
}

export interface OperationImpactParts {
  readonly graph: DisclosureGraph;
  readonly policyGraph: PolicyGraph;
  readonly rules: () => LoadedPolicies;
  readonly decisionCacheMax: number;
  readonly clock: () => number;
}

/**
 * The approved operations that would be suspended by rules which the rules' thread has read, and those that would run again, in order of
 * names. Here Cedar is prepared and asked, one operation at a time, so that requests go on meanwhile.
 */
export async function operationsUnder(
  prepared: PreparedRules,
  operations: readonly FoundOperation[],
  { graph, policyGraph, rules, decisionCacheMax, clock }: OperationImpactParts,
): Promise<readonly OperationImpact[]> {
  const { fields, argumentTypes } = policyGraph;
  const set = { ...prepared, fields, argumentTypes, registry: rules().registry };
  const policies = usePolicies(set, { clock, decisionCacheMax }, prepared.decided);
  const impacts: OperationImpact[] = [];
  for (const operation of operations) {
    const { address, content, standing, state } = operation;
    if (standing.state !== 'approved' || state === 'expired') continue;
    const { reason, differences } = judge(operation, policies, graph);
    const runsNow = state === 'approved';
    if (runsNow !== (reason === undefined)) {
      const { kind, name, application } = content;
      impacts.push({ address, kind, name, application, effect: runsNow ? 'suspended' : 'resumed', reason: reason ?? null, differences });
    }
    await nextTurn();
  }
  return impacts.toSorted((a, b) => (a.name < b.name ? -1 : 1));
}
