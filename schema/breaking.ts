import { buildSchema, findBreakingChanges, findDangerousChanges } from 'graphql';

export interface ApiChanges {
  /** Changes that make documents fail which were valid, one sentence each. */
  readonly breaking: readonly string[];
  /** Changes that may surprise a client whose document stays valid: a new enum value, a new union member, another default. */
  readonly dangerous: readonly string[];
}

/** What changes for clients between two API schemas as SDL, by graphql-js' own rules. Throws when one of them is no schema. */
export function compareApi(before: string, after: string): ApiChanges {
  const from = buildSchema(before);
  const to = buildSchema(after);
  return {
    breaking: findBreakingChanges(from, to).map(({ description }) => description),
    dangerous: findDangerousChanges(from, to).map(({ description }) => description),
  };
}
