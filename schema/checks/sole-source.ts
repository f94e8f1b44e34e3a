import { applications, has, isKey, objectFields, selectedBy, type Check, type Graph, type GraphField } from '../graph.ts';

/**
 * A personal field has one register that answers for it. `@shareable` would let another subgraph resolve it, `@provides` would let it
 * arrive from a fetch that was decided for something else.
 */
export const soleSource: Check = (graph) =>
  objectFields(graph).flatMap((field) =>
    field.declarations.flatMap(({ subgraph, node }) => {
      const say = (message: string) => [
        { rule: 'sole-source', coordinate: field.coordinate, message: `${field.coordinate} (${subgraph}): ${message}` },
      ];
      const typeDirectives = graph.types
        .get(field.parent)
        ?.declarations.filter((declaration) => declaration.subgraph === subgraph)
        .flatMap(({ directives }) => directives);
      const shareable = has(node.directives, 'shareable') || has(typeDirectives, 'shareable');
      if (shareable && isPersonal(graph, field))
        return say('is personal and @shareable. Let one subgraph resolve it and take @shareable away.');
      for (const { fields } of applications(node.directives, 'provides')) {
        if (isPersonal(graph, field)) return say('is personal and has @provides. Let the register that owns the fields answer for them.');
        const given = selectedBy(graph, field.type, String(fields)).find(({ coordinate }) => isPersonalCoordinate(graph, coordinate));
        if (given !== undefined)
          return say(`@provides the personal field ${given.coordinate}. Let the register that owns it answer for it.`);
      }
      return [];
    }),
  );

function isPersonal(graph: Graph, field: GraphField): boolean {
  return graph.classification.personal.has(field.coordinate) && !isKey(graph, field);
}

function isPersonalCoordinate(graph: Graph, coordinate: string): boolean {
  const [parent = ''] = coordinate.split('.');
  return isPersonal(graph, { parent, coordinate } as GraphField);
}
