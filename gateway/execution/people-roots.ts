import {
  Kind,
  OperationTypeNode,
  parse,
  print,
  type ConstDirectiveNode,
  type DocumentNode,
  type FieldDefinitionNode,
  type NamedTypeNode,
  type ObjectTypeDefinitionNode,
  type TypeNode,
} from 'graphql';

/** The subgraph that exists in plans only: it knows of people that they are there, by their key. */
export const PEOPLE_SUBGRAPH = 'people__';
const GRAPH_VALUE = 'PEOPLE__';

/** The root field by which plans begin at people of a type. */
export function peopleRoot(type: string): string {
  return `people__${type}`;
}

/** The same for one of them. */
export function personRoot(type: string): string {
  return `person__${type}`;
}

/**
 * A supergraph for the planner that has one more subgraph, with root fields for each type of person that give one or a list of them by key
 * (join specification v0.3 to v0.5). What is known of people before anything is fetched is planned from there, look-ups by key and what
 * consent adds for some: the planner makes the entity fetches, and the executor knows who stands at the root. Clients' documents are
 * validated against the schema without it.
 */
export function withPeopleRoots(supergraphSdl: string, subjects: ReadonlyMap<string, { readonly key: string }>): string {
  if (subjects.size === 0) return supergraphSdl;
  const document = parse(supergraphSdl, { noLocation: true });
  const queryName = queryTypeOf(document);
  const scalars = keyScalars(document, subjects);
  return print({
    ...document,
    definitions: document.definitions.map((definition) => {
      if (definition.kind === Kind.ENUM_TYPE_DEFINITION && definition.name.value === 'join__Graph') {
        const value = directive('join__graph', { name: PEOPLE_SUBGRAPH, url: '' });
        return {
          ...definition,
          values: [...(definition.values ?? []), { kind: Kind.ENUM_VALUE_DEFINITION, name: nameOf(GRAPH_VALUE), directives: [value] }],
        };
      }
      if (definition.kind === Kind.SCALAR_TYPE_DEFINITION && scalars.has(definition.name.value)) {
        return { ...definition, directives: [...(definition.directives ?? []), joinType()] };
      }
      if (definition.kind !== Kind.OBJECT_TYPE_DEFINITION) return definition;
      if (definition.name.value === queryName) {
        const query = inPeople(definition, undefined);
        const roots = [...subjects.keys()].flatMap((type) => [
          rootField(personRoot(type), named(type)),
          rootField(peopleRoot(type), listOf(type)),
        ]);
        return { ...query, fields: [...(query.fields ?? []), ...roots] };
      }
      const subject = subjects.get(definition.name.value);
      return subject === undefined ? definition : inPeople(definition, subject.key);
    }),
  });
}

/** The type as one more subgraph has it: with its key and nothing else. A field without a subgraph is in all of them, so each is named. */
function inPeople(type: ObjectTypeDefinitionNode, key: string | undefined): ObjectTypeDefinitionNode {
  const graphs = (type.directives ?? []).filter(({ name }) => name.value === 'join__type').flatMap((join) => graphOf(join));
  const fields = (type.fields ?? []).map((field): FieldDefinitionNode => {
    const directives = field.directives ?? [];
    const isPlaced = directives.some(({ name }) => name.value === 'join__field');
    const placed = isPlaced ? directives : [...directives, ...[...new Set(graphs)].map((graph) => joinField(graph))];
    return { ...field, directives: field.name.value === key ? [...placed, joinField(GRAPH_VALUE)] : placed };
  });
  return { ...type, directives: [...(type.directives ?? []), joinType(key)], fields };
}

function rootField(name: string, type: TypeNode): FieldDefinitionNode {
  return { kind: Kind.FIELD_DEFINITION, name: nameOf(name), type, directives: [joinField(GRAPH_VALUE)] };
}

function named(type: string): NamedTypeNode {
  return { kind: Kind.NAMED_TYPE, name: nameOf(type) };
}

function listOf(type: string): TypeNode {
  return { kind: Kind.LIST_TYPE, type: named(type) };
}

function joinType(key?: string): ConstDirectiveNode {
  return directive('join__type', key === undefined ? {} : { key }, GRAPH_VALUE);
}

function joinField(graph: string): ConstDirectiveNode {
  return directive('join__field', {}, graph);
}

function directive(name: string, texts: Readonly<Record<string, string>>, graph?: string): ConstDirectiveNode {
  return {
    kind: Kind.DIRECTIVE,
    name: nameOf(name),
    arguments: [
      ...(graph === undefined ? [] : [{ kind: Kind.ARGUMENT, name: nameOf('graph'), value: { kind: Kind.ENUM, value: graph } } as const]),
      ...Object.entries(texts).map(
        ([argument, value]) => ({ kind: Kind.ARGUMENT, name: nameOf(argument), value: { kind: Kind.STRING, value } }) as const,
      ),
    ],
  };
}

function nameOf(value: string) {
  return { kind: Kind.NAME, value } as const;
}

function graphOf(join: ConstDirectiveNode): readonly string[] {
  const value = join.arguments?.find(({ name }) => name.value === 'graph')?.value;
  return value?.kind === Kind.ENUM ? [value.value] : [];
}

function queryTypeOf(document: DocumentNode): string {
  for (const definition of document.definitions) {
    if (definition.kind !== Kind.SCHEMA_DEFINITION) continue;
    for (const { operation, type } of definition.operationTypes) if (operation === OperationTypeNode.QUERY) return type.name.value;
  }
  return 'Query';
}

/** Named types of the keys. */
function keyScalars(document: DocumentNode, subjects: ReadonlyMap<string, { readonly key: string }>): ReadonlySet<string> {
  const scalars = new Set<string>();
  for (const definition of document.definitions) {
    if (definition.kind !== Kind.OBJECT_TYPE_DEFINITION) continue;
    const key = subjects.get(definition.name.value)?.key;
    const field = key === undefined ? undefined : definition.fields?.find(({ name }) => name.value === key);
    let type = field?.type;
    while (type !== undefined && type.kind !== Kind.NAMED_TYPE) type = type.type;
    if (type !== undefined) scalars.add(type.name.value);
  }
  return scalars;
}
