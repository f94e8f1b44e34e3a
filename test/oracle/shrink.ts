import { Kind, parse, print, validate, visit, type ASTNode, type DocumentNode, type GraphQLSchema } from 'graphql';
import { createDecisions, differences } from './check.ts';
import type { Harness, HarnessCase } from './harness.ts';
import type { RulePolicy } from './rules.ts';

export interface Shrunk {
  readonly policies: readonly RulePolicy[];
  readonly about: HarnessCase;
  readonly differences: readonly string[];
}

/** Takes selections, rules and numbers out of a counterexample as long as gateway and oracle still differ. */
export async function shrink(harness: Harness, found: Shrunk, schema: GraphQLSchema): Promise<Shrunk> {
  let best = found;
  const improves = async (policies: readonly RulePolicy[], about: HarnessCase): Promise<boolean> => {
    if (policies !== best.policies) await harness.usePolicies(policies);
    const still = await differences(harness, createDecisions(policies)(about.asker), about, new Map());
    if (still.length > 0) best = { policies, about, differences: still };
    else if (policies !== best.policies) await harness.usePolicies(best.policies);
    return still.length > 0;
  };
  await harness.usePolicies(best.policies);
  for (let again = true; again;) {
    again = false;
    for (const query of smaller(best.about.query, schema)) {
      if (!(await improves(best.policies, { ...best.about, query, variables: declared(query, best.about.variables) }))) continue;
      again = true;
      break;
    }
  }
  const ids = best.about.variables['ids'];
  for (const id of Array.isArray(ids) ? (ids as string[]) : []) {
    if (await improves(best.policies, { ...best.about, variables: { ...best.about.variables, ids: [id] } })) break;
  }
  for (const policy of best.policies) {
    const policies = best.policies.filter((one) => one !== policy);
    if (policies.length > 0) await improves(policies, best.about);
  }
  return best;
}

/** The query without one of its selections, each in turn, as far as that is a query. */
function* smaller(query: string, schema: GraphQLSchema): Generator<string> {
  const document = parse(query, { noLocation: true });
  const nodes: ASTNode[] = [];
  visit(document, {
    Field: (node) => void nodes.push(node),
    InlineFragment: (node) => void nodes.push(node),
    Directive: (node) => void nodes.push(node),
  });
  for (const taken of nodes) {
    const without: DocumentNode = visit(document, { enter: (node) => (node === taken ? null : undefined) });
    const used = new Set<string>();
    visit(without, {
      OperationDefinition: ({ selectionSet }) => void visit(selectionSet, { Variable: ({ name }) => void used.add(name.value) }),
    });
    const text = print(
      visit(without, {
        VariableDefinition: ({ variable }) => (used.has(variable.name.value) ? undefined : null),
        SelectionSet: { leave: (set) => (set.selections.length === 0 ? { ...set, kind: Kind.SELECTION_SET } : undefined) },
      }),
    );
    if (isValid(text, schema)) yield text;
  }
}

function isValid(text: string, schema: GraphQLSchema): boolean {
  try {
    return validate(schema, parse(text)).length === 0;
  } catch {
    return false;
  }
}

function declared(query: string, variables: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(variables).filter(([name]) => query.includes(`$${name}:`)));
}
