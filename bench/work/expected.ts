import { Kind, parse, type FieldNode, type SelectionSetNode } from 'graphql';
import type { Withheld } from '../targets/target.ts';
import { idNumbersOf, type Work } from './documents.ts';
import { personOf, type Value } from './person.ts';

/**
 * The data that request number `index` must be answered with, and how many values of it are withheld: the document walked over the data, a
 * way of its own beside the canned subgraphs'.
 */
export function expectedData(work: Work, index: number, withheld?: Withheld): { readonly data: unknown; readonly withheld: number } {
  const [operation] = parse(work.query).definitions;
  if (operation?.kind !== Kind.OPERATION_DEFINITION) throw new Error(`The document of ${work.name} has to be one operation.`);
  const [root] = fieldsOf(operation.selectionSet);
  if (root?.selectionSet === undefined) throw new Error(`The document of ${work.name} has to select one root field.`);
  const selected = fieldsOf(root.selectionSet).map(({ name }) => name.value);
  let count = 0;
  const people = idNumbersOf(work, index).map((idNumber) => {
    const person = personOf(idNumber);
    if (withheld?.of(idNumber) !== true) return person;
    const hidden = selected.filter((name) => withheld.fields.has(name));
    count += hidden.length;
    return { ...person, ...Object.fromEntries(hidden.map((name) => [name, null])) };
  });
  const given: Value = work.citizens === 1 ? (people[0] ?? null) : people;
  return { data: { [root.name.value]: select(given, root.selectionSet) }, withheld: count };
}

function select(value: Value, selections: SelectionSetNode): unknown {
  if (isList(value)) return value.map((item) => select(item, selections));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    fieldsOf(selections).map(({ name, selectionSet }) => {
      const field = value[name.value] ?? null;
      return [name.value, selectionSet === undefined ? field : select(field, selectionSet)];
    }),
  );
}

function isList(value: Value): value is readonly Value[] {
  return Array.isArray(value);
}

function fieldsOf({ selections }: SelectionSetNode): readonly FieldNode[] {
  return selections.filter((selection) => selection.kind === Kind.FIELD);
}
