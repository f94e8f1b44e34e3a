import {
  Kind,
  visit,
  type DocumentNode,
  type FieldNode,
  type InlineFragmentNode,
  type OperationDefinitionNode,
  type SelectionNode,
} from 'graphql';
import { RESPONSE_PREFIX } from '../execution/shape.ts';

// Nodes of documents, as pruning reads and makes them.

/**
 * The field under a name that nothing else can have. INVARIANT: plans fetch keys and inputs under their plain names beside what the client
 * asked; were the client's aliases kept, `idNumber: fullName` would pass for the key and `price(in: VND)` for a required `price(in: USD)`,
 * and Apollo's plans let them.
 */
export function underOwnName(node: FieldNode, takesArguments: boolean): FieldNode {
  const { alias, ...plain } = node;
  // `name: name` is no alias: it merges with a plain `name`, so both are fetched under one name.
  if ((alias === undefined || alias.value === node.name.value) && !takesArguments) return plain;
  return { ...node, alias: { kind: Kind.NAME, value: `${RESPONSE_PREFIX}${node.alias?.value ?? node.name.value}` } };
}

/** The name that the value of a fetched field has in the data. */
export function dataKeyOf(fetched: FieldNode): string {
  return fetched.alias?.value ?? fetched.name.value;
}

/** The field with another selection set. */
export function withSelections(node: FieldNode, selections: readonly SelectionNode[]): FieldNode {
  return { ...node, selectionSet: { kind: Kind.SELECTION_SET, selections } };
}

/**
 * The operation with other selections, as a document of its own; variables that nothing uses any more are gone. So is its name: clients
 * choose it, and it would go to registers and into their logs.
 */
export function asDocument(operation: OperationDefinitionNode, selections: readonly SelectionNode[]): DocumentNode {
  const { name: _name, ...unnamed } = operation;
  const pruned: OperationDefinitionNode = { ...unnamed, selectionSet: { kind: Kind.SELECTION_SET, selections } };
  const used = new Set<string>();
  visit(pruned.selectionSet, { Variable: (variable) => void used.add(variable.name.value) });
  const variableDefinitions = operation.variableDefinitions?.filter((definition) => used.has(definition.variable.name.value)) ?? [];
  return { kind: Kind.DOCUMENT, definitions: [{ ...pruned, variableDefinitions }] };
}

/** A field without arguments. */
export function plainField(name: string, alias?: string): FieldNode {
  return {
    kind: Kind.FIELD,
    name: { kind: Kind.NAME, value: name },
    ...(alias === undefined ? {} : { alias: { kind: Kind.NAME, value: alias } }),
  };
}

/** An inline fragment. */
export function inlineFragment(condition: string | undefined, selections: readonly SelectionNode[]): InlineFragmentNode {
  return {
    kind: Kind.INLINE_FRAGMENT,
    ...(condition === undefined ? {} : { typeCondition: { kind: Kind.NAMED_TYPE, name: { kind: Kind.NAME, value: condition } } }),
    selectionSet: { kind: Kind.SELECTION_SET, selections },
  };
}
