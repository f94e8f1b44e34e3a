import { Kind, OperationTypeNode, valueFromASTUntyped, visit, type DocumentNode, type GraphQLSchema } from 'graphql';
import type { Classification } from '../../platform/classification.ts';
import type { Decision, DecisionContext, Policies, Rung } from '../policy/decision.ts';
import { levelOf, type Level } from '../rules/order.ts';
import type { Admitted } from '../stages/admit.ts';
import { decide } from '../stages/decide.ts';
import { prune } from '../stages/prune.ts';
import { pointsOf, type Circumstance, type Tried, type Tryable } from './circumstances.ts';

/** What an operation gives in some circumstances, in the gateway's own words: what its stages "decide" and "prune" make of it. */
export interface Disclosure {
  readonly when: readonly Circumstance[];
  readonly fields: readonly DisclosedField[];
  /** What is taken out of it, by response path. */
  readonly withheld: readonly { readonly path: string; readonly coordinate: string; readonly code: string }[];
}

/** A coordinate that rules decide, with what they say. */
export interface DisclosedField {
  readonly coordinate: string;
  readonly class: string;
  readonly group: string | null;
  /** Asked of the citizen who is logged in, about themselves. */
  readonly self: boolean;
  /** Several only where arguments make a difference within the document. */
  readonly decisions: readonly DisclosedDecision[];
}

export interface DisclosedDecision {
  readonly level: Level;
  readonly law: DisclosedRung | null;
  readonly consent: DisclosedRung | null;
}

export interface DisclosedRung {
  readonly policy: string;
  readonly basis: string;
  readonly reference: string | null;
  readonly transform: string | null;
  readonly probes: number | null;
  readonly hiddenDays: number | null;
}

/** The graph as far as it says what an operation discloses. */
export interface DisclosureGraph {
  readonly apiSchema: GraphQLSchema;
  readonly classification: Classification;
}

export interface Disclosed {
  readonly disclosures: readonly Disclosure[];
  /** Coordinates that are given to anybody, or fetched to find out whom a record names. */
  readonly touched: ReadonlySet<string>;
  /** When a permit that took part ends. */
  readonly expiresAtMs: number;
}

/** What an operation discloses under rules, wherever it was tried. Pure: the same for the same rules, registry, graph and moment. */
export function discloseIn(tried: Tried, tryable: Tryable, policies: Policies, graph: DisclosureGraph): Disclosed {
  const whole = withEverything(tryable.document);
  const operation = whole.definitions.find((node) => node.kind === Kind.OPERATION_DEFINITION);
  if (operation === undefined) throw new Error('An operation that was read stands in its document.');
  const touched = new Set<string>();
  let expiresAtMs = Number.POSITIVE_INFINITY;
  const byText = new Map<string, { readonly when: Circumstance[]; readonly found: Omit<Disclosure, 'when'> }>();

  for (const point of pointsOf(tried)) {
    const asked = new Map<string, Map<string, DisclosedDecision>>();
    const watching: Policies = {
      ...policies,
      decide(context, coordinate, facts) {
        const decision = policies.decide(context, coordinate, facts);
        const key = JSON.stringify([coordinate, context.self === true]);
        const shown = shownDecision(decision);
        asked.set(key, (asked.get(key) ?? new Map<string, DisclosedDecision>()).set(JSON.stringify(shown), shown));
        return decision;
      },
    };
    const admitted = admittedAs(tryable, point, whole, operation);
    const consentKey = (coordinate: string): string | undefined => graph.classification.personal.get(coordinate)?.group;
    const decided = decide(admitted, { classification: graph.classification, policies: watching, consentKey });
    const pruned = prune(decided, graph);
    expiresAtMs = Math.min(expiresAtMs, decided.expiresAtMs());
    for (const coordinate of [...pruned.released, ...pruned.consented, ...pruned.inputs]) touched.add(coordinate);
    const withheld = pruned.refusals.map(({ path, coordinate, code }) => ({ path: path.join('.'), coordinate, code }));
    const found = { fields: fieldsOf(asked, graph.classification), withheld: withheld.toSorted(byJson) };
    const text = JSON.stringify(found);
    const known = byText.get(text);
    if (known) known.when.push(point);
    else byText.set(text, { when: [point], found });
  }
  return { disclosures: [...byText.values()].map(({ when, found }) => ({ when, ...found })), touched, expiresAtMs };
}

function fieldsOf(
  asked: ReadonlyMap<string, ReadonlyMap<string, DisclosedDecision>>,
  { personal }: Classification,
): readonly DisclosedField[] {
  const fields = Array.from(asked, ([key, decisions]): DisclosedField => {
    const [coordinate, self] = JSON.parse(key) as [string, boolean];
    const classified = personal.get(coordinate);
    const sorted = [...decisions].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, decision]) => decision);
    return { coordinate, class: classified?.class ?? 'PUBLIC', group: classified?.group ?? null, self, decisions: sorted };
  });
  return fields.toSorted(byJson);
}

function shownDecision(decision: Decision): DisclosedDecision {
  const level = levelOf(decision);
  if (decision.kind === 'refused') return { level, law: null, consent: null };
  return { level, law: shownRung(decision.law), consent: shownRung(decision.consent) };
}

function shownRung(rung: Rung | undefined): DisclosedRung | null {
  if (rung === undefined) return null;
  const { policyId, basis, reference = null, transform = null, probesMax = null, hiddenDays = null } = rung;
  return { policy: policyId, basis, reference, transform, probes: probesMax, hiddenDays };
}

/** A request of nobody's that runs the operation in a circumstance, as it leaves the stage "admit". */
function admittedAs(
  { content }: Tryable,
  { officerRole, assurance, emergency, variables }: Circumstance,
  document: DocumentNode,
  operation: Admitted['operation'],
): Admitted {
  const action: DecisionContext['action'] =
    content.kind === 'analysis' ? 'aggregate' : operation.operation === OperationTypeNode.MUTATION ? 'write' : 'read';
  return {
    kind: 'admitted',
    request: { headers: {}, body: undefined, trace: { traceId: '', traceparent: '', tracestate: undefined }, signal: NEVER },
    caller: {
      action,
      application: content.application,
      purpose: content.purpose,
      agency: '',
      officer: '',
      officerRole: officerRole === null || officerRole === '' ? undefined : officerRole,
      assurance: assurance ?? 0,
      emergency: emergency ?? false,
      emergencyReason: undefined,
      caseReference: undefined,
      onRefusal: 'prune',
      citizen: undefined,
      approvedOperationsOnly: false,
    },
    text: content.document,
    hash: '',
    document,
    operation,
    operationName: undefined,
    variables: { ...anything(operation), ...variables },
    asked: [],
  };
}

const NEVER = new AbortController().signal;

/** The default of each variable, or something for one that must have a value: where no rule reads it, it makes no difference what. */
function anything({ variableDefinitions = [] }: Admitted['operation']): Record<string, unknown> {
  const present = variableDefinitions.filter(({ type, defaultValue }) => type.kind === Kind.NON_NULL_TYPE || defaultValue !== undefined);
  return Object.fromEntries(
    present.map(({ variable, defaultValue }) => [variable.name.value, defaultValue === undefined ? '' : valueFromASTUntyped(defaultValue)]),
  );
}

/** What `@skip` and `@include` may take out is disclosed with other values, so everything is looked at. */
function withEverything(document: DocumentNode): DocumentNode {
  return visit(document, { Directive: ({ name }) => (name.value === 'skip' || name.value === 'include' ? null : undefined) });
}

function byJson(one: object, other: object): number {
  return JSON.stringify(one) < JSON.stringify(other) ? -1 : 1;
}
