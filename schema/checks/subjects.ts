import { canBePerson, fieldAt, objectFields, possibleTypes, applications, type Check, type Graph, type GraphField } from '../graph.ts';
import { namedType, type GraphType, type Problem } from '../graph.ts';

/**
 * Everybody's data is somebody's: each personal field is reached only through a person, or names the persons by `@subject(of:)`; and the
 * names lead somewhere. Class PUBLIC is not personal and needs none.
 */
export const subjects: Check = (graph) => [...typeSubjects(graph), ...paths(graph), ...ownerless(graph)];

/** `@subject(key:)` on a type is one of its keys, and every subgraph that declares the person says so. */
function typeSubjects(graph: Graph): readonly Problem[] {
  return [...graph.types.values()].flatMap((type) => {
    const key = graph.classification.subjects.get(type.name)?.key;
    return type.declarations.flatMap(({ subgraph, directives }) => {
      const own = applications(directives, 'subject');
      const keys = applications(directives, 'key').map((values) => String(values['fields']).trim());
      const at = `${type.name} (${subgraph})`;
      const say = (message: string): Problem => ({ rule: 'subjects', coordinate: type.name, message: `${at}: ${message}` });
      if (own.some((values) => typeof values['key'] !== 'string' || values['of'] !== undefined))
        return [say('@subject on a type takes the name of its key and nothing else. Write @subject(key: "…").')];
      if (own.some((values) => values['key'] !== key))
        return [say(`its @subject key differs from "${key}" in another subgraph. Use one key for the person everywhere.`)];
      if (own.length > 0 && !keys.some((fields) => fields === key))
        return [say(`@subject(key: "${key}") is no @key of it here. Add @key(fields: "${key}") or name the key that it has.`)];
      if (own.length === 0 && keys.length > 0 && key !== undefined)
        return [say(`it is a person in another subgraph and not here. Add @subject(key: "${key}").`)];
      return [];
    });
  });
}

/** Each `@subject(of:)` leads to a person: over fields of the value, or from an argument to something of a person's key type. */
function paths(graph: Graph): readonly Problem[] {
  return objectFields(graph).flatMap((field) =>
    field.declarations.flatMap(({ subgraph, node }) =>
      applications(node.directives, 'subject').flatMap((values) => {
        const say = (message: string): Problem => ({
          rule: 'subjects',
          coordinate: field.coordinate,
          message: `${field.coordinate} (${subgraph}): ${message}`,
        });
        const of = values['of'];
        if (values['key'] !== undefined || !Array.isArray(of) || of.length === 0)
          return [say('@subject on a field names the persons. Write @subject(of: ["…"]).')];
        return of.map(String).flatMap((path) => {
          const fault = path.startsWith('$') ? argumentFault(graph, field, path) : valueFault(graph, field, path);
          return fault === undefined ? [] : [say(`@subject(of: "${path}") ${fault}`)];
        });
      }),
    ),
  );
}

function valueFault(graph: Graph, field: GraphField, path: string): string | undefined {
  let at: GraphType | undefined = graph.types.get(field.type);
  for (const name of path.split('.')) {
    const next: GraphField | undefined = at?.fields.get(name);
    if (next === undefined)
      return `names nothing: ${at?.name ?? field.type} has no field "${name}". Name a field of the value that leads to a person.`;
    at = graph.types.get(next.type);
  }
  if (at !== undefined && canBePerson(graph, at.name)) return undefined;
  return `ends at no person. Name a field of the value that leads to a person.`;
}

function argumentFault(graph: Graph, field: GraphField, path: string): string | undefined {
  const [name, ...rest] = path.slice(1).split('.');
  const first = field.declarations.flatMap(({ node }) => ('arguments' in node ? (node.arguments ?? []) : []));
  const argument = first.find((node) => node.name.value === name);
  if (argument === undefined) return `names nothing: there is no argument "${name}". Name an argument that holds the key of a person.`;
  let type = namedType(argument.type);
  for (const step of rest) {
    const next: GraphField | undefined = graph.types.get(type)?.fields.get(step);
    if (next === undefined) return `names nothing: ${type} has no field "${step}". Name an argument that holds the key of a person.`;
    type = next.type;
  }
  const keyTypes = [...graph.classification.subjects].map(([person, { key }]) => fieldAt(graph, `${person}.${key}`)?.type);
  return keyTypes.includes(type)
    ? undefined
    : `ends at ${type}, which is no person's key. Name an argument that holds the key of a person.`;
}

/** Personal fields that can be reached without passing a person. */
function ownerless(graph: Graph): readonly Problem[] {
  const owned = ownedTypes(graph);
  return objectFields(graph).flatMap((field) => {
    const { personal, roots, subjectsOf } = graph.classification;
    const data = personal.get(field.coordinate);
    if (data === undefined || data.class === 'PUBLIC' || subjectsOf.has(field.coordinate)) return [];
    if (owned.has(field.parent) && !roots.has(field.parent)) return [];
    const message = `${field.coordinate}: nothing says whose data it is. Add @subject(of: […]), or reach ${field.parent} only through a person.`;
    return [{ rule: 'subjects', coordinate: field.coordinate, message }];
  });
}

/**
 * Types whose values are always below a person: persons, and those that only owned types lead to or fields that name the persons.
 * The largest such set: begin with all, strike out until nothing changes.
 */
function ownedTypes(graph: Graph): ReadonlySet<string> {
  const { roots, subjects: persons, subjectsOf } = graph.classification;
  const fields = objectFields(graph);
  const owned = new Set([...graph.types.keys()].filter((name) => !roots.has(name)));
  for (let before = -1; before !== owned.size;) {
    before = owned.size;
    for (const field of fields) {
      if (owned.has(field.parent) || subjectsOf.has(field.coordinate)) continue;
      for (const type of possibleTypes(graph, field.type)) if (!persons.has(type)) owned.delete(type);
    }
  }
  return owned;
}
