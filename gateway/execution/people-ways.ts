import { isData, read, type Data } from './data.ts';
import type { DataWay } from './people.ts';
import { SUBJECT_KEY } from './shape.ts';

/** Goes a way through the data, lists gone into, nulls and what is withheld gone around. */
export function visitAt(value: unknown, way: DataWay, visit: (object: Data) => void, at = 0): void {
  if (Array.isArray(value)) {
    for (const item of value) visitAt(item, way, visit, at);
    return;
  }
  if (!isData(value)) return;
  const step = way[at];
  if (step === undefined) visit(value);
  else if (isHolder(value, step.holders)) visitAt(read(value, step.key), way, visit, at + 1);
}

/** The same with the place of each object, indices of lists included. */
export function visitPlaces(root: Data, way: DataWay, visit: (object: Data, path: readonly (string | number)[]) => void): void {
  const path: (string | number)[] = [];
  const follow = (value: unknown, at: number): void => {
    if (Array.isArray(value)) {
      for (const [index, item] of value.entries()) {
        path.push(index);
        follow(item, at);
        path.pop();
      }
      return;
    }
    if (!isData(value)) return;
    const step = way[at];
    if (step === undefined) return visit(value, [...path]);
    if (!isHolder(value, step.holders)) return;
    path.push(step.key.name);
    follow(read(value, step.key), at + 1);
    path.pop();
  };
  follow(root, 0);
}

/** Objects that have the last field of a way. */
export function visitHolders(value: unknown, way: DataWay, visit: (holder: Data, key: string) => void): void {
  const last = way.at(-1);
  if (last === undefined) return;
  visitAt(value, way.slice(0, -1), (holder) => {
    if (isHolder(holder, last.holders)) visit(holder, last.key.name);
  });
}

/** Whose object it is; undefined when it came without its key. */
export function idOf(person: Data): string | undefined {
  const id = person[SUBJECT_KEY];
  return typeof id === 'string' || typeof id === 'number' ? String(id) : undefined;
}

/** Where no type was asked for there is nothing to tell apart. */
function isHolder(object: Data, holders: ReadonlySet<string> | undefined): boolean {
  const type = object['__typename'];
  return holders === undefined || type === undefined || (typeof type === 'string' && holders.has(type));
}
