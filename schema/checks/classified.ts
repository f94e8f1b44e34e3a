import { canBePerson, has, isKey, objectFields, possibleTypes, type Check, type Graph, type GraphField } from '../graph.ts';

/**
 * Nothing is unclassified: every field of a person or entity except its keys says what data it is, and so does every way to a person. The
 * fields of a value type take the decision of the field that leads to it, so that one must have been classified, roots included.
 */
export const classified: Check = (graph) =>
  objectFields(graph).flatMap((field) =>
    field.declarations
      .filter(({ external, node }) => !external && !has(node.directives, 'personal'))
      .flatMap(({ subgraph }) => {
        const why = reason(graph, field);
        if (why === undefined) return [];
        const what = `has no @personal, and ${why}. Add @personal(class: …, group: "${subgraph}.…").`;
        return [{ rule: 'classified', coordinate: field.coordinate, message: `${field.coordinate} (${subgraph}): ${what}` }];
      }),
  );

/** Why the field needs a class of its own; undefined when it needs none. */
function reason(graph: Graph, field: GraphField): string | undefined {
  const { roots, subjects, keys, valueTypes } = graph.classification;
  if (roots.has(field.parent)) {
    const toEntity = possibleTypes(graph, field.type).some((type) => subjects.has(type) || keys.has(type));
    return toEntity ? undefined : 'what a root gives that is no person or entity has no other class';
  }
  if (canBePerson(graph, field.type)) return 'it leads to a person';
  if (isKey(graph, field) || valueTypes.has(field.parent)) return undefined;
  return subjects.has(field.parent) ? 'it is data of a person' : 'it is data of an entity';
}
