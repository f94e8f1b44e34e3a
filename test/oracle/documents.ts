import type { Chance } from './chance.ts';
import { concrete, FIELDS, fieldsOf, isComposite, PERSON, RECORD_TYPES, type FieldFacts } from './world.ts';

/** A document, and what its operations are called: nothing where it is one without a name. */
export interface RandomDocument {
  readonly query: string;
  readonly names: readonly string[];
}

/** Valid: an operation declares those variables that it uses, each operation with defaults of its own. */
export function randomDocument(chance: Chance): RandomDocument {
  const writer = new Writer(chance);
  const count = chance.yes(0.2) ? 2 + chance.below(2) : 1;
  const names = count > 1 || chance.yes(0.2) ? ['One', 'Two', 'Three'].slice(0, count) : [];
  const operations = Array.from({ length: count }, (_, index) => {
    const body = `{ ${Array.from({ length: 1 + chance.below(2) }, () => writer.root()).join(' ')} }`;
    return `query ${names[index] ?? ''}${declarations(chance, writer.reached(body))} ${body}`;
  });
  return { query: `${operations.join(' ')} ${writer.fragments()}`, names };
}

/** Mostly a name that is there. */
export function randomName(chance: Chance, { names }: RandomDocument): string | undefined {
  if (chance.yes(names.length > 1 ? 0.08 : 0.01)) return chance.of(['Nobody', undefined]);
  return names.length === 0 || (names.length === 1 && chance.yes(0.5)) ? undefined : chance.of(names);
}

const VARIABLES = ['$id: ID!', '$ids: [ID!]!', '$name: String!', '$province: String!', '$yes: Boolean!'];

function declarations(chance: Chance, text: string): string {
  const kind = chance.of(['$kind: RecordKind = BIRTH', '$kind: RecordKind = MARRIAGE', '$kind: RecordKind']);
  const no = `$no: Boolean! = ${chance.yes(0.7) ? 'false' : 'true'}`;
  const used = [...VARIABLES, kind, no].filter((one) => new RegExp(`\\${one.split(':')[0]}\\b`).test(text));
  return used.length === 0 ? '' : `(${used.join(', ')})`;
}

class Writer {
  readonly #chance: Chance;
  #aliases = 0;
  #asked: string | undefined;
  /** Fragments by their names: the type that they are on, and their text. */
  readonly #fragments = new Map<string, { readonly on: string; readonly text: string }>();

  constructor(chance: Chance) {
    this.#chance = chance;
  }

  /** A text with all that it spreads. */
  reached(text: string): string {
    const spread = [...this.#fragments].filter(([name]) => new RegExp(`\\.\\.\\.${name}\\b`).test(text));
    return [text, ...spread.map(([, fragment]) => this.reached(fragment.text))].join(' ');
  }

  fragments(): string {
    return [...this.#fragments].map(([name, { on, text }]) => `fragment ${name} on ${on} { ${text} }`).join(' ');
  }

  root(): string {
    const chance = this.#chance;
    const alias = `r${(this.#aliases += 1)}`;
    const root = chance.of(['person', 'person', 'person', 'people', 'people', 'people', 'me', 'me', 'matches', 'search']);
    if (root === 'matches') return `${alias}: matches(input: { ${chance.of(['id: $id, name: $name', 'name: "Ơn", id: $id'])} })`;
    const given = root === 'person' ? '(id: $id)' : root === 'people' ? '(ids: $ids)' : root === 'search' ? '(name: $name)' : '';
    // Often the same is asked of others.
    if (this.#asked === undefined || chance.yes(0.65)) this.#asked = this.#selections(PERSON, 3);
    return `${alias}: ${root}${given} { ${this.#asked} }`;
  }

  #selections(type: string, depth: number): string {
    const chance = this.#chance;
    const available = (type === 'Record' ? ['number', 'persons', 'place'] : fieldsOf(type).map(({ name }) => name)).filter(
      (name) => depth > 0 || !isComposite(this.#facts(type, name).named),
    );
    const parts: string[] = [];
    const count = 1 + chance.below(type === PERSON ? 6 : 4);
    for (let made = 0; made < count && available.length > 0; made += 1) parts.push(this.#field(type, chance.of(available), depth));
    if (type === PERSON && chance.yes(0.15)) parts.push(this.#field(type, 'livesIn', depth));
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
        ? `(province: ${chance.of(['"01"', '"48"', '$province', '$province'])})`
        : name === 'records' && chance.yes(0.4)
          ? `(kind: ${chance.of(['BIRTH', 'MARRIAGE', '$kind', 'null'])})`
          : name === 'children' && chance.yes(0.3)
            ? `(phone: ${chance.of(['"0987"', '"12345"', '$province'])})`
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
