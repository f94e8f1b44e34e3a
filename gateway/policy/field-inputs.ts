import {
  isObjectType,
  Kind,
  parse,
  valueFromASTUntyped,
  type DirectiveNode,
  type GraphQLInterfaceType,
  type GraphQLObjectType,
  type GraphQLSchema,
} from 'graphql';
import { coordinatesOf } from '../../platform/coordinates.ts';

/** Coordinates that a field is computed from, by its own coordinate. */
export type FieldInputs = ReadonlyMap<string, ReadonlySet<string>>;

/**
 * What each field's `@requires` and `@fromContext` hand to its subgraph, nested fields included, read from the join directives of a
 * supergraph. A field that an interface object gives has them on the interface, and they are its implementors' too. Kept by schema.
 * `contextDirective` is the name of `@context` in it.
 */
export function fieldInputs(supergraph: GraphQLSchema, contextDirective: string | undefined): FieldInputs {
  const known = KNOWN.get(supergraph);
  if (known) return known;
  const inputs = new Map<string, Set<string>>();
  const contexts = typesByContext(supergraph, contextDirective);
  for (const type of Object.values(supergraph.getTypeMap())) {
    if (!isObjectType(type)) continue;
    for (const name of Object.keys(type.getFields())) {
      const found = new Set<string>();
      for (const join of joinsOf(type, name)) {
        for (const [on, selection] of selectionsOf(join, type.name, contexts)) {
          const fragment = parse(`fragment inputs on ${on} ${selection}`, { noLocation: true });
          for (const input of coordinatesOf(supergraph, fragment)) found.add(input);
        }
      }
      if (found.size > 0) inputs.set(`${type.name}.${name}`, found);
    }
  }
  KNOWN.set(supergraph, inputs);
  return inputs;
}

const KNOWN = new WeakMap<GraphQLSchema, FieldInputs>();

/** Every field that stands in some entity's key, nested ones too (`organisation { id }`). Kept by schema. */
export function keyInputs(supergraph: GraphQLSchema): ReadonlySet<string> {
  const known = KEYS_KNOWN.get(supergraph);
  if (known) return known;
  const keys = new Set<string>();
  for (const type of Object.values(supergraph.getTypeMap())) {
    if (!isObjectType(type)) continue;
    for (const join of type.astNode?.directives ?? []) {
      const key = join.name.value === 'join__type' ? join.arguments?.find(({ name }) => name.value === 'key')?.value : undefined;
      if (key?.kind !== Kind.STRING) continue;
      const fragment = parse(`fragment key on ${type.name} { ${key.value} }`, { noLocation: true });
      for (const coordinate of coordinatesOf(supergraph, fragment)) keys.add(coordinate);
    }
  }
  KEYS_KNOWN.set(supergraph, keys);
  return keys;
}

const KEYS_KNOWN = new WeakMap<GraphQLSchema, ReadonlySet<string>>();

/** The `@join__field` of a field and of the same field of its type's interfaces. */
function joinsOf(type: GraphQLObjectType, field: string): readonly DirectiveNode[] {
  const places: readonly (GraphQLObjectType | GraphQLInterfaceType)[] = [type, ...type.getInterfaces()];
  return places.flatMap((place) => place.getFields()[field]?.astNode?.directives?.filter(({ name }) => name.value === 'join__field') ?? []);
}

/** Selection sets that a join directive names, each with the type that it is on. */
function selectionsOf(
  join: DirectiveNode,
  type: string,
  contexts: ReadonlyMap<string, readonly string[]>,
): readonly (readonly [string, string])[] {
  const value = (name: string): unknown => {
    const node = join.arguments?.find((argument) => argument.name.value === name)?.value;
    return node && valueFromASTUntyped(node);
  };
  const selections: (readonly [string, string])[] = [];
  const requires = value('requires');
  if (typeof requires === 'string') selections.push([type, `{ ${requires} }`]);
  const contextArguments = value('contextArguments');
  for (const argument of Array.isArray(contextArguments) ? contextArguments : []) {
    const { context, selection } = argument as { readonly context: string; readonly selection: string };
    const set = selection.trimStart().startsWith('{') ? selection : `{ ${selection} }`;
    for (const holder of contexts.get(context) ?? []) selections.push([holder, set]);
  }
  return selections;
}

/** Names of the types that set each context. */
function typesByContext(supergraph: GraphQLSchema, contextDirective: string | undefined): ReadonlyMap<string, readonly string[]> {
  const types = new Map<string, string[]>();
  for (const type of Object.values(supergraph.getTypeMap())) {
    for (const directive of type.astNode?.directives ?? []) {
      const context = directive.arguments?.find(({ name }) => name.value === 'name')?.value;
      if (directive.name.value !== contextDirective || context?.kind !== Kind.STRING) continue;
      types.set(context.value, [...(types.get(context.value) ?? []), type.name]);
    }
  }
  return types;
}
