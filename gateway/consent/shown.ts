import { createHash } from 'node:crypto';
import type { BilingualText } from '../policy/registry.ts';
import { statusOf, type ConsentChannel, type ConsentHistory, type ConsentRecord, type ConsentStatus } from './record.ts';
import type { ConsentRules } from './rules.ts';
import { termsOf } from './terms.ts';

/** A consent as people are shown it. */
export interface ShownConsent {
  readonly id: string;
  readonly agency: string;
  readonly agencyName: BilingualText;
  readonly purpose: string;
  readonly purposeText: BilingualText;
  readonly channel: ConsentChannel;
  readonly byRepresentative: boolean;
  readonly givenAt: string;
  /** The page of terms, with the last day on which some group of it holds. */
  readonly terms: BilingualText;
  readonly groups: readonly {
    readonly name: string;
    readonly fields: readonly string[];
    readonly sensitive: boolean;
    readonly validUntil: string;
    readonly status: ConsentStatus;
  }[];
}

/** What became of a consent until now, with names from the registry and the graph. */
export function shownConsent(
  { record, groups }: ConsentHistory,
  { registry, groups: { labelOf } }: ConsentRules,
  nowMs: number,
): ShownConsent {
  const agencyName = registry.agencies.get(record.agency)?.name ?? { vi: record.agency, en: record.agency };
  const ends = groups.map(({ validUntil }) => Date.parse(validUntil));
  return {
    id: record.id,
    agency: record.agency,
    agencyName,
    purpose: record.purpose.id,
    purposeText: record.purpose.text,
    channel: record.channel,
    byRepresentative: record.representative !== null,
    givenAt: record.givenAt,
    terms: termsOf({
      agency: agencyName,
      purpose: record.purpose.text,
      groups: record.groups,
      labelOf,
      validUntil: new Date(Math.max(...ends)),
    }),
    groups: groups.map((group) => {
      const pinned = record.groups.find(({ name }) => name === group.name);
      return {
        name: group.name,
        fields: pinned?.coordinates ?? [],
        sensitive: pinned?.sensitive ?? false,
        validUntil: new Date(group.validUntil).toISOString(),
        status: statusOf(record, group, nowMs),
      };
    }),
  };
}

/** The record as it was given, with the SHA-256 of its JSON. */
export function receiptOf(record: ConsentRecord): { readonly record: string; readonly sha256: string } {
  const text = JSON.stringify(record);
  return { record: text, sha256: createHash('sha256').update(text).digest('hex') };
}
