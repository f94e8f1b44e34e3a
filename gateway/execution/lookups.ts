import {
  getArgumentValues,
  getNamedType,
  isListType,
  isNonNullType,
  isObjectType,
  Kind,
  OperationTypeNode,
  valueFromASTUntyped,
  type DirectiveNode,
  type FieldNode,
  type GraphQLField,
  type GraphQLSchema,
  type OperationDefinitionNode,
  type SelectionNode,
} from 'graphql';
import type { Graph, SubgraphPart } from '../graph.ts';
import { keyOf, type Key } from './data.ts';
import { peopleRoot, personRoot } from './people-roots.ts';

/**
 * A root that finds people by their key (`@lookup`) and is taken by the way of entities: who they are is known before anything is fetched,
 * so that no register waits for another and all are batched across requests.
 */
export interface Lookup {
  /** Under which the value stands in the data. */
  readonly dataKey: Key;
  readonly type: string;
  /** Name of the field that tells people of the type apart. */
  readonly keyField: string;
  readonly isList: boolean;
  /** Whose root it is. INVARIANT: only what this subgraph has is there, whatever others said of it. */
  readonly subgraph: string;
  /** Keys in the order asked, duplicates kept. */
  readonly idsFrom: (variables: Readonly<Record<string, unknown>>) => readonly unknown[];
}

/** Selections of an operation's root with their look-ups written as roots of people, for the planner. */
export interface WithLookups {
  readonly selections: readonly SelectionNode[];
  readonly lookups: readonly Lookup[];
}

/**
 * Writes the look-ups of an operation as roots of people. Mutations keep their order, and so their roots; so does a look-up whose subgraph
 * does not serve its type by the key alone.
 */
export function takeLookups({ operation, selectionSet }: OperationDefinitionNode, graph: Graph): WithLookups {
  const query = graph.apiSchema.getQueryType();
  if (operation !== OperationTypeNode.QUERY || !query) return { selections: selectionSet.selections, lookups: [] };
  const lookups: Lookup[] = [];
  const selections = selectionSet.selections.map((selection): SelectionNode => {
    if (selection.kind !== Kind.FIELD) return selection;
    const lookup = lookupOf(selection, query.name, query.getFields()[selection.name.value], graph);
    if (lookup === undefined) return selection;
    lookups.push(lookup);
    const { arguments: _, ...plain } = selection;
    const name = lookup.isList ? peopleRoot(lookup.type) : personRoot(lookup.type);
    return { ...plain, alias: nameOf(lookup.dataKey.name), name: nameOf(name) };
  });
  return { selections, lookups };
}

function lookupOf(
  node: FieldNode,
  query: string,
  field: GraphQLField<unknown, unknown> | undefined,
  { classification, subgraphs, supergraph }: Graph,
): Lookup | undefined {
  const type = field && getNamedType(field.type);
  if (!field || !isObjectType(type) || !classification.lookups.has(`${query}.${field.name}`)) return undefined;
  const keyField = classification.subjects.get(type.name)?.key;
  const [argument, ...others] = field.args;
  const isList = isListType(field.type) && !isNonNullType(field.type.ofType);
  const isOne = !isListType(field.type) && !isNonNullType(field.type);
  // Where an entity that is not there has no null to stand for it, only the root knows what to answer.
  if (keyField === undefined || argument === undefined || others.length > 0 || !(isList || isOne)) return undefined;
  if (!isNonNullType(argument.type) || isListType(argument.type.ofType) !== isList) return undefined;
  const [owner, ...more] = [...subgraphs.values()].filter(({ schema }) => schema.getQueryType()?.getFields()[field.name] !== undefined);
  if (owner === undefined || more.length > 0 || !servesByKey(owner, type.name, keyField, supergraph.supergraphSchema)) return undefined;
  const idsFrom = (variables: Readonly<Record<string, unknown>>): readonly unknown[] =>
    Object.values(getArgumentValues(field, node, { ...variables })).flat();
  const dataKey = keyOf(node.alias?.value ?? node.name.value);
  return { dataKey, type: type.name, keyField, isList, subgraph: owner.name, idsFrom };
}

/** Whether the subgraph gives entities of the type by this field alone (join specification, `@join__type`). */
function servesByKey({ name }: SubgraphPart, type: string, keyField: string, supergraph: GraphQLSchema): boolean {
  const graphs = supergraph.getType('join__Graph')?.astNode;
  const values = graphs?.kind === Kind.ENUM_TYPE_DEFINITION ? (graphs.values ?? []) : [];
  const graph = values.find((value) => value.directives?.some((directive) => valuesOf(directive)['name'] === name))?.name.value;
  return (supergraph.getType(type)?.astNode?.directives ?? []).some((directive) => {
    if (directive.name.value !== 'join__type') return false;
    const values = valuesOf(directive);
    return values['graph'] === graph && values['resolvable'] !== false && String(values['key']).trim() === keyField;
  });
}

function valuesOf(directive: DirectiveNode): Readonly<Record<string, unknown>> {
  return Object.fromEntries((directive.arguments ?? []).map(({ name, value }) => [name.value, valueFromASTUntyped(value)]));
}

function nameOf(value: string) {
  return { kind: Kind.NAME, value } as const;
}
