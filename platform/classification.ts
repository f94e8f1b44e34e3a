import {
  Kind,
  valueFromASTUntyped,
  type DefinitionNode,
  type DirectiveNode,
  type DocumentNode,
  type FieldDefinitionNode,
  type ObjectTypeDefinitionNode,
  type ObjectTypeExtensionNode,
  type TypeNode,
} from 'graphql';

/**
 * What an SDL says about whose data each field is and how sensitive: the reading of `@personal`, `@subject`, `@reads`, `@lookup`, `@self`
 * and `@retained` (schema/directives.graphql), from a subgraph's SDL or from the composed supergraph. Plain data, no schema walked later.
 */
export interface Classification {
  /** By coordinate `Type.field`. */
  readonly personal: ReadonlyMap<string, PersonalField>;
  /** Types whose values are persons, with the field that tells them apart. */
  readonly subjects: ReadonlyMap<string, { readonly key: string }>;
  /** Fields that name the persons concerned themselves: `Type.field` to paths, `$input.idNumber` for an argument. */
  readonly subjectsOf: ReadonlyMap<string, readonly string[]>;
  /** `Type.field(argument:)` to the coordinates that using the argument reads. */
  readonly reads: ReadonlyMap<string, readonly string[]>;
  /** Root fields that find an entity by its key. */
  readonly lookups: ReadonlySet<string>;
  /** Root fields that give the person who is logged in. */
  readonly selves: ReadonlySet<string>;
  /** Fields of value types that remain under a transform: coordinate to transform names. */
  readonly retained: ReadonlyMap<string, ReadonlySet<string>>;
  /** Entity type to the coordinates of its key fields. */
  readonly keys: ReadonlyMap<string, ReadonlySet<string>>;
  /** Object types without key that are no root and no person: their fields take the decision of the field that leads to them. */
  readonly valueTypes: ReadonlySet<string>;
  /**
   * Fields without a class of their own of which nothing else could decide: roots that give more than persons and entities, and fields of
   * value types that lead to a person. Composition lets none through; a foreign supergraph may have any number.
   */
  readonly unclassified: ReadonlySet<string>;
  readonly roots: ReadonlySet<string>;
}

export interface PersonalField {
  readonly class: DataClass;
  readonly group: string;
  readonly sources: readonly string[];
}
export type DataClass = 'PUBLIC' | 'BASIC' | 'SENSITIVE';
export const DATA_CLASSES: readonly DataClass[] = ['PUBLIC', 'BASIC', 'SENSITIVE'];

/** Reads an SDL document. Root types are `Query`, `Mutation`, `Subscription` unless its schema definition names others. */
export function classify(document: DocumentNode): Classification {
  const personal = new Map<string, PersonalField>();
  const subjects = new Map<string, { key: string }>();
  const subjectsOf = new Map<string, readonly string[]>();
  const reads = new Map<string, readonly string[]>();
  const lookups = new Set<string>();
  const selves = new Set<string>();
  const retained = new Map<string, ReadonlySet<string>>();
  const keys = new Map<string, Set<string>>();
  const objects = new Set<string>();
  const outputs = new Map<string, string>();
  const roots = rootTypes(document);

  for (const definition of document.definitions) {
    if (!isObject(definition)) continue;
    const type = definition.name.value;
    objects.add(type);
    for (const directive of definition.directives ?? []) {
      const values = argumentsOf(directive);
      if (directive.name.value === 'subject' && typeof values['key'] === 'string') subjects.set(type, { key: values['key'] });
      const key = directive.name.value === 'key' ? values['fields'] : directive.name.value === 'join__type' ? values['key'] : undefined;
      if (typeof key === 'string') {
        const fields = keys.get(type) ?? new Set<string>();
        for (const field of topLevelNames(key)) fields.add(`${type}.${field}`);
        keys.set(type, fields);
      }
    }
    for (const field of definition.fields ?? []) readField(type, field);
  }

  const valueTypes = new Set([...objects].filter((type) => !roots.has(type) && !subjects.has(type) && !keys.has(type)));
  const unclassified = unclassifiedOf({ outputs, personal, subjects, keys, roots, valueTypes }, document);
  return { personal, subjects, subjectsOf, reads, lookups, selves, retained, keys, valueTypes, unclassified, roots };

  function readField(type: string, field: FieldDefinitionNode): void {
    const coordinate = `${type}.${field.name.value}`;
    outputs.set(coordinate, namedTypeOf(field.type));
    for (const directive of field.directives ?? []) {
      const values = argumentsOf(directive);
      switch (directive.name.value) {
        case 'personal':
          personal.set(coordinate, {
            class: values['class'] as DataClass,
            group: String(values['group']),
            sources: textList(values['sources']),
          });
          break;
        case 'subject':
          subjectsOf.set(coordinate, textList(values['of']));
          break;
        case 'lookup':
          lookups.add(coordinate);
          break;
        case 'self':
          selves.add(coordinate);
          break;
        case 'retained':
          retained.set(coordinate, new Set(textList(values['by'])));
          break;
        default:
      }
    }
    for (const argument of field.arguments ?? []) {
      const read = (argument.directives ?? []).filter((candidate) => candidate.name.value === 'reads');
      if (read.length === 0) continue;
      reads.set(
        `${coordinate}(${argument.name.value}:)`,
        read.map((directive) => String(argumentsOf(directive)['coordinate'])),
      );
    }
  }
}

/** The decision that governs a field: its own, that of the field which led to its value type, or none (unclassified: refused). */
export function governedBy(classification: Classification, type: string, field: string): 'itself' | 'parent' | 'nothing' {
  if (classification.personal.has(`${type}.${field}`)) return 'itself';
  if (classification.unclassified.has(`${type}.${field}`)) return 'nothing';
  if (classification.roots.has(type)) return 'itself';
  return classification.valueTypes.has(type) ? 'parent' : 'nothing';
}

interface Read extends Pick<Classification, 'personal' | 'subjects' | 'keys' | 'roots' | 'valueTypes'> {
  /** By coordinate: the named type that the field gives. */
  readonly outputs: ReadonlyMap<string, string>;
}

function unclassifiedOf({ outputs, personal, subjects, keys, roots, valueTypes }: Read, document: DocumentNode): ReadonlySet<string> {
  const possible = possibleTypes(document);
  const found = new Set<string>();
  for (const [coordinate, output] of outputs) {
    if (personal.has(coordinate)) continue;
    const type = coordinate.slice(0, coordinate.indexOf('.'));
    const given = [...(possible.get(output) ?? [output])];
    if (roots.has(type) && given.some((one) => !subjects.has(one) && !keys.has(one))) found.add(coordinate);
    if (valueTypes.has(type) && given.some((one) => subjects.has(one))) found.add(coordinate);
  }
  return found;
}

/** Names of the object types of each interface and union. */
function possibleTypes(document: DocumentNode): ReadonlyMap<string, ReadonlySet<string>> {
  const possible = new Map<string, Set<string>>();
  const add = (abstract: string, type: string): void => void possible.set(abstract, (possible.get(abstract) ?? new Set()).add(type));
  for (const definition of document.definitions) {
    if (isObject(definition)) for (const { name } of definition.interfaces ?? []) add(name.value, definition.name.value);
    if (definition.kind === Kind.UNION_TYPE_DEFINITION || definition.kind === Kind.UNION_TYPE_EXTENSION) {
      for (const { name } of definition.types ?? []) add(definition.name.value, name.value);
    }
  }
  return possible;
}

function isObject(definition: DefinitionNode): definition is ObjectTypeDefinitionNode | ObjectTypeExtensionNode {
  return definition.kind === Kind.OBJECT_TYPE_DEFINITION || definition.kind === Kind.OBJECT_TYPE_EXTENSION;
}

function namedTypeOf(node: TypeNode): string {
  return node.kind === Kind.NAMED_TYPE ? node.name.value : namedTypeOf(node.type);
}

function rootTypes(document: DocumentNode): ReadonlySet<string> {
  const roots = new Set<string>();
  for (const definition of document.definitions) {
    if (definition.kind !== Kind.SCHEMA_DEFINITION && definition.kind !== Kind.SCHEMA_EXTENSION) continue;
    for (const operation of definition.operationTypes ?? []) roots.add(operation.type.name.value);
  }
  return roots.size > 0 ? roots : new Set(['Query', 'Mutation', 'Subscription']);
}

function argumentsOf(directive: DirectiveNode): Record<string, unknown> {
  const values = Object.create(null) as Record<string, unknown>;
  for (const argument of directive.arguments ?? []) values[argument.name.value] = valueFromASTUntyped(argument.value);
  return values;
}

function textList(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.map(String) : typeof value === 'string' ? [value] : [];
}

/** The outermost names of a field set: `id organisation { id }` gives `id` and `organisation`. */
function topLevelNames(fieldSet: string): readonly string[] {
  const names: string[] = [];
  let depth = 0;
  for (const [token] of fieldSet.matchAll(/[{}]|[_A-Za-z]\w*/g)) {
    if (token === '{') depth += 1;
    else if (token === '}') depth -= 1;
    else if (depth === 0) names.push(token);
  }
  return names;
}
