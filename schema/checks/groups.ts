import { applications, objectFields, type Check } from '../graph.ts';

/** A group is what a person consents to, and belongs to one register: its name is `<subgraph>.<group>`, and only that subgraph uses it. */
export const groups: Check = (graph) =>
  objectFields(graph).flatMap((field) =>
    field.declarations
      .filter(({ external }) => !external)
      .flatMap(({ subgraph, node }) =>
        applications(node.directives, 'personal').flatMap(({ group }) => {
          if (typeof group !== 'string' || isGroupOf(group, subgraph)) return [];
          const owner = graph.subgraphs.find((other) => isGroupOf(group, other.name))?.name;
          const what =
            owner === undefined
              ? `is in the group "${group}". A group is named after its register: call it "${subgraph}.…", in small letters and hyphens.`
              : `is in the group "${group}" of ${owner}. A group has one register: use a group of ${subgraph}, or leave the field to ${owner}.`;
          return [{ rule: 'groups', coordinate: field.coordinate, message: `${field.coordinate} (${subgraph}): ${what}` }];
        }),
      ),
  );

function isGroupOf(group: string, subgraph: string): boolean {
  return group.startsWith(`${subgraph}.`) && /^[a-z][a-z0-9-]*$/.test(group.slice(subgraph.length + 1));
}
