import type { Database } from '../../../platform/database.ts';
import { recordEvent } from '../../admin/events.ts';
import type { Actor } from '../../admin/actor.ts';
import type { Registry } from '../../policy/registry.ts';
import { lockReview, noteReview, type ReviewRow } from './store.ts';

export const VERDICTS = ['justified', 'unjustified'] as const;
/** Characters of a note. */
const NOTE_LENGTH_MAX = 500;

export interface ReviewInput {
  readonly record: string;
  readonly verdict: (typeof VERDICTS)[number];
  readonly note: string;
  /** The one agency whose emergencies the reviewer is shown; undefined for all. */
  readonly agency: string | undefined;
}

export type Reviewed = { readonly kind: 'reviewed'; readonly review: ReviewRow } | ReviewRefused;

export interface ReviewRefused {
  readonly kind: 'refused';
  readonly code: string;
  readonly message: string;
}

/** Notes what somebody found an emergency to be. INVARIANT: nobody judges their own, in whatever account. */
export async function review(
  { database, registry, clock }: { readonly database: Database; readonly registry: () => Registry; readonly clock: () => number },
  { record, verdict, note, agency }: ReviewInput,
  actor: Actor,
): Promise<Reviewed> {
  if (/\d{9,}/.test(note) || note.length > NOTE_LENGTH_MAX) {
    return refused('BAD_USER_INPUT', `A note has at most ${NOTE_LENGTH_MAX} characters and no number of a person. Shorten it.`);
  }
  const at = new Date(clock());
  return database.transaction(async (tx) => {
    const found = await lockReview(tx, record);
    if (found === undefined || (agency !== undefined && found.agency !== agency))
      return refused('NOT_FOUND', 'No emergency has this record. "anomalies --emergencies" lists them.');
    if (found.reviewedAt !== null) return refused('ALREADY_REVIEWED', 'It was reviewed already, and a verdict stands.');
    const account = `${found.agency}/${found.officer}`;
    const person = registry().accounts.get(account)?.person;
    if (account === actor.account || person === actor.person) {
      return refused('SAME_PERSON', 'Nobody reviews an emergency of their own. Leave it to another.');
    }
    await noteReview(tx, record, { at, reviewer: actor.account, verdict, note });
    const body = { verdict, application: found.application, agency: found.agency };
    await recordEvent(tx, { kind: 'emergency.reviewed', actor, atMs: at.getTime(), subject: record, body });
    return { kind: 'reviewed', review: { ...found, reviewedAt: at, reviewer: actor.account, verdict, note } };
  });
}

function refused(code: string, message: string): ReviewRefused {
  return { kind: 'refused', code, message };
}
