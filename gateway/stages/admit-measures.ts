import {
  Kind,
  type DocumentNode,
  type FieldNode,
  type FragmentDefinitionNode,
  type OperationDefinitionNode,
  type SelectionSetNode,
} from 'graphql';
import type { Limits } from '../limits.ts';
import { SUBJECT_KEY } from '../execution/shape.ts';
import { isBehindGate } from './admit-names.ts';

/** How large a document is, before anything that takes longer on a large one looks at it. */
export interface Measures {
  readonly depth: number;
  readonly aliases: number;
  readonly rootFields: number;
  /** Selections with every fragment spread expanded, inline fragments counted; stops counting above the limit. */
  readonly expandedSelections: number;
  /** The most often that one response name stands in one place after expansion: validation compares those in pairs. */
  readonly repeatedSelections: number;
  /** An alias or a variable has a name that is taken (GraphQL specification, "Reserved Names": those with two underscores are not users'). */
  readonly reservedName: boolean;
}

/**
 * Measures every operation of the document. Takes time in proportion to the limits, not to what the fragments expand to: counting ends
 * when a limit is passed, and a fragment that spreads itself ends by the depth limit (validation then names it).
 */
export function measure(document: DocumentNode, limits: Limits): Measures {
  const fragments = fragmentsOf(document);
  const found = { depth: 0, aliases: 0, rootFields: 0, expandedSelections: 0, repeatedSelections: 0, reservedName: false };
  const over = (): boolean => found.expandedSelections > limits.expandedSelectionsMax || found.depth > limits.depthMax;

  for (const definition of document.definitions) {
    if (definition.kind !== Kind.OPERATION_DEFINITION && definition.kind !== Kind.FRAGMENT_DEFINITION) continue;
    if (definition.kind === Kind.OPERATION_DEFINITION) {
      for (const variable of definition.variableDefinitions ?? []) found.reservedName ||= isReserved(variable.variable.name.value);
    }
    // A fragment that nothing spreads is validated too, so it is measured like an operation.
    const rootFields = places([definition.selectionSet], 1);
    if (definition.kind === Kind.OPERATION_DEFINITION) found.rootFields = Math.max(found.rootFields, rootFields);
    if (over()) break;
  }
  return found;

  /** Walks the selection sets that merge in one place; returns how many fields stand there. */
  function places(sets: readonly SelectionSetNode[], depth: number): number {
    found.depth = Math.max(found.depth, depth);
    const byName = new Map<string, SelectionSetNode[]>();
    const times = new Map<string, number>();
    let fields = 0;
    const collect = (set: SelectionSetNode, nesting: number): void => {
      found.depth = Math.max(found.depth, nesting);
      for (const selection of set.selections) {
        found.expandedSelections += 1;
        if (over()) return;
        if (selection.kind === Kind.FIELD) {
          fields += 1;
          const name = selection.alias?.value ?? selection.name.value;
          if (selection.alias) {
            found.aliases += 1;
            found.reservedName ||= isReserved(name) && name !== selection.name.value;
          }
          const count = (times.get(name) ?? 0) + 1;
          times.set(name, count);
          found.repeatedSelections = Math.max(found.repeatedSelections, count);
          if (selection.selectionSet) byName.set(name, [...(byName.get(name) ?? []), selection.selectionSet]);
        } else {
          const inner = selection.kind === Kind.INLINE_FRAGMENT ? selection : fragments.get(selection.name.value);
          if (inner) collect(inner.selectionSet, nesting + 1);
        }
      }
    };
    for (const set of sets) collect(set, depth);
    for (const inner of byName.values()) {
      if (over()) break;
      places(inner, depth + 1);
    }
    return fields;
  }
}

/** The fields that an operation selects at its root, fragments expanded. The document is valid: no fragment spreads itself. */
export function rootFieldsOf(document: DocumentNode, operation: OperationDefinitionNode): readonly FieldNode[] {
  const fragments = fragmentsOf(document);
  const fields: FieldNode[] = [];
  const collect = (set: SelectionSetNode): void => {
    for (const selection of set.selections) {
      if (selection.kind === Kind.FIELD) fields.push(selection);
      else {
        const inner = selection.kind === Kind.INLINE_FRAGMENT ? selection : fragments.get(selection.name.value);
        if (inner) collect(inner.selectionSet);
      }
    }
  };
  collect(operation.selectionSet);
  return fields;
}

/** Fragment definitions by name. */
export function fragmentsOf(document: DocumentNode): ReadonlyMap<string, FragmentDefinitionNode> {
  const fragments = new Map<string, FragmentDefinitionNode>();
  for (const definition of document.definitions) {
    if (definition.kind === Kind.FRAGMENT_DEFINITION) fragments.set(definition.name.value, definition);
  }
  return fragments;
}

/** Names that mean something to introspection, to JavaScript objects, or to a fetch of ours. */
const RESERVED: ReadonlySet<string> = new Set(['__typename', '__schema', '__type', '__proto__', SUBJECT_KEY]);

function isReserved(name: string): boolean {
  return RESERVED.has(name) || isBehindGate(name);
}
