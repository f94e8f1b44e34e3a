import type { InputValueDefinitionNode } from 'graphql';
import {
  applications,
  fieldAt,
  has,
  isKey,
  namedType,
  objectFields,
  possibleTypes,
  type Check,
  type Graph,
  type GraphField,
} from '../graph.ts';

/**
 * Selecting or ordering by personal data reads it: whoever may not see phones may not find people by them either. So an argument named like
 * a personal field of the person or record around it says `@reads`, and `@reads` names a field that exists. A derived field that
 * has the coordinate among its sources (a predicate, a match) is decided as such and needs none.
 */
export const reads: Check = (graph) => [...namesNothing(graph), ...missing(graph)];

function namesNothing(graph: Graph): ReturnType<Check> {
  return objectFields(graph).flatMap((field) =>
    argumentsOf(field).flatMap(({ node, subgraph }) =>
      applications(node.directives, 'reads')
        .map((values) => String(values['coordinate']))
        .filter((coordinate) => fieldAt(graph, coordinate) === undefined)
        .map((coordinate) =>
          problem(field, node, subgraph, `@reads "${coordinate}", which is no field of the graph. Correct it to Type.field.`),
        ),
    ),
  );
}

function missing(graph: Graph): ReturnType<Check> {
  const { personal, roots } = graph.classification;
  return objectFields(graph).flatMap((field) => {
    const around = new Set([...possibleTypes(graph, field.type), ...(roots.has(field.parent) ? [] : [field.parent])]);
    const candidates = [...around].flatMap((type) => [...(graph.types.get(type)?.fields.values() ?? [])]);
    const guarded = candidates.filter(
      (other) =>
        personal.has(other.coordinate) &&
        personal.get(other.coordinate)?.class !== 'PUBLIC' &&
        !isKey(graph, other) &&
        other !== field &&
        !(personal.get(field.coordinate)?.sources.includes(other.coordinate) ?? false),
    );
    return argumentsOf(field)
      .filter(({ node }) => !has(node.directives, 'reads'))
      .flatMap(({ node, subgraph }) =>
        namesInside(graph, node).flatMap(({ name, nested }) =>
          guarded
            .filter((other) => plain(other.name) === plain(name))
            .map((other) => {
              const fix = nested ? 'Make it an argument of its own with' : 'Add';
              return problem(field, node, subgraph, `selects by ${other.coordinate}. ${fix} @reads(coordinate: "${other.coordinate}").`);
            }),
        ),
      );
  });
}

/** The argument's own name, and below it the fields of input objects and the values of enums (`orderBy: DATE_OF_BIRTH`). */
function namesInside(graph: Graph, argument: InputValueDefinitionNode): readonly { readonly name: string; readonly nested: boolean }[] {
  const names = [{ name: argument.name.value, nested: false }];
  const seen = new Set<string>();
  const waiting = [namedType(argument.type)];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const type = graph.types.get(next);
    if (type === undefined || seen.has(next)) continue;
    seen.add(next);
    for (const value of type.kind === 'enum' ? type.members : []) names.push({ name: value, nested: true });
    for (const field of type.kind === 'input' ? type.fields.values() : []) {
      names.push({ name: field.name, nested: true });
      waiting.push(field.type);
    }
  }
  return names;
}

function plain(name: string): string {
  return name.replaceAll('_', '').toLowerCase();
}

function argumentsOf(field: GraphField): readonly { readonly subgraph: string; readonly node: InputValueDefinitionNode }[] {
  return field.declarations.flatMap(({ subgraph, node }) =>
    ('arguments' in node ? (node.arguments ?? []) : []).map((argument) => ({ subgraph, node: argument })),
  );
}

function problem(field: GraphField, argument: InputValueDefinitionNode, subgraph: string, what: string): ReturnType<Check>[number] {
  const coordinate = `${field.coordinate}(${argument.name.value}:)`;
  return { rule: 'reads', coordinate, message: `${coordinate} (${subgraph}): ${what}` };
}
