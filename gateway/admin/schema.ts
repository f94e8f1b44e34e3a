import { buildASTSchema, extendSchema, GraphQLError, isScalarType, type GraphQLSchema } from 'graphql';
import { gql } from 'graphql-tag';
import { allow, applyMiddleware, deny, rule, shield } from '../../platform/graphql-shield.ts';
import { SCALARS } from '../../platform/scalars.ts';
import type { CheckReport } from '../policy/check.ts';
import { CONSENT_TYPES, consentRoot, type ConsentSources } from './consent-schema.ts';
import { CITIZENS_MAX } from './limits.ts';
import { passes } from './policy-report.ts';
import type { Administrator, AdminRole } from './token.ts';

const TYPES = gql`
  scalar IdNumber
  scalar DateTime

  type Query {
    "The gateway that answers."
    status: Status!
    "The active policies, checked again."
    policyCheck: PolicyReport!
    "ID numbers of synthetic citizens to try requests with: living adults who have a phone, an address and current coverage."
    citizens(count: Int!): [IdNumber!]!
  }

  type Status {
    profile: String!
    ready: Boolean!
    startedAt: DateTime!
    "Content address of the active policies."
    policyVersion: String!
  }

  type PolicyReport {
    "False when a problem is an error."
    passed: Boolean!
    "Policies read."
    policies: Int!
    "Cases that passed."
    cases: Int!
    problems: [PolicyProblem!]!
  }

  type PolicyProblem {
    file: String!
    line: Int!
    column: Int!
    severity: String!
    message: String!
  }
`;

export interface AdminStatus {
  readonly profile: string;
  readonly ready: boolean;
  /** ISO 8601, UTC. */
  readonly startedAt: string;
  readonly policyVersion: string;
}

/** What the admin API asks the gateway. */
export interface AdminSources {
  readonly status: () => AdminStatus | Promise<AdminStatus>;
  /** The directory that the active policies came from, checked again. */
  readonly checkPolicies: () => Promise<CheckReport>;
  /** ID numbers of synthetic citizens; undefined where data may be real, and then nobody gets any. */
  readonly showcase: ((count: number) => Promise<readonly string[]>) | undefined;
  readonly consents: Omit<ConsentSources, 'clock'>;
  readonly clock: () => number;
}

export interface AdminContext {
  readonly administrator: Administrator;
}

// Made once: graphql-shield refuses two rules of one name.
const IS_READER = has('reader');
const IS_DEMO = has('demo');

/** The admin API's schema, every field guarded by role: what is not allowed here is denied, new fields included. */
export function createAdminSchema(): GraphQLSchema {
  const schema = extendSchema(buildASTSchema(TYPES), CONSENT_TYPES);
  for (const scalar of [SCALARS.IdNumber, SCALARS.DateTime]) {
    const declared = schema.getType(scalar.name);
    if (isScalarType(declared)) declared.serialize = scalar.serialize;
  }
  const permissions = shield(
    {
      Query: { status: IS_READER, policyCheck: IS_READER, citizens: IS_DEMO, consents: IS_DEMO, consentReceipt: IS_DEMO },
      Mutation: { giveConsent: IS_DEMO, withdrawConsent: IS_DEMO, extendConsent: IS_DEMO },
      Consent: allow,
      ConsentGroup: allow,
      Names: allow,
      ConsentReceipt: allow,
      Status: allow,
      PolicyReport: allow,
      PolicyProblem: allow,
    },
    {
      fallbackRule: deny,
      // Called with the error of a resolver too, which the server masks; without one a rule has said no.
      fallbackError: (error) =>
        error instanceof Error
          ? error
          : new GraphQLError('The key of this call does not have the role that this field needs.', {
              extensions: { code: 'FIELD_NOT_PERMITTED' },
            }),
    },
  );
  return applyMiddleware(schema, permissions);
}

/** The root value: graphql-js calls its methods with the arguments of the field. */
export function adminRoot(sources: AdminSources): Record<string, (args: never) => unknown> {
  return {
    status: async () => sources.status(),
    policyCheck: async () => {
      const report = await sources.checkPolicies();
      return { ...report, passed: passes(report) };
    },
    citizens: async ({ count }: { readonly count: number }) => {
      if (count < 1 || count > CITIZENS_MAX) {
        throw new GraphQLError(`count is a whole number from 1 to ${CITIZENS_MAX}.`, { extensions: { code: 'BAD_USER_INPUT' } });
      }
      if (sources.showcase === undefined) {
        throw new GraphQLError('Citizens are listed under --demo only.', { extensions: { code: 'FIELD_NOT_PERMITTED' } });
      }
      return sources.showcase(count);
    },
    ...consentRoot({ ...sources.consents, clock: sources.clock }),
  };
}

function has(role: AdminRole): ReturnType<ReturnType<typeof rule>> {
  return rule(`has role ${role}`)((_parent, _args, context: AdminContext) => context.administrator.roles.has(role));
}
