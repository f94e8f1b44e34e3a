import {
  Kind,
  print,
  visit,
  type DocumentNode,
  type FieldNode,
  type InlineFragmentNode,
  type OperationDefinitionNode,
  type SelectionNode,
} from 'graphql';

// Nodes of documents, as pruning and planning read and make them.

/**
 * Gives the fields of one document names that nothing else can have. INVARIANT: plans fetch keys and inputs under their plain names beside
 * what the client asked; were the client's aliases kept, `idNumber: fullName` would pass for the key and `price(in: VND)` for a required
 * `price(in: USD)`, and Apollo's plans let them. One alias may also be another field, or have other arguments, on each type of a place;
 * where a subgraph knows the types as one (`@interfaceObject`), Apollo's plans fetch the first for all, so each has a name of its own.
 */
export class OwnNames {
  readonly #calls = new Map<string, string[]>();

  /** The field under its name. */
  under(node: FieldNode, takesArguments: boolean): FieldNode {
    const { alias, ...plain } = node;
    // `name: name` is no alias: it merges with a plain `name`, so both are fetched under one name.
    if ((alias === undefined || alias.value === node.name.value) && !takesArguments) return plain;
    const responseKey = node.alias?.value ?? node.name.value;
    return { ...node, alias: { kind: Kind.NAME, value: `r${this.#ordinal(responseKey, node)}__${responseKey}` } };
  }

  /** Which of the calls behind one response key it is; nothing for the first. */
  #ordinal(responseKey: string, node: FieldNode): string {
    // Fields merge whatever the order of their arguments.
    const call = [node.name.value, ...(node.arguments ?? []).map((argument) => print(argument)).toSorted()].join('\n');
    const calls = this.#calls.get(responseKey) ?? [];
    this.#calls.set(responseKey, calls);
    const known = calls.indexOf(call);
    const index = known >= 0 ? known : calls.push(call) - 1;
    return index === 0 ? '' : String(index);
  }
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
