import { randomBytes } from 'node:crypto';
import {
  getNamedType,
  isScalarType,
  isSpecifiedScalarType,
  Kind,
  TypeInfo,
  visit,
  visitWithTypeInfo,
  type DocumentNode,
  type EnumValueNode,
  type FloatValueNode,
  type GraphQLSchema,
  type IntValueNode,
  type StringValueNode,
} from 'graphql';

/** A document whose literals a planner cannot change, and how its texts get them back. */
export interface KeptLiterals {
  readonly document: DocumentNode;
  /** Undefined where nothing was put away. */
  readonly restore: ((operation: string) => string) | undefined;
}

/**
 * Keeps literals of custom scalars as the client wrote them. Apollo's planner reads their numbers into JavaScript's, so that
 * `9007199254740993` would reach a subgraph as another number, `1.10` without its zero, and a name as a string.
 */
export function createLiteralKeeper(schema: GraphQLSchema): (document: DocumentNode) => KeptLiterals {
  // A client cannot know it, so no text of theirs is taken for a literal that was put away.
  const mark = randomBytes(16).toString('hex');
  const marked = new RegExp(`"${mark}([^"]*)"`, 'g');

  return (document) => {
    const types = new TypeInfo(schema);
    let isAny = false;
    const keep = (node: IntValueNode | FloatValueNode | EnumValueNode): StringValueNode | undefined => {
      if (!isFree(types) || (node.kind !== Kind.ENUM && String(Number(node.value)) === node.value)) return undefined;
      isAny = true;
      return { kind: Kind.STRING, value: `${mark}${node.value}` };
    };
    const kept = visit(document, visitWithTypeInfo(types, { IntValue: keep, FloatValue: keep, EnumValue: keep }));
    return { document: kept, restore: isAny ? (operation) => operation.replaceAll(marked, '$1') : undefined };
  };
}

/** Whether the value at hand is one of a custom scalar, or stands inside of one. */
function isFree(types: TypeInfo): boolean {
  const type = getNamedType(types.getInputType());
  return !type || (isScalarType(type) && !isSpecifiedScalarType(type));
}
