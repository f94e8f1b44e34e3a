import { gql } from 'graphql-tag';
import { isIdNumber } from '../../platform/id-number.ts';
import type { LedgerReading } from '../ledger/reading.ts';
import type { RecordProof } from '../ledger/verify/record-proof.ts';
import { agencyBounding, isThePerson, looksAt, type LookParts } from './look.ts';
import type { AdminContext, AdminRoot } from './schema.ts';
import { badInput, fieldError } from './field-error.ts';

/** The part of the admin API by which the ledger is checked. What checks it does so itself, line by line, and does not take a word for it. */
export const LEDGER_TYPES = gql`
  extend type Query {
    "Whom checkpoints are signed by."
    ledgerKeys: LedgerKeys!
    """
    A page of the ledger as lines of JSON; from 0, then from what the page before said. It holds what every agency did: auditors of one agency
    prove single records of theirs.
    """
    ledgerExport(from: String!): LedgerPage!
    """
    Shows a record, or what it says of one person and of nobody else, to be in the ledger that was signed: JSON. That a person stands in a record
    is history of that person: an officer names a case and has another person beside them, as for personHistory. Auditors of an agency are shown
    records of what it did.
    """
    ledgerProof(record: ID!, person: IdNumber, case: String): String
    "Holds consents, policies, registry and administration against what the ledger says became of them."
    ledgerState: LedgerState!
  }

  type LedgerKeys {
    "name+hash+base64 (c2sp.org/signed-note); empty where another process signs."
    key: String!
    witnesses: [String!]!
  }

  type LedgerPage {
    lines: [String!]!
    "Null after the last page."
    next: String
  }

  type LedgerState {
    ok: Boolean!
    "What was compared, by kind."
    consents: Int!
    events: Int!
    "Steps of policy versions."
    steps: Int!
    "Rows of the registry."
    entries: Int!
    people: Int!
    "The first that differ, each as a sentence."
    differences: [String!]!
  }
`;

export type LedgerSources = LedgerReading;

interface ProofArguments {
  readonly record: string;
  readonly person?: string | null;
  readonly case?: string | null;
}

/** Resolvers of the root fields. */
export function ledgerRoot(ledger: LedgerSources, parts: LookParts) {
  return {
    ledgerKeys: () => ledger.keys,
    ledgerExport: async ({ from }: { readonly from: string }, context: AdminContext) => {
      if (agencyBounding(context, parts.registry()) !== undefined) throw fieldError('FIELD_NOT_PERMITTED', NOT_WHOLE);
      if (!/^\d{1,15}$/.test(from)) throw badInput('from is 0, or what the page before said.');
      const { lines, next } = await ledger.exportPage(Number(from));
      return { lines, next: next === undefined ? null : String(next) };
    },
    ledgerProof: async ({ record, person, case: caseReference }: ProofArguments, context: AdminContext) => {
      const idNumber = person ?? undefined;
      if (idNumber !== undefined && !isIdNumber(idNumber))
        throw badInput('An ID number is a string of exactly 12 digits. Correct the number.');
      const isLook = idNumber !== undefined && !isThePerson(context);
      const agency = isLook
        ? await looksAt(idNumber, { action: 'history.prove', caseReference }, context, parts)
        : agencyBounding(context, parts.registry());
      const proof = await ledger.prove(record, idNumber);
      const isShown = proof !== undefined && (agency === undefined || agencyOf(proof) === agency);
      return isShown ? JSON.stringify(proof) : null;
    },
    ledgerState: async () => ledger.checkState(),
  } satisfies AdminRoot;
}

const NOT_WHOLE =
  'The whole ledger tells what every agency did. Ask an auditor of the operator, or prove single records of your agency (ledger prove).';

/** Whose doing a record tells of; undefined where it is no agency's. */
function agencyOf({ parts: [head] }: RecordProof): string | undefined {
  const { agency, actor } = JSON.parse(head?.text ?? '{}') as { readonly agency?: string | null; readonly actor?: string };
  return agency ?? actor?.split('/')[0];
}
