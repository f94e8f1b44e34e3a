import {
  getNamedType,
  isObjectType,
  Kind,
  OperationTypeNode,
  parse,
  validate,
  type DocumentNode,
  type FragmentDefinitionNode,
  type GraphQLNamedType,
  type GraphQLSchema,
  type OperationDefinitionNode,
  type SelectionSetNode,
} from 'graphql';
import { governedBy, type Classification } from '../platform/classification.ts';
import { concreteTypes, coordinatesOf } from '../platform/coordinates.ts';

/** Bounds on one operation's text. The gateway's own are tighter; these hold against a gateway gone wrong. */
const TOKENS_MAX = 20_000;
const FIELDS_VISITED_MAX = 20_000;

/** What one operation text asks of this register, found once and kept by the hash of the text. */
export type Operation = SoundOperation | { readonly kind: 'unsound'; readonly why: string };

export interface SoundOperation {
  readonly kind: 'sound';
  readonly name: string | undefined;
  readonly action: 'query' | 'mutation';
  /** Every concrete `Type.field` selected. */
  readonly coordinates: ReadonlySet<string>;
  /**
   * What decides each coordinate in the owner's ceiling: its groups (several when a value type is reached by fields of several groups), none
   * for keys and for roots without a group, `undefined` when nothing classifies it.
   */
  readonly groups: ReadonlyMap<string, ReadonlySet<string> | undefined>;
}

/** Parses, validates and reads an operation. Never throws: what it cannot read is unsound, with the reason for the log. */
export function readOperation(schema: GraphQLSchema, classification: Classification, text: string): Operation {
  let document: DocumentNode;
  try {
    document = parse(text, { noLocation: true, maxTokens: TOKENS_MAX });
  } catch {
    return { kind: 'unsound', why: 'the operation does not parse' };
  }
  const operations = document.definitions.filter((definition) => definition.kind === Kind.OPERATION_DEFINITION);
  const [operation] = operations;
  if (operation === undefined || operations.length !== 1) return { kind: 'unsound', why: 'not exactly one operation' };
  if (operation.operation === OperationTypeNode.SUBSCRIPTION) return { kind: 'unsound', why: 'a subscription' };
  const [problem] = validate(schema, document, undefined, { maxErrors: 1 });
  if (problem !== undefined) return { kind: 'unsound', why: `the operation is not valid: ${problem.message}` };

  const coordinates = coordinatesOf(schema, document);
  if ([...coordinates].some((coordinate) => /\.__|^__/.test(coordinate))) return { kind: 'unsound', why: 'introspection' };
  const groups = groupsOf(schema, classification, document, operation);
  if (groups === 'too large') return { kind: 'unsound', why: 'the operation expands to too many fields' };
  if (groups === 'service') return { kind: 'unsound', why: '_service' };
  return { kind: 'sound', name: operation.name?.value, action: operation.operation, coordinates, groups };
}

type Groups = Map<string, Set<string> | undefined>;

/** Walks the selections with what the field above them is governed by, since value types inherit it. */
function groupsOf(
  schema: GraphQLSchema,
  classification: Classification,
  document: DocumentNode,
  operation: OperationDefinitionNode,
): Groups | 'too large' | 'service' {
  const fragments = new Map<string, FragmentDefinitionNode>();
  for (const definition of document.definitions)
    if (definition.kind === Kind.FRAGMENT_DEFINITION) fragments.set(definition.name.value, definition);
  const found: Groups = new Map();
  // A fragment spread again below the same type and decision finds nothing new, so re-used fragments cannot multiply the work.
  const spread = new Set<string>();
  let visited = 0;
  let service = false;

  const walk = (selections: SelectionSetNode, type: GraphQLNamedType, inherited: string | undefined): void => {
    for (const selection of selections.selections) {
      if (visited > FIELDS_VISITED_MAX) return;
      visited += 1;
      if (selection.kind === Kind.FIELD) field(type, selection.name.value, selection.selectionSet, inherited);
      else if (selection.kind === Kind.INLINE_FRAGMENT)
        walk(selection.selectionSet, narrowed(type, selection.typeCondition?.name.value), inherited);
      else {
        const fragment = fragments.get(selection.name.value);
        const key = `${selection.name.value} ${type.name} ${inherited ?? ''}`;
        if (fragment === undefined || spread.has(key)) continue;
        spread.add(key);
        walk(fragment.selectionSet, narrowed(type, fragment.typeCondition.name.value), inherited);
      }
    }
  };

  const field = (type: GraphQLNamedType, name: string, below: SelectionSetNode | undefined, inherited: string | undefined): void => {
    if (name === '__typename') return;
    if (name === '_service') service = true;
    for (const concrete of concreteTypes(schema, type)) {
      const coordinate = `${concrete}.${name}`;
      const group = name === '_entities' ? undefined : governingGroup(coordinate, concrete, name, inherited);
      const named = schema.getType(concrete);
      const result = isObjectType(named) ? named.getFields()[name]?.type : undefined;
      if (below !== undefined && result !== undefined) walk(below, getNamedType(result), group);
    }
  };

  const governingGroup = (coordinate: string, type: string, name: string, inherited: string | undefined): string | undefined => {
    if (classification.keys.get(type)?.has(coordinate) === true) {
      found.set(coordinate, new Set());
      return undefined;
    }
    const by = governedBy(classification, type, name);
    const group = by === 'itself' ? classification.personal.get(coordinate)?.group : by === 'parent' ? inherited : undefined;
    const isRoot = classification.roots.has(type);
    if (group === undefined && !isRoot) {
      found.set(coordinate, undefined);
      return undefined;
    }
    // INVARIANT: once unclassified, a coordinate stays so, whatever other way leads to it.
    const known = found.get(coordinate);
    if (!found.has(coordinate)) found.set(coordinate, new Set(group === undefined ? [] : [group]));
    else if (known !== undefined && group !== undefined) known.add(group);
    return group;
  };

  const root = operation.operation === OperationTypeNode.QUERY ? schema.getQueryType() : schema.getMutationType();
  if (root) walk(operation.selectionSet, root, undefined);
  if (visited > FIELDS_VISITED_MAX) return 'too large';
  return service ? 'service' : found;

  function narrowed(type: GraphQLNamedType, condition: string | undefined): GraphQLNamedType {
    return (condition === undefined ? undefined : schema.getType(condition)) ?? type;
  }
}
