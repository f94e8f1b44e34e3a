import { isEnumType, isScalarType, type GraphQLLeafType, type GraphQLScalarType } from 'graphql';

/** Gives a leaf as the client gets it, or undefined when the value is none of its type. Never called with null. */
export type Leaf = (value: unknown) => unknown;

const INT_MAX = 2 ** 31 - 1;
const INT_MIN = -(2 ** 31);

/**
 * How values of a leaf type are checked (GraphQL specification, 3.5 and 3.9, result coercion). A subgraph has serialised its values
 * already, so only what the specification calls equal is taken for another: a whole number for an ID. A custom scalar passes as it is,
 * unless the gateway knows it (graph.ts).
 */
export function leafOf(type: GraphQLLeafType): Leaf {
  if (isEnumType(type)) {
    // The API schema's values: one that is @inaccessible is none.
    const values = new Set(type.getValues().map(({ name }) => name));
    return (value) => (typeof value === 'string' && values.has(value) ? value : undefined);
  }
  if (!isScalarType(type)) throw new Error('A leaf is a scalar or an enum.');
  return SPECIFIED[type.name] ?? checkedBy(type);
}

function checkedBy(type: GraphQLScalarType): Leaf {
  return (value) => {
    try {
      return type.serialize(value);
    } catch {
      return undefined;
    }
  };
}

const SPECIFIED: Readonly<Record<string, Leaf>> = {
  // The range first: it is what most values fail, and Number.isInteger takes what is too large as well.
  Int: (value) => (typeof value === 'number' && value <= INT_MAX && value >= INT_MIN && Number.isInteger(value) ? value : undefined),
  Float: (value) => (typeof value === 'number' && Number.isFinite(value) ? value : undefined),
  String: (value) => (typeof value === 'string' ? value : undefined),
  Boolean: (value) => (typeof value === 'boolean' ? value : undefined),
  ID: (value) => (typeof value === 'string' ? value : Number.isSafeInteger(value) ? String(value) : undefined),
};
