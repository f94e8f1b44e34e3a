import { OperationTypeNode, type DocumentNode, type GraphQLSchema } from 'graphql';
import type { Classification } from '../../platform/classification.ts';
import type { ConsentPlan, ProbeKey } from '../execution/people.ts';
import type { Shape } from '../execution/shape.ts';
import type { Decided, Withheld } from './decide.ts';
import { asDocument } from '../execution/nodes.ts';
import type { ConsentResult } from './prune-result.ts';
import { Pruner } from './pruner.ts';

/** A decided request without its refused selections: what is left is all that anything behind this stage knows of. */
export interface Pruned {
  readonly kind: 'pruned';
  readonly decided: Decided;
  /** One operation, fragments expanded, every selection released by law, helper selections added. Undefined when none is left. */
  readonly document: DocumentNode | undefined;
  /** The same with what depends on consent; never sent, the answer is compiled against it. Undefined when nothing is left to fetch. */
  readonly complete: DocumentNode | undefined;
  readonly consent: ConsentPlan | undefined;
  readonly shape: Shape;
  /** One for each refused path and reason. */
  readonly refusals: readonly FieldRefusal[];
  /** Every released coordinate, those under value types included. */
  readonly released: ReadonlySet<string>;
  /** Coordinates released to people who consent. */
  readonly consented: ReadonlySet<string>;
  /** Coordinates read only to learn which persons a record names. */
  readonly inputs: ReadonlySet<string>;
  /** Rung by which each coordinate was released, for the record. */
  readonly bases: ReadonlyMap<string, string>;
  /** For each basis the texts of law that were relied on. */
  readonly references: ReadonlyMap<string, ReadonlySet<string>>;
  /** Days for which the people concerned are not shown the record; zero when they are at once. */
  readonly hiddenDays: number;
  /** Selections of the pruned document with everything expanded, as a planner sees it. */
  readonly size: number;
  /** The mutation has a refused root field or input: the whole document is refused. */
  readonly refusesAll: boolean;
}

export interface FieldRefusal {
  /** Response keys, without list indices. */
  readonly path: readonly string[];
  readonly coordinate: string;
  readonly code: Withheld['code'];
  readonly group: string | undefined;
}

export interface PruneParts {
  readonly apiSchema: GraphQLSchema;
  readonly classification: Classification;
}

/**
 * Takes refused selections out of the document. A field on an interface or union is decided for every type that can stand there and
 * asked only for those where it is released (ATTACKS 1, 2, 6). A released object of which nothing is left keeps its `__typename`, so that
 * the answer has the same form whatever was refused inside it.
 */
export function prune(decided: Decided, parts: PruneParts): Pruned {
  const { document, operation } = decided.admitted;
  const root = parts.apiSchema.getRootType(operation.operation);
  if (!root) throw new Error('An admitted operation has a root type.');
  const pruner = new Pruner(decided, document, parts);
  const result = pruner.selections([operation.selectionSet], {
    parent: root,
    types: [root.name],
    concrete: true,
    inherited: undefined,
    keyIsEchoed: false,
    self: false,
    path: [],
    site: undefined,
    gate: [],
    knownAfter: 0,
    round: 0,
  });
  const refusals = [...pruner.found.refusals.values()];
  // An object of which `@skip` left nothing is still asked for, unless it was emptied by refusals.
  const isNothing = result.all.length === 0 || (result.leaves === 0 && refusals.length > 0);
  const isMutation = operation.operation === OperationTypeNode.MUTATION;
  return {
    kind: 'pruned',
    decided,
    document: isNothing || result.selections.length === 0 ? undefined : asDocument(operation, result.selections),
    complete: isNothing ? undefined : asDocument(operation, result.all),
    consent: isNothing ? undefined : consentPlan(result.consent, [...pruner.found.probes.values()]),
    shape: { fields: result.fields, site: undefined },
    refusals,
    released: pruner.found.released,
    consented: pruner.found.consented,
    inputs: pruner.found.inputs,
    bases: pruner.found.bases,
    references: pruner.found.references,
    hiddenDays: pruner.found.hiddenDays,
    size: result.size,
    refusesAll: isMutation && refusals.some((refusal) => refusal.path.length === 1),
  };
}

function consentPlan({ places, roots, named }: ConsentResult, probes: readonly ProbeKey[]): ConsentPlan | undefined {
  return places.length + roots.length + named.length === 0 ? undefined : { places, roots, named, probes };
}
