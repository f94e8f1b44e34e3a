import {
  GraphQLError,
  Kind,
  parse,
  print,
  valueFromASTUntyped,
  visit,
  type DirectiveNode,
  type DocumentNode,
  type FieldDefinitionNode,
  type InputValueDefinitionNode,
  type SelectionSetNode,
} from 'graphql';

/** What a supergraph says of costs, plain data. */
export interface CostFacts {
  /** `@cost(weight:)` by coordinate: `Type`, `Type.field`, `Type.field(argument:)`. */
  readonly weights: ReadonlyMap<string, number>;
  /** `@listSize` by coordinate `Type.field`. */
  readonly listSizes: ReadonlyMap<string, ListSize>;
}

export interface ListSize {
  readonly assumed: number | undefined;
  /** Arguments whose value (of a list, its length) is the size, each as a path: `first`, or `input.page.first` into an input object. */
  readonly slicing: readonly (readonly string[])[];
  /** Fields below, to whose lists the size belongs in place of the field's own; empty when it belongs to the field. */
  readonly sized: SizedFields;
  readonly requiresOne: boolean;
  /** The directive as written: equal texts mean the same. */
  readonly text: string;
}

/** By field name: whether its list has the size, and what has it further down. */
export type SizedFields = ReadonlyMap<string, { readonly isSized: boolean; readonly below: SizedFields }>;

/** A supergraph as written without what it says of costs, and that. */
export interface ReadCosts {
  readonly supergraphSdl: string;
  /** Undefined where nothing is said. */
  readonly facts: CostFacts | undefined;
}

/**
 * Takes `@cost` and `@listSize` out of a supergraph, by the names that its link to https://specs.apollo.dev/cost gives them; directives of
 * those names without the link mean something else. Throws on a weight or a path that cannot be read. They come from the GraphQL Cost
 * Directives Specification (IBM), in Federation since 2.9 with weights of Int instead of String.
 *
 * Taken out, because Apollo's library (federation-internals 2.14) refuses to read sizes that Apollo Router takes: lengths of list
 * arguments, arguments in input objects, lists further down. When it reads them, the SDL can stay as it is.
 */
export function readCosts(supergraphSdl: string): ReadCosts {
  if (!supergraphSdl.includes(COST_SPECIFICATION)) return { supergraphSdl, facts: undefined };
  const supergraph = parse(supergraphSdl, { noLocation: true });
  const names = directiveNames(supergraph);
  const facts = names && readFacts(supergraph, names);
  if (!facts) return { supergraphSdl, facts: undefined };
  const taken: ReadonlySet<string> = new Set([names.cost, names.listSize]);
  return { supergraphSdl: print(visit(supergraph, { Directive: ({ name }) => (taken.has(name.value) ? null : undefined) })), facts };
}

interface Names {
  readonly cost: string;
  readonly listSize: string;
}

function readFacts(supergraph: DocumentNode, names: Names): CostFacts | undefined {
  const weights = new Map<string, number>();
  const listSizes = new Map<string, ListSize>();
  const weigh = (coordinate: string, directives: readonly DirectiveNode[] | undefined): void => {
    const directive = directives?.find(({ name }) => name.value === names.cost);
    if (directive) weights.set(coordinate, readWeight(coordinate, directive));
  };
  const readField = (type: string, field: FieldDefinitionNode | InputValueDefinitionNode): void => {
    const coordinate = `${type}.${field.name.value}`;
    weigh(coordinate, field.directives);
    if (field.kind !== Kind.FIELD_DEFINITION) return;
    for (const argument of field.arguments ?? []) weigh(`${coordinate}(${argument.name.value}:)`, argument.directives);
    const directive = field.directives?.find(({ name }) => name.value === names.listSize);
    if (directive) listSizes.set(coordinate, readListSize(coordinate, directive));
  };
  for (const definition of supergraph.definitions) {
    if (!('name' in definition) || !definition.name || definition.kind === Kind.DIRECTIVE_DEFINITION) continue;
    weigh(definition.name.value, definition.directives);
    if ('fields' in definition) for (const field of definition.fields ?? []) readField(definition.name.value, field);
  }
  return weights.size + listSizes.size === 0 ? undefined : { weights, listSizes };
}

const COST_SPECIFICATION = 'https://specs.apollo.dev/cost/';

/** The names of the two directives here: imported ones, renamed or not, else those that the link's prefix makes (https://specs.apollo.dev/link). */
function directiveNames(supergraph: DocumentNode): Names | undefined {
  for (const definition of supergraph.definitions) {
    if (definition.kind !== Kind.SCHEMA_DEFINITION && definition.kind !== Kind.SCHEMA_EXTENSION) continue;
    for (const directive of definition.directives ?? []) {
      const { url, as, import: imports } = argumentsOf(directive);
      if (typeof url !== 'string' || !url.startsWith(COST_SPECIFICATION)) continue;
      const prefix = typeof as === 'string' ? as : 'cost';
      const imported = new Map((Array.isArray(imports) ? imports : []).map(importedName));
      return { cost: imported.get('@cost') ?? prefix, listSize: imported.get('@listSize') ?? `${prefix}__listSize` };
    }
  }
  return undefined;
}

/** `"@cost"` or `{name: "@cost", as: "@weight"}`, as the name in the specification and the one here, this one without its @. */
function importedName(entry: unknown): readonly [string, string] {
  const { name, as = name }: { readonly name?: unknown; readonly as?: unknown } =
    typeof entry === 'object' && entry !== null ? entry : { name: entry };
  return [String(name), String(as).replace(/^@/, '')];
}

function readWeight(coordinate: string, directive: DirectiveNode): number {
  const { weight } = argumentsOf(directive);
  const value = typeof weight === 'string' && weight.trim() !== '' ? Number(weight) : weight;
  if (typeof value === 'number' && Number.isFinite(value)) return value;
  throw new Error(`The cost of ${coordinate} in the supergraph is no number. Give a number as its weight.`);
}

function readListSize(coordinate: string, directive: DirectiveNode): ListSize {
  const { assumedSize, slicingArguments, sizedFields, requireOneSlicingArgument } = argumentsOf(directive);
  const sized = texts(sizedFields);
  return {
    assumed: typeof assumedSize === 'number' ? Math.max(0, assumedSize) : undefined,
    slicing: texts(slicingArguments).map((path) => path.split('.')),
    sized: sized.length === 0 ? new Map() : readSized(coordinate, sized.join(' ')),
    requiresOne: requireOneSlicingArgument !== false,
    text: print(directive),
  };
}

/** Sized fields are names, or selections where the list lies deeper: `results { page }`. */
function readSized(coordinate: string, selection: string): SizedFields {
  try {
    const [operation] = parse(`{ ${selection} }`, { noLocation: true }).definitions;
    return operation?.kind === Kind.OPERATION_DEFINITION ? treeOf([operation.selectionSet]) : new Map();
  } catch (cause) {
    if (!(cause instanceof GraphQLError)) throw cause;
    throw new Error(`The sized fields of ${coordinate} in the supergraph cannot be read. Give field names.`, { cause });
  }
}

function treeOf(sets: readonly SelectionSetNode[]): SizedFields {
  const fields = sets.flatMap(({ selections }) => selections).filter((selection) => selection.kind === Kind.FIELD);
  const byName = Map.groupBy(fields, ({ name }) => name.value);
  return new Map(
    [...byName].map(([name, same]) => [
      name,
      { isSized: same.some(({ selectionSet }) => !selectionSet), below: treeOf(same.flatMap(({ selectionSet }) => selectionSet ?? [])) },
    ]),
  );
}

function argumentsOf(directive: DirectiveNode): Readonly<Record<string, unknown>> {
  return Object.fromEntries((directive.arguments ?? []).map(({ name, value }) => [name.value, valueFromASTUntyped(value)] as const));
}

function texts(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((item) => typeof item === 'string') : [];
}
