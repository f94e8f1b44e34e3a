import { Kind, valueFromASTUntyped, type FieldNode, type OperationDefinitionNode, type SelectionNode, type ValueNode } from 'graphql';
import { decideOutcome, type Inherited, type Outcome } from './outcomes.ts';
import type { DecideField } from './rules.ts';
import { concrete, FIELDS, findBy, isComposite, person, PERSON, valueOf, type FieldFacts, type Source, type World } from './world.ts';

/** One request as the oracle sees it. */
export interface OracleCase {
  readonly world: World;
  readonly operation: OperationDefinitionNode;
  readonly variables: Readonly<Record<string, unknown>>;
  readonly decide: DecideField;
  /** Whether a person lets this application's agency read a group for this purpose. */
  readonly consent: (id: string, group: string) => ConsentState;
  readonly citizen: string | undefined;
  readonly rejects: boolean;
}

export type ConsentState = 'given' | 'missing' | 'unknown';
export type Path = readonly (string | number)[];

export interface Expected {
  readonly status: 200 | 403;
  readonly data: Record<string, unknown> | null | undefined;
  /** The data that a missing consent refuses as a whole: told where that person is not met, because a register is down. */
  readonly refused: Record<string, unknown> | null | undefined;
  /** `path code`, each once. */
  readonly errors: ReadonlySet<string>;
  /** Places of objects that are null because their key is withheld: what is told of their inside is nobody's business. */
  readonly bubbled: readonly Path[];
  /** `person coordinate` that subgraphs may be asked for. */
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
  const leaves = new StaticWalk(about, told).selections([...about.operation.selectionSet.selections], ['Query'], ROOT, []);
  const nothing = { data: undefined, refused: undefined, errors: told, bubbled: [], allowed: new Set<string>(), disclosed: [] };
  if (told.size > 0 && (leaves === 0 || about.rejects)) return { status: 403, ...nothing };
  const walk = new AnswerWalk(about);
  const data = walk.root();
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
    return outcome.kind === 'consent' ? Math.max(1, leaves) : leaves;
  }
}

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

  root(): Record<string, unknown> | null {
    const answer = this.#object({ __typename: 'Query', owner: '' }, this.#about.operation.selectionSet.selections, ROOT, [], true);
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
    if (outcome.kind === 'consent') {
      const people = standing.isRoot ? facts.subjectsOf.map((way) => String(follow({ ...args }, way.slice(1).split('.')))) : [source.owner];
      const state = this.#all(people, outcome.group);
      if (state !== 'given') {
        if (answers) this.#withheld(path, state);
        return nothing;
      }
    }
    this.#ask(source, facts);
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

  #leaf(value: unknown, { source, facts, outcome, answers }: Completing): unknown {
    if (!answers) return null;
    if (facts.name !== 'id' && source.__typename !== 'Query') this.disclosed.push(pair(source, facts.name));
    if (!outcome.applies || outcome.transform === undefined) return value;
    const isWhole = outcome.kind === 'law' && outcome.more !== undefined && this.#about.consent(source.owner, outcome.more) === 'given';
    return isWhole ? value : transformed(String(value), outcome.transform, facts.named);
  }

  /** Of the persons whom an edge or a record leads to. */
  #othersOf(item: Source, facts: FieldFacts, group: string): ConsentState {
    if (item.__typename === PERSON) return this.#all([item.owner], group);
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
    return this.#all(ids, group);
  }

  #all(ids: readonly string[], group: string): ConsentState {
    const states = ids.map((id) => this.#about.consent(id, group));
    return states.includes('missing') ? 'missing' : states.includes('unknown') ? 'unknown' : 'given';
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

  #ask(source: Source, facts: FieldFacts): void {
    this.allowed.add(pair(source, facts.name));
    for (const input of facts.requires) this.allowed.add(pair(source, input));
    for (const way of facts.subjectsOf) {
      if (way.startsWith('$')) continue;
      for (const type of concrete(facts.named)) this.allowed.add(`${source.owner} ${type}.${way}`);
    }
  }

  #withheld(path: Path, state: 'missing' | 'unknown'): void {
    this.errors.add(tell(path, state === 'missing' ? 'CONSENT_REQUIRED' : 'CONSENT_UNAVAILABLE'));
  }
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

function pair({ owner, __typename }: Source, field: string): string {
  return `${owner} ${__typename}.${field}`;
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

function collect(
  selections: readonly SelectionNode[],
  type: string,
  variables: Readonly<Record<string, unknown>>,
  into = new Map<string, FieldNode[]>(),
) {
  for (const selection of selections) {
    if (isSkipped(selection, variables)) continue;
    if (selection.kind === Kind.FIELD) into.set(keyOf(selection), [...(into.get(keyOf(selection)) ?? []), selection]);
    else if (selection.kind === Kind.INLINE_FRAGMENT) {
      const on = selection.typeCondition?.name.value;
      if (on === undefined || concrete(on).includes(type)) collect(selection.selectionSet.selections, type, variables, into);
    }
  }
  return into;
}

function isSkipped({ directives = [] }: SelectionNode, variables: Readonly<Record<string, unknown>>): boolean {
  return directives.some(({ name, arguments: given = [] }) => {
    const condition = given[0] && valueOfNode(given[0].value, variables);
    return name.value === 'skip' ? condition === true : name.value === 'include' && condition === false;
  });
}

function argumentsOf(node: FieldNode, variables: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  return Object.fromEntries(
    (node.arguments ?? []).map(({ name, value }) => [name.value, valueOfNode(value, variables)]).filter(([, value]) => value !== undefined),
  ) as Record<string, unknown>;
}

function valueOfNode(node: ValueNode, variables: Readonly<Record<string, unknown>>): unknown {
  return valueFromASTUntyped(node, variables);
}

function follow(value: unknown, way: readonly string[]): unknown {
  return way.reduce<unknown>((inner, name) => (inner as Record<string, unknown> | undefined)?.[name], value);
}

function factsOf(type: string, node: FieldNode): FieldFacts {
  const facts = FIELDS.get(`${type}.${node.name.value}`);
  if (facts === undefined) throw new Error(`${type}.${node.name.value} is no field of the world.`);
  return facts;
}

function keyOf(node: FieldNode): string {
  return node.alias?.value ?? node.name.value;
}
