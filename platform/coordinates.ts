import {
  getNamedType,
  isAbstractType,
  isObjectType,
  TypeInfo,
  visit,
  visitWithTypeInfo,
  type DocumentNode,
  type GraphQLNamedType,
  type GraphQLSchema,
} from 'graphql';

/** Fields that belong to federation or introspection themselves and name nothing of a person: `__typename`, `_entities`, `_service`. */
const MECHANISM = new Set(['__typename', '_entities', '_service']);

/**
 * Every `Type.field` that the document selects, on concrete types only: a field selected on an interface counts for each of its
 * implementors (ATTACKS 1 and 2). The document must be valid against the schema; `__schema` and `__type` come back as themselves.
 */
export function coordinatesOf(schema: GraphQLSchema, document: DocumentNode): ReadonlySet<string> {
  const found = new Set<string>();
  const types = new TypeInfo(schema);
  visit(
    document,
    visitWithTypeInfo(types, {
      Field(node) {
        const parent = types.getParentType();
        if (!parent || MECHANISM.has(node.name.value)) return;
        for (const concrete of concreteTypes(schema, parent)) found.add(`${concrete}.${node.name.value}`);
      },
    }),
  );
  return found;
}

/** Names of the object types that a value of this type can have. */
export function concreteTypes(schema: GraphQLSchema, type: GraphQLNamedType): readonly string[] {
  const named = getNamedType(type);
  if (isObjectType(named)) return [named.name];
  return isAbstractType(named) ? schema.getPossibleTypes(named).map((possible) => possible.name) : [];
}
