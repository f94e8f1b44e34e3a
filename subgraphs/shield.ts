import { GraphQLError, type GraphQLResolveInfo, type GraphQLSchema } from 'graphql';
import type { Classification } from '../platform/classification.ts';
import { applyMiddleware, rule, shield } from '../platform/graphql-shield.ts';
import type { RegisterContext } from './register.ts';

/**
 * The second line behind the guard: should any way lead to execution without it, the roots, `_entities` among them, give nothing without
 * a verified grant, and a person's field gives nothing unless the grant names its coordinate.
 *
 * Rules on `Query` alone would leave the fields behind `_entities` open (nestjs/graphql#1188). Only these fields are wrapped, not every
 * field as shield does by itself, which doubles the time of a list of a thousand.
 */
export function shieldSchema(schema: GraphQLSchema, classification: Classification): GraphQLSchema {
  const rules = rulesFor(schema, classification);
  const everything = shield(rules, { allowExternalErrors: true, fallbackError: refusal() }).generate(schema);
  return applyMiddleware(schema, only(rules, everything as FieldsByType) as Parameters<typeof applyMiddleware>[1]);
}

type Rule = ReturnType<ReturnType<typeof rule>>;
type FieldsByType = Record<string, Record<string, unknown>>;

function rulesFor(schema: GraphQLSchema, classification: Classification): Record<string, Record<string, Rule>> {
  const rules: Record<string, Record<string, Rule>> = {};
  for (const root of [schema.getQueryType(), schema.getMutationType()]) {
    if (root) rules[root.name] = Object.fromEntries(Object.keys(root.getFields()).map((field) => [field, isGranted]));
  }
  for (const coordinate of classification.personal.keys()) {
    const [type = '', field = ''] = coordinate.split('.');
    if (classification.subjects.has(type)) (rules[type] ??= {})[field] = namesCoordinate;
  }
  return rules;
}

/** The middleware of the fields that have a rule. */
function only(rules: Record<string, Record<string, Rule>>, everything: FieldsByType): FieldsByType {
  return Object.fromEntries(
    Object.entries(rules).map(([type, fields]) => [
      type,
      Object.fromEntries(Object.keys(fields).map((field) => [field, everything[type]?.[field]])),
    ]),
  );
}

type PartialContext = Partial<RegisterContext<unknown>>;

const isGranted = rule('is granted', { cache: 'no_cache' })((_parent, _args, context: PartialContext) =>
  context.grant === undefined ? refusal() : true,
);

const namesCoordinate = rule('coordinate is in the grant', { cache: 'no_cache' })((
  _parent,
  _args,
  context: PartialContext,
  info: GraphQLResolveInfo,
) => {
  const coordinates = context.grant?.coordinates;
  return coordinates !== undefined && Object.hasOwn(coordinates, `${info.parentType.name}.${info.fieldName}`) ? true : refusal();
});

function refusal(): GraphQLError {
  return new GraphQLError('This register gives nothing for this call.', { extensions: { code: 'GRANT_REFUSED' } });
}
