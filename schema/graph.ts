import {
  concatAST,
  Kind,
  parse,
  valueFromASTUntyped,
  type ConstDirectiveNode,
  type DocumentNode,
  type FieldDefinitionNode,
  type InputValueDefinitionNode,
  type SelectionSetNode,
  type TypeNode,
} from 'graphql';
import { classify, DATA_CLASSES, type Classification, type DataClass } from '../platform/classification.ts';

/** A subgraph as it takes part in composition: its name, where it will be served, and its whole SDL (rules directives included). */
export interface SubgraphSdl {
  readonly name: string;
  readonly url: string;
  readonly sdl: string;
}

/**
 * The subgraphs' SDL laid together, each declaration still knowing the subgraph that it came from. What the checks read, because the
 * composed supergraph no longer says who declared what, and does not exist when composition fails.
 */
export interface Graph {
  readonly subgraphs: readonly { readonly name: string; readonly document: DocumentNode }[];
  readonly types: ReadonlyMap<string, GraphType>;
  readonly classification: Classification;
}

export interface GraphType {
  readonly name: string;
  readonly kind: 'object' | 'interface' | 'union' | 'input' | 'enum' | 'scalar';
  readonly declarations: { readonly subgraph: string; readonly directives: readonly ConstDirectiveNode[] }[];
  readonly fields: Map<string, GraphField>;
  /** Names of the interfaces that it implements. */
  readonly interfaces: Set<string>;
  /** Names of a union's members, or of an enum's values. */
  readonly members: Set<string>;
}

export interface GraphField {
  readonly coordinate: string;
  readonly parent: string;
  readonly name: string;
  /** The type without lists and non-null. */
  readonly type: string;
  readonly declarations: FieldDeclaration[];
}

export interface FieldDeclaration {
  readonly subgraph: string;
  readonly node: FieldDefinitionNode | InputValueDefinitionNode;
  /** The subgraph only names the field, another one resolves it. */
  readonly external: boolean;
}

/** Something that keeps a graph from being composed, as a sentence: where, what is wrong, what to do. */
export interface Problem {
  /** Name of the check, `composition` for those of Apollo's composition. */
  readonly rule: string;
  readonly coordinate: string;
  readonly message: string;
}

/** One rule over the whole graph: pure, every problem reported. */
export type Check = (graph: Graph) => readonly Problem[];

/** Lays parsed subgraphs together. Declarations that contradict each other are kept side by side for the checks to find. */
export function readGraph(subgraphs: Graph['subgraphs']): Graph {
  const types = new Map<string, GraphType>();
  for (const { name, document } of subgraphs) readDocument(types, name, document);
  return { subgraphs, types, classification: classify(concatAST(subgraphs.map(({ document }) => document))) };
}

function readDocument(types: Map<string, GraphType>, subgraph: string, document: DocumentNode): void {
  for (const definition of document.definitions) {
    const kind = TYPE_KINDS[definition.kind];
    if (kind === undefined || !('name' in definition) || definition.name === undefined) continue;
    const name = definition.name.value;
    const type: GraphType = types.get(name) ?? {
      name,
      kind,
      declarations: [],
      fields: new Map(),
      interfaces: new Set(),
      members: new Set(),
    };
    types.set(name, type);
    const directives = 'directives' in definition ? ((definition.directives ?? []) as readonly ConstDirectiveNode[]) : [];
    type.declarations.push({ subgraph, directives });
    if ('interfaces' in definition) for (const node of definition.interfaces ?? []) type.interfaces.add(node.name.value);
    if ('types' in definition) for (const node of definition.types ?? []) type.members.add(node.name.value);
    if ('values' in definition) for (const node of definition.values ?? []) type.members.add(node.name.value);
    if (!('fields' in definition)) continue;
    for (const node of definition.fields ?? []) {
      const field = type.fields.get(node.name.value) ?? {
        coordinate: `${name}.${node.name.value}`,
        parent: name,
        name: node.name.value,
        type: namedType(node.type),
        declarations: [],
      };
      type.fields.set(field.name, field);
      field.declarations.push({ subgraph, node, external: has(node.directives, 'external') || has(directives, 'external') });
    }
  }
}

const TYPE_KINDS: Partial<Record<Kind, GraphType['kind']>> = {
  [Kind.OBJECT_TYPE_DEFINITION]: 'object',
  [Kind.OBJECT_TYPE_EXTENSION]: 'object',
  [Kind.INTERFACE_TYPE_DEFINITION]: 'interface',
  [Kind.INTERFACE_TYPE_EXTENSION]: 'interface',
  [Kind.UNION_TYPE_DEFINITION]: 'union',
  [Kind.UNION_TYPE_EXTENSION]: 'union',
  [Kind.INPUT_OBJECT_TYPE_DEFINITION]: 'input',
  [Kind.INPUT_OBJECT_TYPE_EXTENSION]: 'input',
  [Kind.ENUM_TYPE_DEFINITION]: 'enum',
  [Kind.ENUM_TYPE_EXTENSION]: 'enum',
  [Kind.SCALAR_TYPE_DEFINITION]: 'scalar',
  [Kind.SCALAR_TYPE_EXTENSION]: 'scalar',
};

/** Fields of object types, roots included, in the order of the SDL. */
export function objectFields(graph: Graph): readonly GraphField[] {
  return [...graph.types.values()].filter((type) => type.kind === 'object').flatMap((type) => [...type.fields.values()]);
}

/** Names of the object types that a value of the named type can have, by what any subgraph declares. */
export function possibleTypes(graph: Graph, name: string): readonly string[] {
  const type = graph.types.get(name);
  if (type?.kind === 'object') return [name];
  if (type?.kind === 'union') return [...type.members];
  if (type?.kind !== 'interface') return [];
  return [...graph.types.values()].filter((other) => other.kind === 'object' && other.interfaces.has(name)).map((other) => other.name);
}

/** Whether a value of the named type can be a person. */
export function canBePerson(graph: Graph, name: string): boolean {
  return possibleTypes(graph, name).some((type) => graph.classification.subjects.has(type));
}

/** Whether the field is part of a `@key` of its type in any subgraph (its outermost names). */
export function isKey(graph: Graph, field: Pick<GraphField, 'parent' | 'coordinate'>): boolean {
  return graph.classification.keys.get(field.parent)?.has(field.coordinate) ?? false;
}

/** The field of a coordinate `Type.field`, undefined when the graph has none. */
export function fieldAt(graph: Graph, coordinate: string): GraphField | undefined {
  const [type, field, ...rest] = coordinate.split('.');
  if (type === undefined || field === undefined || rest.length > 0) return undefined;
  return graph.types.get(type)?.fields.get(field);
}

/**
 * The class that a coordinate is treated as: its own; that of the fields which lead to its value type; for an unclassified key of a
 * person BASIC (an ID number is basic data, Decree 356/2025/NĐ-CP art. 3).
 */
export function effectiveClass(graph: Graph, coordinate: string, seen: ReadonlySet<string> = new Set()): DataClass {
  const own = graph.classification.personal.get(coordinate)?.class;
  if (own !== undefined) return own;
  const field = fieldAt(graph, coordinate);
  if (field === undefined || seen.has(coordinate)) return 'PUBLIC';
  if (graph.classification.subjects.has(field.parent)) return 'BASIC';
  if (!graph.classification.valueTypes.has(field.parent)) return 'PUBLIC';
  const leading = objectFields(graph).filter((other) => possibleTypes(graph, other.type).includes(field.parent));
  return highestClass(leading.map((other) => effectiveClass(graph, other.coordinate, new Set([...seen, coordinate]))));
}

export function highestClass(classes: readonly DataClass[]): DataClass {
  return DATA_CLASSES[Math.max(0, ...classes.map((one) => DATA_CLASSES.indexOf(one)))] ?? 'PUBLIC';
}

/** A coordinate that a field set selects, with how deep: 0 is a field of the type that the set stands on. */
export interface Selected {
  readonly coordinate: string;
  readonly depth: number;
}

/** The coordinates of concrete types that a field set (`mother { idNumber }`) selects; empty when it does not parse (composition says so). */
export function selectedBy(graph: Graph, type: string, fieldSet: string): readonly Selected[] {
  const selected: Selected[] = [];
  const [operation] = parseFieldSet(fieldSet)?.definitions ?? [];
  if (operation?.kind === Kind.OPERATION_DEFINITION) walk(type, operation.selectionSet, 0);
  return selected;

  function walk(on: string, set: SelectionSetNode, depth: number): void {
    for (const selection of set.selections) {
      if (selection.kind === Kind.INLINE_FRAGMENT) walk(selection.typeCondition?.name.value ?? on, selection.selectionSet, depth);
      if (selection.kind !== Kind.FIELD || selection.name.value === '__typename') continue;
      for (const concrete of possibleTypes(graph, on)) {
        const field = graph.types.get(concrete)?.fields.get(selection.name.value);
        selected.push({ coordinate: `${concrete}.${selection.name.value}`, depth });
        if (field !== undefined && selection.selectionSet !== undefined) walk(field.type, selection.selectionSet, depth + 1);
      }
    }
  }
}

function parseFieldSet(fieldSet: string): DocumentNode | undefined {
  try {
    return parse(fieldSet.trim().startsWith('{') ? fieldSet : `{ ${fieldSet} }`, { noLocation: true });
  } catch {
    return undefined;
  }
}

/** The named type inside lists and non-null. */
export function namedType(node: TypeNode): string {
  return node.kind === Kind.NAMED_TYPE ? node.name.value : namedType(node.type);
}

export function has(directives: readonly ConstDirectiveNode[] | undefined, name: string): boolean {
  return directives?.some((directive) => directive.name.value === name) ?? false;
}

/** Values of the arguments of each application of a directive. */
export function applications(
  directives: readonly ConstDirectiveNode[] | undefined,
  name: string,
): readonly Readonly<Record<string, unknown>>[] {
  return (directives ?? [])
    .filter((directive) => directive.name.value === name)
    .map((directive) => Object.fromEntries((directive.arguments ?? []).map((node) => [node.name.value, valueFromASTUntyped(node.value)])));
}
