import { isData, keyOf, read, type Data, type Key } from './data.ts';
import type { DataRewrite } from './plan-nodes.ts';
import type { TypeNames } from './type-names.ts';

/** Changes an object in place: a representation before it is sent, or an entity as it came. */
export type Rewrite = (object: Data) => void;

export type RewriteStep = { readonly kind: 'type'; readonly types: ReadonlySet<string> } | { readonly kind: 'key'; readonly key: Key };

const FRAGMENT = '... on ';

/**
 * Compiles the rewrites of a fetch. A ValueSetter gives a field a fixed value; a KeyRenamer moves one to another name, null and false
 * values too. Nulls and lists on the way are gone around and into.
 */
export function compileRewrites(rewrites: readonly DataRewrite[] | undefined, types: TypeNames): Rewrite | undefined {
  if (rewrites === undefined || rewrites.length === 0) return undefined;
  const compiled = rewrites.map((rewrite) => compileRewrite(rewrite, types));
  return (object) => {
    for (const rewrite of compiled) rewrite(object);
  };
}

function compileRewrite(rewrite: DataRewrite, types: TypeNames): Rewrite {
  const steps = rewriteSteps(rewrite.path, types);
  const last = steps.at(-1);
  if (last?.kind !== 'key') throw new Error('A rewrite of a plan ends in a field.');
  const way = steps.slice(0, -1);
  const { key } = last;
  if (rewrite.kind === 'ValueSetter') {
    return (object) => forEachAt(object, way, 0, (at) => void (at[key.name] = rewrite.setValueTo));
  }
  const renamed = keyOf(rewrite.renameKeyTo);
  return (object) =>
    forEachAt(object, way, 0, (at) => {
      const value = read(at, key);
      // The old name stays: nothing that comes later asks for it, and deleting a member makes an object slow.
      if (value !== undefined) at[renamed.name] = value;
    });
}

/** Reads the path of a rewrite: field names, and `... on T` for objects of a type. */
export function rewriteSteps(path: readonly string[], types: TypeNames): readonly RewriteStep[] {
  return path.map((element) =>
    element.startsWith(FRAGMENT)
      ? { kind: 'type', types: types.under(element.slice(FRAGMENT.length)) }
      : { kind: 'key', key: keyOf(element) },
  );
}

function forEachAt(value: unknown, way: readonly RewriteStep[], at: number, visit: (object: Data) => void): void {
  if (Array.isArray(value)) {
    for (const item of value) forEachAt(item, way, at, visit);
    return;
  }
  if (!isData(value)) return;
  const step = way[at];
  if (step === undefined) visit(value);
  else if (step.kind === 'key') forEachAt(read(value, step.key), way, at + 1, visit);
  else if (isOfType(value, step.types)) forEachAt(value, way, at + 1, visit);
}

/** Where a type was not asked for there is nothing to tell apart. */
export function isOfType(object: Data, types: ReadonlySet<string>): boolean {
  const type = object['__typename'];
  return type === undefined || (typeof type === 'string' && types.has(type));
}
