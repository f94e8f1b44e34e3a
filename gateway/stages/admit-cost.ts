import type { DocumentNode, GraphQLSchema, OperationDefinitionNode } from 'graphql';
import { LRUCache } from 'lru-cache';
import type { Limits } from '../limits.ts';
import type { Refusal } from '../errors.ts';
import { compileCost, type Amount, type CostProgram } from './admit-cost-compile.ts';
import type { CostFacts } from './admit-cost-facts.ts';
import { createFieldCosts } from './admit-cost-fields.ts';

type Values = Readonly<Record<string, unknown>>;

/**
 * Estimates what an operation costs before anything is fetched for it, or refuses one that cannot be estimated. `@skip` and `@include` are
 * decided in the document. `key` names it and the operation: what is the same for all variables is kept under it.
 */
export type EstimateCost = (key: string, document: DocumentNode, operation: OperationDefinitionNode, variables: Values) => number | Refusal;

/**
 * The estimate by what a supergraph says of costs.
 *
 * Costs are Apollo Router's (its documentation, "Demand Control"), so that a weight means the same in both: a field costs its size × (its
 * weight + what it selects) + its arguments, an operation its fields and 10 if it is a mutation. Beyond that the GraphQL Cost Directives
 * Specification (IBM) decides: nothing is below zero, an abstract type costs what its dearest possible type does, arguments count with
 * their defaults; and fields that merge are one. Keys and `@requires`, which a plan adds, are not counted, since there is no plan yet.
 */
export function createEstimateCost(facts: CostFacts, apiSchema: GraphQLSchema, limits: Limits): EstimateCost {
  const parts = { schema: apiSchema, limits, fields: createFieldCosts(facts, apiSchema) };
  const kept = new LRUCache<string, CostProgram>({
    max: limits.documentCacheMax,
    maxSize: limits.preparedCacheSelectionsMax,
    sizeCalculation: ({ steps }) => 1 + steps.length,
  });
  return (key, document, operation, variables) => {
    let program = kept.get(key);
    if (!program) {
      program = compileCost(document, operation, parts);
      kept.set(key, program);
    }
    return run(program, variables);
  };
}

function run({ steps, cost, refusal }: CostProgram, variables: Values): number | Refusal {
  if (refusal) return refusal;
  const results: number[] = [];
  const numberOf = (amount: Amount): number => (typeof amount === 'number' ? amount : (results[amount.step] ?? 0));
  for (const step of steps) {
    const result = step(numberOf, variables);
    if (typeof result !== 'number') return result;
    results.push(result);
  }
  return numberOf(cost);
}
