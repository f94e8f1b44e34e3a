import { isInterfaceType, isObjectType, Kind, parse, visit, type DirectiveNode, type DocumentNode, type GraphQLSchema } from 'graphql';
import type { Overrides } from '../apollo.ts';

/** What a request's plan is made with: the value of every label, and what separates this choice from another. */
export interface ChosenOverrides {
  readonly overrides: Overrides;
  /** Part of the key under which the plan is kept. */
  readonly key: string;
}

/** Chooses for one request of a document. */
export type ChooseOverrides = (document: DocumentNode) => ChosenOverrides;

const NONE: ChosenOverrides = { overrides: [], key: '' };
const PERCENT = /^percent\(([0-9]+(?:\.[0-9]+)?)\)$/;

/**
 * Progressive `@override` (Federation 2.7): a field with a label moves to another subgraph for some requests. `percent(n)` is drawn for each
 * request; other labels are on when the operator says so. A label that the document cannot meet is off, so that a document has no more plans
 * than it has to. `random` gives numbers from 0 up to 1.
 */
export function createChooseOverrides(supergraph: GraphQLSchema, on: ReadonlySet<string>, random: () => number): ChooseOverrides {
  const { labels, inputs } = readLabels(supergraph);
  if (labels.size === 0) return () => NONE;
  const known = new WeakMap<DocumentNode, ReadonlySet<string>>();
  return (document) => {
    const names = known.get(document) ?? namesIn(document);
    known.set(document, names);
    const overrides = [...labels].map(([label, fields]) => {
      const isMet = [...fields].some((field) => names.has(field) || inputs.has(field));
      return [label, isMet && isOn(label, on, random)] as const;
    });
    return { overrides, key: overrides.map(([, value]) => (value ? '1' : '0')).join('') };
  };
}

function isOn(label: string, on: ReadonlySet<string>, random: () => number): boolean {
  const percent = PERCENT.exec(label)?.[1];
  return percent === undefined ? on.has(label) : random() * 100 < Number(percent);
}

/** Labels with the names of their fields, and the names of all fields that are fetched for others' sake: keys, `@requires`, `@fromContext`. */
function readLabels(supergraph: GraphQLSchema) {
  const labels = new Map<string, Set<string>>();
  const inputs = new Set<string>();
  for (const type of Object.values(supergraph.getTypeMap())) {
    if (!isObjectType(type) && !isInterfaceType(type)) continue;
    for (const { arguments: given } of joins(type.astNode?.directives, 'join__type')) addNames(given.get('key'), inputs);
    for (const field of Object.values(type.getFields())) {
      for (const { arguments: given, text } of joins(field.astNode?.directives, 'join__field')) {
        addNames(given.get('requires'), inputs);
        if (text.includes('contextArguments')) for (const name of text.match(/\w+/g) ?? []) inputs.add(name);
        const label = given.get('overrideLabel');
        if (label !== undefined) labels.set(label, (labels.get(label) ?? new Set()).add(field.name));
      }
    }
  }
  return { labels, inputs };
}

function joins(directives: readonly DirectiveNode[] | undefined, name: string) {
  return (directives ?? [])
    .filter((directive) => directive.name.value === name)
    .map((directive) => ({
      arguments: new Map(
        directive.arguments?.flatMap((argument) =>
          argument.value.kind === Kind.STRING ? [[argument.name.value, argument.value.value] as const] : [],
        ),
      ),
      text: JSON.stringify(directive),
    }));
}

function addNames(selections: string | undefined, names: Set<string>): void {
  if (selections === undefined) return;
  for (const name of namesIn(parse(`{ ${selections} }`, { noLocation: true }))) names.add(name);
}

function namesIn(document: DocumentNode): ReadonlySet<string> {
  const names = new Set<string>();
  visit(document, { Field: ({ name }) => void names.add(name.value) });
  return names;
}
