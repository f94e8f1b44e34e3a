import {
  getNamedType,
  getNullableType,
  isAbstractType,
  isCompositeType,
  isInputObjectType,
  isListType,
  isObjectType,
  type GraphQLField,
  type GraphQLInputObjectType,
  type GraphQLInputType,
  type GraphQLNamedType,
  type GraphQLObjectType,
  type GraphQLSchema,
} from 'graphql';
import type { CostFacts, ListSize } from './admit-cost-facts.ts';

type Values = Readonly<Record<string, unknown>>;

/** What costs depend on in a field of an object type. Fields for which it is all the same share one. */
export interface FieldCost {
  readonly id: number;
  readonly coordinate: string;
  readonly definition: GraphQLField<unknown, unknown>;
  /** Of each value that the field gives. */
  readonly weight: number;
  /** Lists in lists of it; 0 when it is no list. */
  readonly lists: number;
  /** Types that its objects can have; none for leaves. */
  readonly types: readonly GraphQLObjectType[];
  readonly listSize: ListSize | undefined;
  /** Whether arguments can add to the cost. */
  readonly weighsArguments: boolean;
}

export interface FieldCosts {
  /** Undefined where the type has no field of that name. */
  readonly of: (type: GraphQLObjectType, name: string) => FieldCost | undefined;
  readonly argumentsCost: (field: FieldCost, values: Values) => number;
}

/** A value given to an argument: lists and other values in it that have the argument's own weight, and what the fields of input objects cost. */
interface Uses {
  readonly lists: number;
  readonly values: number;
  readonly inner: number;
}

/**
 * The costs of single fields by the supergraph's weights: a field's own, else its type's, else 1 for objects and 0 for leaves; the same for
 * arguments and input fields. An abstract type weighs what the heaviest of its types does (specification, 7.2).
 */
export function createFieldCosts(facts: CostFacts, schema: GraphQLSchema): FieldCosts {
  const known = new Map<string, FieldCost | undefined>();
  const shared = new Map<string, FieldCost>();

  const typeWeight = (type: GraphQLNamedType): number => {
    if (isAbstractType(type)) return Math.max(...schema.getPossibleTypes(type).map(typeWeight), 0);
    return facts.weights.get(type.name) ?? (isCompositeType(type) || isInputObjectType(type) ? 1 : 0);
  };

  const inputWeight = (coordinate: string, type: GraphQLInputType): number =>
    facts.weights.get(coordinate) ?? typeWeight(getNamedType(type));

  /** Values of requests are read once however many arguments they are given to, or a few kilobytes would be read for minutes. */
  const readUses = new WeakMap<object, Uses>();

  const usesOf = (type: GraphQLInputType, value: unknown): Uses => {
    const nullable = getNullableType(type);
    if (value === null || value === undefined) return { lists: 0, values: 0, inner: 0 };
    if (typeof value !== 'object' || !(isListType(nullable) || isInputObjectType(nullable))) return { lists: 0, values: 1, inner: 0 };
    const known = readUses.get(value);
    if (known) return known;
    const uses = isListType(nullable) ? usesOfItems(nullable.ofType, value) : { lists: 0, values: 1, inner: costOfFields(nullable, value) };
    readUses.set(value, uses);
    return uses;
  };

  const usesOfItems = (type: GraphQLInputType, items: object): Uses => {
    const uses = { lists: 1, values: 0, inner: 0 };
    for (const item of Array.isArray(items) ? items : [items]) {
      const { lists, values, inner } = usesOf(type, item);
      uses.lists += lists;
      uses.values += values;
      uses.inner += inner;
    }
    return uses;
  };

  const costOfFields = (type: GraphQLInputObjectType, values: object): number =>
    Object.entries(values).reduce((sum, [name, value]) => {
      const field = type.getFields()[name];
      return field ? sum + inputCost(`${type.name}.${name}`, field.type, value) : sum;
    }, 0);

  /** What using a value costs: an input object itself and its fields, a list its weight and its items, as Apollo Router counts them. */
  const inputCost = (coordinate: string, type: GraphQLInputType, value: unknown): number => {
    const { lists, values, inner } = usesOf(type, value);
    const weight = inputWeight(coordinate, type);
    const listWeight = isInputObjectType(getNamedType(type)) ? (facts.weights.get(coordinate) ?? 0) : weight;
    return listWeight * lists + weight * values + inner;
  };

  const read = (type: GraphQLObjectType, name: string): FieldCost | undefined => {
    const definition = type.getFields()[name];
    if (!definition) return undefined;
    const coordinate = `${type.name}.${name}`;
    const returned = getNamedType(definition.type);
    const weight = facts.weights.get(coordinate) ?? typeWeight(returned);
    // Composition lets `@listSize` stand on a field of an interface, but no `@cost`.
    const listSize = [type, ...type.getInterfaces()].map((owner) => facts.listSizes.get(`${owner.name}.${name}`)).find(Boolean);
    const inputs = definition.args.map(({ name: argument, type: input, defaultValue }) => [
      argument,
      String(input),
      defaultValue,
      facts.weights.get(`${coordinate}(${argument}:)`),
    ]);
    const key = JSON.stringify([name, String(definition.type), weight, listSize?.text, inputs]);
    const same = shared.get(key);
    if (same) return same;
    const cost: FieldCost = {
      id: shared.size,
      coordinate,
      definition,
      weight,
      lists: (String(definition.type).match(/\[/g) ?? []).length,
      types: isObjectType(returned) ? [returned] : isAbstractType(returned) ? schema.getPossibleTypes(returned) : [],
      listSize,
      weighsArguments: definition.args.some(({ name: argument, type: input }) => inputWeight(`${coordinate}(${argument}:)`, input) !== 0),
    };
    shared.set(key, cost);
    return cost;
  };

  return {
    of: (type, name) => {
      const coordinate = `${type.name}.${name}`;
      if (!known.has(coordinate)) known.set(coordinate, read(type, name));
      return known.get(coordinate);
    },
    argumentsCost: ({ coordinate, definition }, values) =>
      definition.args.reduce((sum, { name, type }) => sum + inputCost(`${coordinate}(${name}:)`, type, values[name]), 0),
  };
}
