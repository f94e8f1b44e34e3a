import {
  Kind,
  parse,
  valueFromASTUntyped,
  visit,
  type DocumentNode,
  type FragmentDefinitionNode,
  type InlineFragmentNode,
  type OperationDefinitionNode,
} from 'graphql';
import type { Answered, Harness, HarnessCase } from './harness.ts';
import { foretell, Pseudonym, QUERY, tell, type Expected, type Path } from './oracle.ts';
import { Questions, type Book, type MayAsk, type Question } from './questions.ts';
import { createDecideField, type DecideField, type RulePolicy } from './rules.ts';
import { isOver } from './time.ts';
import { PERSON } from './world.ts';

/** Pseudonyms seen so far, by agency: equal values have equal ones there, and nobody else has them. */
export type Pseudonyms = Map<string, Map<string, string>>;

/** What stays from one request to the next, and does not outlive a policy set. */
export interface Kept {
  readonly decisions: (about: HarnessCase) => DecideField;
  readonly book: Book;
  readonly pseudonyms: Pseudonyms;
}

export function keep(policies: readonly RulePolicy[], pseudonyms: Pseudonyms = new Map()): Kept {
  return { decisions: createDecisions(policies), book: new Map(), pseudonyms };
}

/** Decisions of one policy set, found once for each asker while the same permits count. */
function createDecisions(policies: readonly RulePolicy[]): Kept['decisions'] {
  const known = new Map<string, DecideField>();
  return ({ asker, nowMs }) => {
    const over = policies.filter(({ until }) => isOver(until, nowMs)).map(({ id }) => id);
    const key = JSON.stringify([{ ...asker, citizen: null }, over]);
    const decide = known.get(key) ?? createDecideField(policies, asker, nowMs);
    known.set(key, decide);
    return decide;
  };
}

/** Asks gateway and oracle the same, and says how they differ: nothing when they agree. */
export async function differences(
  harness: Harness,
  about: HarnessCase,
  { decisions, book, pseudonyms }: Kept,
  disclosing: () => void = () => undefined,
): Promise<readonly string[]> {
  let answered: Answered;
  try {
    answered = await harness.answer(about);
  } catch (error) {
    return [`the gateway threw: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`];
  }
  const questions = new Questions(book, { application: about.asker.application, nowMs: about.nowMs }, answered.counted);
  const expected = expectedOf(about, decisions(about), questions.mayAsk);
  const counting = questions.differences((question) => isUnsure(question, about));
  questions.close();
  if (expected.disclosed.length > 0) disclosing();
  return [
    ...counting,
    ...askedTooMuch(expected, answered, about),
    ...(about.down === undefined ? unlike(expected, answered, about, pseudonyms) : more(expected, answered, about, pseudonyms)),
  ];
}

/** What is counted before it is known to be there: anything of a number that nobody has, or while a register is down; the inside of a value. */
function isUnsure({ person, coordinate }: Question, { down, world }: HarnessCase): boolean {
  return down !== undefined || !world.people.has(person) || !/^(Person|Query)\./.test(coordinate);
}

function expectedOf(about: HarnessCase, decide: DecideField, mayAsk: MayAsk): Expected {
  const { world, variables, asker, consents, rejects } = about;
  const operation = operationOf(parse(about.query), about.operationName);
  return foretell({
    world,
    operation,
    variables: { ...(operation && defaultsOf(operation)), ...variables },
    decide,
    rejects,
    citizen: asker.citizen,
    consent: (id, group) => (consents === 'down' ? 'unknown' : consents.get(id)?.has(group) === true ? 'given' : 'missing'),
    // Questions are counted in the same database.
    mayAsk: consents === 'down' ? () => 'unknown' : mayAsk,
  });
}

/** GraphQL specification, 6.1, with every fragment in the place of its spreads: by the specification it means the same. */
export function operationOf({ definitions }: DocumentNode, name: string | undefined): OperationDefinitionNode | undefined {
  const operations = definitions.filter((one) => one.kind === Kind.OPERATION_DEFINITION);
  const named = name === undefined ? operations : operations.filter((one) => one.name?.value === name);
  const [operation] = named;
  if (operation === undefined || named.length > 1) return undefined;
  const expand = <Node extends OperationDefinitionNode | FragmentDefinitionNode>(node: Node): Node =>
    visit(node, {
      FragmentSpread: ({ name, directives }) => {
        const found = definitions.find((one) => one.kind === Kind.FRAGMENT_DEFINITION && one.name.value === name.value);
        if (found?.kind !== Kind.FRAGMENT_DEFINITION) throw new Error('A valid document spreads only fragments that it defines.');
        const { typeCondition, selectionSet } = expand(found);
        return { kind: Kind.INLINE_FRAGMENT, typeCondition, selectionSet, directives: directives ?? [] } satisfies InlineFragmentNode;
      },
    });
  return expand(operation);
}

function defaultsOf({ variableDefinitions = [] }: OperationDefinitionNode): Readonly<Record<string, unknown>> {
  return Object.fromEntries(
    variableDefinitions.flatMap(({ variable, defaultValue }) =>
      defaultValue === undefined ? [] : [[variable.name.value, valueFromASTUntyped(defaultValue)]],
    ),
  );
}

function askedTooMuch({ allowed }: Expected, { asked }: Answered, { world }: HarnessCase): readonly string[] {
  // The key is asked of everybody who is met; and a number that consented may be asked for before it is known that nobody has it.
  const isOfNobody = (one: string): boolean => {
    const [owner = ''] = one.split(' ');
    return owner !== QUERY.owner && !world.people.has(owner);
  };
  return [...asked]
    .filter((one) => !allowed.has(one) && !one.endsWith(` ${PERSON}.id {}`) && !isOfNobody(one))
    .map((one) => `asked and not allowed: ${one}`);
}

function unlike(expected: Expected, answered: Answered, { asker }: HarnessCase, pseudonyms: Pseudonyms): readonly string[] {
  const found: string[] = [];
  const { bubbled } = expected;
  if (answered.status !== expected.status) found.push(`status ${answered.status}, expected ${expected.status}`);
  compare(
    answered.data,
    expected.data,
    [],
    (path, what) => void found.push(`at ${JSON.stringify(path)} ${what}`),
    (text, told) => isPseudonymOf(text, told, asker.agency, pseudonyms),
  );
  const told = new Set<string>();
  for (const { path = [], code } of answered.errors) if (!isInside(path, bubbled)) told.add(tell(path, code));
  const wanted = [...expected.errors].filter((one) => !isInside(JSON.parse(one.slice(0, one.lastIndexOf(' '))) as Path, bubbled));
  for (const one of wanted) if (!told.has(one)) found.push(`not told: ${one}`);
  for (const one of told) if (!wanted.includes(one)) found.push(`told and not expected: ${one}`);
  for (const one of expected.disclosed) if (!answered.asked.has(one)) found.push(`disclosed and not asked: ${one}`);
  return found;
}

/** While a register is down there may be less in the answer, and nothing else. */
function more(expected: Expected, answered: Answered, { asker }: HarnessCase, pseudonyms: Pseudonyms): readonly string[] {
  if (answered.data === undefined || answered.data === null) return [];
  // Nobody stands in the answer of a register that is down, so that nobody's missing consent may be met there.
  const data = expected.status === 403 ? expected.refused : expected.data;
  if (data === undefined) return ['data where everything is refused'];
  const found: string[] = [];
  const note = (path: Path, what: string): void => void found.push(`while a register is down, at ${JSON.stringify(path)} ${what}`);
  compare(answered.data, data, [], note, (text, told) => isPseudonymOf(text, told, asker.agency, pseudonyms), true);
  return found;
}

type Note = (path: Path, what: string) => void;
type IsPseudonym = (text: string, told: unknown) => boolean;

function compare(told: unknown, wanted: unknown, path: Path, note: Note, isPseudonym: IsPseudonym, lessIsFine = false): void {
  if (lessIsFine && told === null) return;
  if (wanted instanceof Pseudonym) {
    if (!isPseudonym(wanted.text, told)) note(path, `${JSON.stringify(told)} is no pseudonym of ${JSON.stringify(wanted.text)}`);
  } else if (Array.isArray(wanted) && Array.isArray(told) && wanted.length === told.length) {
    for (const [index, item] of wanted.entries()) compare(told[index], item, [...path, index], note, isPseudonym, lessIsFine);
  } else if (isObject(wanted) && isObject(told)) {
    for (const key of new Set([...Object.keys(wanted), ...Object.keys(told)])) {
      compare(told[key], wanted[key], [...path, key], note, isPseudonym, lessIsFine);
    }
  } else if (told !== wanted) note(path, `${JSON.stringify(told)}, expected ${JSON.stringify(wanted)}`);
}

function isPseudonymOf(text: string, told: unknown, agency: string, pseudonyms: Pseudonyms): boolean {
  if (typeof told !== 'string' || told === text) return false;
  const own = pseudonyms.get(agency) ?? new Map<string, string>();
  pseudonyms.set(agency, own);
  const known = own.get(text);
  if (known !== undefined) return known === told;
  for (const all of pseudonyms.values()) for (const other of all.values()) if (other === told) return false;
  own.set(text, told);
  return true;
}

function isInside(path: Path, places: readonly Path[]): boolean {
  return places.some((place) => place.length < path.length && place.every((part, index) => part === path[index]));
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
