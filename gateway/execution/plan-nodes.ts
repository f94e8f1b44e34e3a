import type { PlanNode } from '../apollo.ts';

export type FetchNode = Extract<PlanNode, { readonly kind: 'Fetch' }>;
export type RequiredSelection = NonNullable<FetchNode['requires']>[number];
export type DataRewrite = NonNullable<FetchNode['outputRewrites']>[number];
export type ContextRewrite = NonNullable<FetchNode['contextRewrites']>[number];

/** The fetches of a plan; none of those nodes that are refused when it is compiled. */
export function fetchesOf(node: PlanNode | undefined): readonly FetchNode[] {
  switch (node?.kind) {
    case 'Fetch':
      return [node];
    case 'Sequence':
    case 'Parallel':
      return node.nodes.flatMap(fetchesOf);
    case 'Flatten':
      return fetchesOf(node.node);
    case 'Condition':
      return [...fetchesOf(node.ifClause), ...fetchesOf(node.elseClause)];
    case 'Defer':
    case 'Subscription':
    case undefined:
      return [];
  }
}

/** Whether any fetch of a plan takes arguments from the objects around its entities (`@fromContext`). */
export function usesContext(node: PlanNode | undefined): boolean {
  return fetchesOf(node).some(({ contextRewrites }) => (contextRewrites?.length ?? 0) > 0);
}
