import { Kind, visit, type DocumentNode } from 'graphql';

/**
 * Query plans give the entities of a fetch in a variable `$representations` of their own, and Apollo's planner fails on a document that has
 * one of that name too. A client's variable of that name goes by another one behind the gate, which clients cannot use.
 */
const PLANS_OWN = 'representations';
export const CLIENTS_REPRESENTATIONS = '__representations';

/** The document with that variable renamed; the same one when it has none. */
export function renameVariables(document: DocumentNode): DocumentNode {
  const declares = document.definitions.some(
    (definition) =>
      definition.kind === Kind.OPERATION_DEFINITION &&
      definition.variableDefinitions?.some(({ variable }) => variable.name.value === PLANS_OWN) === true,
  );
  if (!declares) return document;
  return visit(document, {
    Variable: (variable) =>
      variable.name.value === PLANS_OWN ? { ...variable, name: { ...variable.name, value: CLIENTS_REPRESENTATIONS } } : undefined,
  });
}

/** The values of a request's variables under the names of the renamed document. */
export function renameValues(values: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  return Object.hasOwn(values, PLANS_OWN) ? { ...values, [CLIENTS_REPRESENTATIONS]: values[PLANS_OWN] } : values;
}
