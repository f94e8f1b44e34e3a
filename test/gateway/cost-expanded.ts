import {
  getArgumentValues,
  getNamedType,
  getNullableType,
  isAbstractType,
  isCompositeType,
  isInputObjectType,
  isListType,
  isObjectType,
  Kind,
  valueFromASTUntyped,
  type DirectiveNode,
  type DocumentNode,
  type FieldNode,
  type GraphQLInputType,
  type GraphQLNamedType,
  type GraphQLObjectType,
  type GraphQLSchema,
  type OperationDefinitionNode,
  type SelectionSetNode,
} from 'graphql';

type Values = Readonly<Record<string, unknown>>;
interface Sized {
  readonly size: number;
  readonly fields: readonly string[];
}

/**
 * The cost of an operation by the definition: for each object type that can stand in a place, everything that it selects is merged and
 * added up, again and again, and the dearest counts, or the code of a refusal. For documents of a few dozen selections; knows one subgraph's SDL with names imported.
 */
export function expandedCost(
  sdl: DocumentNode,
  schema: GraphQLSchema,
  { document, operation, variables }: { document: DocumentNode; operation: OperationDefinitionNode; variables: Values },
  listSizeAssumed: number,
): number | 'BAD_USER_INPUT' {
  let isRefused = false;
  const applied = new Map<string, readonly DirectiveNode[]>();
  for (const type of sdl.definitions) {
    if (!('name' in type) || !type.name) continue;
    applied.set(type.name.value, type.directives ?? []);
    for (const field of 'fields' in type ? (type.fields ?? []) : []) {
      applied.set(`${type.name.value}.${field.name.value}`, field.directives ?? []);
      for (const argument of 'arguments' in field ? (field.arguments ?? []) : [])
        applied.set(`${type.name.value}.${field.name.value}.${argument.name.value}`, argument.directives ?? []);
    }
  }
  const directive = (coordinate: string, name: string): Values | undefined => {
    const found = applied.get(coordinate)?.find((one) => one.name.value === name);
    return (
      found && Object.fromEntries((found.arguments ?? []).map((argument) => [argument.name.value, valueFromASTUntyped(argument.value)]))
    );
  };
  const possible = (type: GraphQLNamedType): readonly GraphQLObjectType[] =>
    isAbstractType(type) ? schema.getPossibleTypes(type) : isObjectType(type) ? [type] : [];
  const typeWeight = (type: GraphQLNamedType): number =>
    isAbstractType(type)
      ? Math.max(...possible(type).map(typeWeight))
      : Number(directive(type.name, 'cost')?.['weight'] ?? (isCompositeType(type) || isInputObjectType(type) ? 1 : 0));

  const inputCost = (coordinate: string, type: GraphQLInputType, value: unknown): number => {
    if (value === null || value === undefined) return 0;
    const own = directive(coordinate, 'cost')?.['weight'];
    const nullable = getNullableType(type);
    if (isListType(nullable)) {
      const ofList = Number(own ?? (isInputObjectType(getNamedType(nullable)) ? 0 : typeWeight(getNamedType(nullable))));
      return (value as readonly unknown[]).reduce<number>((sum, item) => sum + inputCost(coordinate, nullable.ofType, item), ofList);
    }
    const weight = Number(own ?? typeWeight(getNamedType(type)));
    if (!isInputObjectType(nullable)) return weight;
    return Object.values(nullable.getFields()).reduce(
      (sum, field) => sum + inputCost(`${nullable.name}.${field.name}`, field.type, (value as Values)[field.name]),
      weight,
    );
  };

  const mergedFor = (type: GraphQLObjectType, set: SelectionSetNode): readonly FieldNode[] =>
    set.selections.flatMap((selection) => {
      if (selection.kind === Kind.FIELD) return [selection];
      const inner =
        selection.kind === Kind.INLINE_FRAGMENT
          ? selection
          : document.definitions.find((one) => one.kind === Kind.FRAGMENT_DEFINITION && one.name.value === selection.name.value);
      if (inner?.kind !== Kind.INLINE_FRAGMENT && inner?.kind !== Kind.FRAGMENT_DEFINITION) return [];
      const condition = inner.typeCondition && schema.getType(inner.typeCondition.name.value);
      return !condition || possible(condition).includes(type) ? mergedFor(type, inner.selectionSet) : [];
    });

  const placeCost = (type: GraphQLObjectType, sets: readonly SelectionSetNode[], above: readonly Sized[]): number => {
    const byName = Map.groupBy(
      sets.flatMap((set) => mergedFor(type, set)),
      (node) => node.alias?.value ?? node.name.value,
    );
    return [...byName.values()].reduce((sum, nodes) => sum + fieldCost(type, nodes, above), 0);
  };

  const fieldCost = (type: GraphQLObjectType, nodes: readonly FieldNode[], above: readonly Sized[]): number => {
    const [node] = nodes;
    const field = node && type.getFields()[node.name.value];
    if (!field) return 0;
    const values = getArgumentValues(field, node, { ...variables });
    const listSize = [type, ...type.getInterfaces()].map((owner) => directive(`${owner.name}.${field.name}`, 'listSize')).find(Boolean);
    const numbers = ((listSize?.['slicingArguments'] ?? []) as readonly string[]).map((name) => values[name]);
    const given = numbers.filter((number) => number !== undefined && number !== null);
    isRefused ||= numbers.length > 0 && listSize?.['requireOneSlicingArgument'] !== false && given.length !== 1;
    const known = numbers.filter((number): number is number => typeof number === 'number' && number >= 0);
    const own = known.length > 0 ? Math.max(...known) : Number(listSize?.['assumedSize'] ?? listSizeAssumed);
    const sizedFields = (listSize?.['sizedFields'] ?? []) as readonly string[];
    const fromAbove = above.filter(({ fields }) => fields.includes(field.name)).map(({ size }) => size);
    const size = fromAbove.length > 0 ? Math.max(...fromAbove) : sizedFields.length > 0 ? listSizeAssumed : own;
    const times = isListType(getNullableType(field.type)) ? size : 1;
    const sets = nodes.flatMap(({ selectionSet }) => selectionSet ?? []);
    const below = possible(getNamedType(field.type)).map((one) => placeCost(one, sets, [{ size: own, fields: sizedFields }]));
    const coordinate = `${type.name}.${field.name}`;
    const weight = Number(directive(coordinate, 'cost')?.['weight'] ?? typeWeight(getNamedType(field.type)));
    const more = field.args.reduce((sum, one) => sum + inputCost(`${coordinate}.${one.name}`, one.type, values[one.name]), 0);
    return Math.max(0, times * weight + more) + times * Math.max(0, ...below);
  };

  const root = schema.getRootType(operation.operation);
  const cost = root ? placeCost(root, [operation.selectionSet], []) : 0;
  return isRefused ? 'BAD_USER_INPUT' : cost;
}
