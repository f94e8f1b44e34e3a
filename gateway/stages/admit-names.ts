import { Kind, visit, type DocumentNode } from 'graphql';

/**
 * Query plans have variables of their own: the entities of a fetch in `$representations`, and what is taken from the objects around an
 * entity (`@fromContext`) in `$contextualArgument_1_0` and so on. A client's variable of such a name would fail in Apollo's planner, or be
 * taken for the plan's; it goes by another one behind the gate, which clients cannot use.
 */
function isPlansOwn(name: string): boolean {
  return name === 'representations' || name.startsWith('contextualArgument_');
}

/** Whether clients' variables of the plans' names go by it. */
export function isBehindGate(name: string): boolean {
  return name.startsWith(BEHIND_GATE) && isPlansOwn(name.slice(BEHIND_GATE.length));
}

const BEHIND_GATE = '__';

/** The document with such variables renamed; the same one when it has none. */
export function renameVariables(document: DocumentNode): DocumentNode {
  const declares = document.definitions.some(
    (definition) =>
      definition.kind === Kind.OPERATION_DEFINITION &&
      definition.variableDefinitions?.some(({ variable }) => isPlansOwn(variable.name.value)) === true,
  );
  if (!declares) return document;
  return visit(document, {
    Variable: (variable) => {
      const { value } = variable.name;
      return isPlansOwn(value) ? { ...variable, name: { ...variable.name, value: `${BEHIND_GATE}${value}` } } : undefined;
    },
  });
}

/** The values of a request's variables under the names of the renamed document. */
export function renameValues(values: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const own = Object.keys(values).filter(isPlansOwn);
  if (own.length === 0) return values;
  return { ...values, ...Object.fromEntries(own.map((name) => [`${BEHIND_GATE}${name}`, values[name]])) };
}
