import assert from 'node:assert';
import {
  BREAK,
  getArgumentValues,
  OperationTypeNode,
  visit,
  type DocumentNode,
  type FieldNode,
  type GraphQLObjectType,
  type GraphQLSchema,
  type OperationDefinitionNode,
  type SelectionSetNode,
} from 'graphql';
import type { Limits } from '../limits.ts';
import { refuse, type Refusal } from '../errors.ts';
import type { SizedFields } from './admit-cost-facts.ts';
import type { FieldCost, FieldCosts } from './admit-cost-fields.ts';
import { readSelections } from './admit-cost-selections.ts';

type Values = Readonly<Record<string, unknown>>;

/** A number that is known, or the step that finds it. */
export type Amount = number | { readonly step: number };
export type Step = (numberOf: (amount: Amount) => number, variables: Values) => number | Refusal;

/** What a document costs: the steps that depend on variables, each on earlier ones only, so that shared ones run once. */
export interface CostProgram {
  readonly steps: readonly Step[];
  readonly cost: Amount;
  /** The document is refused whatever its variables are. */
  readonly refusal: Refusal | undefined;
}

export interface CostParts {
  readonly schema: GraphQLSchema;
  readonly limits: Limits;
  readonly fields: FieldCosts;
}

/** A size given by a field above, and the fields to whose lists it belongs. */
interface Sizing {
  readonly id: number;
  readonly size: Amount;
  readonly fields: SizedFields;
}

const MUTATION_COST = 10;
const TOO_MANY_TYPES = 'The document tells too many types apart for its cost to be estimated. Use fewer fragments.';

/**
 * Compiles the cost of an operation of a valid document whose conditions are decided. Selections are merged for each possible type apart
 * (GraphQL specification, 6.3.2), types for which everything comes out the same together; a field merged from the same selections is
 * compiled once. What a document can still make of that is bounded by `costLooksMax`.
 */
export function compileCost(document: DocumentNode, operation: OperationDefinitionNode, parts: CostParts): CostProgram {
  const { schema, limits, fields } = parts;
  const selections = readSelections(document, schema, fields);
  const steps: Step[] = [];
  const compiled = new Map<string, Amount>();
  const ids = new Map<FieldNode, number>();
  let sizings = 0;
  let refusal: Refusal | undefined;

  const root = schema.getRootType(operation.operation);
  const base = operation.operation === OperationTypeNode.MUTATION ? MUTATION_COST : 0;
  const cost = calculate([base, root ? place([root], [operation.selectionSet], []) : 0], sum);
  return { steps: refusal ? [] : steps, cost, refusal };

  /** What is selected in one place costs what it costs for the dearest of the types that can stand there. */
  function place(types: readonly GraphQLObjectType[], sets: readonly SelectionSetNode[], above: readonly Sizing[]): Amount {
    const costs: Amount[] = [];
    for (const type of selections.kindsOf(types, sets)) {
      const found = Array.from(selections.selected(type, sets), (nodes) => field(type, nodes, above));
      costs.push(calculate(found, sum));
      if (selections.looks() > limits.costLooksMax) refusal ??= refuse('OPERATION_TOO_LARGE', TOO_MANY_TYPES);
      if (refusal) return 0;
    }
    return calculate(costs, greatest);
  }

  function field(type: GraphQLObjectType, nodes: readonly FieldNode[], above: readonly Sizing[]): Amount {
    const [node] = nodes;
    // Introspection is answered without a subgraph.
    if (!node || node.name.value.startsWith('__') || refusal) return 0;
    const own = fields.of(type, node.name.value);
    assert(own, 'A valid document selects fields that their types have.');
    const key = [own.id, ...above.map(({ id }) => `s${id}`), ...nodes.map(idOf)].join();
    const known = compiled.get(key);
    if (known !== undefined) return known;
    const cost = fieldCost(own, node, nodes, above);
    compiled.set(key, cost);
    return cost;
  }

  function fieldCost(own: FieldCost, node: FieldNode, nodes: readonly FieldNode[], above: readonly Sizing[]): Amount {
    const { lists, weight, listSize } = own;
    const given = above.map(({ size, fields: sized }) => ({ size, field: sized.get(node.name.value) }));
    const below = given.flatMap(({ size, field: sized }) => (sized && sized.below.size > 0 ? [sizing(size, sized.below)] : []));
    let size: Amount = limits.listSizeAssumed;
    if (listSize) {
      const ownSize = sizeOf(own, node);
      if (listSize.sized.size > 0) below.push(sizing(ownSize, listSize.sized));
      else size = ownSize;
    }
    const fromAbove = given.filter(({ field: sized }) => sized?.isSized).map(({ size: sized }) => sized);
    if (fromAbove.length > 0) size = calculate(fromAbove, greatest);
    // A size says how long the outermost list is.
    const inner = limits.listSizeAssumed ** (lists - 1);
    const sets = nodes.flatMap(({ selectionSet }) => selectionSet ?? []);
    const argumentsCost = own.weighsArguments ? fromArguments(own, node, (values) => fields.argumentsCost(own, values)) : 0;
    return calculate([size, place(own.types, sets, below), argumentsCost], ([length = 0, selection = 0, more = 0]) => {
      const times = lists === 0 ? 1 : length * inner;
      return Math.max(0, times * weight + more) + times * selection;
    });
  }

  /** The length of a field's list as its `@listSize` tells it. A negative number tells nothing, so that it cannot buy anything. */
  function sizeOf(own: FieldCost, node: FieldNode): Amount {
    const { listSize, coordinate } = own;
    const assumed = listSize?.assumed ?? limits.listSizeAssumed;
    if (!listSize || listSize.slicing.length === 0) return assumed;
    return fromArguments(own, node, (values) => {
      const found = listSize.slicing
        .map((path) => path.reduce<unknown>(member, values))
        .filter((value) => value !== undefined && value !== null);
      if (listSize.requiresOne && found.length !== 1) {
        const names = listSize.slicing.map((path) => path.join('.')).join(', ');
        return refuse('BAD_USER_INPUT', `${coordinate} takes exactly one of these arguments: ${names}. Give one of them.`);
      }
      const lengths = found.map((value) => (Array.isArray(value) ? value.length : Number(value))).filter((length) => length >= 0);
      return lengths.length > 0 ? Math.max(...lengths) : assumed;
    });
  }

  function fromArguments({ definition }: FieldCost, node: FieldNode, read: (values: Values) => number | Refusal): Amount {
    if (usesVariables(node)) return push((_, variables) => read(getArgumentValues(definition, node, variables)));
    const found = read(getArgumentValues(definition, node));
    if (typeof found === 'number') return found;
    refusal ??= found;
    return 0;
  }

  function calculate(amounts: readonly Amount[], by: (numbers: readonly number[]) => number): Amount {
    const [only] = amounts;
    if (only !== undefined && amounts.length === 1) return typeof only === 'number' ? bounded(by([only])) : only;
    const known = amounts.filter((amount) => typeof amount === 'number');
    if (known.length === amounts.length) return bounded(by(known));
    return push((numberOf) => bounded(by(amounts.map(numberOf))));
  }

  function push(step: Step): Amount {
    steps.push(step);
    return { step: steps.length - 1 };
  }

  function sizing(size: Amount, sized: SizedFields): Sizing {
    sizings += 1;
    return { id: sizings, size, fields: sized };
  }

  function idOf(node: FieldNode): number {
    const id = ids.get(node) ?? ids.size;
    ids.set(node, id);
    return id;
  }
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}

function greatest(numbers: readonly number[]): number {
  return Math.max(0, ...numbers);
}

/** No infinity, which times an empty list would be no number. */
function bounded(cost: number): number {
  return Math.min(cost, Number.MAX_SAFE_INTEGER);
}

function usesVariables(node: FieldNode): boolean {
  let found = false;
  for (const argument of node.arguments ?? []) {
    visit(argument, {
      Variable: () => {
        found = true;
        return BREAK;
      },
    });
  }
  return found;
}

function member(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, name) ? (value as Values)[name] : undefined;
}
