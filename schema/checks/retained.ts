import { applications, objectFields, type Check } from '../graph.ts';

/** The transforms that a permit can name. A closed list: a misspelt one would retain nothing or all. */
export const TRANSFORMS: readonly string[] = ['year', 'last4', 'province', 'initials', 'pseudonym'];

/** `@retained` says what is left of a value under a transform, so it stands in a value type and names transforms that there are. */
export const retained: Check = (graph) =>
  objectFields(graph).flatMap((field) =>
    field.declarations.flatMap(({ subgraph, node }) =>
      applications(node.directives, 'retained').flatMap(({ by }) => {
        const say = (message: string) => ({
          rule: 'retained',
          coordinate: field.coordinate,
          message: `${field.coordinate} (${subgraph}): ${message}`,
        });
        const unknown = (Array.isArray(by) ? by : [by]).filter((name) => !TRANSFORMS.includes(String(name)));
        return [
          ...(graph.classification.valueTypes.has(field.parent)
            ? []
            : [say(`has @retained, and ${field.parent} is no value type. Put the transform on the field's own permit instead.`)]),
          ...unknown.map((name) => say(`is @retained by "${String(name)}". The transforms are ${TRANSFORMS.join(', ')}.`)),
        ];
      }),
    ),
  );
