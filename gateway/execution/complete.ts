import { isData, read, type Data, type Key } from './data.ts';
import { CONSENT_UNKNOWN, PROBES_USED_UP } from './people.ts';
import { SUBJECT_KEY, type PersonSeen, type Site } from './shape.ts';

/**
 * Completes one value that is not null (GraphQL specification, 6.4.3). Gives undefined when it is not to be had; why is then told already.
 */
export type Complete = (value: unknown, walk: Walk) => unknown;

/** One field of the answer on one type of object, every selection of its response key merged. */
export interface AnswerField {
  readonly responseKey: string;
  readonly key: Key;
  readonly nonNull: boolean;
  /** Undefined for what is withheld: null, and the refusal says why. */
  readonly complete: Complete | undefined;
  /** `__typename`: known without being fetched, since the object's type decides which fields it has. */
  readonly constant: string | undefined;
  /** What to say where consent is missing. */
  readonly consent: ConsentWanted | undefined;
  /** `Type.field`, for messages. */
  readonly coordinate: string;
  /** Objects that can stand here, for finding a place by its path. */
  readonly inner: readonly AnswerObject[];
}

/** What consent would have to be about. */
export interface ConsentWanted {
  readonly coordinate: string;
  readonly group: string;
}

/** What is answered of an object of one type at one place. */
export interface AnswerObject {
  readonly type: string;
  readonly fields: readonly AnswerField[];
  readonly sites: readonly Site[];
  /** The object is a person and must be recorded: without its key it is not answered. */
  readonly isSubject: boolean;
  /** Objects of this type are null whatever was fetched: a withheld field may not be. */
  readonly isNull: boolean;
}

/** What value completion found wrong. A `null` may be the trace of an error that a subgraph told; an `invalid` value never is. */
export interface Issue {
  readonly kind: 'null' | 'invalid' | 'consent-missing' | 'consent-unknown' | 'consent-used-up';
  /** Client's path with list indices. */
  readonly path: readonly (string | number)[];
  /** What is wrong, without the value. */
  readonly what: string;
  readonly consent?: ConsentWanted | undefined;
}

/** Whom values are completed for. */
export interface Reader {
  readonly seen: PersonSeen;
  readonly agency: string;
  /** Whether the person has given the consent of this key. */
  readonly consents: (idNumber: string, key: string) => boolean;
}

/** One walk through the data of one request: where it is, and what it found. */
export class Walk {
  readonly issues: Issue[] = [];
  /** Values withheld for want of consent beyond those in `issues`. */
  untold = 0;
  readonly reader: Reader;
  /** The nearest person around the value at hand. */
  person: string | undefined;
  /** The way to the value at hand; what lies behind `depth` is left over from before. */
  readonly path: (string | number)[] = [];
  depth = -1;
  readonly #issuesMax: number;

  constructor(reader: Reader, issuesMax: number) {
    this.reader = reader;
    this.#issuesMax = issuesMax;
  }

  hasConsent(key: string): boolean {
    return this.person !== undefined && this.reader.consents(this.person, key);
  }

  /** A value that consent takes out. */
  withhold(mark: symbol, consent: ConsentWanted | undefined): undefined {
    const kind = mark === CONSENT_UNKNOWN ? 'consent-unknown' : mark === PROBES_USED_UP ? 'consent-used-up' : 'consent-missing';
    if (this.issues.length >= this.#issuesMax) this.untold += 1;
    else this.issues.push({ kind, path: this.path.slice(0, this.depth + 1), what: '', consent });
  }

  tell(kind: Issue['kind'], what: string): undefined {
    if (this.issues.length < this.#issuesMax) this.issues.push({ kind, path: this.path.slice(0, this.depth + 1), what });
  }
}

/** Completes an object of a known type: the client's fields in the client's order, and nothing else of what was sent. */
export function completeObject(object: AnswerObject, value: Data, walk: Walk): Data | undefined {
  if (object.isNull) return undefined;
  if (!object.isSubject) return completeFields(object, value, walk);
  const id = tellSubject(object, value, walk);
  if (id === undefined) return undefined;
  const outer = walk.person;
  walk.person = id;
  const answer = completeFields(object, value, walk);
  walk.person = outer;
  return answer;
}

function completeFields(object: AnswerObject, value: Data, walk: Walk): Data | undefined {
  const answer: Data = {};
  const { fields } = object;
  walk.depth += 1;
  for (let index = 0; index < fields.length; index += 1) {
    const field = fields[index] as AnswerField;
    if (field.constant !== undefined) {
      answer[field.responseKey] = field.constant;
      continue;
    }
    walk.path[walk.depth] = field.responseKey;
    const fetched = field.complete === undefined ? null : read(value, field.key);
    const missing = fetched === null || fetched === undefined;
    const isMarked = typeof fetched === 'symbol';
    if (isMarked) walk.withhold(fetched, field.consent);
    const completed = missing || isMarked || field.complete === undefined ? undefined : field.complete(fetched, walk);
    if (completed !== undefined) {
      answer[field.responseKey] = completed;
      continue;
    }
    if (field.nonNull) {
      if (missing && field.complete !== undefined) walk.tell('null', `Cannot return null for non-nullable field ${field.coordinate}.`);
      walk.depth -= 1;
      return undefined;
    }
    answer[field.responseKey] = null;
  }
  walk.depth -= 1;
  return answer;
}

function tellSubject(object: AnswerObject, value: Data, walk: Walk): string | undefined {
  const id = value[SUBJECT_KEY];
  if (typeof id !== 'string' && typeof id !== 'number') {
    walk.tell('null', `An object of type ${object.type} came without its key.`);
    return undefined;
  }
  for (const site of object.sites) walk.reader.seen(String(id), site);
  return String(id);
}

/** Completes objects where only one type can stand. */
export function completeConcrete(object: AnswerObject, objectTypes: ReadonlySet<string>): Complete {
  return (value, walk) => {
    if (!isData(value)) return walk.tell('invalid', `Expected an object of type ${object.type}.`);
    const told = value['__typename'];
    // An interface's name comes from a subgraph that has the interface as an object; only another object type contradicts.
    if (told !== undefined && told !== object.type && (typeof told !== 'string' || objectTypes.has(told))) {
      return walk.tell('invalid', `Expected an object of type ${object.type}, not of another.`);
    }
    return completeObject(object, value, walk);
  };
}

/** Completes objects of an interface or union by what they say they are; types that clients do not know are none. */
export function completeAbstract(name: string, objects: readonly AnswerObject[], interfaces: ReadonlySet<string>): Complete {
  const byType = new Map(objects.map((object) => [object.type, object]));
  return (value, walk) => {
    if (!isData(value)) return walk.tell('invalid', `Expected an object of type ${name}.`);
    const told = value['__typename'];
    const object = typeof told === 'string' ? byType.get(told) : undefined;
    if (object !== undefined) return completeObject(object, value, walk);
    // Where the type was never told, or only the interface's name, the fetch that would have said more has failed.
    const unknown = told === undefined || told === null || (typeof told === 'string' && interfaces.has(told));
    return walk.tell(unknown ? 'null' : 'invalid', `Expected an object of one of the types of ${name}.`);
  };
}

/** Completes lists, item by item. */
export function completeList(item: Complete, itemNonNull: boolean, coordinate: string, consent: ConsentWanted | undefined): Complete {
  return (value, walk) => {
    if (!Array.isArray(value)) return walk.tell('invalid', `Expected a list for field ${coordinate}.`);
    const items: unknown[] = [];
    walk.depth += 1;
    for (let index = 0; index < value.length; index += 1) {
      walk.path[walk.depth] = index;
      const fetched: unknown = value[index];
      const missing = fetched === null || fetched === undefined;
      const isMarked = typeof fetched === 'symbol';
      if (isMarked) walk.withhold(fetched, consent);
      const completed = missing || isMarked ? undefined : item(fetched, walk);
      if (completed === undefined && itemNonNull) {
        if (missing) walk.tell('null', `Cannot return null for a non-nullable item of ${coordinate}.`);
        walk.depth -= 1;
        return undefined;
      }
      items.push(completed ?? null);
    }
    walk.depth -= 1;
    return items;
  };
}
