import {
  getNamedType,
  isCompositeType,
  isEnumType,
  isObjectType,
  isRequiredArgument,
  type GraphQLArgument,
  type GraphQLField,
  type GraphQLObjectType,
  type GraphQLSchema,
} from 'graphql';
import type { Classification } from '../../platform/classification.ts';
import type { ImpactRow } from './impact.ts';

/** A request in which a change shows. */
export interface ExampleRequest {
  readonly application: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly query: string;
  /** What to put where a variable stands: a description, never anybody's number. */
  readonly variables: Readonly<Record<string, string | number | boolean>>;
}

type Field = GraphQLField<unknown, unknown>;
/** Fields between a root and a type; longer ways make no example. */
const STEPS_MAX = 6;

/** Writes the shortest document that asks for the coordinate of a row, undefined where no way leads to it. */
export function exampleOf(row: ImpactRow, schema: GraphQLSchema, classification: Classification): ExampleRequest | undefined {
  const [typeName = '', fieldName = ''] = row.coordinate.split('.');
  const type = schema.getType(typeName);
  const target = isObjectType(type) ? type.getFields()[fieldName] : undefined;
  if (!isObjectType(type) || target === undefined) return undefined;
  const root = [schema.getQueryType(), schema.getMutationType()].find((one) => one !== undefined && one !== null && one.name === typeName);
  const way = root ? [] : wayTo(type, schema, classification);
  if (way === undefined) return undefined;

  const variables = new Map<string, GraphQLArgument>();
  const given: Record<string, string | number | boolean> = {};
  const call = (field: Field, values: Readonly<Record<string, unknown>>): string => {
    const named = field.args.filter((argument) => isRequiredArgument(argument) || Object.hasOwn(values, argument.name));
    if (named.length === 0) return field.name;
    const parts = named.map((argument) => {
      let name = argument.name;
      for (let count = 2; variables.has(name); count += 1) name = `${argument.name}${count}`;
      variables.set(name, argument);
      const value = values[argument.name];
      given[name] = typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' ? value : placeholder(argument);
      return `${argument.name}: $${name}`;
    });
    return `${field.name}(${parts.join(', ')})`;
  };
  const heads = [...way.map((field) => call(field, {})), call(target, row.arguments ?? {})];
  const inner = selectionOf(target, row.after.transform ?? row.before.transform, classification);
  const body = heads.reduceRight((below, head) => (below === '' ? head : `${head} { ${below} }`), inner);
  const kind = schema.getMutationType()?.name === typeName ? 'mutation' : 'query';
  const declared = Array.from(variables, ([name, argument]) => `$${name}: ${String(argument.type)}`).join(', ');
  return {
    application: row.application,
    headers: { 'x-purpose': row.purpose, ...(row.emergency === true ? { 'x-emergency': 'example' } : {}) },
    query: `${kind}${declared === '' ? '' : ` (${declared})`} { ${body} }`,
    variables: given,
  };
}

/** The shortest way of fields from the query type to an object type. */
function wayTo(type: GraphQLObjectType, schema: GraphQLSchema, { lookups }: Classification): readonly Field[] | undefined {
  const seen = new Set<string>();
  const start = schema.getQueryType();
  let ways: readonly { readonly at: GraphQLObjectType; readonly way: readonly Field[] }[] = start ? [{ at: start, way: [] }] : [];
  for (let steps = 0; steps < STEPS_MAX; steps += 1) {
    const next: { at: GraphQLObjectType; way: readonly Field[] }[] = [];
    for (const { at, way } of ways) {
      // Look-ups first: applications ask for people by their key.
      const fields = Object.values(at.getFields());
      const isLookup = ({ name }: Field): boolean => lookups.has(`${at.name}.${name}`);
      for (const field of [...fields.filter(isLookup), ...fields.filter((one) => !isLookup(one))]) {
        const output = getNamedType(field.type);
        if (!isObjectType(output) || seen.has(output.name)) continue;
        if (output === type) return [...way, field];
        seen.add(output.name);
        next.push({ at: output, way: [...way, field] });
      }
    }
    ways = next;
  }
  return undefined;
}

/** A part of the field's value that remains under the transform, the first without one; empty for a leaf. */
function selectionOf(field: Field, transform: string | null, { retained }: Classification): string {
  const type = getNamedType(field.type);
  if (!isCompositeType(type)) return '';
  if (!isObjectType(type)) return '__typename';
  const leaves = Object.values(type.getFields()).filter(
    (one) => !isCompositeType(getNamedType(one.type)) && !one.args.some(isRequiredArgument),
  );
  const remains = leaves.filter((one) => transform === null || retained.get(`${type.name}.${one.name}`)?.has(transform) === true);
  return (remains[0] ?? leaves[0])?.name ?? '__typename';
}

function placeholder(argument: GraphQLArgument): string | number | boolean {
  const type = getNamedType(argument.type);
  if (isEnumType(type)) return type.getValues()[0]?.name ?? '';
  if (type.name === 'Int') return 1;
  if (type.name === 'Boolean') return true;
  return type.name === 'IdNumber' ? '<ID number of 12 digits>' : `<${type.name}>`;
}
