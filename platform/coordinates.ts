import {
  getNamedType,
  isAbstractType,
  isCompositeType,
  isInterfaceType,
  isObjectType,
  Kind,
  type DocumentNode,
  type FragmentDefinitionNode,
  type GraphQLNamedType,
  type GraphQLSchema,
  type SelectionSetNode,
} from 'graphql';

/** Fields that belong to federation or introspection themselves and name nothing of a person: `__typename`, `_entities`, `_service`. */
const MECHANISM = new Set(['__typename', '_entities', '_service']);

/**
 * Every `Type.field` that the document selects, on concrete types only: a field selected on an interface counts for each of its
 * implementors (ATTACKS 1 and 2) that every fragment around it lets through. The document must be valid against the schema; `__schema` and
 * `__type` come back as themselves.
 */
export function coordinatesOf(schema: GraphQLSchema, document: DocumentNode): ReadonlySet<string> {
  const found = new Set<string>();
  const fragments = new Map<string, FragmentDefinitionNode>();
  for (const definition of document.definitions) {
    if (definition.kind === Kind.FRAGMENT_DEFINITION) fragments.set(definition.name.value, definition);
  }
  // The same fragment below the same types finds nothing new, so re-used fragments cannot multiply the work.
  const seen = new Set<string>();

  const walk = (set: SelectionSetNode, types: readonly string[]): void => {
    for (const selection of set.selections) {
      if (selection.kind === Kind.FIELD) field(selection.name.value, selection.selectionSet, types);
      else if (selection.kind === Kind.INLINE_FRAGMENT) walk(selection.selectionSet, narrowed(types, selection.typeCondition?.name.value));
      else spread(fragments.get(selection.name.value), types);
    }
  };
  const spread = (fragment: FragmentDefinitionNode | undefined, types: readonly string[]): void => {
    if (fragment === undefined) return;
    const within = narrowed(types, fragment.typeCondition.name.value);
    const key = `${fragment.name.value} ${within.join(' ')}`;
    if (seen.has(key)) return;
    seen.add(key);
    walk(fragment.selectionSet, within);
  };
  const field = (name: string, below: SelectionSetNode | undefined, types: readonly string[]): void => {
    const outputs = new Set<string>();
    for (const type of types) {
      if (!MECHANISM.has(name)) found.add(`${type}.${name}`);
      if (below !== undefined) for (const output of outputsOf(schema, type, name)) outputs.add(output);
    }
    if (below !== undefined) walk(below, [...outputs]);
  };
  const narrowed = (types: readonly string[], condition: string | undefined): readonly string[] => {
    const type = condition === undefined ? undefined : schema.getType(condition);
    if (type === undefined) return types;
    const possible = new Set(concreteTypes(schema, type));
    return types.filter((one) => possible.has(one));
  };

  const spreadSomewhere = new Set<string>();
  for (const definition of document.definitions) {
    if (definition.kind !== Kind.OPERATION_DEFINITION) continue;
    const root = schema.getRootType(definition.operation);
    if (root) walk(definition.selectionSet, [root.name]);
  }
  for (const key of seen) spreadSomewhere.add(key.slice(0, key.indexOf(' ')));
  // A fragment that no operation reaches is read on its own type.
  for (const [name, { typeCondition, selectionSet }] of fragments) {
    const type = schema.getType(typeCondition.name.value);
    if (!spreadSomewhere.has(name) && type !== undefined) walk(selectionSet, concreteTypes(schema, type));
  }
  return found;
}

function outputsOf(schema: GraphQLSchema, parent: string, name: string): readonly string[] {
  const type = schema.getType(parent);
  if (!isObjectType(type) && !isInterfaceType(type)) return [];
  const output = type.getFields()[name]?.type;
  // INVARIANT: entities are of any type where the schema does not say of which: what is selected of them must not go unseen.
  if (output === undefined && name === '_entities')
    return Object.values(schema.getTypeMap())
      .filter(isObjectType)
      .map((one) => one.name);
  const named = output && getNamedType(output);
  return isCompositeType(named) ? concreteTypes(schema, named) : [];
}

/** Names of the object types that a value of this type can have. */
export function concreteTypes(schema: GraphQLSchema, type: GraphQLNamedType): readonly string[] {
  const named = getNamedType(type);
  if (isObjectType(named)) return [named.name];
  return isAbstractType(named) ? schema.getPossibleTypes(named).map((possible) => possible.name) : [];
}
