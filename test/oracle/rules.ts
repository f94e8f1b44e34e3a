import { preparsePolicySet, statefulIsAuthorized } from '@cedar-policy/cedar-wasm/nodejs';
import { isOver } from './time.ts';
import { FIELDS, type FieldFacts } from './world.ts';

/** A policy with what its annotations say, told beside the text so that nothing has to read them. */
export interface RulePolicy {
  readonly id: string;
  readonly text: string;
  readonly basis: string | undefined;
  readonly transform: string | undefined;
  /** Last day on which it counts. */
  readonly until: string | undefined;
  /** Distinct questions to a person in a day. */
  readonly probes: number | undefined;
}

/** Who asks, as the rules see it. */
export interface Asker {
  readonly application: string;
  readonly agency: string;
  readonly kind: string;
  readonly role: string | undefined;
  readonly purpose: string;
  readonly assurance: 0 | 1 | 2;
  readonly emergency: boolean;
  readonly citizen: string | undefined;
}

export interface Rung {
  readonly transform: string | undefined;
  readonly probes: number | undefined;
}
export type Ruled =
  | { readonly kind: 'refused'; readonly code: 'FIELD_NOT_PERMITTED' | 'ASSURANCE_TOO_LOW' }
  | { readonly kind: 'permitted'; readonly law: Rung | undefined; readonly consent: Rung | undefined };
export type Facts = Readonly<Record<string, string | number | boolean>>;
export type DecideField = (coordinate: string, self: boolean, facts: Facts) => Ruled;

const OWNERS: Readonly<Record<string, string>> = { people: 'office', records: 'office', health: 'clinic' };

/** Asks Cedar anew for every question that was not put before, and does the rest by the letter of the design. */
export function createDecideField(policies: readonly RulePolicy[], asker: Asker, nowMs: number): DecideField {
  const known = new Map<string, Ruled>();
  return (coordinate, self, facts) => {
    const key = JSON.stringify([coordinate, self, facts]);
    const ruled = known.get(key) ?? decideWithLogins({ policies, asker, nowMs }, coordinate, self, facts);
    known.set(key, ruled);
    return ruled;
  };
}

interface Asking {
  readonly policies: readonly RulePolicy[];
  readonly asker: Asker;
  readonly nowMs: number;
}

function decideWithLogins(asking: Asking, coordinate: string, self: boolean, facts: Facts): Ruled {
  const { asker } = asking;
  const ruled = decideOnce(asking, coordinate, self, facts);
  if (ruled.kind === 'permitted') return ruled;
  for (const assurance of [1, 2] as const) {
    if (assurance <= asker.assurance) continue;
    if (decideOnce({ ...asking, asker: { ...asker, assurance } }, coordinate, self, facts).kind === 'permitted') {
      return { kind: 'refused', code: 'ASSURANCE_TOO_LOW' };
    }
  }
  return ruled;
}

const REFUSED: Ruled = { kind: 'refused', code: 'FIELD_NOT_PERMITTED' };

/** Under this name Cedar keeps the policies that the oracle asked about last. */
const SET = 'oracle';
let installed: readonly RulePolicy[] | undefined;

function install(policies: readonly RulePolicy[]): void {
  if (installed === policies) return;
  const answer = preparsePolicySet(SET, { staticPolicies: Object.fromEntries(policies.map(({ id, text }) => [id, text])) });
  if (answer.type === 'failure') throw new Error('Cedar does not read the policies.', { cause: answer.errors });
  installed = policies;
}

function decideOnce({ policies, asker, nowMs }: Asking, coordinate: string, self: boolean, facts: Facts): Ruled {
  const field = FIELDS.get(coordinate);
  if (field === undefined) return REFUSED;
  install(policies);
  const answer = statefulIsAuthorized({
    principal: { type: 'Application', id: asker.application },
    action: { type: 'Action', id: 'read' },
    resource: { type: 'Field', id: coordinate },
    context: {
      purpose: asker.purpose,
      assurance: asker.assurance,
      emergency: asker.emergency,
      self,
      officer: asker.role === undefined ? {} : { role: asker.role },
      arguments: { ...facts },
    },
    preparsedPolicySetId: SET,
    entities: entitiesOf(asker, coordinate, field),
  });
  if (answer.type === 'failure') throw new Error('Cedar could not be asked.', { cause: answer.errors });
  const { decision, diagnostics } = answer.response;
  if (diagnostics.errors.length > 0 || decision === 'deny') return REFUSED;
  const permits = policies
    .filter(({ id, until }) => diagnostics.reason.includes(id) && !isOver(until, nowMs))
    .sort((one, other) => (one.id < other.id ? -1 : 1));
  const best = (some: readonly RulePolicy[]): Rung | undefined => {
    const whole = some.filter(({ transform }) => transform === undefined);
    return (whole.length > 0 ? whole : some).toSorted((one, other) => boundOf(other) - boundOf(one))[0];
  };
  const law = best(permits.filter(({ basis }) => basis !== 'CONSENT'));
  const consent = best(permits.filter(({ basis }) => basis === 'CONSENT'));
  if (law === undefined && consent === undefined) return REFUSED;
  const counts = law === undefined || (law.transform !== undefined && consent?.transform === undefined);
  return { kind: 'permitted', law, consent: counts ? consent : undefined };
}

function boundOf({ probes }: Rung): number {
  return probes ?? Number.MAX_SAFE_INTEGER;
}

function entitiesOf({ application, agency, kind }: Asker, coordinate: string, { group, class: dataClass, subgraphs }: FieldFacts) {
  const registers = subgraphs.map((id) => ({ type: 'Register', id }));
  const groups = group === undefined ? [] : [{ type: 'Group', id: group }];
  const owners = [...new Set(subgraphs.map((name) => OWNERS[name] ?? ''))];
  return [
    { uid: { type: 'Application', id: application }, attrs: {}, parents: [{ type: 'Agency', id: agency }] },
    { uid: { type: 'Agency', id: agency }, attrs: {}, parents: [{ type: 'AgencyKind', id: kind }] },
    {
      uid: { type: 'Field', id: coordinate },
      attrs: { class: dataClass, owner: owners.length === 1 ? (owners[0] ?? '') : '' },
      parents: [...groups, ...registers],
    },
    ...groups.map((uid) => ({ uid, attrs: {}, parents: registers })),
  ];
}
