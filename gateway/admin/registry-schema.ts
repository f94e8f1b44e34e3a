import { gql } from 'graphql-tag';
import { isUuid } from '../../platform/uuid.ts';
import { redactNumbers } from '../../platform/log.ts';
import type { BilingualText, Registry } from '../policy/registry.ts';
import type { ApplicationService, ApplicationSettings } from '../registry/applications.ts';
import type { RegistryChanged, RegistryRefusal } from '../registry/change.ts';
import type { OfficerService } from '../registry/officers.ts';
import type { PurposeService } from '../registry/purposes.ts';
import { TEXT_LENGTH_MAX } from './limits.ts';
import { registryView } from './registry-view.ts';
import type { AdminContext, AdminRoot } from './schema.ts';
import { badInput } from './field-error.ts';

/** The part of the admin API by which it is administered who is connected. */
export const REGISTRY_TYPES = gql`
  extend type Query {
    "Who is connected: agencies with their officers, applications, purposes, registers."
    registry: RegistryView!
    "What one person proposed and another has to confirm."
    roleProposals: [RoleProposal!]!
  }

  extend type Mutation {
    addAgency(id: ID!, kind: String!, vi: String!, en: String!): RegistryChange!
    addPurpose(id: ID!, vi: String!, en: String!, dpv: String): RegistryChange!
    "Another text is another version: consents to the one before hold no more."
    setPurpose(id: ID!, vi: String, en: String, dpv: String): RegistryChange!
    addApplication(id: ID!, agency: ID!, settings: ApplicationSettings!): RegistryChange!
    setApplication(id: ID!, settings: ApplicationSettings!): RegistryChange!
    "Holds for the next request at every gateway, whatever token it carries."
    suspendApplication(id: ID!, reason: String!): RegistryChange!
    resumeApplication(id: ID!): RegistryChange!
    "The new key, a public JWK as JSON, counts at once; those before it end after the overlap."
    rotateApplicationKey(id: ID!, key: String!, overlapSeconds: Int!): RegistryChange!
    "An account without rights. The person behind it never changes."
    addOfficer(account: ID!, person: ID!): RegistryChange!
    "A statement that gives a right, signed by whoever proposes it. Nothing changes until another natural person confirms it."
    proposeRole(statement: String!, key: String!, signature: String!): RegistryChange!
    "Signs the same statement as another natural person, who thereby gives the right."
    confirmRole(proposal: ID!, key: String!, signature: String!): RegistryChange!
    withdrawRoleProposal(proposal: ID!): RegistryChange!
    "Takes all rights away, at once and by one person."
    revokeRole(account: ID!): RegistryChange!
  }

  input ApplicationSettings {
    purposes: [String!]
    clientId: String
    issuer: String
    approvedOperationsOnly: Boolean
    "SHA-256 of its certificate, hex."
    certificate: String
    peoplePerRequest: Int
    peoplePerDay: Int
  }

  type RegistryChange {
    "Counts changes; null when nothing changed."
    revision: Int
    "Of what another person has to confirm."
    proposal: ID
    refusal: Refusal
  }

  type RoleProposal {
    id: ID!
    "JSON, as it was signed."
    statement: String!
    account: String!
    administers: [String!]!
    role: String
    key: String
    proposedAt: DateTime!
    proposedBy: String!
  }

  type RegistryView {
    revision: Int!
    agencies: [AgencyView!]!
    applications: [ApplicationView!]!
    purposes: [PurposeView!]!
    registers: [RegisterView!]!
  }

  type AgencyView {
    id: ID!
    kind: String!
    name: Names!
    officers: [OfficerView!]!
  }

  type OfficerView {
    account: ID!
    person: String!
    role: String!
    administers: [String!]!
    "Ids of the keys that the officer signs with (RFC 7638)."
    keys: [String!]!
  }

  type ApplicationView {
    id: ID!
    agency: String!
    clientId: String!
    issuer: String
    login: String!
    purposes: [String!]!
    approvedOperationsOnly: Boolean!
    suspended: Boolean!
    certificate: String
    peoplePerRequest: Int
    peoplePerDay: Int
    keys: [ApplicationKeyView!]!
  }

  type ApplicationKeyView {
    "The public JWK, as JSON."
    jwk: String!
    "When it ends; null without an end."
    until: DateTime
  }

  type PurposeView {
    id: ID!
    version: Int!
    text: Names!
    dpv: String
  }

  type RegisterView {
    id: ID!
    subgraph: String!
    owner: String!
  }
`;

/** What the admin API asks of the registry. */
export interface RegistrySources {
  readonly current: () => { readonly revision: number; readonly registry: Registry };
  readonly applications: ApplicationService;
  readonly purposes: PurposeService;
  readonly officers: OfficerService;
  readonly clock: () => number;
}

type SettingsInput = { readonly [name in keyof ApplicationSettings]: ApplicationSettings[name] | null };
type Answer = (RegistryChanged & { readonly proposal?: string }) | RegistryRefusal;

/** Resolvers of the root fields. */
export function registryRoot({ current, applications, purposes, officers, clock }: RegistrySources): AdminRoot {
  return {
    registry: () => registryView(current(), clock()),
    roleProposals: async () =>
      (await officers.open()).map(({ statement, text, proposedAt, proposedBy }) => ({
        ...statement,
        statement: text,
        proposedAt: proposedAt.toISOString(),
        proposedBy,
      })),
    addAgency: async ({ id, kind, vi, en }: Ids<'id' | 'kind' | 'vi' | 'en'>, { actor }: AdminContext) =>
      told(await purposes.addAgency(actor, { id, kind: kindOf(kind), name: { vi, en } })),
    addPurpose: async ({ id, vi, en, dpv }: Ids<'id' | 'vi' | 'en'> & { readonly dpv?: string | null }, { actor }: AdminContext) =>
      told(await purposes.addPurpose(actor, id, { vi, en }, dpv ?? undefined)),
    setPurpose: async ({ id, vi, en, dpv }: SetPurpose, { actor }: AdminContext) =>
      told(await purposes.setPurpose(actor, id, textOf(vi, en), dpv ?? undefined)),
    addApplication: async (
      { id, agency, settings }: Ids<'id' | 'agency'> & { readonly settings: SettingsInput },
      { actor }: AdminContext,
    ) => told(await applications.add(actor, id, agency, withoutNulls(settings))),
    setApplication: async ({ id, settings }: Ids<'id'> & { readonly settings: SettingsInput }, { actor }: AdminContext) =>
      told(await applications.set(actor, id, withoutNulls(settings))),
    suspendApplication: async ({ id, reason }: Ids<'id' | 'reason'>, { actor }: AdminContext) =>
      told(await applications.suspend(actor, id, redactNumbers(bounded('reason', reason)))),
    resumeApplication: async ({ id }: Ids<'id'>, { actor }: AdminContext) => told(await applications.resume(actor, id)),
    rotateApplicationKey: async (
      { id, key, overlapSeconds }: Ids<'id' | 'key'> & { readonly overlapSeconds: number },
      { actor }: AdminContext,
    ) => told(await applications.rotateKey(actor, id, jwkOf(key), overlapSeconds)),
    addOfficer: async ({ account, person }: Ids<'account' | 'person'>, { actor }: AdminContext) =>
      told(await officers.add(actor, account, person)),
    proposeRole: async ({ statement, key, signature }: Ids<'statement' | 'key' | 'signature'>, { actor }: AdminContext) =>
      told(await officers.propose(actor, statement, { key, signature })),
    confirmRole: async ({ proposal, key, signature }: Ids<'proposal' | 'key' | 'signature'>, { actor }: AdminContext) =>
      told(await officers.confirm(actor, uuid(proposal), { key, signature })),
    withdrawRoleProposal: async ({ proposal }: Ids<'proposal'>, { actor }: AdminContext) =>
      told(await officers.withdraw(actor, uuid(proposal))),
    revokeRole: async ({ account }: Ids<'account'>, { actor }: AdminContext) => told(await officers.revoke(actor, account)),
  };
}

type Ids<Names extends string> = { readonly [name in Names]: string };
type SetPurpose = Ids<'id'> & { readonly vi?: string | null; readonly en?: string | null; readonly dpv?: string | null };
/** An answer as data: a refusal that was to be expected is no error of the document. */
export function told(answer: Answer) {
  if (answer.kind === 'refused') return { refusal: { code: answer.code, message: answer.message } };
  return { revision: answer.revision, proposal: answer.proposal ?? null, refusal: null };
}

function withoutNulls(settings: SettingsInput): ApplicationSettings {
  return Object.fromEntries(Object.entries(settings).map(([name, value]) => [name, value ?? undefined]));
}

function textOf(vi: string | null | undefined, en: string | null | undefined): BilingualText | undefined {
  if (typeof vi === 'string' && typeof en === 'string') return { vi, en };
  if (typeof vi === 'string' || typeof en === 'string') throw badInput('A text has both languages: give vi and en.');
  return undefined;
}

const KINDS = ['ministry', 'province', 'enterprise', 'public-service-unit'] as const;

function kindOf(kind: string): (typeof KINDS)[number] {
  const known = KINDS.find((one) => one === kind);
  if (known === undefined) throw badInput(`An agency is one of: ${KINDS.join(', ')}.`);
  return known;
}

function jwkOf(text: string): Readonly<Record<string, string>> {
  try {
    const key: unknown = JSON.parse(text);
    if (typeof key === 'object' && key !== null && !Array.isArray(key)) return key as Record<string, string>;
  } catch {
    // Told below.
  }
  throw badInput('A key is a public JWK as JSON. Correct it.');
}

/** Whether this can be the id of a proposal; the database would fail on anything else. */
export function uuid(id: string): string {
  if (!isUuid(id)) throw badInput('The id of a proposal is a UUID.');
  return id;
}

function bounded(name: string, text: string): string {
  const trimmed = text.trim();
  if (trimmed === '' || trimmed.length > TEXT_LENGTH_MAX) throw badInput(`${name} is a text of 1 to ${TEXT_LENGTH_MAX} characters.`);
  return trimmed;
}
