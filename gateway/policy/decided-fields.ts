import { Kind, valueFromASTUntyped, type ConstDirectiveNode, type DocumentNode, type FieldDefinitionNode, type TypeNode } from 'graphql';
import { classify, type Classification, type DataClass } from '../../platform/classification.ts';

/** A coordinate that policies decide: a field of personal data or a root field. Everything else follows the field that leads to it. */
export interface DecidedField {
  readonly coordinate: string;
  /** `PUBLIC` for a root field that carries no class of its own. */
  readonly class: DataClass;
  readonly group: string | undefined;
  /** Subgraphs that resolve it, by name; several only where they share the field. */
  readonly subgraphs: readonly string[];
  /** Arguments of a type that Cedar can compare, with their Cedar type; lists, input objects and floats are left out. */
  readonly arguments: ReadonlyMap<string, CedarArgumentType>;
  /** Every argument that a request can give it, with the Cedar type of its values; none for one of those left out. */
  readonly argumentTypes: ReadonlyMap<string, CedarArgumentType | undefined>;
  readonly output: OutputShape;
}

export type CedarArgumentType = 'Long' | 'Bool' | 'String';

/** Whether Cedar takes a value for one of the type; nothing is of no type. */
export function hasCedarType(type: CedarArgumentType | undefined, value: unknown): boolean {
  if (type === 'Long') return Number.isSafeInteger(value);
  return typeof value === (type === 'Bool' ? 'boolean' : 'string') && type !== undefined;
}

/** What a field gives: a leaf, or an object with the transforms under which some of it remains. */
export type OutputShape = { readonly kind: 'leaf' } | { readonly kind: 'object'; readonly transforms: ReadonlySet<string> };

/**
 * The coordinates that policies decide in a composed supergraph (join specification v0.3 to v0.5), by coordinate.
 * Fields of value types are not among them: they take the decision of the field that leads to them.
 */
export function decidedFields(supergraph: DocumentNode): ReadonlyMap<string, DecidedField> {
  const classification = classify(supergraph);
  const types = readTypes(supergraph);
  const fields = new Map<string, DecidedField>();
  for (const type of types.objects.values()) {
    for (const field of type.fields.values()) {
      const coordinate = `${type.name}.${field.name.value}`;
      const personal = classification.personal.get(coordinate);
      if (!personal && !classification.roots.has(type.name)) continue;
      const argumentTypes = new Map(field.arguments?.map((one) => [one.name.value, cedarTypeOf(types, one.type)] as const));
      fields.set(coordinate, {
        coordinate,
        class: personal?.class ?? 'PUBLIC',
        group: personal?.group,
        subgraphs: subgraphsOf(types, type, field),
        arguments: personal ? comparable(argumentTypes) : new Map(),
        argumentTypes,
        output: outputOf(types, classification, field.type),
      });
    }
  }
  return fields;
}

/** Names of the subgraphs of a supergraph, in its order. */
export function subgraphNames(supergraph: DocumentNode): readonly string[] {
  return [...readTypes(supergraph).graphs.values()];
}

interface Types {
  /** Name of `join__Graph` value to name of subgraph. */
  readonly graphs: ReadonlyMap<string, string>;
  readonly objects: ReadonlyMap<string, CompositeType>;
  readonly interfaces: ReadonlyMap<string, CompositeType>;
  readonly leaves: ReadonlySet<string>;
}

interface CompositeType {
  readonly name: string;
  readonly directives: readonly ConstDirectiveNode[];
  readonly interfaces: readonly string[];
  readonly fields: ReadonlyMap<string, FieldDefinitionNode>;
}

function readTypes(supergraph: DocumentNode): Types {
  const graphs = new Map<string, string>();
  const objects = new Map<string, CompositeType>();
  const interfaces = new Map<string, CompositeType>();
  const leaves = new Set(['Int', 'Float', 'String', 'Boolean', 'ID']);
  for (const definition of supergraph.definitions) {
    if (definition.kind === Kind.SCALAR_TYPE_DEFINITION) leaves.add(definition.name.value);
    else if (definition.kind === Kind.ENUM_TYPE_DEFINITION && definition.name.value === 'join__Graph') {
      for (const value of definition.values ?? []) {
        const name = value.directives?.map((directive) => argument(directive, 'name')).find((found) => typeof found === 'string');
        if (typeof name === 'string') graphs.set(value.name.value, name);
      }
    } else if (definition.kind === Kind.ENUM_TYPE_DEFINITION) leaves.add(definition.name.value);
    else if (definition.kind === Kind.OBJECT_TYPE_DEFINITION || definition.kind === Kind.INTERFACE_TYPE_DEFINITION) {
      (definition.kind === Kind.OBJECT_TYPE_DEFINITION ? objects : interfaces).set(definition.name.value, {
        name: definition.name.value,
        directives: definition.directives ?? [],
        interfaces: (definition.interfaces ?? []).map((node) => node.name.value),
        fields: new Map((definition.fields ?? []).map((field) => [field.name.value, field])),
      });
    }
  }
  return { graphs, objects, interfaces, leaves };
}

/**
 * Who resolves a field: the graphs its `@join__field` names (externals and overridden ones do not resolve it), else those of an interface
 * that gives it (an `@interfaceObject` leaves a bare `@join__field` on the implementors), else all graphs of its type.
 */
function subgraphsOf(types: Types, type: CompositeType, field: FieldDefinitionNode): readonly string[] {
  const joins = (field.directives ?? []).filter((directive) => directive.name.value === 'join__field');
  const named = joins.filter((join) => typeof argument(join, 'graph') === 'string');
  let graphs = named
    .filter((join) => argument(join, 'external') !== true && argument(join, 'usedOverridden') !== true)
    .map((join) => argument(join, 'graph'));
  if (named.length === 0 && joins.length > 0) {
    const givers = type.interfaces.map((name) => types.interfaces.get(name));
    graphs = givers.flatMap((giver) => {
      const given = giver?.fields.get(field.name.value);
      return (given?.directives ?? []).filter(({ name }) => name.value === 'join__field').map((join) => argument(join, 'graph'));
    });
  }
  if (graphs.length === 0) {
    graphs = type.directives.filter(({ name }) => name.value === 'join__type').map((join) => argument(join, 'graph'));
  }
  const names = graphs.map((graph) => types.graphs.get(String(graph))).filter((name) => name !== undefined);
  return [...new Set(names)].sort();
}

function comparable(types: ReadonlyMap<string, CedarArgumentType | undefined>): ReadonlyMap<string, CedarArgumentType> {
  return new Map([...types].flatMap(([name, type]) => (type === undefined ? [] : [[name, type] as const])));
}

function cedarTypeOf(types: Types, type: TypeNode): CedarArgumentType | undefined {
  if (type.kind === Kind.NON_NULL_TYPE) return cedarTypeOf(types, type.type);
  if (type.kind === Kind.LIST_TYPE || type.name.value === 'Float' || !types.leaves.has(type.name.value)) return undefined;
  if (type.name.value === 'Int') return 'Long';
  return type.name.value === 'Boolean' ? 'Bool' : 'String';
}

function outputOf(types: Types, classification: Classification, type: TypeNode): OutputShape {
  if (type.kind !== Kind.NAMED_TYPE) return outputOf(types, classification, type.type);
  const name = type.name.value;
  if (types.leaves.has(name)) return { kind: 'leaf' };
  const transforms = new Set<string>();
  for (const [coordinate, kept] of classification.retained) {
    if (coordinate.startsWith(`${name}.`)) for (const transform of kept) transforms.add(transform);
  }
  return { kind: 'object', transforms };
}

function argument(directive: ConstDirectiveNode, name: string): unknown {
  const found = directive.arguments?.find((candidate) => candidate.name.value === name);
  return found && valueFromASTUntyped(found.value);
}
