import {
  getNamedType,
  getNullableType,
  isCompositeType,
  isEnumType,
  isInterfaceType,
  isListType,
  isObjectType,
  Kind,
  typeFromAST,
  type DocumentNode,
  type FieldNode,
  type FragmentDefinitionNode,
  type GraphQLNamedType,
  type GraphQLOutputType,
  type GraphQLSchema,
  type SelectionSetNode,
} from 'graphql';
import type { Leaf } from './lattice.ts';

/** What stands at a place of an answer: every selection of the document that is answered under this name. */
export interface Place {
  readonly nodes: readonly FieldNode[];
  readonly type: GraphQLOutputType;
  /** `Type.field` each; several where fragments on different types answer under one name. */
  readonly coordinates: readonly string[];
}

/** A place that is not there, with the sentence that says so. */
export interface NoPlace {
  readonly problem: string;
}

/** Finds places of a document's answer by the names under which it answers (aliases), through fragments. The document is valid. */
export interface Answered {
  /** A field of the root. */
  readonly root: readonly { readonly key: string; readonly node: FieldNode }[];
  readonly at: (path: readonly string[]) => Place | NoPlace;
}

/** Reads the one operation of a document. */
export function readAnswered(document: DocumentNode, schema: GraphQLSchema): Answered {
  const fragments = new Map<string, FragmentDefinitionNode>();
  for (const definition of document.definitions) {
    if (definition.kind === Kind.FRAGMENT_DEFINITION) fragments.set(definition.name.value, definition);
  }
  const operation = document.definitions.find((definition) => definition.kind === Kind.OPERATION_DEFINITION);
  const query = schema.getQueryType();
  if (operation === undefined || !query) throw new Error('A valid document has an operation, and the schema a query type.');

  const fieldsOf = (set: SelectionSetNode, type: GraphQLNamedType): readonly Selected[] =>
    set.selections.flatMap((selection): readonly Selected[] => {
      if (selection.kind === Kind.FIELD) return [{ node: selection, type, isSometimes: isSometimes(selection) }];
      const fragment = selection.kind === Kind.FRAGMENT_SPREAD ? fragments.get(selection.name.value) : selection;
      if (fragment === undefined) return [];
      const narrowed = (fragment.typeCondition && typeFromAST(schema, fragment.typeCondition)) ?? type;
      return fieldsOf(fragment.selectionSet, narrowed).map((field) => ({
        ...field,
        isSometimes: field.isSometimes || isSometimes(selection),
      }));
    });

  const find = (within: readonly Selected[], key: string): Place | NoPlace => {
    const found = within.filter(({ node }) => keyOf(node) === key);
    const [first] = found;
    if (first === undefined) return { problem: 'the document does not select it' };
    if (found.some((one) => one.isSometimes)) return { problem: 'it stands under @skip or @include: what is counted is always there' };
    const types = found.map(({ node, type }) => outputOf(type, node.name.value));
    const [type] = types;
    if (type === undefined) return { problem: 'the schema does not have it' };
    const coordinates = [...new Set(found.map(({ node, type: parent }) => `${parent.name}.${node.name.value}`))];
    return { nodes: found.map(({ node }) => node), type, coordinates };
  };

  return {
    root: fieldsOf(operation.selectionSet, query).map(({ node }) => ({ key: keyOf(node), node })),
    at(path) {
      let within = fieldsOf(operation.selectionSet, query);
      let place: Place | NoPlace = { problem: 'it is empty' };
      for (const key of path) {
        place = find(within, key);
        if ('problem' in place) return place;
        const below = getNamedType(place.type);
        within = isCompositeType(below)
          ? place.nodes.flatMap(({ selectionSet }) => (selectionSet ? fieldsOf(selectionSet, below) : []))
          : [];
      }
      return place;
    },
  };
}

interface Selected {
  readonly node: FieldNode;
  /** The type that it is written on. */
  readonly type: GraphQLNamedType;
  readonly isSometimes: boolean;
}

/** Whether a value is a list of something. */
export function isList(type: GraphQLOutputType): boolean {
  return isListType(getNullableType(type));
}

/** What a leaf's values are like; undefined where the place leads to more than a value. Scalars of other names may hold anything. */
export function leafOf({ type }: Place): Leaf | undefined {
  const named = getNullableType(type);
  if (isListType(named) || isCompositeType(named)) return undefined;
  if (isEnumType(named)) return { kind: 'enum', values: named.getValues().map(({ name }) => name) };
  switch (named.name) {
    case 'Boolean':
      return { kind: 'boolean' };
    case 'Date':
      return { kind: 'date' };
    case 'Int':
    case 'Float':
      return { kind: 'number' };
    default:
      return { kind: 'text' };
  }
}

function keyOf(node: FieldNode): string {
  return node.alias?.value ?? node.name.value;
}

function isSometimes({
  directives,
}: {
  readonly directives?: readonly { readonly name: { readonly value: string } }[] | undefined;
}): boolean {
  return (directives ?? []).some(({ name }) => name.value === 'skip' || name.value === 'include');
}

function outputOf(type: GraphQLNamedType, field: string): GraphQLOutputType | undefined {
  return isObjectType(type) || isInterfaceType(type) ? type.getFields()[field]?.type : undefined;
}
