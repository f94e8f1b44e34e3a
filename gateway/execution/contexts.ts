import { read, type Data } from './data.ts';
import type { ContextRewrite } from './plan-nodes.ts';
import type { Located } from './plan-path.ts';
import { isOfType, rewriteSteps, type RewriteStep } from './rewrites.ts';
import type { TypeNames } from './type-names.ts';

/** The variables that a fetch takes from the objects around an entity (`@fromContext`), one set for each entity. */
export type ContextOf = (entity: Located) => Data;

interface Source {
  readonly variable: string;
  /** How many fields up from the entity the context stands. */
  readonly up: number;
  readonly steps: readonly RewriteStep[];
}

/**
 * Compiles context rewrites: a path that begins with `..` for each field to go up, then names and `... on T`; the value found becomes the
 * variable named. Of several rewrites for one variable the first that finds a value counts.
 */
export function compileContext(rewrites: readonly ContextRewrite[], types: TypeNames): ContextOf {
  const sources = rewrites.map(({ path, renameKeyTo }): Source => {
    const steps = path.findIndex((element) => element !== '..');
    const up = steps < 0 ? path.length : steps;
    return { variable: renameKeyTo, up, steps: rewriteSteps(path.slice(up), types) };
  });
  return ({ line }) => {
    const variables: Data = {};
    for (const { variable, up, steps } of sources) {
      if (variables[variable] !== undefined) continue;
      const value = valueAt(line[line.length - 1 - up], steps, 0);
      if (value !== undefined) variables[variable] = value;
    }
    return variables;
  };
}

function valueAt(value: unknown, steps: readonly RewriteStep[], at: number): unknown {
  const step = steps[at];
  if (step === undefined || value === null || value === undefined) return value;
  if (Array.isArray(value)) return value.map((item) => valueAt(item, steps, at));
  if (typeof value !== 'object') return undefined;
  const object = value as Data;
  if (step.kind === 'key') return valueAt(read(object, step.key), steps, at + 1);
  return isOfType(object, step.types) ? valueAt(object, steps, at + 1) : undefined;
}
