import type { BilingualText } from '../policy/registry.ts';

export type ConsentChannel = 'operator' | 'citizen';

/**
 * A consent as it was given: the proof that the controller owes (Law 91/2025/QH15 art. 9). Named after ISO/IEC TS 27560:2023, whose headings
 * stand in the comments.
 */
export interface ConsentRecord {
  /** Record identifier. */
  readonly id: string;
  readonly schemaVersion: 'TS27560:2023 lien-thong/1';
  /** PII principal: the ID number. */
  readonly idNumber: string;
  /** PII controller: the legal entity that asks. */
  readonly agency: string;
  readonly purpose: { readonly id: string; readonly version: number; readonly text: BilingualText };
  /** PII categories, each with its fields when consent was given. */
  readonly groups: readonly ConsentedGroup[];
  readonly lawfulBasis: 'CONSENT';
  readonly givenAt: string;
  readonly validFrom: string;
  readonly channel: ConsentChannel;
  /** Where the proof of the person's will is kept: a number of a form, of a recording. */
  readonly evidence: string | null;
  /** Who consented in place of a minor, by ID number. */
  readonly representative: string | null;
  /** Where the proof of a child's own agreement is kept. */
  readonly childAgreement: string | null;
  /** Notice, as it was shown. */
  readonly notice: BilingualText;
}

export interface ConsentedGroup {
  readonly name: string;
  readonly version: number;
  readonly coordinates: readonly string[];
  readonly sensitive: boolean;
}

/** What became of a group of a consent. */
export interface GroupState {
  readonly name: string;
  readonly validUntil: string;
  readonly endedAt: string | null;
}

export interface ConsentEvent {
  readonly at: string;
  readonly kind: 'given' | 'extended' | 'withdrawn' | 'replaced';
  readonly channel: string;
  readonly groups: readonly string[];
  readonly evidence: string | null;
}

/** A consent with everything that became of it. */
export interface ConsentHistory {
  readonly record: ConsentRecord;
  readonly groups: readonly GroupState[];
  readonly events: readonly ConsentEvent[];
}

export type ConsentStatus = 'GIVEN' | 'NOT_YET_VALID' | 'EXPIRED' | 'ENDED';

/** A gateway whose clock goes after another's still takes what that one has just noted: so far may clocks differ. */
export const CLOCK_DIFFERENCE_MS_MAX = 300_000;

/** Whether a group of a consent is in force. */
export function statusOf(record: ConsentRecord, group: GroupState, nowMs: number): ConsentStatus {
  if (group.endedAt !== null) return 'ENDED';
  if (nowMs + CLOCK_DIFFERENCE_MS_MAX < Date.parse(record.validFrom)) return 'NOT_YET_VALID';
  return nowMs < Date.parse(group.validUntil) ? 'GIVEN' : 'EXPIRED';
}
