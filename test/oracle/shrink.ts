import {
  Kind,
  parse,
  print,
  validate,
  visit,
  type ASTNode,
  type DocumentNode,
  type FragmentDefinitionNode,
  type GraphQLSchema,
  type OperationDefinitionNode,
} from 'graphql';
import { differences, keep } from './check.ts';
import type { Harness, HarnessCase } from './harness.ts';
import type { RulePolicy } from './rules.ts';

export interface Shrunk {
  readonly policies: readonly RulePolicy[];
  readonly about: HarnessCase;
  /** Without which it does not differ. */
  readonly before: readonly HarnessCase[];
  readonly differences: readonly string[];
}

/** Takes earlier cases, selections, rules and numbers out of a counterexample as long as gateway and oracle still differ. */
export async function shrink(harness: Harness, found: Shrunk, schema: GraphQLSchema): Promise<Shrunk> {
  let best = found;
  const improves = async (change: Partial<Shrunk>): Promise<boolean> => {
    const { policies, before, about } = { ...best, ...change };
    if (policies === best.policies) await harness.restart();
    else await harness.usePolicies(policies);
    const kept = keep(policies);
    for (const one of before) await differences(harness, one, kept);
    const still = await differences(harness, about, kept);
    if (still.length > 0) best = { policies, before, about, differences: still };
    else if (policies !== best.policies) await harness.usePolicies(best.policies);
    return still.length > 0;
  };
  await harness.usePolicies(best.policies);
  if (!(await improves({ before: [] }))) {
    for (const one of best.before) await improves({ before: best.before.filter((other) => other !== one) });
  }
  for (let again = true; again;) {
    again = false;
    for (const query of smaller(best.about.query, schema)) {
      const inAll = (one: HarnessCase): HarnessCase => {
        return one.query === best.about.query ? { ...one, query, variables: declared(query, one.variables) } : one;
      };
      if (!(await improves({ before: best.before.map(inAll), about: inAll(best.about) }))) continue;
      again = true;
      break;
    }
  }
  const ids = best.about.variables['ids'];
  for (const id of Array.isArray(ids) ? (ids as string[]) : []) {
    if (await improves({ about: { ...best.about, variables: { ...best.about.variables, ids: [id] } } })) break;
  }
  for (const policy of best.policies) {
    const policies = best.policies.filter((one) => one !== policy);
    if (policies.length > 0) await improves({ policies });
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
    OperationDefinition: (node) => void nodes.push(node),
    FragmentDefinition: (node) => void nodes.push(node),
  });
  for (const taken of nodes) {
    const without = withoutUnused(visit(document, { enter: (node) => (node === taken ? null : undefined) }));
    const text = print(
      visit(without, {
        OperationDefinition: (operation) => {
          const used = variablesOf(operation, without);
          const variableDefinitions = operation.variableDefinitions?.filter(({ variable }) => used.has(variable.name.value)) ?? [];
          return { ...operation, variableDefinitions };
        },
        SelectionSet: { leave: (set) => (set.selections.length === 0 ? { ...set, kind: Kind.SELECTION_SET } : undefined) },
      }),
    );
    if (isValid(text, schema)) yield text;
  }
}

/** Fragments that nothing spreads would not validate. */
function withoutUnused(document: DocumentNode): DocumentNode {
  const spread = new Set<string>();
  visit(document, { FragmentSpread: ({ name }) => void spread.add(name.value) });
  const definitions = document.definitions.filter((one) => one.kind !== Kind.FRAGMENT_DEFINITION || spread.has(one.name.value));
  return definitions.length === document.definitions.length ? document : withoutUnused({ ...document, definitions });
}

/** In an operation or fragment, and in all that it spreads. */
function variablesOf(
  { selectionSet }: OperationDefinitionNode | FragmentDefinitionNode,
  document: DocumentNode,
  used = new Set<string>(),
): ReadonlySet<string> {
  visit(selectionSet, {
    Variable: ({ name }) => void used.add(name.value),
    FragmentSpread: ({ name }) => {
      const found = document.definitions.find((one) => one.kind === Kind.FRAGMENT_DEFINITION && one.name.value === name.value);
      if (found?.kind === Kind.FRAGMENT_DEFINITION) variablesOf(found, document, used);
    },
  });
  return used;
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
