import {
  isAbstractType,
  Kind,
  type DocumentNode,
  type FieldNode,
  type GraphQLObjectType,
  type GraphQLSchema,
  type SelectionSetNode,
} from 'graphql';
import type { FieldCosts } from './admit-cost-fields.ts';
import { fragmentsOf } from './admit-measures.ts';

/** Reads which fields of a document objects of a type get, and counts how often it looks at a selection for that. */
export interface Selections {
  /** One of the types for each way in which the selections can come out: by the conditions that a type meets and its fields' costs. */
  readonly kindsOf: (types: readonly GraphQLObjectType[], sets: readonly SelectionSetNode[]) => readonly GraphQLObjectType[];
  /** The fields that an object of the type gets, those of one response name together (GraphQL specification, 6.3.2). */
  readonly selected: (type: GraphQLObjectType, sets: readonly SelectionSetNode[]) => Iterable<readonly FieldNode[]>;
  readonly looks: () => number;
}

export function readSelections(document: DocumentNode, schema: GraphQLSchema, fields: FieldCosts): Selections {
  const fragments = fragmentsOf(document);
  let looks = 0;

  const walk = (sets: readonly SelectionSetNode[], enters: (condition: string) => boolean, visitField: (node: FieldNode) => void): void => {
    const spread = new Set<string>();
    const enter = (set: SelectionSetNode): void => {
      looks += set.selections.length;
      for (const selection of set.selections) {
        if (selection.kind === Kind.FIELD) visitField(selection);
        else if (selection.kind === Kind.INLINE_FRAGMENT) {
          if (!selection.typeCondition || enters(selection.typeCondition.name.value)) enter(selection.selectionSet);
        } else if (!spread.has(selection.name.value)) {
          const fragment = fragments.get(selection.name.value);
          if (!fragment || !enters(fragment.typeCondition.name.value)) continue;
          spread.add(selection.name.value);
          enter(fragment.selectionSet);
        }
      }
    };
    for (const set of sets) enter(set);
  };

  const meets = (type: GraphQLObjectType, condition: string): boolean => {
    const against = schema.getType(condition);
    return against === type || (isAbstractType(against) && schema.isSubType(against, type));
  };

  return {
    kindsOf: (types, sets) => {
      if (types.length < 2) return types;
      const conditions = new Set<string>();
      const names = new Set<string>();
      const note = (condition: string): boolean => conditions.add(condition).size > 0;
      walk(sets, note, ({ name }) => names.add(name.value));
      looks += types.length * (conditions.size + names.size);
      const kinds = new Map<string, GraphQLObjectType>();
      for (const type of types) {
        const met = Array.from(conditions, (condition) => (meets(type, condition) ? '1' : '0')).join('');
        const costs = Array.from(names, (name) => fields.of(type, name)?.id ?? '').join();
        if (!kinds.has(`${met} ${costs}`)) kinds.set(`${met} ${costs}`, type);
      }
      return [...kinds.values()];
    },
    selected: (type, sets) => {
      const byName = new Map<string, FieldNode[]>();
      const enters = (condition: string): boolean => meets(type, condition);
      walk(sets, enters, (node) => {
        const name = node.alias?.value ?? node.name.value;
        const same = byName.get(name);
        if (same) same.push(node);
        else byName.set(name, [node]);
      });
      return byName.values();
    },
    looks: () => looks,
  };
}
