import { Kind, type FieldNode, type OperationDefinitionNode, type SelectionNode } from 'graphql';
import { argumentsOf, collect, isSkipped, keyOf } from './nodes.ts';
import { decideOutcome, type Inherited, type Outcome } from './outcomes.ts';
import { textOf, type MayAsk } from './questions.ts';
import type { DecideField } from './rules.ts';
import { concrete, FIELDS, findBy, isComposite, person, PERSON, valueOf, type FieldFacts, type Source, type World } from './world.ts';

/** One request as the oracle sees it. */
export interface OracleCase {
  readonly world: World;
  /** Undefined when it is not clear which one of the document is meant. */
  readonly operation: OperationDefinitionNode | undefined;
  readonly variables: Readonly<Record<string, unknown>>;
  readonly decide: DecideField;
  /** Whether a person lets this application's agency read a group for this purpose. */
  readonly consent: (id: string, group: string) => ConsentState;
  /** Whether a question may be asked of a person who was asked others today. */
  readonly mayAsk: MayAsk;
  readonly citizen: string | undefined;
  readonly rejects: boolean;
}

export type ConsentState = 'given' | 'missing' | 'unknown';
export type Path = readonly (string | number)[];

export interface Expected {
  readonly status: 200 | 400 | 403;
  readonly data: Record<string, unknown> | null | undefined;
  /** The data that a missing consent refuses as a whole: told where that person is not met, because a register is down. */
  readonly refused: Record<string, unknown> | null | undefined;
  /** `path code`, each once. */
  readonly errors: ReadonlySet<string>;
  /** Places of objects that are null because their key is withheld: what is told of their inside is nobody's business. */
  readonly bubbled: readonly Path[];
  /** `person coordinate arguments` that subgraphs may be asked for. */
  readonly allowed: ReadonlySet<string>;
  /** Those of which something stands in the answer. */
  readonly disclosed: readonly string[];
}

/** Stands for a pseudonym of a text. */
export class Pseudonym {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

/** Says what must be answered, by walking the document over the world, person by person, with nothing prepared and nothing kept. */
export function foretell(about: OracleCase): Expected {
  const told = new Set<string>();
  const nothing = { data: undefined, refused: undefined, errors: told, bubbled: [], allowed: new Set<string>(), disclosed: [] };
  if (about.operation === undefined) return { status: 400, ...nothing, errors: new Set([tell([], 'OPERATION_RESOLUTION_FAILURE')]) };
  const { selections } = about.operation.selectionSet;
  const leaves = new StaticWalk(about, told).selections([...selections], ['Query'], ROOT, []);
  if (told.size > 0 && (leaves === 0 || about.rejects)) return { status: 403, ...nothing };
  const walk = new AnswerWalk(about);
  const data = walk.root(selections);
  const errors = new Set([...told, ...walk.errors]);
  const { bubbled, allowed } = walk;
  if (about.rejects && walk.errors.size > 0) return { status: 403, ...nothing, refused: data, errors, bubbled, allowed };
  return { status: 200, data, refused: undefined, errors, bubbled, allowed, disclosed: walk.disclosed };
}

/** What is known of a selection set before any data is there. */
interface Standing {
  readonly inherited: Inherited | undefined;
  readonly echoed: boolean;
  readonly self: boolean;
  readonly isRoot: boolean;
}

const ROOT: Standing = { inherited: undefined, echoed: false, self: false, isRoot: true };

function below(standing: Standing, facts: FieldFacts, outcome: Exclude<Outcome, { kind: 'refused' }>): Standing {
  const inherited =
    outcome.kind === 'law' ? { transform: outcome.transform, more: outcome.more } : { transform: outcome.transform, more: undefined };
  const isPerson = facts.named === PERSON;
  return {
    inherited,
    echoed: isPerson && (facts.isLookup || facts.isSelf),
    self: isPerson ? facts.isSelf : standing.self,
    isRoot: false,
  };
}

class StaticWalk {
  readonly #about: OracleCase;
  readonly #told: Set<string>;

  constructor(about: OracleCase, told: Set<string>) {
    this.#about = about;
    this.#told = told;
  }

  /** Tells every refusal once for its path, and counts what is released. */
  selections(selections: readonly SelectionNode[], types: readonly string[], standing: Standing, path: Path): number {
    let leaves = 0;
    for (const selection of selections) {
      if (isSkipped(selection, this.#about.variables)) continue;
      if (selection.kind === Kind.INLINE_FRAGMENT) {
        const on = selection.typeCondition?.name.value;
        const some = on === undefined ? types : types.filter((type) => concrete(on).includes(type));
        leaves += this.selections(selection.selectionSet.selections, some, standing, path);
      } else if (selection.kind === Kind.FIELD) {
        for (const type of types) leaves += this.#field(selection, type, standing, [...path, keyOf(selection)]);
      }
    }
    return leaves;
  }

  #field(node: FieldNode, type: string, standing: Standing, path: Path): number {
    if (node.name.value === '__typename') return 1;
    const facts = factsOf(type, node);
    const outcome = decideOutcome(this.#about.decide, type, facts, argumentsOf(node, this.#about.variables), standing);
    if (outcome.kind === 'refused') {
      this.#told.add(tell(path, outcome.code));
      return 0;
    }
    if (!isComposite(facts.named)) return 1;
    const inner = node.selectionSet?.selections ?? [];
    const leaves = this.selections(inner, concrete(facts.named), below(standing, facts, outcome), path);
    return outcome.kind === 'law' ? leaves : Math.max(1, leaves);
  }
}

/** Stands around the roots, and is nobody. */
export const QUERY: Source = { __typename: 'Query', owner: 'root' };

/** What an object becomes when a field that may not be null is. */
const BUBBLE = Symbol('null where none may be');

class AnswerWalk {
  readonly errors = new Set<string>();
  readonly bubbled: Path[] = [];
  readonly allowed = new Set<string>();
  readonly disclosed: string[] = [];
  readonly #about: OracleCase;

  constructor(about: OracleCase) {
    this.#about = about;
  }

  root(selections: readonly SelectionNode[]): Record<string, unknown> | null {
    const answer = this.#object(QUERY, selections, ROOT, [], true);
    return answer as Record<string, unknown> | null;
  }

  /** `answers` is false inside of what is asked and not released: whom a record names is found out by asking for it. */
  #object(source: Source, selections: readonly SelectionNode[], standing: Standing, path: Path, answers: boolean): unknown {
    const fields = collect(selections, source.__typename, this.#about.variables);
    const answer: Record<string, unknown> = {};
    const disclosedBefore = this.disclosed.length;
    let isNull = false;
    for (const [responseKey, nodes] of fields) {
      const value = this.#field(source, nodes, standing, [...path, responseKey], answers);
      if (value === BUBBLE) isNull = true;
      else answer[responseKey] = value;
    }
    if (!isNull) return answer;
    this.disclosed.length = disclosedBefore;
    this.bubbled.push(path);
    return null;
  }

  #field(source: Source, nodes: readonly FieldNode[], standing: Standing, path: Path, answers: boolean): unknown {
    const [node] = nodes;
    if (node === undefined) throw new Error('A response key has a field.');
    const type = source.__typename;
    if (node.name.value === '__typename') return type;
    const facts = factsOf(type, node);
    const nothing = facts.isNonNull ? BUBBLE : null;
    const args = argumentsOf(node, this.#about.variables);
    const outcome = decideOutcome(this.#about.decide, type, facts, args, standing);
    if (outcome.kind === 'refused') return nothing;
    if (outcome.kind !== 'law') {
      const people = standing.isRoot ? facts.subjectsOf.map((way) => String(follow({ ...args }, way.slice(1).split('.')))) : [source.owner];
      const asking = { coordinate: `${type}.${facts.name}`, args: textOf(args) };
      const state = worst(
        outcome.kind === 'consent'
          ? people.map((id) => this.#about.consent(id, outcome.group))
          : people.map((person) => this.#about.mayAsk({ person, ...asking }, outcome.probes)),
      );
      if (state !== 'given') {
        if (answers) this.#withheld(path, state);
        return nothing;
      }
    }
    this.#ask(source, facts, args);
    const value = standing.isRoot ? this.#rootValue(facts, args) : valueOf(this.#about.world, source, facts.name, args);
    const completed = this.#complete(value, { source, facts, nodes, outcome, standing: below(standing, facts, outcome), answers }, path);
    return completed ?? nothing;
  }

  #complete(value: unknown, at: Completing, path: Path): unknown {
    const { source, facts, nodes, outcome } = at;
    if (Array.isArray(value)) return value.map((item, index) => this.#complete(item, at, [...path, index]));
    if (value === null || value === undefined) return null;
    if (!isComposite(facts.named)) return this.#leaf(value, at);
    const inner = nodes.flatMap((node) => node.selectionSet?.selections ?? []);
    const object = value as Source;
    const state = outcome.kind === 'consent' && !at.standing.isRoot ? this.#othersOf(object, facts, outcome.group) : 'given';
    if (state !== 'given' && at.answers) this.#withheld(path, state);
    const answers = at.answers && state === 'given';
    // Of a person behind an edge that is not released nothing is asked but who it is.
    if (object.__typename === PERSON && !answers) return null;
    const answer = this.#object(
      { ...object, owner: object.__typename === PERSON ? object.owner : source.owner },
      inner,
      at.standing,
      path,
      answers,
    );
    return answers ? answer : null;
  }

  #leaf(value: unknown, { source, facts, nodes: [node], outcome, answers }: Completing): unknown {
    if (!answers || node === undefined) return null;
    const isAnswered = facts.name !== 'id' && source.__typename !== 'Query';
    if (isAnswered) this.disclosed.push(asks(source, facts.name, argumentsOf(node, this.#about.variables)));
    if (!outcome.applies || outcome.transform === undefined) return value;
    const isWhole = outcome.kind === 'law' && outcome.more !== undefined && this.#about.consent(source.owner, outcome.more) === 'given';
    return isWhole ? value : transformed(String(value), outcome.transform, facts.named);
  }

  /** Of the persons whom an edge or a record leads to. */
  #othersOf(item: Source, facts: FieldFacts, group: string): State {
    if (item.__typename === PERSON) return this.#about.consent(item.owner, group);
    const ids: string[] = [];
    const visit = (value: unknown, way: readonly string[]): void => {
      if (Array.isArray(value)) for (const one of value) visit(one, way);
      else if (value !== null && value !== undefined) {
        const [name, ...rest] = way;
        if (name === undefined) ids.push((value as Source).owner);
        else visit(valueOf(this.#about.world, value as Source, name, {}), rest);
      }
    };
    for (const way of facts.subjectsOf) if (!way.startsWith('$')) visit(item, way.split('.'));
    return worst(ids.map((id) => this.#about.consent(id, group)));
  }

  #rootValue({ name }: FieldFacts, args: Readonly<Record<string, unknown>>): unknown {
    const { world, citizen, decide } = this.#about;
    const existence = decide('Person.id', false, {});
    const isShown = existence.kind === 'permitted' && existence.law !== undefined;
    const found = (id: unknown): Source | null => (isShown && !world.people.has(String(id)) ? null : person(String(id)));
    switch (name) {
      case 'person':
        return found(args['id']);
      case 'people':
        return (args['ids'] as readonly unknown[]).map(found);
      case 'search':
        return findBy(world, 'name', args['name']).map(person);
      case 'me':
        return citizen === undefined ? null : person(citizen);
      default:
        return matches(world, args['input']);
    }
  }

  #ask(source: Source, facts: FieldFacts, args: Readonly<Record<string, unknown>>): void {
    this.allowed.add(asks(source, facts.name, args));
    for (const input of facts.requires) this.allowed.add(asks(source, input, {}));
    for (const way of facts.subjectsOf) {
      if (way.startsWith('$')) continue;
      for (const type of concrete(facts.named)) this.allowed.add(`${source.owner} ${type}.${way} {}`);
    }
  }

  #withheld(path: Path, state: Exclude<State, 'given'>): void {
    this.errors.add(tell(path, WITHHELD[state]));
  }
}

type State = ConsentState | ReturnType<MayAsk>;

const WITHHELD = { missing: 'CONSENT_REQUIRED', 'used-up': 'PROBES_USED_UP', unknown: 'CONSENT_UNAVAILABLE' } as const;

/** Of several persons. */
function worst(states: readonly State[]): State {
  return (['missing', 'used-up', 'unknown'] as const).find((state) => states.includes(state)) ?? 'given';
}

interface Completing {
  readonly source: Source;
  readonly facts: FieldFacts;
  readonly nodes: readonly FieldNode[];
  readonly outcome: Exclude<Outcome, { kind: 'refused' }>;
  readonly standing: Standing;
  readonly answers: boolean;
}

/** Whether the name belongs to the number; false for a number that nobody has. */
export function matches({ people }: World, input: unknown): boolean {
  const { id, name } = input as { readonly id: string; readonly name: string };
  return people.get(id)?.['name'] === name;
}

export function tell(path: Path, code: string): string {
  return `${JSON.stringify(path)} ${code}`;
}

/** What a register is asked: `person coordinate arguments`. */
export function asks({ owner, __typename }: Source, field: string, args: object): string {
  return `${owner} ${__typename}.${field} ${textOf(args)}`;
}

function transformed(text: string, name: string, scalar: string): unknown {
  if (name === 'pseudonym') return new Pseudonym(text);
  if (name === 'last4') return text.length > 4 ? text.slice(text.length - 4) : null;
  if (name === 'initials') {
    const words = text.split(' ').filter((word) => word.length > 0);
    return words.length === 0 ? null : words.map((word) => `${word.slice(0, 1).toUpperCase()}.`).join(' ');
  }
  if (!/^[0-9]{4}-[0-9]{2}-[0-9]{2}/.test(text)) return null;
  return scalar === 'Date' ? `${text.slice(0, 4)}-01-01` : text.slice(0, 4);
}

function follow(value: unknown, way: readonly string[]): unknown {
  return way.reduce<unknown>((inner, name) => (inner as Record<string, unknown> | undefined)?.[name], value);
}

function factsOf(type: string, node: FieldNode): FieldFacts {
  const facts = FIELDS.get(`${type}.${node.name.value}`);
  if (facts === undefined) throw new Error(`${type}.${node.name.value} is no field of the world.`);
  return facts;
}
