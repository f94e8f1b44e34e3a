import { Kind, visit, type DirectiveNode, type DocumentNode } from 'graphql';

type Values = Readonly<Record<string, unknown>>;

/**
 * The document as it is for given variables: selections that `@skip` and `@include` take out are gone, and so are the directives
 * (GraphQL specification, 3.13). A selection set may come out empty. Planned like this, a document has a plan for each set of values;
 * planned with its conditions, Apollo's planner makes an entity's fetch depend on inputs that only a skipped field requires.
 */
export function decideConditions(document: DocumentNode, variables: Values): DocumentNode {
  const decide = { enter: (node: { readonly directives?: readonly DirectiveNode[] | undefined }) => decided(node, variables) };
  return visit(document, { Field: decide, InlineFragment: decide, FragmentSpread: decide });
}

/** Whether anything in the document depends on a condition, be it a literal one. */
export function hasConditions(document: DocumentNode): boolean {
  return read(document).has;
}

/** The variables that stand in conditions: with their values and the document, a plan is decided. */
export function conditionVariables(document: DocumentNode): readonly string[] {
  return read(document).variables;
}

interface Conditions {
  readonly has: boolean;
  readonly variables: readonly string[];
}

/** Documents are kept and shared (stages/admit.ts), so each is read once. */
const READ = new WeakMap<DocumentNode, Conditions>();

function read(document: DocumentNode): Conditions {
  const known = READ.get(document);
  if (known) return known;
  const variables = new Set<string>();
  let has = false;
  visit(document, {
    Directive(directive) {
      const { value } = conditionOf(directive) ?? {};
      has ||= value !== undefined;
      if (value?.kind === Kind.VARIABLE) variables.add(value.name.value);
    },
  });
  const found = { has, variables: [...variables] };
  READ.set(document, found);
  return found;
}

/** Null takes the node out, undefined leaves it as it is (the visitor's convention). */
function decided<Node extends { readonly directives?: readonly DirectiveNode[] | undefined }>(
  node: Node,
  variables: Values,
): Node | null | undefined {
  if (node.directives === undefined || node.directives.length === 0) return undefined;
  const rest: DirectiveNode[] = [];
  for (const directive of node.directives) {
    const condition = conditionOf(directive);
    if (condition === undefined) rest.push(directive);
    else if (valueOf(condition.value, variables) !== condition.keeps) return null;
  }
  return { ...node, directives: rest };
}

function conditionOf(directive: DirectiveNode) {
  const keeps = directive.name.value === 'include' ? true : directive.name.value === 'skip' ? false : undefined;
  const value = directive.arguments?.find((argument) => argument.name.value === 'if')?.value;
  return keeps === undefined || value === undefined ? undefined : { keeps, value };
}

function valueOf(value: NonNullable<ReturnType<typeof conditionOf>>['value'], variables: Values): boolean {
  if (value.kind === Kind.VARIABLE) return Object.hasOwn(variables, value.name.value) && variables[value.name.value] === true;
  return value.kind === Kind.BOOLEAN && value.value;
}
