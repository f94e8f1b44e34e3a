import * as fc from 'fast-check';
import {
  getNamedType,
  isCompositeType,
  isEnumType,
  isInputObjectType,
  isListType,
  isNonNullType,
  isObjectType,
  isRequiredInputField,
  isUnionType,
  type GraphQLArgument,
  type GraphQLCompositeType,
  type GraphQLField,
  type GraphQLInputType,
  type GraphQLSchema,
} from 'graphql';

/** A valid query against a schema with values for its variables. */
export interface RandomDocument {
  readonly document: string;
  readonly variables: Readonly<Record<string, unknown>>;
}

export interface RandomOptions {
  readonly schema: GraphQLSchema;
  /** Values worth asking for, by the name of a scalar. */
  readonly values: Readonly<Record<string, readonly unknown[]>>;
  readonly depthMax: number;
}

/** Draws queries with aliases, fragments of all kinds, variables, conditions and arguments. Fields that do not merge are possible. */
export function drawDocument(gen: fc.GeneratorValue, options: RandomOptions): RandomDocument {
  return new Drawing(gen, options).document();
}

const ALIASES = ['a', 'id', 'name', 'title', 'constructor', '_a'] as const;

class Drawing {
  readonly #gen: fc.GeneratorValue;
  readonly #options: RandomOptions;
  readonly #fragments: string[] = [];
  readonly #variables = new Map<string, { readonly type: string; readonly value: unknown }>();
  /** Selections drawn so far, so that no document gets out of hand. */
  #size = 0;

  constructor(gen: fc.GeneratorValue, options: RandomOptions) {
    this.#gen = gen;
    this.#options = options;
  }

  document(): RandomDocument {
    const query = this.#options.schema.getQueryType();
    if (!query) throw new Error('A schema has a query type.');
    const body = this.#selections(query, 1);
    const definitions = [...this.#variables].map(([name, { type }]) => `$${name}: ${type}`).join(', ');
    const variables = Object.fromEntries([...this.#variables].flatMap(([name, { value }]) => (value === undefined ? [] : [[name, value]])));
    return { document: [`query ${definitions && `(${definitions}) `}${body}`, ...this.#fragments].join('\n'), variables };
  }

  #one<T>(values: readonly T[]): T {
    const [first] = values;
    // An index, not the value: a failing case prints what was drawn, and a type prints its whole schema.
    const value = values[this.#gen(() => fc.nat({ max: values.length - 1 }))] ?? first;
    if (value === undefined) throw new Error('There is nothing to choose from.');
    return value;
  }

  #chance(percent: number): boolean {
    return this.#gen(() => fc.integer({ min: 0, max: 99 })) >= 100 - percent;
  }

  #selections(type: GraphQLCompositeType, depth: number): string {
    const count = this.#gen(() => fc.integer({ min: 1, max: depth < 3 ? 4 : 3 }));
    const drawn = Array.from({ length: count }, () => this.#selection(type, depth));
    return `{ ${drawn.join(' ')} }`;
  }

  #selection(type: GraphQLCompositeType, depth: number): string {
    this.#size += 1;
    const inside = depth <= this.#options.depthMax && this.#size < 40;
    if (inside && (isUnionType(type) ? this.#chance(80) : this.#chance(20))) return this.#fragment(type, depth);
    const fields = isUnionType(type) ? [] : Object.values(type.getFields());
    const leaves = fields.filter((field) => !isCompositeType(getNamedType(field.type)));
    const possible = inside ? fields : leaves;
    if (possible.length === 0 || this.#chance(7)) return this.#chance(50) ? '__typename' : 'kind: __typename';
    return this.#field(this.#one(possible), depth);
  }

  #field(field: GraphQLField<unknown, unknown>, depth: number): string {
    const named = getNamedType(field.type);
    const alias = this.#chance(15) ? `${this.#one([...ALIASES, field.name])}: ` : '';
    const inner = isCompositeType(named) ? ` ${this.#selections(named, depth + 1)}` : '';
    return `${alias}${field.name}${this.#arguments(field.args)}${this.#condition()}${inner}`;
  }

  #fragment(type: GraphQLCompositeType, depth: number): string {
    const { schema } = this.#options;
    const possible = isObjectType(type) ? [type] : schema.getPossibleTypes(type);
    const around = possible.flatMap((one) => one.getInterfaces());
    const on = this.#one([type, ...possible, ...around]);
    if (this.#chance(30)) {
      const name = `F${this.#fragments.length}`;
      const index = this.#fragments.push('') - 1;
      this.#fragments[index] = `fragment ${name} on ${on.name} ${this.#selections(on, depth)}`;
      return `...${name}${this.#condition()}`;
    }
    if (on === type && this.#chance(50)) return `...${this.#condition()} ${this.#selections(type, depth)}`;
    return `... on ${on.name}${this.#condition()} ${this.#selections(on, depth)}`;
  }

  #condition(): string {
    if (!this.#chance(10)) return '';
    const directive = this.#one(['skip', 'include']);
    if (this.#chance(30)) return ` @${directive}(if: ${String(this.#chance(50))})`;
    const name = this.#one(['b1', 'b2']);
    if (!this.#variables.has(name)) this.#variables.set(name, { type: 'Boolean!', value: this.#chance(50) });
    return ` @${directive}(if: $${name})`;
  }

  #arguments(args: readonly GraphQLArgument[]): string {
    const given = args.filter((argument) => (isNonNullType(argument.type) && argument.defaultValue === undefined) || this.#chance(50));
    if (given.length === 0) return '';
    return `(${given.map((argument) => `${argument.name}: ${this.#argument(argument)}`).join(', ')})`;
  }

  #argument(argument: GraphQLArgument): string {
    if (this.#chance(60)) return literal(this.#value(argument.type, 0), argument.type);
    const name = `v${this.#variables.size}`;
    const optional = !isNonNullType(argument.type);
    this.#variables.set(name, {
      type: String(argument.type),
      value: optional && this.#chance(20) ? undefined : this.#value(argument.type, 0),
    });
    return `$${name}`;
  }

  #value(type: GraphQLInputType, depth: number): unknown {
    if (isNonNullType(type)) return this.#value(type.ofType, depth) ?? this.#value(type.ofType, depth + 1) ?? this.#sure(type.ofType);
    if (this.#chance(8)) return null;
    return this.#sure(type, depth);
  }

  #sure(type: GraphQLInputType, depth = 0): unknown {
    if (isNonNullType(type)) return this.#sure(type.ofType, depth);
    if (isListType(type))
      return Array.from({ length: this.#gen(() => fc.integer({ min: 0, max: 3 })) }, () => this.#value(type.ofType, depth));
    if (isEnumType(type)) return this.#one(type.getValues()).name;
    if (isInputObjectType(type)) {
      const fields = Object.values(type.getFields()).filter((field) => isRequiredInputField(field) || (depth < 2 && this.#chance(50)));
      return Object.fromEntries(fields.map((field) => [field.name, this.#value(field.type, depth + 1)]));
    }
    const values = this.#options.values[type.name];
    if (values === undefined) throw new Error(`No values are known for ${type.name}.`);
    return this.#one(values);
  }
}

/** A value as it stands in a document. */
function literal(value: unknown, type: GraphQLInputType): string {
  if (isNonNullType(type)) return literal(value, type.ofType);
  if (value === null || value === undefined) return 'null';
  if (isListType(type)) return `[${(value as readonly unknown[]).map((item) => literal(item, type.ofType)).join(', ')}]`;
  if (isEnumType(type)) return value as string;
  if (isInputObjectType(type)) {
    const fields = type.getFields();
    const members = Object.entries(value).flatMap(([name, member]) => {
      const field = fields[name];
      return field === undefined ? [] : [`${name}: ${literal(member, field.type)}`];
    });
    return `{ ${members.join(', ')} }`;
  }
  return JSON.stringify(value);
}
