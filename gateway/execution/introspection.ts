import {
  executeSync,
  Kind,
  visit,
  type DocumentNode,
  type FragmentDefinitionNode,
  type GraphQLSchema,
  type OperationDefinitionNode,
  type SelectionNode,
} from 'graphql';
import { LRUCache } from 'lru-cache';
import type { Data } from './data.ts';

/** What the answer's root has of introspection, under the names of the planned document. */
export type Introspect = (variables: Readonly<Record<string, unknown>>) => Data;

const INTROSPECTION_FIELDS: ReadonlySet<string> = new Set(['__schema', '__type']);
/** Answers kept for one document: they differ only by its variables. */
const ANSWERS_MAX = 16;

/**
 * Compiles the introspection of an operation, which is answered from the API schema and sent nowhere. `source` is the client's document,
 * whose fragments it may spread. Undefined when nothing is introspected.
 */
export function compileIntrospection(
  schema: GraphQLSchema,
  operation: OperationDefinitionNode,
  source: DocumentNode,
): Introspect | undefined {
  const selections = introspectionOf(operation.selectionSet.selections);
  if (selections.length === 0) return undefined;
  const fragments = source.definitions.filter((definition) => definition.kind === Kind.FRAGMENT_DEFINITION);
  const { variables: used, spread } = reached(selections, fragments);
  const document: DocumentNode = {
    kind: Kind.DOCUMENT,
    definitions: [
      {
        ...operation,
        selectionSet: { kind: Kind.SELECTION_SET, selections },
        variableDefinitions: (operation.variableDefinitions ?? []).filter(({ variable }) => used.has(variable.name.value)),
      },
      ...spread,
    ],
  };
  const names = [...used];
  const kept = new LRUCache<string, Data>({ max: ANSWERS_MAX });
  return (variables) => {
    const variableValues = Object.fromEntries(names.flatMap((name) => (variables[name] === undefined ? [] : [[name, variables[name]]])));
    const key = JSON.stringify(variableValues);
    let answer = kept.get(key);
    if (answer === undefined) {
      answer = executeSync({ schema, document, variableValues }).data ?? {};
      kept.set(key, answer);
    }
    return answer;
  };
}

/**
 * The document that is planned: nothing of introspection, which may spread fragments that were not carried over. Undefined when nothing
 * is left to plan.
 */
export function withoutIntrospection(document: DocumentNode): DocumentNode | undefined {
  let isEmpty = false;
  const definitions = document.definitions.map((definition) => {
    if (definition.kind !== Kind.OPERATION_DEFINITION) return definition;
    const selections = dataOf(definition.selectionSet.selections);
    isEmpty ||= selections.length === 0;
    return { ...definition, selectionSet: { kind: Kind.SELECTION_SET, selections } } as const;
  });
  return isEmpty ? undefined : { ...document, definitions };
}

function dataOf(selections: readonly SelectionNode[]): readonly SelectionNode[] {
  return selections.flatMap((selection): readonly SelectionNode[] => {
    if (selection.kind === Kind.FIELD) return INTROSPECTION_FIELDS.has(selection.name.value) ? [] : [selection];
    if (selection.kind === Kind.FRAGMENT_SPREAD) return [selection];
    const inner = dataOf(selection.selectionSet.selections);
    return inner.length === 0 ? [] : [{ ...selection, selectionSet: { kind: Kind.SELECTION_SET, selections: inner } }];
  });
}

function introspectionOf(selections: readonly SelectionNode[]): readonly SelectionNode[] {
  return selections.flatMap((selection): readonly SelectionNode[] => {
    if (selection.kind === Kind.FIELD) return INTROSPECTION_FIELDS.has(selection.name.value) ? [selection] : [];
    if (selection.kind === Kind.FRAGMENT_SPREAD) return [];
    const inner = introspectionOf(selection.selectionSet.selections);
    return inner.length === 0 ? [] : [{ ...selection, selectionSet: { kind: Kind.SELECTION_SET, selections: inner } }];
  });
}

/** Fragments that selections spread, directly or not, and all variables on the way. */
function reached(selections: readonly SelectionNode[], fragments: readonly FragmentDefinitionNode[]) {
  const variables = new Set<string>();
  const spread = new Set<FragmentDefinitionNode>();
  const look = (node: SelectionNode | FragmentDefinitionNode): void => {
    visit(node, {
      Variable: ({ name }) => void variables.add(name.value),
      FragmentSpread: ({ name }) => {
        const fragment = fragments.find((one) => one.name.value === name.value);
        if (fragment === undefined || spread.has(fragment)) return;
        spread.add(fragment);
        look(fragment);
      },
    });
  };
  for (const selection of selections) look(selection);
  return { variables, spread };
}
