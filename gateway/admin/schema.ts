import { buildASTSchema, extendSchema, GraphQLError, isObjectType, isScalarType, type GraphQLSchema } from 'graphql';
import { gql } from 'graphql-tag';
import { allow, applyMiddleware, deny, rule, shield } from '../../platform/graphql-shield.ts';
import type { Database } from '../../platform/database.ts';
import { SCALARS } from '../../platform/scalars.ts';
import type { CheckReport } from '../policy/check.ts';
import { analysisRoot, type AnalysisSources } from './analysis-schema.ts';
import { ANALYSIS_TYPES } from './analysis-types.ts';
import { CONSENT_TYPES, consentRoot, type ConsentSources } from './consent-schema.ts';
import type { Actor } from './actor.ts';
import { EVENT_TYPES, eventRoot, recordRefused } from './event-schema.ts';
import { LEDGER_TYPES, ledgerRoot, type LedgerSources } from './ledger-schema.ts';
import { HISTORY_TYPES, historyRoot } from './history-schema.ts';
import { supervisionRoot, type OversightSources } from './supervision-schema.ts';
import { SUPERVISION_TYPES } from './supervision-types.ts';
import { CITIZENS_MAX } from './limits.ts';
import { isPermitted, PERMISSIONS, type Permission } from './permissions.ts';
import { operationRoot, type OperationSources } from './operation-schema.ts';
import { OPERATION_TYPES } from './operation-types.ts';
import { policyRoot, type PolicySources } from './policy-root.ts';
import { POLICY_TYPES } from './policy-types.ts';
import { passes } from './policy-report.ts';
import type { CeilingService } from '../ceilings/service.ts';
import { CEILING_TYPES, ceilingRoot } from './ceiling-schema.ts';
import { REGISTRY_TYPES, registryRoot, type RegistrySources } from './registry-schema.ts';
import { badInput, fieldError } from './field-error.ts';

const TYPES = gql`
  scalar IdNumber
  scalar DateTime

  type Query {
    "The gateway that answers."
    status: Status!
    "Who calls, and what the registry lets that account do."
    whoami: Account!
    "The active policies, checked again."
    policyCheck: PolicyReport!
    "ID numbers of synthetic citizens to try requests with: living adults who have a phone, an address and current coverage."
    citizens(count: Int!): [IdNumber!]!
  }

  type Account {
    "agency/officer"
    account: String!
    agency: String!
    "Opaque id of the natural person behind the account."
    person: String!
    roles: [String!]!
    "key or issuer"
    login: String!
  }

  "Why something that was asked for is not done."
  type Refusal {
    "A word for programs."
    code: String!
    "A sentence that says what to do."
    message: String!
  }

  "What its actor does, signed (Ed25519) over the canonical text of a statement: gateway/rules/statement.ts, gateway/operations/statement.ts."
  input SignedStatement {
    text: String!
    keyId: String!
    signature: String!
  }

  type PageInfo {
    hasNextPage: Boolean!
    "Give it as after to go on."
    endCursor: String
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
  readonly consents: Omit<ConsentSources, 'clock' | 'database' | 'events'>;
  readonly ledger: LedgerSources;
  readonly oversight: OversightSources;
  readonly registry: RegistrySources;
  readonly ceilings: CeilingService;
  readonly analyses?: AnalysisSources | undefined;
  readonly operations: OperationSources;
  readonly policies: Omit<PolicySources, 'clock' | 'database' | 'events'>;
  readonly database: Database;
  readonly clock: () => number;
}

export interface AdminContext {
  readonly actor: Actor;
  /** Who stands beside the one who calls, by a token of their own. */
  readonly second?: Actor | undefined;
}

/**
 * The admin API's schema, every root field guarded by the table of permissions: what does not stand there is denied, new fields included.
 * The types of answers are open to whoever may call the field that gives them. Mutations that were refused are recorded; those that were
 * done record themselves, with what they did (events.ts).
 */
export function createAdminSchema(sources: Pick<AdminSources, 'clock' | 'database'>): GraphQLSchema {
  const schema = [
    CONSENT_TYPES,
    EVENT_TYPES,
    LEDGER_TYPES,
    REGISTRY_TYPES,
    CEILING_TYPES,
    OPERATION_TYPES,
    POLICY_TYPES,
    HISTORY_TYPES,
    SUPERVISION_TYPES,
    ANALYSIS_TYPES,
  ].reduce((extended, types) => extendSchema(extended, types), buildASTSchema(TYPES));
  for (const scalar of [SCALARS.IdNumber, SCALARS.DateTime]) {
    const declared = schema.getType(scalar.name);
    if (isScalarType(declared)) declared.serialize = (value) => scalar.serialize(value instanceof Date ? value.toISOString() : value);
  }
  return applyMiddleware<unknown, AdminContext, Record<string, unknown>>(
    schema,
    { Mutation: recordRefused(sources) },
    permissionsOf(schema),
  );
}

function permissionsOf(schema: GraphQLSchema) {
  const rules = new Map<string, ReturnType<typeof mayCall>>();
  // graphql-shield refuses two rules of one name, so equal permissions are one rule.
  const ruleOf = (permission: Permission): ReturnType<typeof mayCall> => {
    const key = permission.join();
    const known = rules.get(key) ?? mayCall(permission);
    rules.set(key, known);
    return known;
  };
  const roots = Object.entries(PERMISSIONS).map(([type, fields]) => [
    type,
    Object.fromEntries(Object.entries(fields).map(([field, permission]) => [field, ruleOf(permission)])),
  ]);
  const answers = Object.values(schema.getTypeMap())
    .filter((type) => isObjectType(type) && !type.name.startsWith('__') && !Object.hasOwn(PERMISSIONS, type.name))
    .map(({ name }) => [name, allow]);
  return shield(Object.fromEntries([...roots, ...answers]), {
    fallbackRule: deny,
    // Called with the error of a resolver too, which the server masks; without one a rule has said no.
    fallbackError: (error) =>
      error instanceof Error
        ? error
        : new GraphQLError('This account does not have a role that this field needs. The table of permissions names those that do.', {
            extensions: { code: 'FIELD_NOT_PERMITTED' },
          }),
  });
}

function mayCall(permission: Permission): ReturnType<ReturnType<typeof rule>> {
  return rule(`may ${permission.join()}`)((_parent, _args, { actor }: AdminContext) => isPermitted(permission, actor));
}

/** Resolvers of root fields: graphql-js calls them with the arguments of the field. */
export type AdminRoot = Readonly<Record<string, (args: never, context: AdminContext) => unknown>>;

/** The root value: graphql-js calls its methods with the arguments of the field. */
export function adminRoot(sources: AdminSources): AdminRoot {
  return {
    status: async () => sources.status(),
    whoami: (_args: unknown, { actor }: AdminContext) => ({ ...actor, roles: [...actor.roles], login: actor.login.kind }),
    policyCheck: async () => {
      const report = await sources.checkPolicies();
      return { ...report, passed: passes(report) };
    },
    citizens: async ({ count }: { readonly count: number }) => {
      if (count < 1 || count > CITIZENS_MAX) {
        throw badInput(`count is a whole number from 1 to ${CITIZENS_MAX}.`);
      }
      if (sources.showcase === undefined) {
        throw fieldError('FIELD_NOT_PERMITTED', 'Citizens are listed under --demo only.');
      }
      return sources.showcase(count);
    },
    ...consentRoot({ ...sources.consents, events: sources.oversight.events, clock: sources.clock, database: sources.database }),
    ...eventRoot(sources),
    ...historyRoot(sources.oversight),
    ...supervisionRoot(sources.oversight),
    ...ledgerRoot(sources.ledger, sources.oversight),
    ...registryRoot(sources.registry),
    ...ceilingRoot(sources.ceilings),
    ...analysisRoot(sources.analyses),
    ...operationRoot(sources.operations),
    ...policyRoot({ ...sources.policies, events: sources.oversight.events, database: sources.database, clock: sources.clock }),
  };
}
