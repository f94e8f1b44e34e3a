import { createHash } from 'node:crypto';
import { canonicalJson } from '../admin/canonical.ts';
import type { Entry } from '../ledger/entry.ts';
import type { EventOf } from '../ledger/events.ts';
import type { MakeEntry } from '../ledger/recording.ts';
import type { ConsentRecord } from './record.ts';

/** What becomes of consents of one person, as the ledger records it. */
export interface ConsentChange {
  readonly action: EventOf<'consent'>['action'];
  readonly consent: string;
  readonly groups: readonly string[];
  readonly validUntil?: Date;
  readonly replacedBy?: string;
  /** Of a consent that was given. */
  readonly record?: ConsentRecord;
}

interface About {
  readonly idNumber: string;
  readonly representative?: string | undefined;
  readonly agency: string;
  readonly purpose: string;
  readonly channel: string;
}

/** The ledger's entries for changes of a person's consents to one agency and purpose. */
export function consentEntries(make: MakeEntry, about: About, changes: readonly ConsentChange[]): readonly Entry[] {
  const { idNumber, representative, agency, purpose, channel } = about;
  return changes.map(({ action, consent, groups, validUntil, replacedBy, record }) =>
    make(
      {
        kind: 'consent',
        action,
        consent,
        agency,
        purpose,
        groups: groups.toSorted(),
        validUntil: validUntil?.toISOString() ?? null,
        channel,
        replacedBy: replacedBy ?? null,
        recordHash: record ? hashOfRecord(record) : null,
      },
      { subjects: [idNumber], representatives: representative === undefined ? [] : [representative] },
    ),
  );
}

/** SHA-256 of a consent's record in canonical form, hex: the database keeps it in an order of its own. */
export function hashOfRecord(record: object): string {
  return createHash('sha256').update(canonicalJson(record)).digest('hex');
}
