import { Kind, valueFromASTUntyped, type TypeNode } from 'graphql';
import type { EstimateCost } from '../stages/admit-cost.ts';
import type { Tryable } from './circumstances.ts';
import type { ValueSchema } from './variable-schema.ts';

/** Length of a list that no schema bounds, for the estimate. */
const LIST_LENGTH_ASSUMED = 1_000;

/**
 * What an operation costs with the longest lists and the largest numbers that it allows; null where the graph says nothing of costs, a
 * sentence where it cannot be said.
 */
export function dearestCost({ content, document, operation }: Tryable, estimateCost: EstimateCost | undefined): number | string | null {
  if (estimateCost === undefined) return null;
  const variables = Object.fromEntries(
    (operation.variableDefinitions ?? []).map(({ variable, type, defaultValue }) => {
      const schema = content.variables.properties[variable.name.value];
      const value = defaultValue === undefined ? largest(type, schema) : valueFromASTUntyped(defaultValue);
      return [variable.name.value, value];
    }),
  );
  const cost = estimateCost(JSON.stringify(['report', content.document]), document, operation, variables);
  return typeof cost === 'number' ? cost : (cost.errors[0]?.message ?? 'Its cost cannot be estimated.');
}

function largest(type: TypeNode, schema: ValueSchema | undefined): unknown {
  if (type.kind === Kind.NON_NULL_TYPE) return largest(type.type, schema);
  if (type.kind === Kind.LIST_TYPE)
    return Array.from({ length: schema?.maxItems ?? LIST_LENGTH_ASSUMED }, () => largest(type.type, schema?.items));
  return schema?.maximum ?? schema?.exclusiveMaximum ?? schema?.enum?.at(-1) ?? schema?.const ?? 0;
}
