import { Kind, parse, valueFromASTUntyped, type ConstDirectiveNode, type TypeNode } from 'graphql';
import type { Chance } from './chance.ts';

/** Three registers that share people, with every kind of place that the rules tell apart. Without the project's head (`schema/directives.graphql`). */
export const SUBGRAPHS: Readonly<Record<string, string>> = {
  people: `
    scalar Date
    enum Sex { FEMALE MALE }
    input MatchInput { id: ID! name: String! }
    type Query {
      person(id: ID!): Person @lookup
      people(ids: [ID!]!): [Person] @lookup
      search(name: String! @reads(coordinate: "Person.name")): [Person]
      me: Person @self
      matches(input: MatchInput!): Boolean @personal(class: BASIC, group: "people.verification") @subject(of: ["$input.id"])
    }
    type Person @key(fields: "id") @subject(key: "id") {
      id: ID! @personal(class: BASIC, group: "people.identity")
      name: String @personal(class: BASIC, group: "people.identity")
      born: Date @personal(class: BASIC, group: "people.birth")
      sex: Sex @personal(class: BASIC, group: "people.birth")
      phone: String @personal(class: BASIC, group: "people.contact")
      nicknames: [String] @personal(class: PUBLIC, group: "people.contact")
      address: Address @personal(class: BASIC, group: "people.address")
      livesIn(province: String!): Boolean @personal(class: BASIC, group: "people.verification")
      mother: Person @personal(class: BASIC, group: "people.family")
      children(phone: String @reads(coordinate: "Person.phone")): [Person] @personal(class: BASIC, group: "people.family")
      household: Household @personal(class: BASIC, group: "people.household")
      unclassified: String
    }
    type Address {
      province: String @retained(by: ["province"])
      street: String
      occupant: String @personal(class: SENSITIVE, group: "people.occupants")
    }
    type Household {
      size: Int
      head: Person @personal(class: BASIC, group: "people.household")
      members: [Member] @personal(class: BASIC, group: "people.household") @subject(of: ["person"])
    }
    type Member {
      person: Person @personal(class: BASIC, group: "people.household")
      relation: String
    }
  `,
  records: `
    enum RecordKind { BIRTH MARRIAGE }
    interface Record { number: String persons: [Person] place: String }
    type Birth implements Record {
      number: String
      persons: [Person] @personal(class: SENSITIVE, group: "records.all")
      place: String @personal(class: BASIC, group: "records.birth")
      weight: Int @personal(class: SENSITIVE, group: "records.birth")
      child: Person @personal(class: BASIC, group: "records.birth")
      mother: Person @personal(class: BASIC, group: "records.birth")
    }
    type Marriage implements Record {
      number: String
      persons: [Person] @personal(class: SENSITIVE, group: "records.all")
      place: String @personal(class: BASIC, group: "records.marriage")
      day: String
      spouseA: Person @personal(class: BASIC, group: "records.marriage")
      spouseB: Person @personal(class: BASIC, group: "records.marriage")
    }
    type Person @key(fields: "id") @subject(key: "id") {
      id: ID!
      birth: Birth @personal(class: BASIC, group: "records.birth")
      records(kind: RecordKind): [Record] @personal(class: SENSITIVE, group: "records.all") @subject(of: ["persons"])
      marriages: [Marriage] @personal(class: BASIC, group: "records.marriage") @subject(of: ["spouseA", "spouseB"])
    }
  `,
  health: `
    scalar Date
    type Person @key(fields: "id") @subject(key: "id") {
      id: ID!
      born: Date @external
      policy: Policy @personal(class: SENSITIVE, group: "health.policy")
      score: Int @requires(fields: "born") @personal(class: SENSITIVE, group: "health.score", sources: ["Person.born"])
    }
    type Policy {
      number: String
      validTo: Date
      benefit: Int @personal(class: SENSITIVE, group: "health.benefit", sources: ["Person.policy"])
    }
  `,
};

/** What the SDL says of one field, read by graphql's parser and nothing else. */
export interface FieldFacts {
  readonly name: string;
  readonly named: string;
  readonly isList: boolean;
  readonly isNonNull: boolean;
  /** What its arguments read, by their names. */
  readonly reads: ReadonlyMap<string, string>;
  readonly group: string | undefined;
  readonly class: string;
  readonly subjectsOf: readonly string[];
  readonly retainedBy: readonly string[];
  readonly requires: readonly string[];
  readonly isLookup: boolean;
  readonly isSelf: boolean;
  /** Subgraphs that resolve it. */
  readonly subgraphs: readonly string[];
}

export const FIELDS: ReadonlyMap<string, FieldFacts> = readFields();
export const PERSON = 'Person';
export const RECORD_TYPES: readonly string[] = ['Birth', 'Marriage'];

/** Object types that can stand where a type is named. */
export function concrete(type: string): readonly string[] {
  return type === 'Record' ? RECORD_TYPES : [type];
}

export function isComposite(type: string): boolean {
  return type === 'Record' || FIELDS.keys().some((coordinate) => coordinate.startsWith(`${type}.`));
}

export function fieldsOf(type: string): readonly FieldFacts[] {
  return [...FIELDS].filter(([coordinate]) => coordinate.startsWith(`${type}.`)).map(([, facts]) => facts);
}

/** An object of the world: a person by its key, or a value with the person through whom it was reached. */
export interface Source {
  readonly __typename: string;
  readonly id?: string;
  readonly owner: string;
  readonly born?: unknown;
  readonly values?: Readonly<Record<string, unknown>>;
}

export interface World {
  readonly people: ReadonlyMap<string, Readonly<Record<string, unknown>>>;
}

export function person(id: string): Source {
  return { __typename: PERSON, id, owner: id };
}

/** The value of a field as the registers hold it: what the registers answer with, and what the oracle believes. */
export function valueOf({ people }: World, source: Source, field: string, args: Readonly<Record<string, unknown>>): unknown {
  if (source.__typename !== PERSON) return lift(source, field, source.values?.[field]);
  if (field === 'id') return source.id;
  const row = people.get(source.id ?? '');
  if (row === undefined) return null;
  if (field === 'livesIn') return (row['address'] as Record<string, unknown> | null)?.['province'] === args['province'];
  if (field === 'score') return scoreOf(row['born']);
  if (field === 'children' && typeof args['phone'] === 'string') {
    const some = findBy({ people }, 'phone', args['phone']);
    return lift(
      source,
      field,
      (row[field] as readonly string[] | null)?.filter((id) => some.includes(id)),
    );
  }
  if (field !== 'records') return lift(source, field, row[field]);
  const kind = args['kind'] as string | null | undefined;
  const all = row[field] as readonly (Record<string, unknown> | null)[];
  return lift(
    source,
    field,
    all.filter((record) => record === null || kind === undefined || kind === null || String(record['type']).toUpperCase() === kind),
  );
}

/** Whom a name or a phone finds. */
export function findBy({ people }: World, field: 'name' | 'phone', text: unknown): readonly string[] {
  return [...people].filter(([, row]) => row[field] === text).map(([id]) => id);
}

export function scoreOf(born: unknown): number | null {
  return typeof born === 'string' ? Number(born.slice(0, 4)) - 1900 : null;
}

function lift(source: Source, field: string, value: unknown): unknown {
  if (value === null || value === undefined) return null;
  if (Array.isArray(value)) return value.map((item) => lift(source, field, item));
  const named = FIELDS.get(`${source.__typename}.${field}`)?.named ?? '';
  if (named === PERSON) return person(value as string);
  if (typeof value !== 'object') return value;
  const values = value as Record<string, unknown>;
  return { __typename: named === 'Record' ? String(values['type']) : named, owner: source.owner, values };
}

const NAMES = ['Nguyễn Văn An', 'lê thị bình', 'Đặng Cường', '  Trần  Dũng ', 'Ơn'];
const PROVINCES = ['01', '79', '48'];

/** People whose families go in circles, some of whom no register knows. */
export function randomWorld(chance: Chance): World {
  const ids = Array.from({ length: 9 }, (_, index) => `number-${index}`);
  const someone = (): string => chance.of(ids);
  const maybe = <Value>(make: () => Value, part = 0.8): Value | null => (chance.yes(part) ? make() : null);
  const many = <Value>(make: () => Value): (Value | null)[] => Array.from({ length: chance.below(4) }, () => maybe(make, 0.9));
  const birth = (id: string) => {
    const mother = maybe(someone);
    return {
      type: 'Birth',
      number: `B${chance.below(99)}`,
      place: 'Huế',
      weight: maybe(() => chance.below(5000)),
      child: id,
      mother,
      persons: [id, mother],
    };
  };
  const marriage = (id: string) => {
    const other = maybe(someone);
    const [spouseA, spouseB] = chance.yes(0.5) ? [id, other] : [other, id];
    return {
      type: 'Marriage',
      number: `M${chance.below(99)}`,
      place: maybe(() => 'Vinh'),
      day: '2001-02-03',
      spouseA,
      spouseB,
      persons: [id, other],
    };
  };
  const row = (id: string) => ({
    name: maybe(() => chance.of(NAMES)),
    born: maybe(() => `19${10 + chance.below(90)}-0${1 + chance.below(9)}-1${chance.below(10)}`),
    sex: maybe(() => chance.of(['FEMALE', 'MALE'])),
    phone: maybe(() => chance.of(['0912345678', '0987', '12345', '2020-01-02x'])),
    nicknames: maybe(() => many(() => chance.of(NAMES))),
    address: maybe(() => ({
      province: chance.of(PROVINCES),
      street: maybe(() => `Phố ${chance.below(50)}`),
      occupant: maybe(() => chance.of(NAMES)),
    })),
    mother: maybe(someone),
    children: maybe(() => many(someone)),
    household: maybe(() => ({
      size: chance.below(9),
      head: maybe(someone),
      members: maybe(() => many(() => ({ person: maybe(someone), relation: chance.of(['head', 'child']) }))),
    })),
    unclassified: 'unclassified',
    birth: maybe(() => birth(id)),
    records: many(() => (chance.yes(0.5) ? birth(id) : marriage(id))),
    marriages: maybe(() => many(() => marriage(id))),
    policy: maybe(() => ({ number: `HC${chance.below(1_000_000)}`, validTo: maybe(() => '2027-12-31'), benefit: chance.below(5) })),
  });
  // The last two are named by others and known to nobody.
  return { people: new Map(ids.slice(0, -2).map((id) => [id, row(id)])) };
}

export const IDS: readonly string[] = Array.from({ length: 10 }, (_, index) => `number-${index}`);

function readFields(): ReadonlyMap<string, FieldFacts> {
  const fields = new Map<string, FieldFacts>();
  for (const [subgraph, sdl] of Object.entries(SUBGRAPHS)) {
    for (const definition of parse(sdl).definitions) {
      if (definition.kind !== Kind.OBJECT_TYPE_DEFINITION) continue;
      for (const field of definition.fields ?? []) {
        const given = (name: string): ConstDirectiveNode | undefined => field.directives?.find((one) => one.name.value === name);
        const argument = (name: string, of: string): unknown => {
          const value = given(name)?.arguments?.find((one) => one.name.value === of)?.value;
          return value && valueFromASTUntyped(value);
        };
        if (given('external')) continue;
        const coordinate = `${definition.name.value}.${field.name.value}`;
        const known = fields.get(coordinate);
        const requires = argument('requires', 'fields');
        fields.set(coordinate, {
          name: field.name.value,
          named: innermost(field.type),
          isList: field.type.kind === Kind.LIST_TYPE,
          isNonNull: field.type.kind === Kind.NON_NULL_TYPE,
          reads: new Map(
            (field.arguments ?? []).flatMap(({ name, directives = [] }) =>
              directives.flatMap((one) => {
                const value = one.name.value === 'reads' ? one.arguments?.[0]?.value : undefined;
                return value === undefined ? [] : [[name.value, String(valueFromASTUntyped(value))] as const];
              }),
            ),
          ),
          group: known?.group ?? (argument('personal', 'group') as string | undefined),
          class: known?.class ?? (argument('personal', 'class') as string | undefined) ?? 'PUBLIC',
          subjectsOf: (argument('subject', 'of') as string[] | undefined) ?? [],
          retainedBy: (argument('retained', 'by') as string[] | undefined) ?? [],
          requires: typeof requires === 'string' ? requires.split(' ') : [],
          isLookup: given('lookup') !== undefined,
          isSelf: given('self') !== undefined,
          subgraphs: [...(known?.subgraphs ?? []), subgraph],
        });
      }
    }
  }
  return fields;
}

function innermost(type: TypeNode): string {
  return type.kind === Kind.NAMED_TYPE ? type.name.value : innermost(type.type);
}
