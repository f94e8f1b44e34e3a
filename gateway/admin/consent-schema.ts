import { GraphQLError } from 'graphql';
import { gql } from 'graphql-tag';
import { isIdNumber } from '../../platform/id-number.ts';
import { isUuid, type ConsentHistory } from '../consent/record.ts';
import type { NotConsentable } from '../consent/rules.ts';
import type { ConsentService } from '../consent/service.ts';
import { shownConsent } from '../consent/shown.ts';
import type { Registry } from '../policy/registry.ts';

/** The part of the admin API by which an operator notes consents for people at a counter. */
export const CONSENT_TYPES = gql`
  extend schema {
    mutation: Mutation
  }

  extend type Query {
    "Consents of a person, the newest first, each with its page of terms."
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
  readonly agencies: Registry['agencies'];
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

/** Resolvers of the root fields: graphql-js calls them with the arguments of the field. */
export function consentRoot(sources: ConsentSources): Record<string, (args: never) => unknown> {
  const { consents } = sources;
  const shown = (history: ConsentHistory) => shownConsent(history, sources);
  return {
    consents: async ({ idNumber }: { readonly idNumber: string }) =>
      listed(await consents.list({ idNumber: checkedId(idNumber), representative: undefined })).map(shown),
    consentReceipt: async ({ id }: { readonly id: string }) => consents.receipt(checkedUuid(id)),
    giveConsent: async ({ input }: { readonly input: GiveInput }) => {
      const { until, evidence, representative, childAgreement, ...rest } = input;
      const optional = {
        until: until ?? undefined,
        representative: representative ?? undefined,
        childAgreement: childAgreement ?? undefined,
      };
      return shown(given(await consents.give({ ...rest, ...optional }, byOperator(evidence))));
    },
    withdrawConsent: async ({ input }: { readonly input: WithdrawInput }) => {
      const { idNumber, agency, purpose, groups, evidence } = input;
      const about = { idNumber: checkedId(idNumber), agency, purpose, groups: groups ?? undefined };
      const answer = await consents.withdraw(about, byOperator(evidence));
      if (answer.kind === 'refused') throw badInput(answer.message);
      return answer.groups;
    },
    extendConsent: async ({ id, until, evidence }: { readonly id: string; readonly until: string; readonly evidence?: string | null }) =>
      shown(given(await consents.extend(checkedUuid(id), until, byOperator(evidence)))),
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

function checkedId(idNumber: string): string {
  if (!isIdNumber(idNumber)) throw badInput('An ID number is a string of exactly 12 digits. Correct the number.');
  return idNumber;
}

function checkedUuid(id: string): string {
  if (!isUuid(id)) throw badInput('The id of a consent is a UUID. "consent list" shows it.');
  return id;
}

function badInput(message: string): GraphQLError {
  return new GraphQLError(message, { extensions: { code: 'BAD_USER_INPUT' } });
}
