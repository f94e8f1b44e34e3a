import type { Chance } from './chance.ts';
import type { Asker, RulePolicy } from './rules.ts';
import { concrete, FIELDS, fieldsOf, IDS, isComposite, PERSON, RECORD_TYPES, type FieldFacts } from './world.ts';

/** What takes part in a run: the rest of a build can be held to the rules that it has already. */
export interface Parts {
  readonly consent: boolean;
  readonly transforms: boolean;
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
const CONDITIONS = [
  'context.assurance >= 1',
  'context.assurance >= 2',
  'context.emergency',
  'context.self',
  'context.officer has role && context.officer.role == "counter"',
  ...Object.values(ARGUMENT_CONDITIONS),
];

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
    const annotations = [
      `@id("${id}")`,
      ...(effect === 'forbid' ? [] : [`@basis("${basis}")`]),
      ...(effect === 'permit' && basis !== 'CONSENT' ? ['@reference("Law 1/2026/QH16")'] : []),
      ...(transform === undefined ? [] : [`@transform("${transform}")`]),
    ];
    const text = `${annotations.join(' ')} ${effect} (${principal}, action == Action::"read", ${resource}) when { ${when.join(' && ')} };`;
    policies.push({ id, text, basis: effect === 'permit' ? basis : undefined, transform });
  };
  const basis = (): string => (parts.consent && chance.yes(0.5) ? 'CONSENT' : 'ART_19_1_C');
  for (const root of fieldsOf('Query')) {
    for (let times = 0; times < 5; times += 1) {
      const by = root.name === 'matches' ? basis() : chance.yes(0.95) ? 'ART_19_1_C' : basis();
      if (chance.yes(0.8)) add('permit', `resource == Field::"Query.${root.name}"`, by, undefined, chance.yes(0.1));
    }
  }
  const groups = 6 + chance.below(20);
  for (let count = 0; count < groups; count += 1)
    add('permit', `resource in Group::"${chance.of(GROUPS)}"`, basis(), undefined, chance.yes(0.15));
  const fields = 8 + chance.below(16);
  for (let count = 0; count < fields; count += 1) {
    const [coordinate, facts] = chance.of(DECIDED.filter(([name]) => !name.startsWith('Query.')));
    const wanted = parts.transforms && chance.yes(0.6);
    add('permit', `resource == Field::"${coordinate}"`, basis(), wanted ? transformFor(facts, leafTransform) : undefined, chance.yes(0.2));
  }
  for (const [name, condition] of Object.entries(ARGUMENT_CONDITIONS)) {
    for (let times = 0; times < 3; times += 1)
      if (chance.yes(0.5)) add('permit', `resource == Field::"Person.${name}"`, basis(), undefined, condition);
  }
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
  const ids = Array.from({ length: 1 + chance.below(4) }, () => chance.of(IDS));
  return {
    id: chance.of(IDS),
    ids,
    name: chance.of(['Ơn', 'lê thị bình']),
    province: chance.of(['01', '79']),
    yes: chance.yes(0.5),
    // Left out they take their defaults.
    ...(chance.yes(0.4) ? {} : { kind: chance.of(['BIRTH', 'MARRIAGE', null]) }),
    ...(chance.yes(0.4) ? {} : { no: chance.yes(0.5) }),
  };
}

const VARIABLES =
  '$id: ID!, $ids: [ID!]!, $name: String!, $province: String!, $yes: Boolean!, $kind: RecordKind = BIRTH, $no: Boolean! = false';

/** A valid query that declares every variable and uses some; unused ones would not validate, so that they are taken out again. */
export function randomDocument(chance: Chance): string {
  const writer = new Writer(chance);
  const roots = Array.from({ length: 1 + chance.below(2) }, () => writer.root());
  const body = `{ ${roots.join(' ')} } ${writer.fragments()}`;
  const used = VARIABLES.split(', ').filter((one) => new RegExp(`\\${one.split(':')[0]}\\b`).test(body));
  return `query${used.length === 0 ? '' : ` (${used.join(', ')})`} ${body}`;
}

class Writer {
  readonly #chance: Chance;
  #aliases = 0;
  /** Fragments by their names: the type that they are on, and their text. */
  readonly #fragments = new Map<string, { readonly on: string; readonly text: string }>();

  constructor(chance: Chance) {
    this.#chance = chance;
  }

  fragments(): string {
    return [...this.#fragments].map(([name, { on, text }]) => `fragment ${name} on ${on} { ${text} }`).join(' ');
  }

  root(): string {
    const alias = `r${(this.#aliases += 1)}`;
    const root = this.#chance.of(['person', 'person', 'person', 'people', 'people', 'people', 'me', 'me', 'matches', 'search']);
    if (root === 'matches') return `${alias}: matches(input: { id: $id, name: $name })`;
    const given = root === 'person' ? '(id: $id)' : root === 'people' ? '(ids: $ids)' : root === 'search' ? '(name: $name)' : '';
    return `${alias}: ${root}${given} { ${this.#selections(PERSON, 3)} }`;
  }

  #selections(type: string, depth: number): string {
    const chance = this.#chance;
    const available = (type === 'Record' ? ['number', 'persons', 'place'] : fieldsOf(type).map(({ name }) => name)).filter(
      (name) => depth > 0 || !isComposite(this.#facts(type, name).named),
    );
    const parts: string[] = [];
    const count = 1 + chance.below(type === PERSON ? 6 : 4);
    for (let made = 0; made < count && available.length > 0; made += 1) parts.push(this.#field(type, chance.of(available), depth));
    if (type === 'Record')
      for (const on of RECORD_TYPES) if (chance.yes(0.6)) parts.push(`... on ${on} { ${this.#selections(on, depth)} }`);
    if (parts.length === 0 || chance.yes(0.05)) parts.push(chance.yes(0.5) ? '__typename' : `a${(this.#aliases += 1)}: __typename`);
    const some = parts.splice(0, chance.yes(0.12) ? 1 + chance.below(parts.length) : 0);
    if (some.length > 0) parts.push(this.#fragment(type, some.join(' ')));
    const [again] = chance.yes(0.08) ? [...this.#fragments].filter(([, { on }]) => on === type) : [];
    if (again !== undefined) parts.push(`...${again[0]}${this.#condition(0.2)}`);
    return parts.join(' ');
  }

  /** The same selections in a fragment, with a name or without. */
  #fragment(type: string, text: string): string {
    const kind = this.#chance.below(3);
    if (kind === 0) return `...${this.#condition(0.4)} { ${text} }`;
    if (kind === 1) return `... on ${type}${this.#condition(0.4)} { ${text} }`;
    const name = `F${this.#fragments.size}`;
    this.#fragments.set(name, { on: type, text });
    return `...${name}${this.#condition(0.4)}`;
  }

  #condition(part: number): string {
    const chance = this.#chance;
    return chance.yes(part) ? ` @${chance.of(['skip', 'include'])}(if: ${chance.of(['$yes', '$no', 'true'])})` : '';
  }

  #field(type: string, name: string, depth: number): string {
    const chance = this.#chance;
    const { named } = this.#facts(type, name);
    const given =
      name === 'livesIn'
        ? `(province: ${chance.yes(0.5) ? '"01"' : '$province'})`
        : name === 'records' && chance.yes(0.4)
          ? `(kind: ${chance.of(['BIRTH', 'MARRIAGE', '$kind', 'null'])})`
          : name === 'children' && chance.yes(0.2)
            ? `(phone: ${chance.of(['"0987"', '$province'])})`
            : '';
    const alias = given !== '' || chance.yes(0.2) ? `a${(this.#aliases += 1)}: ` : '';
    const condition = this.#condition(0.04);
    const inner = isComposite(named) ? ` { ${this.#selections(named, depth - 1)} }` : '';
    return `${alias}${name}${given}${condition}${inner}`;
  }

  #facts(type: string, name: string): FieldFacts {
    const facts = FIELDS.get(`${concrete(type)[0]}.${name}`);
    if (facts === undefined) throw new Error(`${type}.${name} is no field of the world.`);
    return facts;
  }
}
