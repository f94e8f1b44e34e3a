import { Kind, valueFromASTUntyped, type FieldNode, type SelectionNode, type ValueNode } from 'graphql';
import { concrete } from './world.ts';

/** The fields of an object by their response keys (GraphQL specification, 6.3.2). */
export function collect(
  selections: readonly SelectionNode[],
  type: string,
  variables: Readonly<Record<string, unknown>>,
  into = new Map<string, FieldNode[]>(),
) {
  for (const selection of selections) {
    if (isSkipped(selection, variables)) continue;
    if (selection.kind === Kind.FIELD) into.set(keyOf(selection), [...(into.get(keyOf(selection)) ?? []), selection]);
    else if (selection.kind === Kind.INLINE_FRAGMENT) {
      const on = selection.typeCondition?.name.value;
      if (on === undefined || concrete(on).includes(type)) collect(selection.selectionSet.selections, type, variables, into);
    }
  }
  return into;
}

export function isSkipped({ directives = [] }: SelectionNode, variables: Readonly<Record<string, unknown>>): boolean {
  return directives.some(({ name, arguments: given = [] }) => {
    const condition = given[0] && valueOfNode(given[0].value, variables);
    return name.value === 'skip' ? condition === true : name.value === 'include' && condition === false;
  });
}

/** By name; without those whose variable was left out. */
export function argumentsOf(node: FieldNode, variables: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  return Object.fromEntries(
    (node.arguments ?? []).map(({ name, value }) => [name.value, valueOfNode(value, variables)]).filter(([, value]) => value !== undefined),
  ) as Record<string, unknown>;
}

function valueOfNode(node: ValueNode, variables: Readonly<Record<string, unknown>>): unknown {
  return valueFromASTUntyped(node, variables);
}

export function keyOf(node: FieldNode): string {
  return node.alias?.value ?? node.name.value;
}
