import type { CallSubgraph, FetchPart } from './plan-run.ts';
import { readNow, type SubgraphOutcome } from './reply.ts';

/**
 * The fetches of a plan that may ask the same as another: queries whose text stands in the plan more than once. A plan fetches fields of
 * the same entities at two places by two nodes.
 */
export function repeatedFetches(fetches: readonly FetchPart[]): ReadonlySet<number> {
  const byText = Map.groupBy(
    fetches.filter(({ operationKind }) => operationKind === 'query'),
    ({ subgraph, operation }) => `${subgraph} ${operation}`,
  );
  return new Set([...byText.values()].filter(({ length }) => length > 1).flatMap((same) => same.map(({ index }) => index)));
}

/**
 * Calls of one request, so that equal ones under way at the same time are one. The grant is that of the fetch that came first: equal texts
 * have equal coordinates. Everybody but the first gets a copy, since answers are merged in place.
 */
export function shareCalls(call: CallSubgraph, repeated: ReadonlySet<number>): CallSubgraph {
  if (repeated.size === 0) return call;
  const underWay = new Map<string, Promise<SubgraphOutcome>>();
  return async (fetch, variables) => {
    if (!repeated.has(fetch.index)) return call(fetch, variables);
    const key = JSON.stringify([fetch.subgraph, fetch.operation, variables]);
    const same = underWay.get(key);
    if (same) return structuredClone(await same);
    const first = call(fetch, variables).then(readNow);
    // INVARIANT: copied in the first turn after the answer, before whoever waits for it below merges into it.
    const copy = first.then((outcome) => structuredClone(outcome));
    // Whoever called first is told of a failure; without this, one that nobody shares would end the process as an unhandled rejection.
    copy.catch(() => undefined);
    underWay.set(key, copy);
    try {
      return await first;
    } finally {
      underWay.delete(key);
    }
  };
}
