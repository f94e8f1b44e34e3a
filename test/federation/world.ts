import { buildSubgraphSchema } from '@apollo/subgraph';
import {
  isInterfaceType,
  isObjectType,
  Kind,
  parse,
  type DocumentNode,
  type GraphQLFieldResolver,
  type GraphQLSchema,
  type SelectionSetNode,
} from 'graphql';
import { applications, has } from '../../schema/graph.ts';

export type Fields = Readonly<Record<string, unknown>>;
/** An entity as it is stored, once, with the fields of all subgraphs. Fields that begin with "_" are no subgraph's and resolvers' own. */
export type Row = Record<string, unknown> & { readonly __typename: string };
export type Rows = Readonly<Record<string, Row[]>>;

/** A reference to a stored entity by one of its keys. */
export class Ref {
  readonly type: string;
  readonly key: Fields;

  constructor(type: string, key: Fields) {
    this.type = type;
    this.key = key;
  }
}

export function ref(type: string, key: Fields): Ref {
  return new Ref(type, key);
}

/** What a computed field sees: its arguments, the rows, and fields that its subgraph `@requires` (elsewhere they are resolved in place). */
export interface Resolving {
  readonly parent: Fields;
  readonly args: Fields;
  readonly rows: (type: string) => Row[];
  readonly required: (field: string, args?: Fields) => unknown;
}
/** By coordinate of a type or of an interface that it implements. Fields without one are columns of the row. */
export type Resolvers = Readonly<Record<string, (resolving: Resolving) => unknown>>;

export interface World {
  /** By name: whole SDL with its own `@link` to Federation 2. */
  readonly subgraphs: Readonly<Record<string, string>>;
  readonly rows: () => Rows;
  readonly resolvers: Resolvers;
}

/** A document to run. They are run in order: mutations change what later ones find. */
export interface FixtureOperation {
  readonly claim: string;
  readonly document: string;
  readonly variables?: Fields;
  /** Why plain Apollo Gateway's data is not the monolith's, where it is not. */
  readonly apolloDiffers?: string;
}

export interface Fixture extends World {
  readonly operations: readonly FixtureOperation[];
}

/** A schema of the world and how its fields are resolved, for graphql-js or Apollo Server. */
export interface Served {
  readonly schema: GraphQLSchema;
  readonly fieldResolver: GraphQLFieldResolver<unknown, unknown>;
}

/** The world as one graph: every field is resolved from the whole row. `schema` is the API schema. */
export function serveWhole(world: World, rows: Rows, schema: GraphQLSchema): Served {
  return { schema, fieldResolver: fieldResolver(world, rows, undefined) };
}

/**
 * One subgraph of the world. It sees of each row only what its SDL resolves, so that a gateway which asks the wrong subgraph, or does not
 * hand on what is required, gets errors instead of right answers by luck.
 */
export function serveSubgraph(world: World, rows: Rows, name: string): Served {
  const view = readView(world, name);
  const resolvers: Record<string, { __resolveReference: (reference: Fields) => unknown }> = {};
  for (const type of view.keys.keys())
    resolvers[type] = { __resolveReference: (reference) => resolveReference(world, rows, view, type, reference) };
  const schema = buildSubgraphSchema([{ typeDefs: view.document, resolvers }]);
  return { schema, fieldResolver: fieldResolver(world, rows, view) };
}

interface View {
  readonly document: DocumentNode;
  /** Type to its keys, each a selection. */
  readonly keys: ReadonlyMap<string, readonly SelectionSetNode[]>;
  /** Coordinates that the subgraph resolves, and those that it only names or that another one has taken over. */
  readonly owned: ReadonlyMap<string, ReadonlySet<string>>;
  readonly foreign: ReadonlySet<string>;
  readonly provides: ReadonlyMap<string, readonly string[]>;
  /** Implementors of an interface over all subgraphs. */
  readonly interfacesOf: ReadonlyMap<string, ReadonlySet<string>>;
}

function readView(world: World, name: string): View {
  const document = parse(world.subgraphs[name] ?? '');
  const keys = new Map<string, SelectionSetNode[]>();
  const owned = new Map<string, Set<string>>();
  const foreign = overriddenFields(world, name);
  const provides = new Map<string, readonly string[]>();
  for (const type of document.definitions) {
    if (!('fields' in type) || type.kind === Kind.INPUT_OBJECT_TYPE_DEFINITION || type.kind === Kind.INPUT_OBJECT_TYPE_EXTENSION) continue;
    const sets = applications(type.directives, 'key').map(({ fields }) => selection(String(fields)));
    if (sets.length > 0) keys.set(type.name.value, [...(keys.get(type.name.value) ?? []), ...sets]);
    const mine = owned.get(type.name.value) ?? new Set(sets.flatMap(names));
    owned.set(type.name.value, mine);
    for (const field of type.fields ?? []) {
      const coordinate = `${type.name.value}.${field.name.value}`;
      if (has(field.directives, 'external') && !mine.has(field.name.value)) foreign.add(coordinate);
      else if (!foreign.has(coordinate)) mine.add(field.name.value);
      const given = applications(field.directives, 'provides').flatMap(({ fields }) => names(selection(String(fields))));
      provides.set(coordinate, given);
    }
  }
  return { document, keys, owned, foreign, provides, interfacesOf: interfaces(world) };
}

function overriddenFields(world: World, name: string): Set<string> {
  const taken = new Set<string>();
  for (const sdl of Object.values(world.subgraphs))
    for (const type of parse(sdl).definitions)
      if (type.kind === Kind.OBJECT_TYPE_DEFINITION)
        for (const field of type.fields ?? [])
          if (applications(field.directives, 'override').some(({ from }) => from === name))
            taken.add(`${type.name.value}.${field.name.value}`);
  return taken;
}

function interfaces(world: World): ReadonlyMap<string, ReadonlySet<string>> {
  const found = new Map<string, Set<string>>();
  for (const sdl of Object.values(world.subgraphs))
    for (const type of parse(sdl).definitions)
      if (type.kind === Kind.OBJECT_TYPE_DEFINITION)
        for (const one of type.interfaces ?? []) found.set(type.name.value, (found.get(type.name.value) ?? new Set()).add(one.name.value));
  return found;
}

function resolveReference(world: World, rows: Rows, view: View, type: string, reference: Fields): unknown {
  const key = view.keys.get(type)?.find((set) => names(set).every((name) => name in reference));
  if (key === undefined) throw new Error(`A representation of ${type} has none of its keys.`);
  const wanted = Object.fromEntries(names(key).map((name) => [name, reference[name]]));
  const row = findRow(world, rows, view, type, wanted);
  return row === undefined ? null : { ...reference, ...project(view, row, []) };
}

function findRow(world: World, rows: Rows, view: View | undefined, type: string, key: Fields): Row | undefined {
  const interfacesOf = view?.interfacesOf ?? interfaces(world);
  const tables = Object.keys(rows).filter((table) => table === type || interfacesOf.get(table)?.has(type));
  return tables.flatMap((table) => rows[table] ?? []).find((row) => matches(row, key));
}

function matches(stored: unknown, wanted: unknown): boolean {
  const value = stored instanceof Ref ? stored.key : stored;
  if (typeof wanted !== 'object' || wanted === null) return value === wanted;
  return Object.entries(wanted).every(
    ([name, part]) => name === '__typename' || (typeof value === 'object' && value !== null && matches((value as Fields)[name], part)),
  );
}

/** The part of a row that a subgraph has, as a value of the type that it knows the row by (`@interfaceObject` included). */
function project(view: View | undefined, row: Row, provided: readonly string[]): Fields {
  if (view === undefined) return row;
  const known = [row.__typename, ...(view.interfacesOf.get(row.__typename) ?? [])].find((name) => view.owned.has(name));
  const visible = new Set([...(view.owned.get(known ?? '') ?? []), ...provided]);
  const isObject = view.document.definitions.some((type) => type.kind === Kind.OBJECT_TYPE_DEFINITION && type.name.value === known);
  const fields = Object.entries(row).filter(([name]) => name.startsWith('_') || visible.has(name));
  return { ...Object.fromEntries(fields), __typename: isObject ? known : row.__typename };
}

function fieldResolver(world: World, rows: Rows, view: View | undefined): GraphQLFieldResolver<unknown, unknown> {
  return (source, args: Fields, _context, info) => {
    const parent = (source ?? {}) as Fields;
    const value = resolve(info.parentType.name, info.fieldName, parent, args, info.schema);
    return hydrate(value, view?.provides.get(`${info.parentType.name}.${info.fieldName}`) ?? []);
  };

  function resolve(type: string, field: string, parent: Fields, args: Fields, schema: GraphQLSchema): unknown {
    const coordinate = `${type}.${field}`;
    const overridden = view?.foreign.has(coordinate) === true && !(field in parent);
    if (overridden) throw new Error(`${coordinate} is not this subgraph's to resolve.`);
    const named = schema.getType(type);
    const around = isObjectType(named) || isInterfaceType(named) ? named.getInterfaces().map(({ name }) => name) : [];
    const resolver = [type, ...around].map((name) => world.resolvers[`${name}.${field}`]).find((found) => found !== undefined);
    if (resolver === undefined || view?.foreign.has(coordinate) === true) return parent[field];
    return resolver({
      parent,
      args,
      rows: (table) => rows[table] ?? [],
      required: (other, otherArgs = {}) => {
        if (view === undefined) return hydrate(resolve(type, other, parent, otherArgs, schema), []);
        if (!(other in parent)) throw new Error(`${coordinate} was not handed ${other}.`);
        return parent[other];
      },
    });
  }

  function hydrate(value: unknown, provided: readonly string[]): unknown {
    if (Array.isArray(value)) return value.map((item) => hydrate(item, provided));
    if (value instanceof Ref) {
      const row = findRow(world, rows, view, value.type, value.key);
      return row === undefined ? null : project(view, row, provided);
    }
    const row = isRow(value) ? rows[value.__typename]?.find((stored) => stored === value) : undefined;
    return row === undefined ? value : project(view, row, provided);
  }
}

function isRow(value: unknown): value is Row {
  return typeof value === 'object' && value !== null && typeof (value as Fields)['__typename'] === 'string';
}

function selection(fieldSet: string): SelectionSetNode {
  const [operation] = parse(`{ ${fieldSet} }`).definitions;
  if (operation?.kind !== Kind.OPERATION_DEFINITION) throw new Error(`"${fieldSet}" is no field set.`);
  return operation.selectionSet;
}

function names(set: SelectionSetNode): readonly string[] {
  return set.selections.flatMap((node) => (node.kind === Kind.FIELD ? [node.name.value] : []));
}
