import { isData, keyOf, read, type Data, type Key } from './data.ts';

/** A step of the way from the answer's root to the objects that a fetch is about. */
export type PathStep =
  | { readonly kind: 'list'; readonly types: ReadonlySet<string> | undefined }
  | { readonly kind: 'key'; readonly key: Key; readonly types: ReadonlySet<string> | undefined };

export type PlanPath = readonly PathStep[];

/** `name`, `@` for a list's items, both with `|[A,B]` when only objects of these types are meant; empty for staying in place. */
const ELEMENT = /^([^|]*)(?:\|\[([^\]]*)\])?$/;

/** Reads a path of Apollo's plans (`FlattenNode.path`). Throws on an element of a form that the planner does not make. */
export function planPath(path: readonly (string | number)[]): PlanPath {
  const steps: PathStep[] = [];
  for (const element of path) {
    const [, name, list] = ELEMENT.exec(String(element)) ?? [];
    if (name === undefined) throw new Error(`A plan has the path element "${String(element)}", which this executor does not know.`);
    const types = list === undefined ? undefined : new Set(list.split(','));
    if (name === '@') steps.push({ kind: 'list', types });
    else if (name !== '') steps.push({ kind: 'key', key: keyOf(name), types });
  }
  return steps;
}

/** The objects at the end of the path, in order; nulls on the way and values that are no objects lead nowhere. */
export function objectsAt(root: Data, path: PlanPath): readonly Data[] {
  const found: Data[] = [];
  follow(root, path, 0, found);
  return found;
}

function follow(value: unknown, path: PlanPath, at: number, found: Data[]): void {
  const step = path[at];
  if (step === undefined) {
    if (isData(value)) found.push(value);
  } else if (step.kind === 'key') {
    if (!isData(value)) return;
    const next = read(value, step.key);
    if (next !== null && next !== undefined && passes(next, step.types)) follow(next, path, at + 1, found);
  } else if (Array.isArray(value)) {
    for (const item of value) if (item !== null && passes(item, step.types)) follow(item, path, at + 1, found);
  }
}

/** An object at the end of a path: its way with list indices, and the objects whose fields lead to it, itself last. */
export interface Located {
  readonly path: readonly (string | number)[];
  readonly line: readonly Data[];
}

/** The same objects in the same order, with where each stands. Costs more: for errors and contexts. */
export function located(root: Data, path: PlanPath): readonly Located[] {
  const found: Located[] = [];
  const way: (string | number)[] = [];
  const line: Data[] = [];
  const locate = (value: unknown, at: number): void => {
    const step = path[at];
    if (step === undefined) {
      if (isData(value)) found.push({ path: [...way], line: [...line, value] });
    } else if (step.kind === 'key') {
      if (!isData(value)) return;
      const next = read(value, step.key);
      if (next === null || next === undefined || !passes(next, step.types)) return;
      way.push(step.key.name);
      line.push(value);
      locate(next, at + 1);
      way.pop();
      line.pop();
    } else if (Array.isArray(value)) {
      for (const [index, item] of value.entries()) {
        if (item === null || !passes(item, step.types)) continue;
        way.push(index);
        locate(item, at + 1);
        way.pop();
      }
    }
  };
  locate(root, 0);
  return found;
}

function passes(value: unknown, types: ReadonlySet<string> | undefined): boolean {
  if (types === undefined) return true;
  // A condition behind a name that leads to a list is about the list's items.
  if (Array.isArray(value)) return true;
  return isData(value) && typeof value['__typename'] === 'string' && types.has(value['__typename']);
}

/** Response names of the path, without lists: where something stands that is true of every item. */
export function namesOf(path: PlanPath): readonly string[] {
  return path.flatMap((step) => (step.kind === 'key' ? [step.key.name] : []));
}
