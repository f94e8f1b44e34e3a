import { isAbstractType, isCompositeType, isInterfaceType, isObjectType, type GraphQLSchema } from 'graphql';

/** What the executor knows of the supergraph's types, looked up only while plans are compiled. */
export interface TypeNames {
  /** Every object type. What a subgraph knows as an object by `@interfaceObject` is an interface here. */
  readonly objects: ReadonlySet<string>;
  readonly composites: ReadonlySet<string>;
  readonly interfaces: ReadonlySet<string>;
  /** Every `__typename` that satisfies a type condition: the type itself, its object types, and interfaces that implement it. */
  under(condition: string): ReadonlySet<string>;
}

const READ = new WeakMap<GraphQLSchema, TypeNames>();

/** The type names of a supergraph, `@inaccessible` ones included: inputs of subgraphs may be of such types. Read once for each schema. */
export function typeNamesOf(schema: GraphQLSchema): TypeNames {
  const known = READ.get(schema);
  if (known) return known;
  const names = readTypeNames(schema);
  READ.set(schema, names);
  return names;
}

function readTypeNames(schema: GraphQLSchema): TypeNames {
  const types = Object.values(schema.getTypeMap()).filter(isCompositeType);
  const known = new Map<string, ReadonlySet<string>>();
  return {
    objects: new Set(types.filter(isObjectType).map(({ name }) => name)),
    composites: new Set(types.map(({ name }) => name)),
    interfaces: new Set(types.filter(isInterfaceType).map(({ name }) => name)),
    under: (condition) => {
      const found = known.get(condition) ?? under(schema, condition);
      known.set(condition, found);
      return found;
    },
  };
}

function under(schema: GraphQLSchema, condition: string): ReadonlySet<string> {
  const names = new Set([condition]);
  const type = schema.getType(condition);
  if (!isAbstractType(type)) return names;
  for (const { name } of schema.getPossibleTypes(type)) names.add(name);
  if (isInterfaceType(type)) for (const { name } of schema.getImplementations(type).interfaces) names.add(name);
  return names;
}
