import { isObjectType, type GraphQLSchema } from 'graphql';

/**
 * Names of fields that take arguments on some type. By name alone: implementors may add arguments, and a field that merges with itself
 * across fragments must be fetched under one name whatever types each fragment is for.
 */
export function namesWithArguments(schema: GraphQLSchema): ReadonlySet<string> {
  const known = WITH_ARGUMENTS.get(schema);
  if (known) return known;
  const names = new Set<string>();
  for (const type of Object.values(schema.getTypeMap())) {
    if (!isObjectType(type)) continue;
    for (const field of Object.values(type.getFields())) if (field.args.length > 0) names.add(field.name);
  }
  WITH_ARGUMENTS.set(schema, names);
  return names;
}

const WITH_ARGUMENTS = new WeakMap<GraphQLSchema, ReadonlySet<string>>();
