import { isInterfaceType, isObjectType, isUnionType, Kind, type GraphQLObjectType, type GraphQLSchema } from 'graphql';
import type { Classification } from '../../platform/classification.ts';
import type { DecidedField } from './decided-fields.ts';
import type { FieldInputs } from './field-inputs.ts';
import type { Position, Problem } from './problems.ts';

/** What `classification.yaml` says of one field; absent members were left out. */
export interface ClassificationEntry {
  readonly class?: string | undefined;
  readonly group?: string | undefined;
  readonly sources?: readonly string[] | undefined;
  readonly subjectOf?: readonly string[] | undefined;
  readonly lookup?: true | undefined;
  readonly self?: true | undefined;
  readonly retained?: readonly string[] | undefined;
  readonly arguments?: Readonly<Record<string, { readonly reads: readonly string[] }>> | undefined;
}

export interface ClassificationEntries {
  readonly persons: Readonly<Record<string, { readonly key: string }>>;
  readonly fields: Readonly<Record<string, ClassificationEntry>>;
}

/** A foreign supergraph with its classification, as the checks look at it. */
export interface Classified {
  readonly entries: ClassificationEntries;
  readonly classification: Classification;
  /** The supergraph as graphql-js reads it, `@inaccessible` elements included. */
  readonly schema: GraphQLSchema;
  /** What `@requires` and `@fromContext` hand to fields. */
  readonly inputs: FieldInputs;
  readonly decided: ReadonlyMap<string, DecidedField>;
  readonly subgraphs: readonly string[];
  /** Where a part of the file stands. */
  readonly at: (path: readonly PropertyKey[]) => Position;
}

/** One rule over a classification: pure, every problem told. */
export type ClassificationCheck = (classified: Classified) => readonly Problem[];

export function objectTypes(schema: GraphQLSchema): readonly GraphQLObjectType[] {
  return Object.values(schema.getTypeMap()).filter((type) => isObjectType(type) && !type.name.startsWith('__')) as GraphQLObjectType[];
}

/** The object type and field of a coordinate, undefined when there is none. */
export function fieldAt(schema: GraphQLSchema, coordinate: string) {
  const [type = '', field = '', ...rest] = coordinate.split('.');
  const named = schema.getType(type);
  if (rest.length > 0 || !isObjectType(named)) return undefined;
  const found = Object.hasOwn(named.getFields(), field) ? named.getFields()[field] : undefined;
  return found && { type: named, field: found };
}

/** Every `Type.field` of object types, for suggestions. */
export function coordinates(schema: GraphQLSchema): readonly string[] {
  return objectTypes(schema).flatMap((type) => Object.keys(type.getFields()).map((field) => `${type.name}.${field}`));
}

/** Names of the object types that a value of the named type can have. */
export function possibleTypes(schema: GraphQLSchema, name: string): readonly string[] {
  const type = schema.getType(name);
  if (isObjectType(type)) return [name];
  return isInterfaceType(type) || isUnionType(type) ? schema.getPossibleTypes(type).map((one) => one.name) : [];
}

/** The whole texts of a type's keys (`@join__type(key:)`). */
export function keysOf(type: GraphQLObjectType): readonly string[] {
  const keys = (type.astNode?.directives ?? [])
    .filter(({ name }) => name.value === 'join__type')
    .flatMap((join) => join.arguments?.filter(({ name }) => name.value === 'key') ?? [])
    .flatMap(({ value }) => (value.kind === Kind.STRING ? [value.value.trim()] : []));
  return [...new Set(keys)];
}
