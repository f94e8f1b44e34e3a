import type { AnswerObject } from './complete.ts';

/** A place in the answer as the client knows it. */
export interface AnswerPlace {
  /** Response keys and list indices. */
  readonly path: readonly (string | number)[];
  /** The whole way was found; otherwise `path` ends where the client's document ends. */
  readonly isWhole: boolean;
}

/** Indices beyond this are no indices of lists that fit into an answer, and would pass a subgraph's numbers on. */
const INDEX_MAX = 999_999;

/**
 * Finds the client's path of a path through fetched data. INVARIANT: what comes out are names of the client's own document and list
 * indices; a subgraph chooses the paths of its errors, and must not be able to say anything by them.
 */
export function placeOf(root: AnswerObject, dataPath: readonly (string | number)[]): AnswerPlace {
  const path: (string | number)[] = [];
  let objects: readonly AnswerObject[] = [root];
  for (const part of dataPath) {
    if (typeof part === 'number') {
      if (!Number.isInteger(part) || part < 0 || part > INDEX_MAX || path.length === 0) return { path, isWhole: false };
      path.push(part);
      continue;
    }
    const fields = objects.flatMap((object) => object.fields.filter(({ key, complete }) => complete !== undefined && key.name === part));
    const [first] = fields;
    if (first === undefined) return { path, isWhole: false };
    path.push(first.responseKey);
    objects = fields.flatMap(({ inner }) => inner);
  }
  return { path, isWhole: true };
}
