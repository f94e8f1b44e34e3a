import { Kind, parse, type SelectionSetNode } from 'graphql';
import { isData, keyOf, read, type Data, type Key } from './data.ts';
import type { DataRewrite } from './plan-nodes.ts';

/**
 * What a fetch asks for, by response name, its fragments laid over each other: the only members that are taken from an answer. Whatever
 * else a subgraph sends stays behind.
 */
export interface Asked {
  readonly fields: readonly AskedField[];
}
export interface AskedField {
  readonly key: Key;
  /** Undefined for leaves, whose values go over as they are. */
  readonly inner: Asked | undefined;
}

type Names = Map<string, Names | undefined>;

/** Reads what an operation asks for; for one on `_entities`, of each entity. Names that output rewrites change are the changed ones. */
export function askedBy(operation: string, ofEntities: boolean, rewrites: readonly DataRewrite[] | undefined): Asked {
  const { definitions } = parse(operation, { noLocation: true });
  const fragments = new Map<string, SelectionSetNode>();
  const names: Names = new Map();
  for (const definition of definitions) {
    if (definition.kind === Kind.FRAGMENT_DEFINITION) fragments.set(definition.name.value, definition.selectionSet);
  }
  for (const definition of definitions) {
    if (definition.kind === Kind.OPERATION_DEFINITION) collect(definition.selectionSet, fragments, names);
  }
  const asked = ofEntities ? (names.get('_entities') ?? new Map()) : names;
  for (const rewrite of rewrites ?? []) if (rewrite.kind === 'KeyRenamer') rename(asked, rewrite.path, rewrite.renameKeyTo);
  return toAsked(asked);
}

function collect(set: SelectionSetNode, fragments: ReadonlyMap<string, SelectionSetNode>, names: Names): void {
  for (const selection of set.selections) {
    if (selection.kind === Kind.FIELD) {
      const name = selection.alias?.value ?? selection.name.value;
      const inner = names.get(name) ?? (selection.selectionSet ? new Map() : undefined);
      names.set(name, inner);
      if (selection.selectionSet && inner) collect(selection.selectionSet, fragments, inner);
    } else {
      const inner = selection.kind === Kind.INLINE_FRAGMENT ? selection.selectionSet : fragments.get(selection.name.value);
      if (inner) collect(inner, fragments, names);
    }
  }
}

function rename(names: Names, path: readonly string[], to: string): void {
  const way = path.filter((element) => !element.startsWith('... on '));
  const last = way.pop();
  let at: Names | undefined = names;
  for (const name of way) at = at?.get(name);
  if (at === undefined || last === undefined || !at.has(last)) return;
  const moved = at.get(last);
  const there = at.get(to);
  at.delete(last);
  at.set(to, moved && there ? joined(moved, there) : (moved ?? there));
}

function joined(one: Names, other: Names): Names {
  const both: Names = new Map(one);
  for (const [name, inner] of other) {
    const known = both.get(name);
    both.set(name, known && inner ? joined(known, inner) : (known ?? inner));
  }
  return both;
}

function toAsked(names: Names): Asked {
  return { fields: [...names].map(([name, inner]) => ({ key: keyOf(name), inner: inner && toAsked(inner) })) };
}

/** Merges answers of one supergraph. `objects` are its object types: what a name says for good. */
export interface Merger {
  /**
   * Puts what was asked of `source` into `target`. Objects and lists of the source are taken over, not copied, where the target has
   * nothing yet: the source belongs to the answer from then on.
   */
  readonly merge: (asked: Asked, target: Data, source: Data) => void;
  /** The same with copies, for a source that goes to several targets which later differ. */
  readonly mergeCopy: (asked: Asked, target: Data, source: Data) => void;
}

export function createMerger(objects: ReadonlySet<string>): Merger {
  const merge = (asked: Asked, target: Data, source: Data): void => {
    for (const field of asked.fields) {
      const value = read(source, field.key);
      // A null beside a value is a failure, and the answer has an error for it: what another subgraph gave remains.
      if (value === undefined || value === null) {
        if (value === null && read(target, field.key) === undefined) target[field.key.name] = null;
        continue;
      }
      const known = read(target, field.key);
      if (known === undefined || known === null) target[field.key.name] = value;
      else if (field.inner !== undefined) mergeValues(field.inner, known, value);
      else if (field.key.name !== '__typename' || !isFinal(known)) target[field.key.name] = value;
    }
  };

  const mergeValues = (asked: Asked, known: unknown, value: unknown): void => {
    if (known === value) return;
    if (isData(known)) {
      if (isData(value)) merge(asked, known, value);
    } else if (Array.isArray(known) && Array.isArray(value) && known.length === value.length) {
      for (let index = 0; index < known.length; index += 1) {
        const item: unknown = known[index];
        if (item === null) known[index] = value[index];
        else mergeValues(asked, item, value[index]);
      }
    }
  };

  /** A subgraph that has an interface as an object (`@interfaceObject`) calls a Film Media; that must not undo what is known of it. */
  const isFinal = (type: unknown): boolean => typeof type === 'string' && objects.has(type);

  return {
    merge,
    mergeCopy: (asked, target, source) => merge(asked, target, copyOf(asked, source) as Data),
  };
}

function copyOf(asked: Asked | undefined, value: unknown): unknown {
  if (asked === undefined) return value;
  if (Array.isArray(value)) return value.map((item) => copyOf(asked, item));
  if (!isData(value)) return value;
  const copy: Data = {};
  for (const { key, inner } of asked.fields) {
    const member = read(value, key);
    if (member !== undefined) copy[key.name] = copyOf(inner, member);
  }
  return copy;
}
