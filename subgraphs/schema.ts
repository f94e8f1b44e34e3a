import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { buildSubgraphSchema, type GraphQLResolverMap } from '@apollo/subgraph';
import { GraphQLError, Kind, type DocumentNode, type GraphQLSchema } from 'graphql';
import { gql } from 'graphql-tag';
import { classify, type Classification } from '../platform/classification.ts';
import { isIdNumber } from '../platform/id-number.ts';
import { SCALARS } from '../platform/scalars.ts';
import type { AnyRegister, FieldResolver } from './register.ts';
import { shieldSchema } from './shield.ts';

const DIRECTIVES = join(import.meta.dirname, '..', 'schema', 'directives.graphql');

export interface RegisterSchema {
  readonly schema: GraphQLSchema;
  readonly classification: Classification;
}

/** A register's SDL, resolvers and scalars as one executable federation schema behind the shield, and what its SDL says about its data. */
export async function buildRegisterSchema(register: AnyRegister): Promise<RegisterSchema> {
  const [directives, sdl] = await Promise.all([readFile(DIRECTIVES, 'utf8'), readFile(join(register.directory, 'schema.graphql'), 'utf8')]);
  const typeDefs = gql(`${directives}\n${sdl}`);
  const classification = classify(typeDefs);
  const resolvers = { ...sharedScalars(typeDefs), ...register.resolvers, ...checkedReferences(register, classification) };
  const schema = buildSubgraphSchema([{ typeDefs, resolvers: resolvers as GraphQLResolverMap }]);
  return { schema: shieldSchema(schema, classification), classification };
}

/** The implementations of those shared scalars that the SDL declares. */
function sharedScalars(typeDefs: DocumentNode): Record<string, unknown> {
  const declared = new Set(
    typeDefs.definitions.flatMap((definition) => (definition.kind === Kind.SCALAR_TYPE_DEFINITION ? [definition.name.value] : [])),
  );
  return Object.fromEntries(Object.entries(SCALARS).filter(([name]) => declared.has(name)));
}

/**
 * Representations are untyped (`_Any`), so no scalar has looked at the keys in them: a person's is checked here, once for all registers,
 * before any resolver sees it.
 */
function checkedReferences(register: AnyRegister, classification: Classification): Record<string, Record<string, FieldResolver<unknown>>> {
  const checked: Record<string, Record<string, FieldResolver<unknown>>> = {};
  for (const [type, { key }] of classification.subjects) {
    const fields = register.resolvers[type] as Record<string, FieldResolver<unknown>> | undefined;
    const resolveReference = fields?.['__resolveReference'] as ((reference: never, context: never, info: never) => unknown) | undefined;
    if (fields === undefined || resolveReference === undefined) continue;
    const withCheck = (reference: Record<string, unknown>, context: never, info: never): unknown => {
      if (!isIdNumber(reference[key]))
        throw new GraphQLError('An IdNumber is a string of exactly 12 digits.', { extensions: { code: 'ID_NUMBER_INVALID' } });
      return resolveReference(reference as never, context, info);
    };
    checked[type] = { ...fields, __resolveReference: withCheck as unknown as FieldResolver<unknown> };
  }
  return checked;
}
