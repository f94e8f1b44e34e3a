import { Ajv2020, type ErrorObject } from 'ajv/dist/2020.js';
import { z } from 'zod';

/** Levels of a schema within a schema. */
const DEPTH_MAX = 6;
/** Characters of a text that a pattern is held against: a pattern takes longer on a longer text. */
const PATTERN_TEXT_LENGTH_MAX = 256;
const VARIABLES_MAX = 100;
const VALUES_MAX = 1_000;

const Count = z.int().min(0).max(1_000_000);
const Scalar = z.union([z.string().max(1_000), z.number(), z.boolean(), z.null()]);
const Types = z.enum(['string', 'integer', 'number', 'boolean', 'array', 'object', 'null']);

/** Parts of a pattern that may match more or less of a text. */
const PATTERN_REPEATS_MAX = 3;

/** No groups, no references back and few repetitions: what is left is matched in at most the third power of the length of the text. */
const Pattern = z
  .string()
  .max(200)
  .regex(/^(?:[^\\()|]|\\[\\dDsSwW.^$*+?{}[\]/-])*$/, 'must be a pattern without groups and alternatives; use enum for a choice')
  .refine((pattern) => (pattern.match(/[*+?]|\{\d*,\d*\}/g) ?? []).length <= PATTERN_REPEATS_MAX, {
    message: `may repeat or leave out at most ${PATTERN_REPEATS_MAX} of its parts`,
  });

/**
 * A part of JSON Schema (draft 2020-12): the values that a variable may have, by type, range, length and list. A closed list of keywords:
 * nothing refers to anything, fetches anything or may take long.
 */
export interface ValueSchema {
  readonly type?: z.infer<typeof Types> | readonly z.infer<typeof Types>[] | undefined;
  readonly description?: string | undefined;
  readonly enum?: readonly z.infer<typeof Scalar>[] | undefined;
  readonly const?: z.infer<typeof Scalar> | undefined;
  readonly minimum?: number | undefined;
  readonly maximum?: number | undefined;
  readonly exclusiveMinimum?: number | undefined;
  readonly exclusiveMaximum?: number | undefined;
  readonly multipleOf?: number | undefined;
  readonly minLength?: number | undefined;
  readonly maxLength?: number | undefined;
  readonly pattern?: string | undefined;
  readonly minItems?: number | undefined;
  readonly maxItems?: number | undefined;
  readonly uniqueItems?: boolean | undefined;
  readonly items?: ValueSchema | undefined;
  readonly properties?: Readonly<Record<string, ValueSchema>> | undefined;
  readonly required?: readonly string[] | undefined;
  readonly additionalProperties?: false | undefined;
}

const members = (value: z.ZodType<ValueSchema>) => ({
  type: z.union([Types, z.array(Types).min(1).max(7)]).optional(),
  description: z.string().max(1_000).optional(),
  enum: z.array(Scalar).min(1).max(VALUES_MAX).optional(),
  const: Scalar.optional(),
  minimum: z.number().optional(),
  maximum: z.number().optional(),
  exclusiveMinimum: z.number().optional(),
  exclusiveMaximum: z.number().optional(),
  multipleOf: z.number().positive().optional(),
  minLength: Count.optional(),
  maxLength: Count.optional(),
  pattern: Pattern.optional(),
  minItems: Count.optional(),
  maxItems: Count.optional(),
  uniqueItems: z.boolean().optional(),
  items: value.optional(),
  properties: z.record(z.string(), value).optional(),
  required: z.array(z.string()).max(VARIABLES_MAX).optional(),
  additionalProperties: z.literal(false).optional(),
});

function valueSchema(depth: number): z.ZodType<ValueSchema> {
  const inner: z.ZodType<ValueSchema> = depth === DEPTH_MAX ? z.never() : z.lazy(() => valueSchema(depth + 1));
  return z
    .strictObject(members(inner))
    .refine(({ pattern, maxLength }) => pattern === undefined || (maxLength ?? Infinity) <= PATTERN_TEXT_LENGTH_MAX, {
      message: `a pattern needs a maxLength of at most ${PATTERN_TEXT_LENGTH_MAX} beside it`,
    });
}

/** The schema of all variables of an operation: an object with a property for each, and no others. */
export const VariablesSchema = z.strictObject({
  type: z.literal('object'),
  description: z.string().max(1_000).optional(),
  properties: z.record(z.string().regex(/^[_A-Za-z][_0-9A-Za-z]*$/, 'must be the name of a variable'), valueSchema(1)),
  required: z.array(z.string()).max(VARIABLES_MAX).optional(),
  additionalProperties: z.literal(false),
});
export type VariablesSchema = z.infer<typeof VariablesSchema>;

/** Values held against what an operation allows. */
export interface VariableCheck {
  /** Undefined when all fit; else a sentence that names the variable and never repeats its value, which may be somebody's number. */
  readonly unfit: (variables: Readonly<Record<string, unknown>>) => string | undefined;
  /** Whether one variable may have a value. */
  readonly allows: (name: string, value: unknown) => boolean;
}

/** Compiles the schema of an operation's variables. Throws with a sentence when it contradicts itself. */
export function compileVariables(schema: VariablesSchema): VariableCheck {
  const compiled = compile(schema);
  const parts = new Map(Object.entries(schema.properties).map(([name, part]) => [name, compile(part)]));
  return {
    unfit: (variables) => (compiled(variables) ? undefined : sentence(compiled.errors?.[0], schema)),
    allows: (name, value) => parts.get(name)?.(value) === true,
  };
}

/** One for all: it takes its own schema of schemas longer to be ready than anything that it compiles. */
const AJV = new Ajv2020({ strict: true, allowUnionTypes: true, validateFormats: false });

function compile(schema: object): ReturnType<Ajv2020['compile']> {
  try {
    return AJV.compile(schema);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new Error(`The JSON Schema of the variables does not compile: ${reason}.`, { cause });
  } finally {
    // It would keep every schema that it ever saw.
    AJV.removeSchema(schema);
  }
}

/** Made of the schema alone: names that the client sent and nobody approved are not repeated either. */
function sentence(error: ErrorObject | undefined, { properties }: VariablesSchema): string {
  const [, name = ''] = error?.instancePath.split('/') ?? [];
  if (Object.hasOwn(properties, name)) {
    const reason = error?.keyword === 'additionalProperties' ? 'must have no other members than the approved ones' : error?.message;
    return `The variable "${name}" has a value that this operation was not approved for: it ${reason ?? 'does not fit'}.`;
  }
  if (error?.keyword === 'required') return `The variable "${String(error.params['missingProperty'])}" is missing. Give it a value.`;
  const known = Object.keys(properties);
  return known.length === 0
    ? 'This operation takes no variables. Leave them out.'
    : `This operation takes the variables ${known.map((one) => `"${one}"`).join(', ')} and no others.`;
}
