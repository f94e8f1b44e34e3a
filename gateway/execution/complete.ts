import { isData, read, type Data, type Key } from './data.ts';
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
  /** `Type.field`, for messages. */
  readonly coordinate: string;
  /** Objects that can stand here, for finding a place by its path. */
  readonly inner: readonly AnswerObject[];
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
  readonly kind: 'null' | 'invalid';
  /** Client's path with list indices. */
  readonly path: readonly (string | number)[];
  /** What is wrong, without the value. */
  readonly what: string;
}

/** One walk through the data of one request: where it is, and what it found. */
export class Walk {
  readonly issues: Issue[] = [];
  readonly seen: PersonSeen;
  /** The way to the value at hand; what lies behind `depth` is left over from before. */
  readonly path: (string | number)[] = [];
  depth = -1;
  readonly #issuesMax: number;

  constructor(seen: PersonSeen, issuesMax: number) {
    this.seen = seen;
    this.#issuesMax = issuesMax;
  }

  tell(kind: Issue['kind'], what: string): undefined {
    if (this.issues.length < this.#issuesMax) this.issues.push({ kind, path: this.path.slice(0, this.depth + 1), what });
  }
}

/** Completes an object of a known type: the client's fields in the client's order, and nothing else of what was sent. */
export function completeObject(object: AnswerObject, value: Data, walk: Walk): Data | undefined {
  if (object.isNull) return undefined;
  if (object.isSubject && !tellSubject(object, value, walk)) return undefined;
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
    const completed = missing || field.complete === undefined ? undefined : field.complete(fetched, walk);
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

function tellSubject(object: AnswerObject, value: Data, walk: Walk): boolean {
  const id = value[SUBJECT_KEY];
  if (typeof id !== 'string' && typeof id !== 'number') {
    walk.tell('null', `An object of type ${object.type} came without its key.`);
    return false;
  }
  for (const site of object.sites) walk.seen(String(id), site);
  return true;
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
export function completeList(item: Complete, itemNonNull: boolean, coordinate: string): Complete {
  return (value, walk) => {
    if (!Array.isArray(value)) return walk.tell('invalid', `Expected a list for field ${coordinate}.`);
    const items: unknown[] = [];
    walk.depth += 1;
    for (let index = 0; index < value.length; index += 1) {
      walk.path[walk.depth] = index;
      const fetched: unknown = value[index];
      const missing = fetched === null || fetched === undefined;
      const completed = missing ? undefined : item(fetched, walk);
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
