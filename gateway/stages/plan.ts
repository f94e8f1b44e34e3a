import { print } from 'graphql';
import type { Overrides, QueryPlan } from '../apollo.ts';
import type { Limits } from '../limits.ts';
import { refuse, type Refusal } from '../errors.ts';
import { withoutIntrospection } from '../execution/introspection.ts';
import type { Planner } from '../execution/planner.ts';
import type { Pruned } from './prune.ts';

/** A pruned request with Apollo's query plan for exactly what was left of it. */
export interface Planned {
  readonly kind: 'planned';
  readonly pruned: Pruned;
  readonly plan: QueryPlan;
}

/**
 * Plans the pruned document, never the client's: the same text of two agencies has two plans (ATTACKS 27). Refuses with
 * OPERATION_TOO_LARGE at the planner's deadline.
 */
export async function plan(pruned: Pruned, overrides: Overrides, planner: Planner, limits: Limits): Promise<Planned | Refusal> {
  // With nothing left there is nothing to plan: the request goes on to be recorded as refused.
  if (pruned.document === undefined) return { kind: 'planned', pruned, plan: { kind: 'QueryPlan' } };
  // Where the implementors of an interface differ in their rules a selection is written once for each, level by level.
  if (pruned.size > limits.prunedSelectionsMax)
    return refuse('OPERATION_TOO_LARGE', 'The document nests too deep through interfaces. Ask for less at a time.');
  const fetched = withoutIntrospection(pruned.document);
  if (fetched === undefined) return { kind: 'planned', pruned, plan: { kind: 'QueryPlan' } };
  const { application } = pruned.decided.admitted.caller;
  const outcome = await planner.plan({ document: print(fetched), overrides, owner: application });
  switch (outcome.kind) {
    case 'planned':
      return { kind: 'planned', pruned, plan: outcome.plan };
    case 'too-large':
      return refuse('OPERATION_TOO_LARGE', 'The document takes too long to plan. Ask for less at a time.');
    case 'overloaded':
      return { ...refuse('OVERLOADED'), retryAfterSeconds: 1 };
    case 'failed':
      throw new Error(`The planner failed on a valid document: ${outcome.reason}`);
  }
}
