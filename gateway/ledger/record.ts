/**
 * What the ledger keeps of one request: who asked, for whom, what for and on what basis, and of each person the names of the fields. No
 * values. Persons stand in it as keyed pseudonyms.
 */
export interface LedgerRecord {
  readonly id: string;
  readonly kind: 'disclosure' | 'refusal';
  /** ISO 8601, UTC, by the gateway's clock. */
  readonly at: string;
  readonly application: string;
  readonly agency: string;
  readonly officer: string;
  readonly officerRole: string | null;
  readonly case: string | null;
  readonly purpose: string;
  readonly assurance: number;
  readonly emergency: string | null;
  /** SHA-256 of the document with its literals taken out: two requests that differ in the person only share it. */
  readonly documentHash: string;
  readonly policyVersion: string;
  /** Released coordinates with the basis of each. */
  readonly bases: Readonly<Record<string, string>>;
  /** Coordinates fetched only to find or compute something else. */
  readonly inputs: readonly string[];
  readonly withheld: readonly WithheldField[];
  /** Ids of the consents relied on. */
  readonly consents: readonly string[];
  readonly persons: readonly PersonsEntry[];
}

export interface WithheldField {
  readonly coordinate: string;
  readonly code: string;
}

/** People of whom the same was disclosed. */
export interface PersonsEntry {
  readonly pseudonyms: readonly string[];
  readonly released: readonly string[];
  readonly transformed: readonly string[];
  readonly withheld: readonly string[];
  /** The person was asked for by number and no object of theirs stands in the answer. */
  readonly absent: boolean;
}
