import {
  buildASTSchema,
  Kind,
  parse,
  printSchema,
  type DefinitionNode,
  type FieldDefinitionNode,
  type GraphQLSchema,
  type InputValueDefinitionNode,
  type InterfaceTypeDefinitionNode,
  type ObjectTypeDefinitionNode,
  type TypeNode,
} from 'graphql';

/** What may be shown. Asked again while the schema shrinks: `ways` are the coordinates of fields still there that give the type. */
export interface Visible {
  readonly field: (type: string, field: string, ways: readonly string[]) => boolean;
  readonly argument: (type: string, field: string, argument: string) => boolean;
  /** Name of the query type, which a schema cannot be without. */
  readonly query: string;
}

type Composite = ObjectTypeDefinitionNode | InterfaceTypeDefinitionNode;

/**
 * A schema without what may not be shown: no type is left that is empty or that nothing leads to, an interface keeps the fields that all its
 * types keep, and what is left is a schema again, whole by the specification. Where nothing may be shown, one field says so.
 */
export function filterSchema(schema: GraphQLSchema, visible: Visible): GraphQLSchema {
  const before = parse(printSchema(schema), { noLocation: true }).definitions;
  let definitions = [...before];
  // Each round takes something out, or is the last one.
  for (let left = -1; left !== sizeOf(definitions);) {
    left = sizeOf(definitions);
    definitions = shrink(definitions, visible);
  }
  const reached = reachable(definitions, visible.query);
  const kept = definitions.filter(
    (definition) => !('name' in definition) || definition.kind === Kind.DIRECTIVE_DEFINITION || reached.has(definition.name?.value ?? ''),
  );
  return buildASTSchema({ kind: Kind.DOCUMENT, definitions: withQuery(kept, visible.query) });
}

function shrink(definitions: readonly DefinitionNode[], visible: Visible): DefinitionNode[] {
  const composites = definitions.filter(isComposite);
  const names = new Set(definitions.flatMap((definition) => ('name' in definition && definition.name ? [definition.name.value] : [])));
  const exists = (type: TypeNode): boolean => SCALARS.has(nameOf(type)) || names.has(nameOf(type));
  const ways = waysIn(composites, definitions);
  const fieldsOf = new Map(composites.map((type) => [type.name.value, new Set(type.fields?.map(({ name }) => name.value))]));

  const keptFields = (type: Composite): FieldDefinitionNode[] =>
    (type.fields ?? []).flatMap((field) => {
      const name = field.name.value;
      if (!exists(field.type)) return [];
      if (type.kind === Kind.INTERFACE_TYPE_DEFINITION) {
        const implementors = composites.filter(
          (other) => other.kind === Kind.OBJECT_TYPE_DEFINITION && implementsIt(other, type.name.value),
        );
        return implementors.every((other) => fieldsOf.get(other.name.value)?.has(name) === true) ? [field] : [];
      }
      if (!visible.field(type.name.value, name, ways.get(type.name.value) ?? [])) return [];
      const args = (field.arguments ?? []).filter((argument) => visible.argument(type.name.value, name, argument.name.value));
      // A field that cannot be asked without an argument which may not be used cannot be asked.
      const lost = (field.arguments ?? []).some((argument) => !args.includes(argument) && isNeeded(argument));
      return lost ? [] : [{ ...field, arguments: args }];
    });

  return definitions.flatMap((definition): DefinitionNode[] => {
    if (isComposite(definition)) {
      const fields = keptFields(definition);
      const interfaces = (definition.interfaces ?? []).filter(({ name }) => names.has(name.value));
      return fields.length === 0 ? [] : [{ ...definition, fields, interfaces }];
    }
    if (definition.kind === Kind.UNION_TYPE_DEFINITION) {
      const types = (definition.types ?? []).filter(({ name }) => names.has(name.value));
      return types.length === 0 ? [] : [{ ...definition, types }];
    }
    if (definition.kind === Kind.SCHEMA_DEFINITION) {
      return [{ ...definition, operationTypes: definition.operationTypes.filter(({ type }) => names.has(type.name.value)) }];
    }
    return [definition];
  });
}

/** By object type: the coordinates of fields that can give it. */
function waysIn(composites: readonly Composite[], definitions: readonly DefinitionNode[]): ReadonlyMap<string, readonly string[]> {
  const ways = new Map<string, string[]>();
  for (const type of composites) {
    if (type.kind !== Kind.OBJECT_TYPE_DEFINITION) continue;
    for (const field of type.fields ?? []) {
      for (const given of possible(nameOf(field.type), composites, definitions)) {
        ways.set(given, [...(ways.get(given) ?? []), `${type.name.value}.${field.name.value}`]);
      }
    }
  }
  return ways;
}

function possible(name: string, composites: readonly Composite[], definitions: readonly DefinitionNode[]): readonly string[] {
  const union = definitions.find((definition) => definition.kind === Kind.UNION_TYPE_DEFINITION && definition.name.value === name);
  if (union?.kind === Kind.UNION_TYPE_DEFINITION) return (union.types ?? []).map((type) => type.name.value);
  const named = composites.find((type) => type.name.value === name);
  if (named?.kind !== Kind.INTERFACE_TYPE_DEFINITION) return [name];
  return composites.filter((type) => type.kind === Kind.OBJECT_TYPE_DEFINITION && implementsIt(type, name)).map((type) => type.name.value);
}

/** Names of types that a document can get to from the roots. */
function reachable(definitions: readonly DefinitionNode[], query: string): ReadonlySet<string> {
  const byName = new Map(
    definitions.flatMap((definition) => ('name' in definition && definition.name ? [[definition.name.value, definition] as const] : [])),
  );
  const reached = new Set<string>();
  const waiting = [query, ...rootsOf(definitions)];
  for (let name = waiting.pop(); name !== undefined; name = waiting.pop()) {
    const definition = byName.get(name);
    if (definition === undefined || reached.has(name)) continue;
    reached.add(name);
    if ('interfaces' in definition) waiting.push(...(definition.interfaces ?? []).map((one) => one.name.value));
    if (definition.kind === Kind.UNION_TYPE_DEFINITION) waiting.push(...(definition.types ?? []).map((one) => one.name.value));
    if (definition.kind === Kind.INTERFACE_TYPE_DEFINITION) {
      for (const other of definitions) if (isComposite(other) && implementsIt(other, name)) waiting.push(other.name.value);
    }
    for (const field of 'fields' in definition ? (definition.fields ?? []) : []) {
      waiting.push(nameOf(field.type), ...('arguments' in field ? (field.arguments ?? []).map((argument) => nameOf(argument.type)) : []));
    }
  }
  for (const definition of definitions) {
    if (definition.kind !== Kind.DIRECTIVE_DEFINITION) continue;
    for (const argument of definition.arguments ?? []) reached.add(nameOf(argument.type));
  }
  return reached;
}

function rootsOf(definitions: readonly DefinitionNode[]): readonly string[] {
  const declared = definitions.flatMap((one) =>
    one.kind === Kind.SCHEMA_DEFINITION ? one.operationTypes.map(({ type }) => type.name.value) : [],
  );
  return declared.length > 0 ? declared : ['Mutation', 'Subscription'];
}

/** A schema has a query type, and a query type has a field. */
function withQuery(definitions: readonly DefinitionNode[], query: string): readonly DefinitionNode[] {
  if (definitions.some((definition) => isComposite(definition) && definition.name.value === query)) return definitions;
  const [nothing] = parse(`type ${query} { "No rule gives this application anything to ask for with this purpose." _nothing: Boolean }`, {
    noLocation: true,
  }).definitions;
  return nothing === undefined ? definitions : [...definitions.filter(({ kind }) => kind !== Kind.SCHEMA_DEFINITION), nothing];
}

function isComposite(definition: DefinitionNode): definition is Composite {
  return definition.kind === Kind.OBJECT_TYPE_DEFINITION || definition.kind === Kind.INTERFACE_TYPE_DEFINITION;
}

function implementsIt(type: Composite, name: string): boolean {
  return type.interfaces?.some((one) => one.name.value === name) ?? false;
}

function isNeeded({ type, defaultValue }: InputValueDefinitionNode): boolean {
  return type.kind === Kind.NON_NULL_TYPE && defaultValue === undefined;
}

function nameOf(type: TypeNode): string {
  return type.kind === Kind.NAMED_TYPE ? type.name.value : nameOf(type.type);
}

function sizeOf(definitions: readonly DefinitionNode[]): number {
  return definitions.reduce(
    (sum, one) => sum + 1 + ('fields' in one ? (one.fields?.length ?? 0) : 0) + ('types' in one ? (one.types?.length ?? 0) : 0),
    0,
  );
}

const SCALARS: ReadonlySet<string> = new Set(['Int', 'Float', 'String', 'Boolean', 'ID']);
