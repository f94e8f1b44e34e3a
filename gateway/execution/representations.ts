import { isData, keyOf, read, type Data, type Key } from './data.ts';
import type { DataRewrite, RequiredSelection } from './plan-nodes.ts';
import { compileRewrites } from './rewrites.ts';
import type { TypeNames } from './type-names.ts';

/** Representations to send, each once, and which of them stands for each object that was gone through (-1: none). */
export interface Batch {
  readonly representations: readonly Data[];
  readonly indexOf: readonly number[];
}

/** Makes the representations of objects by which a subgraph finds its entities. */
export type Represent = (objects: readonly Data[]) => Batch;

interface Field {
  readonly key: Key;
  /** What is sent of composite values. */
  readonly inner: Extraction | undefined;
}

/** How an object of one type is represented. */
interface Recipe {
  readonly fields: readonly Field[];
  /** The one field beside `__typename`, when that is all there is to send: the usual case, told apart by its value alone. */
  readonly only: Key | undefined;
  /** The type that the subgraph is told; an interface's name for one that has it as an object. */
  readonly sentType: string;
}

const TYPENAME = '__typename';

/**
 * Compiles the inputs of an entity fetch (`FetchNode.requires` with its input rewrites). An object of another type, and one of which an
 * input was never fetched because something failed before, is not represented: nothing is computed from what is not known. A null that
 * was fetched is an input like any other.
 */
export function compileRepresent(
  requires: readonly RequiredSelection[],
  rewrites: readonly DataRewrite[] | undefined,
  types: TypeNames,
): Represent {
  const extraction = new Extraction([requires], types);
  const rewrite = compileRewrites(rewrites, types);
  const recipes = new Map<string, Recipe | undefined>();
  const onlyTypes = (rewrites ?? []).every((one) => one.kind === 'ValueSetter' && one.path.filter(isField).join() === TYPENAME);

  const recipeOf = (type: unknown): Recipe | undefined => {
    if (typeof type !== 'string') return undefined;
    const known = recipes.get(type);
    if (known !== undefined || !types.composites.has(type)) return known;
    const fields = extraction.fieldsOf(type);
    const others = fields.filter(({ key }) => key.name !== TYPENAME);
    const [only] = others;
    const probe: Data = { [TYPENAME]: type };
    rewrite?.(probe);
    const recipe: Recipe = {
      fields,
      only: onlyTypes && others.length === 1 && only?.inner === undefined ? only?.key : undefined,
      sentType: String(probe[TYPENAME]),
    };
    recipes.set(type, recipe);
    return recipe;
  };

  const build = (recipe: Recipe, object: Data): Data | undefined => {
    const made = pick(recipe.fields, object);
    if (made !== undefined) rewrite?.(made);
    return made;
  };

  return (objects) => {
    const representations: Data[] = [];
    const indexOf: number[] = [];
    const known = new Map<string, number>();
    // INVARIANT: no two different representations are taken for one, or one person would get another's data.
    const knownByType = new Map<string, Map<unknown, number>>();
    for (const object of objects) {
      const recipe = recipeOf(object[TYPENAME]);
      const value = recipe?.only === undefined ? undefined : read(object, recipe.only);
      if (recipe?.only !== undefined && (typeof value === 'string' || typeof value === 'number')) {
        let byValue = knownByType.get(recipe.sentType);
        if (byValue === undefined) knownByType.set(recipe.sentType, (byValue = new Map()));
        let index = byValue.get(value);
        if (index === undefined) {
          index = representations.push({ [TYPENAME]: recipe.sentType, [recipe.only.name]: value }) - 1;
          byValue.set(value, index);
        }
        indexOf.push(index);
        continue;
      }
      const made = recipe === undefined || recipe.fields.length === 0 ? undefined : build(recipe, object);
      if (made === undefined) {
        indexOf.push(-1);
        continue;
      }
      const identity = JSON.stringify(made);
      let index = known.get(identity);
      if (index === undefined) {
        index = representations.push(made) - 1;
        known.set(identity, index);
      }
      indexOf.push(index);
    }
    return { representations, indexOf };
  };
}

function isField(element: string): boolean {
  return !element.startsWith('... on ');
}

/** A selection to copy out of an object, resolved for each type that the object can have. */
class Extraction {
  readonly #sets: readonly (readonly RequiredSelection[])[];
  readonly #types: TypeNames;
  readonly #byType = new Map<string | undefined, readonly Field[]>();

  constructor(sets: readonly (readonly RequiredSelection[])[], types: TypeNames) {
    this.#sets = sets;
    this.#types = types;
  }

  /** The fields for objects of a type. Types that the supergraph does not have (a subgraph can say anything) fit no fragment. */
  fieldsOf(told: unknown): readonly Field[] {
    const type = typeof told === 'string' && this.#types.composites.has(told) ? told : undefined;
    let fields = this.#byType.get(type);
    if (fields === undefined) {
      const byName = new Map<string, RequiredSelection[][]>();
      for (const set of this.#sets) this.#collect(set, type, byName);
      fields = [...byName].map(([name, inner]) => ({
        key: keyOf(name),
        inner: inner.length === 0 ? undefined : new Extraction(inner, this.#types),
      }));
      this.#byType.set(type, fields);
    }
    return fields;
  }

  #collect(set: readonly RequiredSelection[], type: string | undefined, byName: Map<string, RequiredSelection[][]>): void {
    for (const selection of set) {
      if (selection.kind === 'Field') {
        const name = selection.alias ?? selection.name;
        const inner = byName.get(name) ?? [];
        byName.set(name, inner);
        if (selection.selections !== undefined) inner.push([...selection.selections]);
      } else {
        const { typeCondition } = selection;
        const applies = typeCondition === undefined || (type !== undefined && this.#types.under(typeCondition).has(type));
        if (applies) this.#collect(selection.selections, type, byName);
      }
    }
  }
}

function pick(fields: readonly Field[], object: Data): Data | undefined {
  const picked: Data = {};
  for (const { key, inner } of fields) {
    const value = read(object, key);
    const sent = inner === undefined ? value : pickInside(inner, value);
    if (sent === undefined) return undefined;
    picked[key.name] = sent;
  }
  return picked;
}

function pickInside(extraction: Extraction, value: unknown): unknown {
  if (value === null) return null;
  if (Array.isArray(value)) {
    const items: unknown[] = [];
    for (const item of value) {
      const sent = pickInside(extraction, item);
      if (sent === undefined) return undefined;
      items.push(sent);
    }
    return items;
  }
  return isData(value) ? pick(extraction.fieldsOf(value[TYPENAME]), value) : undefined;
}
