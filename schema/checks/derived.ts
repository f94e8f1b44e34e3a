import { DATA_CLASSES } from '../../platform/classification.ts';
import {
  applications,
  effectiveClass,
  fieldAt,
  highestClass,
  isKey,
  objectFields,
  selectedBy,
  type Check,
  type FieldDeclaration,
  type Graph,
  type GraphField,
} from '../graph.ts';

/**
 * What is computed from data is at least as sensitive as the data, and says what it is computed from: everything that `@requires` and
 * `@fromContext` hand on is a source (GHSA-m8jr-fxqx-8xx6, ATTACKS 3). Sources are coordinates that exist.
 */
export const derived: Check = (graph) =>
  objectFields(graph).flatMap((field) => {
    const data = graph.classification.personal.get(field.coordinate);
    const sources = data?.sources ?? [];
    const problems: string[] = [];
    for (const source of sources)
      if (fieldAt(graph, source) === undefined) problems.push(`its source "${source}" is no field of the graph. Correct it to Type.field.`);

    const highest = highestClass(sources.map((source) => effectiveClass(graph, source)));
    if (data !== undefined && DATA_CLASSES.indexOf(data.class) < DATA_CLASSES.indexOf(highest))
      problems.push(`is ${data.class} and derived from ${highest} data. Raise its class to ${highest}.`);

    const needed = new Set(field.declarations.flatMap((declaration) => inputs(graph, field, declaration)));
    for (const coordinate of needed)
      if (!sources.includes(coordinate)) problems.push(`is handed ${coordinate}, which is not among its sources. Add it to "sources".`);
    return problems.map((message) => ({ rule: 'derived', coordinate: field.coordinate, message: `${field.coordinate}: ${message}` }));
  });

/**
 * Coordinates that another subgraph's answer passes to this field. Left out: the keys that the entity is fetched by anyway, and fields of
 * value types, for which the field that leads to them stands.
 */
function inputs(graph: Graph, field: GraphField, { subgraph, node }: FieldDeclaration): readonly string[] {
  const required = applications(node.directives, 'requires').flatMap(({ fields }) => selectedBy(graph, field.parent, String(fields)));
  const fromContext = ('arguments' in node ? (node.arguments ?? []) : [])
    .flatMap((argument) => applications(argument.directives, 'fromContext'))
    .flatMap((values) => contextSelections(graph, subgraph, String(values['field'])));
  return [...required.filter(({ coordinate, depth }) => depth > 0 || !isKeyCoordinate(graph, coordinate)), ...fromContext]
    .map(({ coordinate }) => coordinate)
    .filter((coordinate) => {
      const { personal, valueTypes } = graph.classification;
      return personal.has(coordinate) || !valueTypes.has(coordinate.split('.')[0] ?? '');
    });
}

/** `$person { dateOfBirth }` on each type that sets the context `person` in that subgraph. */
function contextSelections(graph: Graph, subgraph: string, value: string): ReturnType<typeof selectedBy> {
  const [, name, fieldSet] = /^\s*\$\s*(\w+)([^]*)$/.exec(value) ?? [];
  if (name === undefined || fieldSet === undefined) return [];
  return [...graph.types.values()]
    .filter((type) =>
      type.declarations.some(
        (declaration) =>
          declaration.subgraph === subgraph && applications(declaration.directives, 'context').some((values) => values['name'] === name),
      ),
    )
    .flatMap((type) => selectedBy(graph, type.name, fieldSet));
}

function isKeyCoordinate(graph: Graph, coordinate: string): boolean {
  return isKey(graph, { parent: coordinate.split('.')[0] ?? '', coordinate });
}
