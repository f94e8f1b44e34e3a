/**
 * Consents as enforcement asks for them: who has agreed that an agency may read a group of fields for a purpose (Law 91/2025/QH15 art. 9).
 * Asked anew for each request and never kept past it, so that a withdrawal holds for the next one (art. 10).
 */
export interface Consents {
  /**
   * Under which key consent to a coordinate is found: its group, told apart by the fields that the group had when it was consented to. A field
   * that joined a group later has another key than the older ones. Undefined for a coordinate that no consent can give.
   */
  readonly keyOf: (coordinate: string) => string | undefined;
  /** The consents in force, in one statement. Rejects when the store does not answer in time. */
  readonly find: (question: ConsentQuestion) => Promise<ConsentsFound>;
}

export interface ConsentQuestion {
  /** The legal entity that asks. */
  readonly agency: string;
  readonly purpose: string;
  /** Each once. */
  readonly idNumbers: readonly string[];
}

/** By ID number, by key: the id of the consent record relied on. Who has not consented is absent. */
export type ConsentsFound = ReadonlyMap<string, ReadonlyMap<string, string>>;
