import { Kind, type TypeNode } from 'graphql';
import { canBePerson, isKey, objectFields, type Check } from '../graph.ts';

/**
 * A withheld field is null, and null where the type forbids it takes the fields around it along. So everything that can be withheld is
 * nullable: fields of persons, entities, value types and roots, keys excepted, and the items of a list of persons or of records with
 * persons of their own, each of whom may have refused.
 */
export const nullable: Check = (graph) =>
  objectFields(graph).flatMap((field) =>
    field.declarations.flatMap(({ subgraph, node }) => {
      const say = (message: string) => [
        { rule: 'nullable', coordinate: field.coordinate, message: `${field.coordinate} (${subgraph}): ${message}` },
      ];
      if (node.type.kind === Kind.NON_NULL_TYPE && !isKey(graph, field))
        return say('is non-null, so that withholding it would withhold its neighbours. Take the outer "!" away.');
      const named = graph.classification.subjectsOf.get(field.coordinate)?.some((path) => !path.startsWith('$')) ?? false;
      if (hasNonNullItems(node.type) && (named || canBePerson(graph, field.type)))
        return say('has non-null items, so that one person who refuses would hide the others. Take the "!" of the items away.');
      return [];
    }),
  );

function hasNonNullItems(type: TypeNode): boolean {
  if (type.kind === Kind.NON_NULL_TYPE) return hasNonNullItems(type.type);
  if (type.kind === Kind.NAMED_TYPE) return false;
  return type.type.kind === Kind.NON_NULL_TYPE || hasNonNullItems(type.type);
}
