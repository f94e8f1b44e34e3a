import { Kind, type DocumentNode, type OperationDefinitionNode } from 'graphql';
import type { AssuranceLevel, Policies } from '../policy/decision.ts';
import { variablesRead } from '../stages/decide.ts';
import type { OperationContent } from './content.ts';
import type { VariableCheck } from './variable-schema.ts';

/** Where an operation may be run: by whom, how surely, in an emergency, with which values. Null where no rule asks. */
export interface Circumstance {
  /** Role of the officer in the registry; empty for an officer without one. */
  readonly officerRole: string | null;
  readonly assurance: AssuranceLevel | null;
  readonly emergency: boolean | null;
  /** Values of the variables that some rule reads; one that is not there was left out. */
  readonly variables: Readonly<Record<string, Scalar>> | null;
}
type Scalar = string | number | boolean;

/** What of each circumstance was looked at: the product of these is every place where the operation was tried. */
export interface Tried {
  readonly officerRoles: readonly string[] | null;
  readonly assurances: readonly AssuranceLevel[] | null;
  readonly emergencies: readonly boolean[] | null;
  readonly variables: readonly Readonly<Record<string, Scalar>>[] | null;
}

/** Places that one operation is tried in. Beyond it nobody could read what it discloses. */
export const CIRCUMSTANCES_MAX = 400;

const LEVELS: readonly AssuranceLevel[] = [0, 1, 2];
/** Tried besides what rules and schema name, so that "any other value" is among them. */
const OTHERS: readonly Scalar[] = [0, 1, '~', true, false];

const NOTHING: Tried = { officerRoles: null, assurances: null, emergencies: null, variables: null };

/**
 * The circumstances that make a difference to the rules, for the operation of a content; `seen` are those that somebody looked at before and
 * that are looked at again, whether or not rules still ask. An analysis has none: the engine asks, with no officer and no emergency. Undefined
 * when there are more than {@link CIRCUMSTANCES_MAX}.
 */
export function triedIn(
  { content, document, operation, variables }: Tryable,
  policies: Policies,
  seen: Tried = NOTHING,
): Tried | undefined {
  const reads = (name: string): boolean => [...(policies.contextRead ?? [])].some((path) => path === name || path.startsWith(`${name}.`));
  const agency = policies.registry?.applications.get(content.application)?.agency ?? '';
  const roles = new Set(policies.registry?.officers.get(agency)?.values() ?? []);
  const isForPeople = content.kind === 'operation';
  const tried: Tried = {
    officerRoles: union(isForPeople && reads('officer') ? ['', ...roles] : null, seen.officerRoles),
    assurances: union(isForPeople && reads('assurance') ? LEVELS : null, seen.assurances),
    emergencies: union(isForPeople && reads('emergency') ? [false, true] : null, seen.emergencies),
    variables: union(valuesRead(document, operation, content, variables, policies), seen.variables),
  };
  return pointsOf(tried).length > CIRCUMSTANCES_MAX ? undefined : tried;
}

/** A content whose document and schema were read. */
export interface Tryable {
  readonly content: OperationContent;
  readonly document: DocumentNode;
  readonly operation: OperationDefinitionNode;
  readonly variables: VariableCheck;
}

/** Every place that was tried, in an order that follows from them. */
export function pointsOf({ officerRoles, assurances, emergencies, variables }: Tried): readonly Circumstance[] {
  return (officerRoles ?? [null]).flatMap((officerRole) =>
    (assurances ?? [null]).flatMap((assurance) =>
      (emergencies ?? [null]).flatMap((emergency) =>
        (variables ?? [null]).map((values) => ({ officerRole, assurance, emergency, variables: values })),
      ),
    ),
  );
}

/** Whether one circumstance is among those that another stands for. */
export function coversPoint(wide: Circumstance, point: Circumstance): boolean {
  return (
    (wide.officerRole === null || wide.officerRole === (point.officerRole ?? '')) &&
    (wide.assurance === null || wide.assurance === (point.assurance ?? 0)) &&
    (wide.emergency === null || wide.emergency === (point.emergency ?? false)) &&
    (wide.variables === null || JSON.stringify(wide.variables) === JSON.stringify(point.variables ?? {}))
  );
}

/** Combinations of values of the variables that rules read: those that rules and schema name, as far as the schema allows them. */
function valuesRead(
  document: DocumentNode,
  operation: OperationDefinitionNode,
  { variables: schema }: OperationContent,
  check: VariableCheck,
  policies: Policies,
): Tried['variables'] {
  const names = variablesRead(document, policies).toSorted();
  if (names.length === 0) return null;
  let combinations: Record<string, Scalar>[] = [{}];
  for (const name of names) {
    const own = schema.properties[name];
    const named = [...(own?.enum ?? []), own?.const, own?.minimum, own?.maximum].filter((value) => isScalar(value));
    const values = [...new Set([...named, ...(policies.literals ?? []), ...OTHERS])].filter((value) => check.allows(name, value));
    const definition = operation.variableDefinitions?.find(({ variable }) => variable.name.value === name);
    const mayBeLeftOut = schema.required?.includes(name) !== true && definition?.type.kind !== Kind.NON_NULL_TYPE;
    combinations = combinations.flatMap((before) => [
      ...(mayBeLeftOut || values.length === 0 ? [before] : []),
      ...values.map((value) => ({ ...before, [name]: value })),
    ]);
    if (combinations.length > CIRCUMSTANCES_MAX) return combinations;
  }
  return combinations;
}

function isScalar(value: unknown): value is Scalar {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';
}

function union<Value>(some: readonly Value[] | null, others: readonly Value[] | null): readonly Value[] | null {
  if (some === null || others === null) return some ?? others;
  const byText = new Map([...some, ...others].map((value) => [JSON.stringify(value), value]));
  return [...byText].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, value]) => value);
}
