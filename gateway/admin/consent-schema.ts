import { gql } from 'graphql-tag';
import { isUuid } from '../../platform/uuid.ts';
import type { Database } from '../../platform/database.ts';
import { isIdNumber } from '../../platform/id-number.ts';
import type { ConsentHistory, ConsentRecord } from '../consent/record.ts';
import type { NotConsentable } from '../consent/rules.ts';
import type { IsPersonKey } from '../consent/person-keys.ts';
import type { ConsentService } from '../consent/service.ts';
import type { EventLedger } from '../ledger/recording.ts';
import { recordEvent, type AdminEvent } from './events.ts';
import { isThePerson, noteLook } from './look.ts';
import type { AdminContext, AdminRoot } from './schema.ts';
import { badInput } from './field-error.ts';

/** The part of the admin API by which an operator notes consents for people at a counter. */
export const CONSENT_TYPES = gql`
  extend schema {
    mutation: Mutation
  }

  extend type Query {
    "Consents of a person, the newest first, each with its page of terms. That an operator looked stands in the person's history."
    consents(idNumber: IdNumber!): [Consent!]!
    "The record of a consent as it was given."
    consentReceipt(id: ID!): ConsentReceipt
  }

  type Mutation {
    giveConsent(input: GiveConsentInput!): Consent!
    "Ends everything given to the agency for the purpose, or the groups named. Gives the groups that ended."
    withdrawConsent(input: WithdrawConsentInput!): [String!]!
    extendConsent(id: ID!, until: String!, evidence: String): Consent!
  }

  input GiveConsentInput {
    idNumber: IdNumber!
    agency: String!
    purpose: String!
    groups: [String!]!
    "Last day, like 2027-12-31. A year without it."
    until: String
    "Where the proof of the person's will is kept."
    evidence: String
    "For a person under 18: the ID number of the parent or guardian who consents."
    representative: IdNumber
    "For sensitive data of a person of 7 to 17: where the proof of the person's own agreement is kept."
    childAgreement: String
  }

  input WithdrawConsentInput {
    idNumber: IdNumber!
    agency: String!
    purpose: String!
    groups: [String!]
    evidence: String
  }

  type Consent {
    id: ID!
    agency: String!
    agencyName: Names!
    purpose: String!
    purposeText: Names!
    channel: String!
    "Given by a parent or guardian of a minor."
    byRepresentative: Boolean!
    givenAt: DateTime!
    groups: [ConsentGroup!]!
    "Who may see what, what for, until when, and how to withdraw."
    terms: Names!
  }

  type ConsentGroup {
    name: String!
    fields: [String!]!
    sensitive: Boolean!
    validUntil: DateTime!
    "GIVEN, NOT_YET_VALID, EXPIRED or ENDED."
    status: String!
  }

  type Names {
    vi: String!
    en: String!
  }

  type ConsentReceipt {
    "JSON after ISO/IEC TS 27560:2023."
    record: String!
    "SHA-256 of the record, hex."
    sha256: String!
  }
`;

export interface ConsentSources {
  readonly consents: ConsentService;
  /** What can be a person's key in the graph that is served: ID numbers unless told. */
  readonly isPersonKey?: IsPersonKey | undefined;
  readonly database: Database;
  readonly events: EventLedger;
  readonly clock: () => number;
}

interface GiveInput {
  readonly idNumber: string;
  readonly agency: string;
  readonly purpose: string;
  readonly groups: readonly string[];
  readonly until?: string | null;
  readonly evidence?: string | null;
  readonly representative?: string | null;
  readonly childAgreement?: string | null;
}
type WithdrawInput = Omit<GiveInput, 'until' | 'groups' | 'representative' | 'childAgreement'> & {
  readonly groups?: readonly string[] | null;
};

/** Resolvers of the root fields. */
export function consentRoot(sources: ConsentSources): AdminRoot {
  const { consents, database, clock } = sources;
  const note = async ({ actor }: AdminContext, kind: string, subject: string, body: AdminEvent['body'] = {}): Promise<void> =>
    recordEvent(database, { kind, actor, atMs: clock(), subject, body });
  // To whom somebody has consented is data about that person: nobody looks at it unrecorded.
  const looks = async (context: AdminContext, idNumber: string): Promise<void> => {
    if (!isThePerson(context)) await noteLook(idNumber, { action: 'consents.read', case: null, second: null }, context.actor, sources);
  };
  return {
    consents: async ({ idNumber }: { readonly idNumber: string }, context: AdminContext) => {
      await looks(context, checkedId(idNumber, sources));
      return listed(await consents.list({ idNumber, representative: undefined })).map((history) => consents.show(history));
    },
    consentReceipt: async ({ id }: { readonly id: string }, context: AdminContext) => {
      const receipt = await consents.receipt(checkedUuid(id));
      if (receipt !== undefined) await looks(context, (JSON.parse(receipt.record) as ConsentRecord).idNumber);
      return receipt;
    },
    giveConsent: async ({ input }: { readonly input: GiveInput }, context: AdminContext) => {
      const { until, evidence, representative, childAgreement, ...rest } = input;
      const optional = {
        until: until ?? undefined,
        representative: representative ?? undefined,
        childAgreement: childAgreement ?? undefined,
      };
      const history = given(await consents.give({ ...rest, ...optional }, byOperator(evidence)));
      const { agency, purpose, groups } = input;
      await note(context, 'consent.give', history.record.id, { agency, purpose, groups });
      return consents.show(history);
    },
    withdrawConsent: async ({ input }: { readonly input: WithdrawInput }, context: AdminContext) => {
      const { idNumber, agency, purpose, groups, evidence } = input;
      const about = { idNumber: checkedId(idNumber, sources), agency, purpose, groups: groups ?? undefined };
      const answer = await consents.withdraw(about, byOperator(evidence));
      if (answer.kind === 'refused') throw badInput(answer.message);
      await note(context, 'consent.withdraw', agency, { agency, purpose, groups: answer.groups });
      return answer.groups;
    },
    extendConsent: async (
      { id, until, evidence }: { readonly id: string; readonly until: string; readonly evidence?: string | null },
      context: AdminContext,
    ) => {
      const history = given(await consents.extend(checkedUuid(id), until, byOperator(evidence)));
      await note(context, 'consent.extend', id, { until });
      return consents.show(history);
    },
  };
}

function byOperator(evidence: string | null | undefined) {
  return { channel: 'operator', evidence: evidence ?? undefined } as const;
}

function listed(answer: readonly ConsentHistory[] | NotConsentable): readonly ConsentHistory[] {
  if ('kind' in answer) throw badInput(answer.message);
  return answer;
}

function given(answer: ConsentHistory | NotConsentable): ConsentHistory {
  if ('kind' in answer) throw badInput(answer.message);
  return answer;
}

function checkedId(idNumber: string, { isPersonKey = isIdNumber }: ConsentSources): string {
  if (!isPersonKey(idNumber)) throw badInput('An ID number is a string of exactly 12 digits. Correct the number.');
  return idNumber;
}

function checkedUuid(id: string): string {
  if (!isUuid(id)) throw badInput('The id of a consent is a UUID. "consent list" shows it.');
  return id;
}
