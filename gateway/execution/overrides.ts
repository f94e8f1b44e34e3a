import { isInterfaceType, isObjectType, Kind, visit, type DocumentNode, type GraphQLSchema } from 'graphql';
import type { Overrides } from '../apollo.ts';
import type { FieldInputs } from '../policy/field-inputs.ts';

/** What a request's plan is made with: the value of every label, and what separates this choice from another. */
export interface ChosenOverrides {
  readonly overrides: Overrides;
  /** Part of the key under which the plan is kept. */
  readonly key: string;
}

/** Chooses for one request of a document. */
export type ChooseOverrides = (document: DocumentNode) => ChosenOverrides;

/** What labels are read from. */
export interface OverrideSources {
  readonly supergraphSchema: GraphQLSchema;
  readonly inputs: FieldInputs;
  /** Coordinates of the keys of each entity. */
  readonly keys: ReadonlyMap<string, ReadonlySet<string>>;
}

const NONE: ChosenOverrides = { overrides: [], key: '' };
const PERCENT = /^percent\(([0-9]+(?:\.[0-9]+)?)\)$/;

/**
 * Progressive `@override` (Federation 2.7): a field with a label moves to another subgraph for some requests. `percent(n)` is drawn for each
 * request; other labels are on when the operator says so. A label that the document cannot meet is off, so that a document has no more plans
 * than it has to. `random` gives numbers from 0 up to 1.
 */
export function createChooseOverrides(sources: OverrideSources, on: ReadonlySet<string>, random: () => number): ChooseOverrides {
  const labels = readLabels(sources.supergraphSchema);
  if (labels.size === 0) return () => NONE;
  const inputs = readInputs(sources);
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

/** The labels of a supergraph, each with the names of its fields. */
function readLabels(supergraph: GraphQLSchema): ReadonlyMap<string, ReadonlySet<string>> {
  const labels = new Map<string, Set<string>>();
  for (const type of Object.values(supergraph.getTypeMap())) {
    if (!isObjectType(type) && !isInterfaceType(type)) continue;
    for (const field of Object.values(type.getFields())) {
      for (const join of field.astNode?.directives ?? []) {
        const label = join.arguments?.find(({ name }) => name.value === 'overrideLabel')?.value;
        if (label?.kind === Kind.STRING) labels.set(label.value, (labels.get(label.value) ?? new Set()).add(field.name));
      }
    }
  }
  return labels;
}

/** Names of the fields that are fetched for others' sake: keys, and what `@requires` and `@fromContext` name. */
function readInputs({ inputs, keys }: OverrideSources): ReadonlySet<string> {
  const coordinates = [...inputs.values(), ...keys.values()].flatMap((some) => [...some]);
  return new Set(coordinates.map((coordinate) => coordinate.slice(coordinate.indexOf('.') + 1)));
}

function namesIn(document: DocumentNode): ReadonlySet<string> {
  const names = new Set<string>();
  visit(document, { Field: ({ name }) => void names.add(name.value) });
  return names;
}
