import type { PlanNode, QueryPlan } from '../apollo.ts';
import { compileFetch, type FetchParts } from './fetch-step.ts';
import { createMerger } from './merge.ts';
import { usesContext } from './plan-nodes.ts';
import { planPath } from './plan-path.ts';
import type { FetchPart, Run, Step } from './plan-run.ts';
import type { TypeNames } from './type-names.ts';

export interface CompiledPlan {
  /** Undefined when nothing is fetched. */
  readonly step: Step | undefined;
  readonly fetches: readonly FetchPart[];
}

/**
 * Compiles a plan of Apollo's planner. Its fetches are added to `fetches`, which may hold those of other plans of the same execution. Throws
 * on what is refused before planning: `@defer` and subscriptions.
 */
export function compilePlan(plan: QueryPlan, types: TypeNames, fetches: FetchPart[] = []): CompiledPlan {
  const { node } = plan;
  const parts: FetchParts = { types, merger: createMerger(types.objects), copies: usesContext(node) };
  return { step: compileNode(node, [], parts, fetches), fetches };
}

function compileNode(
  node: PlanNode | undefined,
  path: readonly (string | number)[],
  parts: FetchParts,
  fetches: FetchPart[],
): Step | undefined {
  switch (node?.kind) {
    case undefined:
      return undefined;
    case 'Sequence':
      return inSequence(steps(node.nodes, path, parts, fetches));
    case 'Parallel':
      return inParallel(steps(node.nodes, path, parts, fetches));
    case 'Flatten':
      return compileNode(node.node, [...path, ...node.path], parts, fetches);
    case 'Condition': {
      const whenTrue = compileNode(node.ifClause, path, parts, fetches);
      const whenFalse = compileNode(node.elseClause, path, parts, fetches);
      const { condition } = node;
      return (run) => (run.variables[condition] === true ? whenTrue : whenFalse)?.(run);
    }
    case 'Fetch': {
      const { part, step } = compileFetch(node, fetches.length, planPath(path), parts);
      fetches.push(part);
      return step;
    }
    case 'Defer':
    case 'Subscription':
      throw new Error('Incremental delivery and subscriptions are refused before planning.');
  }
}

function steps(nodes: readonly PlanNode[], path: readonly (string | number)[], parts: FetchParts, fetches: FetchPart[]): readonly Step[] {
  return nodes.flatMap((node) => {
    const step = compileNode(node, path, parts, fetches);
    return step === undefined ? [] : [step];
  });
}

/** One after the other, without a turn of the event loop between steps that do not wait. */
function inSequence(steps: readonly Step[]): Step {
  const from = (run: Run, first: number): Promise<void> | undefined => {
    for (let at = first; at < steps.length; at += 1) {
      const underWay = steps[at]?.(run);
      if (underWay !== undefined) return underWay.then(() => from(run, at + 1));
    }
    return undefined;
  };
  return (run) => from(run, 0);
}

function inParallel(steps: readonly Step[]): Step {
  return (run) => {
    const underWay: Promise<void>[] = [];
    for (const step of steps) {
      const started = step(run);
      if (started !== undefined) underWay.push(started);
    }
    const [only] = underWay;
    if (underWay.length < 2) return only;
    return Promise.all(underWay).then(() => undefined);
  };
}
