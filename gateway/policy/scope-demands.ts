import { Kind, valueFromASTUntyped, visit, type ASTNode, type DirectiveNode, type DocumentNode } from 'graphql';

/** What one directive demands of a caller. Several on one element all have to hold. */
export type Demand = { readonly kind: 'authenticated' } | { readonly kind: 'scopes' | 'policies'; readonly anyOf: Alternatives };

/** An OR of ANDs: one list of names is enough, all of it. */
export type Alternatives = readonly (readonly string[])[];

/** What the access directives are called in a supergraph, where it links them at all. */
export interface DirectiveNames {
  readonly authenticated: string | undefined;
  readonly requiresScopes: string | undefined;
  readonly policy: string | undefined;
}

/**
 * Demands by `Type` and `Type.field`, as they stand in a supergraph. Throws where one stands that would not be enforced, or says something
 * that is no list of lists of names: a demand that is not understood must not be taken for none.
 */
export function readDemands(document: DocumentNode, names: DirectiveNames): ReadonlyMap<string, readonly Demand[]> {
  const demands = new Map<string, Demand[]>();
  visit(document, {
    Directive(directive, _key, _parent, _path, ancestors) {
      const holders = ancestors.filter((ancestor): ancestor is ASTNode => 'kind' in ancestor);
      const element = elementOf(holders);
      const demand = demandOf(directive, names, element ?? 'the supergraph');
      if (demand === undefined) return;
      if (element === undefined) {
        throw new Error(`@${directive.name.value} stands where it is not enforced. Put it on object types, fields, scalars and enums.`);
      }
      demands.set(element, [...(demands.get(element) ?? []), demand]);
    },
  });
  return demands;
}

/** Types that values are read of, where they are defined or extended. */
const READ_TYPES: ReadonlySet<string> = new Set(
  ['ObjectType', 'InterfaceType', 'UnionType', 'ScalarType', 'EnumType'].flatMap((kind) => [`${kind}Definition`, `${kind}Extension`]),
);

/** `Type` or `Type.field` that a directive stands on; undefined where that is something else. */
function elementOf(holders: readonly ASTNode[]): string | undefined {
  const [, type, field, more] = holders;
  if (type === undefined || more !== undefined || !READ_TYPES.has(type.kind) || !('name' in type)) return undefined;
  if (field === undefined) return type.name?.value;
  return field.kind === Kind.FIELD_DEFINITION ? `${type.name?.value ?? ''}.${field.name.value}` : undefined;
}

function demandOf(directive: DirectiveNode, names: DirectiveNames, element: string): Demand | undefined {
  switch (directive.name.value) {
    case names.authenticated:
      return { kind: 'authenticated' };
    case names.requiresScopes:
      return { kind: 'scopes', anyOf: alternatives(directive, 'scopes', element) };
    case names.policy:
      return { kind: 'policies', anyOf: alternatives(directive, 'policies', element) };
    default:
      return undefined;
  }
}

/** An empty OR demands nothing: Apollo's composition and router both take it so (`convertEmptyToTrue`, `is_type_authorized`). */
function alternatives(directive: DirectiveNode, argument: string, element: string): Alternatives {
  const node = directive.arguments?.find(({ name }) => name.value === argument)?.value;
  const value: unknown = node && valueFromASTUntyped(node);
  if (!isAlternatives(value)) {
    throw new Error(`@${directive.name.value} on ${element} has no "${argument}" that is a list of lists of names.`);
  }
  return value.length === 0 ? [[]] : value;
}

function isAlternatives(value: unknown): value is Alternatives {
  const isNames = (list: unknown): boolean => Array.isArray(list) && list.every((name) => typeof name === 'string');
  return Array.isArray(value) && value.every(isNames);
}

/** Clauses compared before giving up. Requirements of real supergraphs have a handful. */
const CLAUSES_MAX = 1_000;

/**
 * Whether whoever meets all of the given demands meets this one as well. Says no when that takes more than `CLAUSES_MAX` clauses to find
 * out, which is the stricter answer wherever it is asked.
 */
export function isImplied(demand: Demand, given: readonly Demand[]): boolean {
  if (demand.kind === 'authenticated') return given.some(({ kind }) => kind === 'authenticated');
  let clauses: Alternatives = [[]];
  for (const other of given) {
    if (other.kind !== demand.kind) continue;
    clauses = withoutSuperfluous(clauses.flatMap((clause) => other.anyOf.map((names) => [...new Set([...clause, ...names])])));
    if (clauses.length > CLAUSES_MAX) return false;
  }
  return clauses.every((clause) => demand.anyOf.some((names) => contains(clause, names)));
}

/** An alternative that asks for more than another one adds nothing. */
function withoutSuperfluous(clauses: Alternatives): Alternatives {
  const kept: (readonly string[])[] = [];
  for (const clause of clauses.toSorted((one, other) => one.length - other.length)) {
    if (kept.length > CLAUSES_MAX) break;
    if (!kept.some((smaller) => contains(clause, smaller))) kept.push(clause);
  }
  return kept;
}

function contains(all: readonly string[], some: readonly string[]): boolean {
  return some.every((name) => all.includes(name));
}
