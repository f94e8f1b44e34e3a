import type { Chance } from './chance.ts';
import type { Asker, RulePolicy } from './rules.ts';
import { FIELDS, fieldsOf, IDS, isComposite, type FieldFacts } from './world.ts';

/** What takes part in a run: the rest of a build can be held to the rules that it has already. */
export interface Parts {
  readonly consent: boolean;
  readonly transforms: boolean;
  /** Permits end, and time goes on. */
  readonly ends: boolean;
  /** Permits bound how much is asked of a person. */
  readonly bounds: boolean;
}

const GROUPS = [...new Set([...FIELDS.values()].flatMap(({ group }) => (group === undefined ? [] : [group])))];
const DECIDED = [...FIELDS].filter(([coordinate, { group }]) => coordinate.startsWith('Query.') || group !== undefined);
const TEXTS = ['String', 'Date', 'ID'];
const LEAF_TRANSFORMS = ['year', 'last4', 'initials', 'pseudonym'];
/** The first is asked for and given more often. */
const PURPOSES = ['care', 'care', 'care', 'research'];
/** Of fields with arguments, what a rule asks of these. */
const ARGUMENT_CONDITIONS = {
  livesIn: 'context.arguments has province && context.arguments.province == "01"',
  records: 'context.arguments has kind && context.arguments.kind == "BIRTH"',
} as const;
/** Of the person who is logged in more may be asked than of others. */
const OWN = 'context.self';
const CONDITIONS = [
  'context.assurance >= 1',
  'context.assurance >= 2',
  'context.emergency',
  OWN,
  'context.officer has role && context.officer.role == "counter"',
  ...Object.values(ARGUMENT_CONDITIONS),
];

/** Fields and roots whose arguments make questions. */
const QUESTIONS = ['Person.livesIn', 'Person.records', 'Person.children', 'Query.matches'];
/** The first is over from the beginning. */
const LAST_DAYS = ['2026-11-22', '2026-11-23', '2026-11-23', '2026-11-24', '2026-11-25', '2027-12-31'];

export const REGISTRY = `
agencies:
  clinic: { kind: public-service-unit, name: { vi: Phòng khám, en: Clinic }, officers: { officer-1: counter, officer-2: supervisor } }
  office: { kind: ministry, name: { vi: Cơ quan, en: Office } }
purposes:
  care: { version: 1, text: { vi: Chăm sóc, en: Care } }
  research: { version: 1, text: { vi: Nghiên cứu, en: Research } }
applications:
  desk: { agency: clinic, purposes: [care, research] }
  portal: { agency: office, purposes: [care, research] }
registers:
  people: { owner: office }
  records: { owner: office }
  health: { owner: clinic }
`;

/** A policy set. Transforms of one set never meet on one field, which the check of policies would not let pass. */
export function randomPolicies(chance: Chance, parts: Parts): readonly RulePolicy[] {
  const leafTransform = chance.of(LEAF_TRANSFORMS);
  const bounds = parts.bounds && chance.yes(0.6);
  const bound = chance.of([1, 1, 2]);
  const boundGroups = ['people.verification', chance.of(GROUPS)];
  const policies: RulePolicy[] = [];
  const add = (
    effect: 'permit' | 'forbid',
    resource: string,
    basis: string,
    transform: string | undefined,
    condition: boolean | string,
  ): void => {
    const id = `rule-${chance.below(1000)}-${policies.length}`;
    const principal = chance.of([
      'principal',
      'principal',
      'principal == Application::"desk"',
      'principal in Agency::"office"',
      'principal in AgencyKind::"ministry"',
    ]);
    const when = [
      `context.purpose == "${chance.of(PURPOSES)}"`,
      ...(typeof condition === 'string' ? [condition] : condition ? [chance.of(CONDITIONS)] : []),
    ];
    const [, of = ''] = /::"(.+)"/.exec(resource) ?? [];
    const isBound = QUESTIONS.includes(of) || boundGroups.includes(FIELDS.get(of)?.group ?? of);
    const isBounded = bounds && effect === 'permit' && basis !== 'CONSENT' && chance.yes(isBound ? 0.85 : 0.05);
    const probes = isBounded ? (condition === OWN ? 5 : chance.of([bound, bound, bound, 1, 2, 3])) : undefined;
    const until = parts.ends && effect === 'permit' && chance.yes(0.25) ? chance.of(LAST_DAYS) : undefined;
    const annotations = [
      `@id("${id}")`,
      ...(effect === 'forbid' ? [] : [`@basis("${basis}")`]),
      ...(effect === 'permit' && basis !== 'CONSENT' ? ['@reference("Law 1/2026/QH16")'] : []),
      ...(transform === undefined ? [] : [`@transform("${transform}")`]),
      ...(until === undefined ? [] : [`@until("${until}")`]),
      ...(probes === undefined ? [] : [`@probes("${probes}")`]),
    ];
    const text = `${annotations.join(' ')} ${effect} (${principal}, action == Action::"read", ${resource}) when { ${when.join(' && ')} };`;
    policies.push({ id, text, basis: effect === 'permit' ? basis : undefined, transform, until, probes });
  };
  const basis = (): string => (parts.consent && chance.yes(0.5) ? 'CONSENT' : 'ART_19_1_C');
  for (const root of fieldsOf('Query')) {
    for (let times = 0; times < 5; times += 1) {
      const by = root.name === 'matches' ? basis() : chance.yes(0.95) ? 'ART_19_1_C' : basis();
      if (chance.yes(0.8)) add('permit', `resource == Field::"Query.${root.name}"`, by, undefined, chance.yes(0.1));
    }
  }
  // Some of them are over.
  const groups = (parts.ends ? 14 : 6) + chance.below(20);
  for (let count = 0; count < groups; count += 1)
    add('permit', `resource in Group::"${chance.of(GROUPS)}"`, basis(), undefined, chance.yes(0.15));
  const fields = (parts.ends ? 14 : 8) + chance.below(16);
  for (let count = 0; count < fields; count += 1) {
    const [coordinate, facts] = chance.of(DECIDED.filter(([name]) => !name.startsWith('Query.')));
    const wanted = parts.transforms && chance.yes(0.6);
    add('permit', `resource == Field::"${coordinate}"`, basis(), wanted ? transformFor(facts, leafTransform) : undefined, chance.yes(0.2));
  }
  for (const [name, condition] of Object.entries(ARGUMENT_CONDITIONS)) {
    for (let times = 0; times < 3; times += 1)
      if (chance.yes(0.5)) add('permit', `resource == Field::"Person.${name}"`, basis(), undefined, condition);
  }
  if (bounds && chance.yes(0.6)) add('permit', 'resource == Field::"Person.livesIn"', 'ART_19_1_C', undefined, OWN);
  if (parts.transforms && chance.yes(0.5)) add('permit', 'resource == Field::"Person.address"', basis(), 'province', false);
  if (chance.yes(0.3))
    add('permit', `resource in Register::"${chance.of(['people', 'records', 'health'])}"`, basis(), undefined, chance.yes(0.5));
  if (chance.yes(0.4)) add('forbid', `resource == Field::"${chance.of(DECIDED)[0]}"`, '', undefined, chance.yes(0.5));
  return policies;
}

function transformFor({ named, name }: FieldFacts, leafTransform: string): string | undefined {
  if (name === 'address') return 'province';
  return !isComposite(named) && TEXTS.includes(named) ? leafTransform : undefined;
}

export function randomAsker(chance: Chance): Asker {
  const desk = chance.yes(0.6);
  return {
    application: desk ? 'desk' : 'portal',
    agency: desk ? 'clinic' : 'office',
    kind: desk ? 'public-service-unit' : 'ministry',
    role: desk ? chance.of(['counter', 'supervisor', undefined]) : undefined,
    purpose: chance.of(PURPOSES),
    assurance: chance.of([0, 1, 2] as const),
    emergency: chance.yes(0.2),
    citizen: undefined,
  };
}

/** By person: the groups consented to, for one agency and purpose. */
export function randomConsents(chance: Chance): ReadonlyMap<string, ReadonlySet<string>> {
  const density = chance.of([0.15, 0.5, 0.85, 1]);
  return new Map(IDS.map((id) => [id, new Set(GROUPS.filter(() => chance.yes(density)))]));
}

export function randomVariables(chance: Chance): Readonly<Record<string, unknown>> {
  // The same few come again, so that questions to them add up.
  const some = chance.yes(0.5) ? IDS.slice(0, 3) : IDS;
  const ids = Array.from({ length: 1 + chance.below(4) }, () => chance.of(some));
  return {
    id: chance.of(some),
    ids,
    name: chance.of(['Ơn', 'lê thị bình']),
    province: chance.of(['01', '79', '48']),
    yes: chance.yes(0.5),
    // Left out they take their defaults.
    ...(chance.yes(0.4) ? {} : { kind: chance.of(['BIRTH', 'MARRIAGE', null]) }),
    ...(chance.yes(0.4) ? {} : { no: chance.yes(0.5) }),
  };
}
