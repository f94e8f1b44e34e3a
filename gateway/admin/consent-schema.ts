import { GraphQLError } from 'graphql';
import { gql } from 'graphql-tag';
import { isIdNumber } from '../../platform/id-number.ts';
import { statusOf, type ConsentHistory } from '../consent/record.ts';
import type { NotConsentable } from '../consent/rules.ts';
import type { ConsentService } from '../consent/service.ts';
import { termsOf } from '../consent/terms.ts';
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
}
type WithdrawInput = Omit<GiveInput, 'until' | 'groups'> & { readonly groups?: readonly string[] | null };

/** Resolvers of the root fields: graphql-js calls them with the arguments of the field. */
export function consentRoot(sources: ConsentSources): Record<string, (args: never) => unknown> {
  const { consents } = sources;
  const shown = (history: ConsentHistory) => shownConsent(history, sources);
  return {
    consents: async ({ idNumber }: { readonly idNumber: string }) => (await consents.list(checkedId(idNumber))).map(shown),
    consentReceipt: async ({ id }: { readonly id: string }) => consents.receipt(checkedUuid(id)),
    giveConsent: async ({ input }: { readonly input: GiveInput }) => {
      const { until, evidence, ...rest } = input;
      return shown(given(await consents.give({ ...rest, until: until ?? undefined }, byOperator(evidence))));
    },
    withdrawConsent: async ({ input }: { readonly input: WithdrawInput }) => {
      const { idNumber, agency, purpose, groups, evidence } = input;
      const about = { idNumber: checkedId(idNumber), agency, purpose, groups: groups ?? undefined };
      return (await consents.withdraw(about, byOperator(evidence))).groups;
    },
    extendConsent: async ({ id, until, evidence }: { readonly id: string; readonly until: string; readonly evidence?: string | null }) =>
      shown(given(await consents.extend(checkedUuid(id), until, byOperator(evidence)))),
  };
}

function byOperator(evidence: string | null | undefined) {
  return { channel: 'operator', evidence: evidence ?? undefined } as const;
}

function given(answer: ConsentHistory | NotConsentable): ConsentHistory {
  if ('kind' in answer) throw badInput(answer.message);
  return answer;
}

function shownConsent({ record, groups }: ConsentHistory, { agencies, clock }: ConsentSources) {
  const nowMs = clock();
  const agencyName = agencies.get(record.agency)?.name ?? { vi: record.agency, en: record.agency };
  const ends = groups.map(({ validUntil }) => Date.parse(validUntil));
  return {
    id: record.id,
    agency: record.agency,
    agencyName,
    purpose: record.purpose.id,
    purposeText: record.purpose.text,
    channel: record.channel,
    givenAt: record.givenAt,
    terms: termsOf({ agency: agencyName, purpose: record.purpose.text, groups: record.groups, validUntil: new Date(Math.max(...ends)) }),
    groups: groups.map((group) => {
      const pinned = record.groups.find(({ name }) => name === group.name);
      const { name, validUntil } = group;
      const status = statusOf(record, group, nowMs);
      return {
        name,
        fields: pinned?.coordinates ?? [],
        sensitive: pinned?.sensitive ?? false,
        validUntil: new Date(validUntil).toISOString(),
        status,
      };
    }),
  };
}

function checkedId(idNumber: string): string {
  if (!isIdNumber(idNumber)) throw badInput('An ID number is a string of exactly 12 digits. Correct the number.');
  return idNumber;
}

function checkedUuid(id: string): string {
  if (!/^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(id)) throw badInput('The id of a consent is a UUID. "consent list" shows it.');
  return id;
}

function badInput(message: string): GraphQLError {
  return new GraphQLError(message, { extensions: { code: 'BAD_USER_INPUT' } });
}
