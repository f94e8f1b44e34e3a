import {
  isNonNullType,
  Kind,
  TypeInfo,
  visit,
  visitWithTypeInfo,
  type DocumentNode,
  type GraphQLSchema,
  type OperationDefinitionNode,
} from 'graphql';

/**
 * Whether null was given for a variable that stands where null cannot. Validation lets a nullable variable stand there when it has a
 * default (GraphQL specification, "All Variable Usages Are Allowed"), and a null in its place is an error of each field that uses it. Here
 * it is one of the request, before rules, plans and registers are asked about an argument that cannot be read.
 */
export function hasUnfitNull(
  document: DocumentNode,
  operation: OperationDefinitionNode,
  variables: Readonly<Record<string, unknown>>,
  schema: GraphQLSchema,
): boolean {
  const nulls = new Set<string>();
  for (const { variable, defaultValue } of operation.variableDefinitions ?? []) {
    if (defaultValue !== undefined && variables[variable.name.value] === null) nulls.add(variable.name.value);
  }
  if (nulls.size === 0) return false;

  const fragments = document.definitions.filter((definition) => definition.kind === Kind.FRAGMENT_DEFINITION);
  const types = new TypeInfo(schema);
  let found = false;
  visit(
    { kind: Kind.DOCUMENT, definitions: [operation, ...fragments] },
    visitWithTypeInfo(types, {
      Variable: ({ name }) => {
        found ||= nulls.has(name.value) && isNonNullType(types.getInputType());
      },
    }),
  );
  return found;
}
