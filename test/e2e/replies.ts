import { expect } from 'vitest';
import type { Reply } from './test-gateway.ts';

const REFUSED = ['FIELD_NOT_PERMITTED', 'CONSENT_REQUIRED'];

export type Fields = Record<string, unknown>;

/** Exactly these paths, without list indices, are refused: each with one error, and null in every place. */
export function expectRefusedExactly(reply: Reply, expected: readonly string[]): void {
  expect(reply.status).toBe(200);
  const told = reply.errors.map(({ path = [], extensions }) => {
    expect(REFUSED).toContain(extensions.code);
    return path.filter((part) => typeof part === 'string').join('.');
  });
  expect(told.toSorted()).toEqual([...expected].toSorted());
  for (const path of expected) for (const value of valuesAt(reply.data, path.split('.'))) expect(value, path).toBeNull();
}

/** What stands at a path, in every item of the lists on the way. */
function valuesAt(data: unknown, path: readonly string[]): readonly unknown[] {
  const [first, ...rest] = path;
  if (Array.isArray(data)) return data.flatMap((item) => valuesAt(item, path));
  if (first === undefined) return [data];
  return typeof data === 'object' && data !== null ? valuesAt((data as Fields)[first], rest) : [];
}

/** The request is refused as a whole, with one code, and without data. */
export function expectRefused(reply: Reply, status: number, code: string): void {
  expect(reply.errors[0]?.extensions.code).toBe(code);
  expect(reply.status).toBe(status);
  expect(reply.text).not.toContain('"data"');
}

/** The object that a root gave. */
export function person(reply: Reply, root = 'resident'): Fields {
  return reply.data?.[root] as Fields;
}
