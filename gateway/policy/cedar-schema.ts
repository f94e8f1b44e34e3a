import { parse } from 'graphql';
import { decidedFields, type CedarArgumentType, type DecidedField } from './decided-fields.ts';

const HEAD = `// Generated from the supergraph by cedarSchemaOf (gateway/policy/cedar-schema.ts). Do not edit: "policy check" compares it.

// Kinds: ministry, province, enterprise, public-service-unit.
entity AgencyKind;
entity Agency in [AgencyKind];
entity Application in [Agency];

// A register is a subgraph, a group is what a consent names, a field is a coordinate such as "Resident.phone" or "Query.resident".
entity Register;
entity Group in [Register];
entity Field in [Group, Register] {
  // PUBLIC, BASIC or SENSITIVE
  class: String,
  // The agency that owns the register
  owner: String,
};
`;

/**
 * The Cedar schema of a supergraph, as text for people. Only `arguments` depends on the graph: one optional attribute for each argument of
 * a field of personal data. An argument name that has different types on different fields is left out, since one attribute cannot have
 * both: a policy that reads it fails validation instead of failing on some fields at run time.
 */
export function cedarSchemaOf(supergraphSdl: string): string {
  return cedarSchema(argumentTypes(decidedFields(parse(supergraphSdl, { noLocation: true })).values()));
}

/** The same from the argument types of {@link argumentTypes}. */
export function cedarSchema(types: ReadonlyMap<string, CedarArgumentType>): string {
  const attributes = [...types].map(([name, type]) => `    ${JSON.stringify(name)}?: ${type},\n`);
  return `${HEAD}
type Context = {
  purpose: String,
  // 0 nobody logged in, 1 and 2 the levels of Decree 69/2024
  assurance: Long,
  emergency: Bool,
  // Asked by the person who is logged in, about themselves
  self: Bool,
  officer: { role?: String },
  arguments: {
${attributes.join('')}  },
};

action "read", "write", "aggregate" appliesTo {
  principal: [Application],
  resource: [Field],
  context: Context,
};
`;
}

/** Cedar type of each argument name that policies can read, by name, in order of names. */
export function argumentTypes(fields: Iterable<DecidedField>): ReadonlyMap<string, CedarArgumentType> {
  const found = new Map<string, Set<CedarArgumentType>>();
  for (const field of fields) {
    for (const [name, type] of field.arguments) found.set(name, (found.get(name) ?? new Set()).add(type));
  }
  const types = new Map<string, CedarArgumentType>();
  for (const name of [...found.keys()].sort()) {
    const [type, ...others] = found.get(name) ?? [];
    // Cedar reads `__entity` and `__extn` in a record as something else; GraphQL reserves such names, and here they have no chance.
    if (type !== undefined && others.length === 0 && !name.startsWith('__')) types.set(name, type);
  }
  return types;
}
