import { Kind, print, type DocumentNode } from 'graphql';
import type { Overrides, QueryPlan } from '../apollo.ts';
import type { Limits } from '../limits.ts';
import { refuse, type Refusal } from '../errors.ts';
import { withoutIntrospection } from '../execution/introspection.ts';
import { takeLookups, type Lookup } from '../execution/lookups.ts';
import type { PlannedRounds } from '../execution/people-compile.ts';
import { roundsOf } from '../execution/people-rounds.ts';
import type { Planner, PlanQuestion } from '../execution/planner.ts';
import type { Graph } from '../graph.ts';
import type { Pruned } from './prune.ts';
import { asDocument } from '../execution/nodes.ts';

/** A pruned request with Apollo's query plan for exactly what was left of it. */
export interface Planned {
  readonly kind: 'planned';
  readonly pruned: Pruned;
  readonly plan: QueryPlan;
  readonly lookups: readonly Lookup[];
  readonly people: PlannedRounds | undefined;
}

export interface PlanParts {
  readonly planner: Planner;
  readonly limits: Limits;
  readonly graph: Graph;
}

/**
 * Plans the pruned document, never the client's: the same text of two agencies has two plans (ATTACKS 27). What depends on consent is
 * planned apart, so that it can be asked of some people only; look-ups are planned from the people whom they name. Refuses with
 * OPERATION_TOO_LARGE at the planner's deadline.
 */
export async function plan(pruned: Pruned, overrides: Overrides, { planner, limits, graph }: PlanParts): Promise<Planned | Refusal> {
  // Where the implementors of an interface differ in their rules a selection is written once for each, level by level.
  if (pruned.size > limits.prunedSelectionsMax)
    return refuse('OPERATION_TOO_LARGE', 'The document nests too deep through interfaces. Ask for less at a time.');
  const { caller, operation } = pruned.decided.admitted;
  const planOne = async (document: DocumentNode | undefined): Promise<QueryPlan | Refusal> => {
    const fetched = document && withoutIntrospection(document);
    // With nothing left there is nothing to plan: the request goes on to be recorded as refused.
    return fetched === undefined ? NO_PLAN : planDocument({ document: print(fetched), overrides, owner: caller.application }, planner);
  };
  const { document, lookups } = fromPeople(pruned.document, graph);
  const main = await planOne(document);
  if (main.kind === 'refusal') return main;
  if (pruned.consent === undefined) return { kind: 'planned', pruned, plan: main, lookups, people: undefined };

  const rounds = roundsOf(pruned.consent, operation);
  const documents = [
    rounds.early.document,
    ...rounds.later.map(({ document }) => document),
    ...rounds.roots.map(({ document }) => document),
  ];
  const plans: (QueryPlan | undefined)[] = [];
  for (const document of documents) {
    const planned = document === undefined ? undefined : await planOne(document);
    if (planned?.kind === 'refusal') return planned;
    plans.push(planned);
  }
  const [early, ...others] = plans;
  const later = others.slice(0, rounds.later.length);
  const roots = others.slice(rounds.later.length).map((planned) => planned ?? NO_PLAN);
  return {
    kind: 'planned',
    pruned,
    plan: main,
    lookups,
    people: { rounds, early, later, roots, named: pruned.consent.named, probes: pruned.consent.probes },
  };
}

const NO_PLAN: QueryPlan = { kind: 'QueryPlan' };

function fromPeople(document: DocumentNode | undefined, graph: Graph): { document: DocumentNode | undefined; lookups: readonly Lookup[] } {
  const [operation] = document?.definitions ?? [];
  if (operation?.kind !== Kind.OPERATION_DEFINITION) return { document, lookups: [] };
  const { selections, lookups } = takeLookups(operation, graph);
  return { document: lookups.length === 0 ? document : asDocument(operation, selections), lookups };
}

async function planDocument(question: PlanQuestion, planner: Planner): Promise<QueryPlan | Refusal> {
  const outcome = await planner.plan(question);
  switch (outcome.kind) {
    case 'planned':
      return outcome.plan;
    case 'too-large':
      return refuse('OPERATION_TOO_LARGE', 'The document takes too long to plan. Ask for less at a time.');
    case 'overloaded':
      return { ...refuse('OVERLOADED'), retryAfterSeconds: 1 };
    case 'failed':
      throw new Error(`The planner failed on a valid document: ${outcome.reason}`);
  }
}
