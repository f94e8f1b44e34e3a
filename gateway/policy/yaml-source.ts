import { isMap, isScalar, isSeq, LineCounter, parseDocument, type Document } from 'yaml';
import type { z } from 'zod';
import { error, FILE_START, type Position, type Problem } from './problems.ts';

/** A YAML file read against a schema: its value when there is nothing wrong with it, and where each part of it stands. */
export interface YamlSource<T> {
  readonly value: T | undefined;
  readonly problems: readonly Problem[];
  readonly at: (path: readonly PropertyKey[]) => Position;
}

/** Parses a YAML file strictly (duplicate keys are errors) and checks it; every problem has the line and column of the part it is about. */
export function readYaml<T>(file: string, text: string, schema: z.ZodType<T>): YamlSource<T> {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const positionOf = (offset: number): Position => {
    const { line, col } = lines.linePos(offset);
    return line === 0 ? FILE_START : { line, column: col };
  };
  const at = (path: readonly PropertyKey[]): Position => positionOf(offsetOf(document, path));

  if (document.errors.length > 0) {
    return { value: undefined, at, problems: document.errors.map((wrong) => error(file, positionOf(wrong.pos[0]), `${wrong.message}.`)) };
  }
  const parsed = schema.safeParse(toJs(document));
  if (parsed.success) return { value: parsed.data, at, problems: [] };
  const problems = parsed.error.issues.map((issue) => {
    const path = issue.code === 'unrecognized_keys' ? [...issue.path, issue.keys[0] ?? ''] : issue.path;
    return error(file, at(path), `${path.length === 0 ? '' : `${path.map(String).join('.')}: `}${issue.message}.`);
  });
  return { value: undefined, at, problems };
}

function toJs(document: Document): unknown {
  try {
    return document.toJS() as unknown;
  } catch {
    // Aliases that expand without end: the schema then says that the file holds nothing usable.
    return undefined;
  }
}

/** Offset of the key or item that a path leads to, or of the nearest part that exists. */
function offsetOf(document: Document, path: readonly PropertyKey[]): number {
  let node: unknown = document.contents;
  let offset = 0;
  for (const step of path) {
    if (isMap(node)) {
      const pair = node.items.find((item) => isScalar(item.key) && String(item.key.value) === String(step));
      if (!pair) return offset;
      if (isScalar(pair.key)) offset = pair.key.range?.[0] ?? offset;
      node = pair.value;
    } else if (isSeq(node)) {
      const item: unknown = node.items[Number(step)];
      if (item === undefined) return offset;
      offset = (item as { range?: readonly number[] }).range?.[0] ?? offset;
      node = item;
    } else return offset;
  }
  return offset;
}
