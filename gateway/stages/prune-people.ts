import {
  getNamedType,
  isAbstractType,
  isObjectType,
  Kind,
  type GraphQLCompositeType,
  type GraphQLSchema,
  type SelectionNode,
} from 'graphql';
import type { Classification } from '../../platform/classification.ts';
import { concreteTypes } from '../../platform/coordinates.ts';
import { keyOf } from '../execution/data.ts';
import type { DataWay, PeoplePlace } from '../execution/people.ts';
import { NAMED_PREFIX, SUBJECT_KEY } from '../execution/shape.ts';
import { inlineFragment, plainField, withSelections } from '../execution/nodes.ts';
import { groupGated, type ConsentResult } from './prune-result.ts';

interface Parts {
  readonly apiSchema: GraphQLSchema;
  readonly classification: Classification;
}

/** The ways from a record to the persons whom it names (`@subject(of:)`), as they are fetched. */
export function namedWays({ subjectsOf }: Classification, coordinate: string): readonly DataWay[] {
  return (subjectsOf.get(coordinate) ?? [])
    .filter((path) => !path.startsWith('$'))
    .map((path) => path.split('.').map((name) => ({ key: keyOf(`${NAMED_PREFIX}${name}`), holders: undefined })));
}

/** Selects the keys of the persons at the end of a path, with the coordinates that it passes. */
export function namedSelection(
  path: readonly string[],
  parent: GraphQLCompositeType,
  parts: Parts,
): { readonly selection: SelectionNode; readonly inputs: readonly string[] } {
  const [name = '', ...rest] = path;
  const { apiSchema, classification } = parts;
  const inputs = concreteTypes(apiSchema, parent).map((type) => `${type}.${name}`);
  const field = 'getFields' in parent ? parent.getFields()[name] : undefined;
  const named = field && getNamedType(field.type);
  if (named === undefined || !('getFields' in named || isAbstractType(named))) {
    throw new Error(`@subject(of:) names ${parent.name}.${name}, which leads to no person.`);
  }
  const node = plainField(name, `${NAMED_PREFIX}${name}`);
  if (rest.length > 0) {
    const below = namedSelection(rest, named as GraphQLCompositeType, parts);
    return { selection: withSelections(node, [below.selection]), inputs: [...inputs, ...below.inputs] };
  }
  const persons = concreteTypes(apiSchema, named).filter((type) => classification.subjects.has(type));
  const keys = persons.map((type) => {
    const key = plainField(classification.subjects.get(type)?.key ?? '', SUBJECT_KEY);
    return isObjectType(named) ? key : inlineFragment(type, [key]);
  });
  return { selection: withSelections(node, keys), inputs };
}

/** The selections that apply to objects of one type, fragments for others left out. */
function selectionsFor(type: string, selections: readonly SelectionNode[], schema: GraphQLSchema): readonly SelectionNode[] {
  return selections.flatMap((selection): readonly SelectionNode[] => {
    if (selection.kind !== Kind.INLINE_FRAGMENT) return [selection];
    const condition = selection.typeCondition && schema.getType(selection.typeCondition.name.value);
    if (condition && !concreteTypes(schema, condition).includes(type)) return [];
    return selectionsFor(type, selection.selectionSet.selections, schema);
  });
}

export interface PlaceAbout {
  readonly consent: ConsentResult;
  /** Types of persons that can stand here, and whether only one object type can. */
  readonly persons: readonly string[];
  readonly concrete: boolean;
  readonly knownAfter: number;
  /** What is fetched of everybody once they are known; empty where it is fetched with what leads to them. */
  readonly plain: readonly SelectionNode[];
}

/** Makes the places of people where something depends on consent, one for each type of person. */
export function placesOf(
  { consent, persons, concrete, knownAfter, plain }: PlaceAbout,
  { apiSchema, classification }: Parts,
): ConsentResult {
  const gated = groupGated(consent.gated);
  const own = persons.map((type): PeoplePlace => {
    const forType = (selections: readonly SelectionNode[]) => (concrete ? selections : selectionsFor(type, selections, apiSchema));
    return {
      type,
      keyField: classification.subjects.get(type)?.key ?? '',
      way: [],
      knownAfter,
      plain: forType(plain),
      gated: gated
        .map(({ keys, selections }) => ({ keys, selections: forType(selections) }))
        .filter(({ selections }) => selections.length > 0),
      marks: consent.marks,
      checks: consent.checks,
      lookup: undefined,
    };
  });
  return { ...consent, gated: [], marks: [], checks: [], places: [...own, ...consent.places] };
}
