import { applications, fieldAt, has, possibleTypes, type Check, type Graph, type GraphField, type Problem } from '../graph.ts';

/**
 * A coordinate has one classification: subgraphs that declare it agree, and one written on an interface stands on every implementor's field
 * too, because decisions are made on concrete coordinates only (GHSA-mx7m-j9xf-62hw, GHSA-x33c-7c2v-mrj9; ATTACKS 1 and 2).
 */
export const agreement: Check = (graph) => [
  ...[...graph.types.values()].flatMap((type) => [...type.fields.values()].flatMap(disagreements)),
  ...interfaceFields(graph),
  ...interfaceObjects(graph),
];

function disagreements(field: GraphField): readonly Problem[] {
  return ['personal', 'subject', 'retained'].flatMap((directive) => {
    const said = new Map<string, string>();
    for (const { subgraph, node } of field.declarations)
      for (const values of applications(node.directives, directive)) {
        const text = JSON.stringify(Object.entries(values).sort(([a], [b]) => a.localeCompare(b)));
        if (!said.has(text)) said.set(text, subgraph);
      }
    if (said.size < 2) return [];
    const message = `${field.coordinate}: its @${directive} differs between ${[...said.values()].join(' and ')}. Write it once, where the field is resolved.`;
    return [{ rule: 'agreement', coordinate: field.coordinate, message }];
  });
}

function interfaceFields(graph: Graph): readonly Problem[] {
  return [...graph.types.values()]
    .filter((type) => type.kind === 'interface')
    .flatMap((type) => [...type.fields.values()])
    .flatMap((field) =>
      ['personal', 'subject', 'retained']
        .filter((directive) => field.declarations.some(({ node }) => has(node.directives, directive)))
        .flatMap((directive) =>
          possibleTypes(graph, field.parent)
            .map((implementor) => fieldAt(graph, `${implementor}.${field.name}`))
            .filter((own) => own !== undefined)
            .filter((own) => !own.declarations.some(({ node }) => has(node.directives, directive)))
            .map((own) => ({
              rule: 'agreement',
              coordinate: own.coordinate,
              message: `${own.coordinate}: ${field.coordinate} has @${directive} and this has not, and an interface decides nothing. Write it on ${own.coordinate}.`,
            })),
        ),
    );
}

/** Fields of an `@interfaceObject` become fields of types that this SDL does not name, and none of them would be classified there. */
function interfaceObjects(graph: Graph): readonly Problem[] {
  return [...graph.types.values()].flatMap((type) =>
    type.declarations
      .filter(({ directives }) => has(directives, 'interfaceObject'))
      .map(({ subgraph }) => ({
        rule: 'agreement',
        coordinate: type.name,
        message: `${type.name} (${subgraph}): is an @interfaceObject, whose fields have no concrete coordinate. Declare the concrete types.`,
      })),
  );
}
