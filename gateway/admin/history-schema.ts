import { gql } from 'graphql-tag';
import { isIdNumber } from '../../platform/id-number.ts';
import type { HistoryArguments, ShownHistory } from '../oversight/history/shown.ts';
import { isThePerson, looksAt } from './look.ts';
import type { AdminContext } from './schema.ts';
import type { OversightSources } from './supervision-schema.ts';
import { badInput } from './field-error.ts';

/** The part of the admin API that shows who looked at a person's data. */
export const HISTORY_TYPES = gql`
  extend type Query {
    """
    A person's history, the newest first. Under --demo, by a call that names no officer, as that citizen. An officer names a case and has another
    person beside them (x-second-token); looking stands in the history itself, and an officer of an agency sees what that agency did.
    """
    personHistory(
      idNumber: IdNumber!
      case: String
      first: Int
      after: String
      agency: String
      from: DateTime
      to: DateTime
    ): PersonHistory!
  }

  type PersonHistory {
    edges: [HistoryEdge!]!
    pageInfo: PageInfo!
  }

  type HistoryEdge {
    cursor: String!
    node: HistoryEntry!
  }

  type HistoryEntry {
    record: ID!
    at: String!
    kind: String!
    "DISCLOSED, NOTHING_SHOWN, COUNTED, REFUSED, INTENDED or DONE"
    outcome: String!
    code: String
    agency: String
    agencyName: HistoryText
    application: String
    "Name of the statistic, where the outcome is COUNTED."
    analysis: String
    officerRole: String
    purpose: String
    purposeText: HistoryText
    bases: [HistoryBasis!]!
    "Type.field each."
    released: [String!]!
    transformed: [String!]!
    withheld: [String!]!
    inputs: [String!]!
    emergency: Boolean!
    asRepresentative: Boolean!
    "Days for which law keeps it from the person; shown to officers only."
    hiddenDays: Int
  }

  type HistoryBasis {
    basis: String!
    references: [String!]!
    fields: [String!]!
  }

  type HistoryText {
    vi: String!
    en: String!
  }
`;

interface PersonHistoryArguments extends HistoryArguments {
  readonly idNumber: string;
  readonly case?: string | null;
}

/** Resolvers of the root fields. */
export function historyRoot(sources: OversightSources) {
  return {
    personHistory: async (
      { idNumber, case: caseReference, ...page }: PersonHistoryArguments,
      context: AdminContext,
    ): Promise<ShownHistory> => {
      if (!isIdNumber(idNumber)) throw badInput('An ID number is a string of exactly 12 digits. Correct the number.');
      if (isThePerson(context)) return sources.oversight.showHistory(idNumber, page);
      const agency = await looksAt(idNumber, { action: 'history.read', caseReference, agency: page.agency }, context, sources);
      return sources.oversight.showHistory(idNumber, { ...page, agency: agency ?? null }, true);
    },
  };
}
