import { gql } from 'graphql-tag';
import type { CeilingService } from '../ceilings/service.ts';
import type { AdminContext, AdminRoot } from './schema.ts';

/** The part of the admin API by which owners set the ceilings of their registers. */
export const CEILING_TYPES = gql`
  extend type Query {
    "The newest ceiling of a register; null while the register has only its own."
    registerCeiling(register: ID!): RegisterCeiling
  }

  extend type Mutation {
    "Signs a ceiling for the register's owner. What widens needs the signature of another person under the same statement."
    signCeiling(statement: String!, key: String!, signature: String!): CeilingChange!
  }

  type RegisterCeiling {
    register: String!
    version: Int!
    "JSON, as it was signed."
    statement: String!
    "False while another of the owner's people has to sign it."
    inForce: Boolean!
    signedBy: [String!]!
  }

  type CeilingChange {
    version: Int
    inForce: Boolean
    "agency purpose action group: what it lets through and the one before did not."
    widens: [String!]
    refusal: Refusal
  }
`;

/** Resolvers of the root fields. */
export function ceilingRoot({ show, sign }: CeilingService): AdminRoot {
  return {
    registerCeiling: async ({ register }: { readonly register: string }) => {
      const row = await show(register);
      return row && { ...row, inForce: row.state === 'in force', signedBy: row.signed_by.map(({ account }) => account) };
    },
    signCeiling: async (
      { statement, key, signature }: { readonly statement: string; readonly key: string; readonly signature: string },
      { actor }: AdminContext,
    ) => {
      const answer = await sign(actor, statement, key, signature);
      if (answer.kind === 'refused') return { refusal: { code: answer.code, message: answer.message } };
      return { version: answer.version, inForce: answer.isInForce, widens: answer.widens, refusal: null };
    },
  };
}
