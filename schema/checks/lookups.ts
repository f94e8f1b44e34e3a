import { Kind, type FieldDefinitionNode, type InputValueDefinitionNode, type TypeNode } from 'graphql';
import { applications, fieldAt, has, namedType, type Check, type Graph, type GraphField, type GraphType } from '../graph.ts';

/**
 * `@lookup` lets the gateway take the entity path instead of the root, so the root's arguments are a key of the type that it returns,
 * whole and nothing else: by name, or the plural for a list.
 */
export const lookups: Check = (graph) =>
  [...graph.types.values()].flatMap((type) =>
    [...type.fields.values()].flatMap((field) =>
      field.declarations
        .filter(({ node }) => has(node.directives, 'lookup'))
        .flatMap(({ subgraph, node }) => {
          const fault = lookupFault(graph, type, field, subgraph, node as FieldDefinitionNode);
          if (fault === undefined) return [];
          return [{ rule: 'lookups', coordinate: field.coordinate, message: `${field.coordinate} (${subgraph}): ${fault}` }];
        }),
    ),
  );

function lookupFault(graph: Graph, parent: GraphType, field: GraphField, subgraph: string, node: FieldDefinitionNode): string | undefined {
  if (parent.name !== 'Query') return 'has @lookup and is no field of Query. Take @lookup away.';
  const keys = (graph.types.get(field.type)?.declarations ?? [])
    .filter((declaration) => declaration.subgraph === subgraph)
    .flatMap(({ directives }) => applications(directives, 'key'))
    .map((values) =>
      String(values['fields'])
        .trim()
        .split(/[\s,]+/),
    );
  if (keys.length === 0) return `has @lookup and returns ${field.type}, which has no @key here. Take @lookup away or add the key.`;
  const isList = listDepth(node.type) === 1;
  const given = node.arguments ?? [];
  if (isList && given.length > 1) return 'finds many entities by several lists, which do not say what belongs together. Take @lookup away.';
  const covered = keys.some(
    (key) => key.length === given.length && key.every((name) => given.some((one) => fits(graph, field.type, name, one, isList))),
  );
  if (covered) return undefined;
  const names = keys.map((key) => key.join(' and ')).join(', or ');
  return `has @lookup, and its arguments are not the key of ${field.type} (${names}) and nothing else. Change them or take @lookup away.`;
}

function fits(graph: Graph, type: string, key: string, argument: InputValueDefinitionNode, isList: boolean): boolean {
  const name = argument.name.value;
  const named = isList ? plurals(key).includes(name) : name === key;
  return named && listDepth(argument.type) === (isList ? 1 : 0) && namedType(argument.type) === fieldAt(graph, `${type}.${key}`)?.type;
}

function plurals(name: string): readonly string[] {
  return [name, `${name}s`, `${name}es`, name.replace(/y$/, 'ies')];
}

function listDepth(type: TypeNode): number {
  if (type.kind === Kind.NAMED_TYPE) return 0;
  return (type.kind === Kind.LIST_TYPE ? 1 : 0) + listDepth(type.type);
}
