/** An object of a subgraph's answer, as JSON.parse made it: it has a prototype, so some names can only be read after asking whose they are. */
export type Data = Record<string, unknown>;

/** Where one value is read. Made once per plan; `guarded` when an object has something of this name without having been told it. */
export interface Key {
  readonly name: string;
  readonly guarded: boolean;
}

/** Makes the key of a response name. INVARIANT: `__proto__` is never a key; no document that is admitted can name it (stages/admit.ts). */
export function keyOf(name: string): Key {
  if (name === '__proto__') throw new Error('A response name is "__proto__", which admission refuses.');
  return { name, guarded: name in Object.prototype };
}

/** The object's own value under the key, undefined when it has none. */
export function read(data: Data, key: Key): unknown {
  return key.guarded && !Object.hasOwn(data, key.name) ? undefined : data[key.name];
}

/** Whether a value from JSON is an object and no list. */
export function isData(value: unknown): value is Data {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
