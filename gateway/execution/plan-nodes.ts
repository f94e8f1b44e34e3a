import type { PlanNode } from '../apollo.ts';

export type FetchNode = Extract<PlanNode, { readonly kind: 'Fetch' }>;
export type RequiredSelection = NonNullable<FetchNode['requires']>[number];
export type DataRewrite = NonNullable<FetchNode['outputRewrites']>[number];
export type ContextRewrite = NonNullable<FetchNode['contextRewrites']>[number];

/** Whether any fetch of a plan takes arguments from the objects around its entities (`@fromContext`). */
export function usesContext(node: PlanNode | undefined): boolean {
  switch (node?.kind) {
    case 'Fetch':
      return (node.contextRewrites?.length ?? 0) > 0;
    case 'Sequence':
    case 'Parallel':
      return node.nodes.some(usesContext);
    case 'Flatten':
      return usesContext(node.node);
    case 'Condition':
      return usesContext(node.ifClause) || usesContext(node.elseClause);
    case 'Defer':
    case 'Subscription':
    case undefined:
      return false;
  }
}
