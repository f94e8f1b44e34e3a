import { isObjectType, type GraphQLSchema } from 'graphql';
import type { Classification } from '../../platform/classification.ts';
import type { Decision, Policies } from './decision.ts';

const ALLOWED: Decision = {
  kind: 'permitted',
  law: { policyId: 'open', basis: 'OPEN', reference: undefined, transform: undefined },
  consent: undefined,
  expiresAtMs: Number.POSITIVE_INFINITY,
};

/** The policies of `--open`: everything to everybody. */
export const OPEN_POLICIES: Policies = { version: 'open', key: 'open', decide: () => ALLOWED, argumentsRead: new Set() };

/** Under `--open` nobody is a person and every field of every type decides for itself, as root fields do. */
export function openClassification(schema: GraphQLSchema): Classification {
  const types = Object.values(schema.getTypeMap()).filter(isObjectType);
  return {
    personal: new Map(),
    subjects: new Map(),
    subjectsOf: new Map(),
    reads: new Map(),
    lookups: new Set(),
    selves: new Set(),
    retained: new Map(),
    keys: new Map(),
    valueTypes: new Set(),
    unclassified: new Set(),
    roots: new Set(types.map((type) => type.name)),
  };
}
