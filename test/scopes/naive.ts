import {
  getNamedType,
  isAbstractType,
  isInterfaceType,
  isListType,
  isNonNullType,
  isObjectType,
  Kind,
  visit,
  type DocumentNode,
  type FieldNode,
  type FragmentDefinitionNode,
  type GraphQLNamedType,
  type GraphQLObjectType,
  type GraphQLOutputType,
  type GraphQLSchema,
  type SelectionSetNode,
} from 'graphql';

/** What the naive reading works on: everything by name, nothing gathered beforehand. */
export interface NaiveWorld {
  readonly schema: GraphQLSchema;
  /** Whether the caller meets what stands on `Type` or `Type.field`. */
  readonly meets: (element: string) => boolean;
  /** The value of a leaf. */
  readonly leaf: (coordinate: string) => unknown;
}

export interface NaiveAnswer {
  readonly data: Record<string, unknown> | null;
  /** Paths at which something was refused, without list indices. */
  readonly refused: ReadonlySet<string>;
}

/** A selection with the type that it is written on. */
interface Written {
  readonly node: FieldNode;
  readonly parent: GraphQLNamedType;
}

/**
 * Executes a document as the specification says, deciding at each object and each selection by what the documentation of Apollo's router
 * says, as a person with the schema in hand would. Every list holds one object of each type; every single abstract value is of the first.
 */
export function answerNaively(document: DocumentNode, world: NaiveWorld): NaiveAnswer {
  const refused = new Set<string>();
  const fragments = new Map<string, FragmentDefinitionNode>();
  for (const definition of document.definitions)
    if (definition.kind === Kind.FRAGMENT_DEFINITION) fragments.set(definition.name.value, definition);
  const operation = document.definitions.find((definition) => definition.kind === Kind.OPERATION_DEFINITION);
  const root = world.schema.getQueryType();
  if (!operation || !root) throw new Error('There is a query.');
  const { schema, meets } = world;

  /** Its type, itself and what it returns; an interface that it returns speaks for its implementors. */
  const open = (type: GraphQLObjectType, name: string): boolean => {
    const returned = returnedBy(type, name);
    return meets(type.name) && meets(`${type.name}.${name}`) && (isAbstractType(returned) || meets(returned.name));
  };

  const permits = ({ node, parent }: Written, type: GraphQLObjectType): boolean => {
    const name = node.name.value;
    if (name === '__typename') return isAbstractType(parent) || meets(parent.name);
    if (!open(type, name)) return false;
    if (isInterfaceType(parent) && !schema.getPossibleTypes(parent).every((one) => open(one, name))) return false;
    const returned = returnedBy(type, name);
    if (!isInterfaceType(returned)) return true;
    const implementors = schema.getPossibleTypes(returned);
    if (implementors.every(({ name: one }) => meets(one))) return true;
    if (everyOneSelectsDirectly(node)) return false;
    // Composition writes on the interface what all implementors demand together, if any demands anything.
    return implementors.some(({ name: one }) => meets(one));
  };

  const everyOneSelectsDirectly = (node: FieldNode): boolean => {
    let every = true;
    visit(document, {
      Field(other) {
        if ((other.alias ?? other.name).value !== (node.alias ?? node.name).value || !other.selectionSet) return;
        every &&= other.selectionSet.selections.some((selection) => selection.kind === Kind.FIELD && selection.name.value !== '__typename');
      },
    });
    return every;
  };

  const collect = (set: SelectionSetNode, parent: GraphQLNamedType, type: GraphQLObjectType, into: Map<string, Written[]>): void => {
    for (const selection of set.selections) {
      if (selection.kind === Kind.FIELD) {
        const key = (selection.alias ?? selection.name).value;
        into.set(key, [...(into.get(key) ?? []), { node: selection, parent }]);
        continue;
      }
      const fragment = selection.kind === Kind.INLINE_FRAGMENT ? selection : there(fragments.get(selection.name.value));
      const on = fragment.typeCondition === undefined ? parent : there(schema.getType(fragment.typeCondition.name.value));
      if (on === type || (isAbstractType(on) && schema.isSubType(on, type))) collect(fragment.selectionSet, on, type, into);
    }
  };

  /** `null` for an object that a refused or null non-null field takes along. */
  const object = (type: GraphQLObjectType, from: readonly Written[], path: readonly string[]): Record<string, unknown> | null => {
    const fields = new Map<string, Written[]>();
    for (const { node, parent } of from) if (node.selectionSet) collect(node.selectionSet, parent, type, fields);
    const result: Record<string, unknown> = Object.create(null) as Record<string, unknown>;
    let isNull = false;
    for (const [key, same] of fields) {
      const name = there(same[0]).node.name.value;
      const place = [...path, key];
      const permitted = same.filter((written) => permits(written, type));
      if (permitted.length < same.length) refused.add(place.join('.'));
      const definition = name === '__typename' ? undefined : there(type.getFields()[name]);
      const inside = permitted.map(({ node }) => ({ node, parent: definition ? getNamedType(definition.type) : type }));
      const nonNull = definition === undefined || isNonNullType(definition.type);
      const value =
        permitted.length === 0 ? null : definition ? complete(definition.type, inside, place, `${type.name}.${name}`) : type.name;
      if (value === null && nonNull) isNull = true;
      result[key] = value;
    }
    return isNull ? null : result;
  };

  const complete = (type: GraphQLOutputType, from: readonly Written[], path: readonly string[], coordinate: string): unknown => {
    if (isNonNullType(type)) return complete(type.ofType, from, path, coordinate);
    if (isListType(type)) {
      const named = getNamedType(type);
      const items = isAbstractType(named) ? schema.getPossibleTypes(named) : [named];
      const values = items.map((item) => (isObjectType(item) ? object(item, from, path) : world.leaf(coordinate)));
      return isNonNullType(type.ofType) && values.includes(null) ? null : values;
    }
    if (isAbstractType(type)) return object(there(schema.getPossibleTypes(type)[0]), from, path);
    return isObjectType(type) ? object(type, from, path) : world.leaf(coordinate);
  };

  const start: FieldNode = { kind: Kind.FIELD, name: { kind: Kind.NAME, value: 'start' }, selectionSet: operation.selectionSet };
  return { data: object(root, [{ node: start, parent: root }], []), refused };
}

function returnedBy(type: GraphQLObjectType, field: string): GraphQLNamedType {
  return getNamedType(there(type.getFields()[field]).type);
}

/** What a valid document names is there. */
function there<Value>(value: Value | undefined): Value {
  if (value === undefined) throw new Error('The document is not valid.');
  return value;
}
