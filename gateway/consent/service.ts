import { randomUUID } from 'node:crypto';
import type { Database } from '../../platform/database.ts';
import type { EventLedger } from '../ledger/recording.ts';
import { consentEntries, type ConsentChange } from './events.ts';
import type { ConsentChannel, ConsentHistory, ConsentRecord } from './record.ts';
import { endOf, judge, type ConsentInput, type ConsentRules, type NotConsentable } from './rules.ts';
import { endsAtMs, mayGive, mayWithdraw, type Actor, type FindFamily } from './minors.ts';
import { receiptOf, shownConsent, type ShownConsent } from './shown.ts';
import { endGroups, extendGroups, insertConsent, insertEvent, insertNotice, lockConsents, readHistories } from './store.ts';
import type { BilingualText } from '../policy/registry.ts';
import { termsOf } from './terms.ts';

/** Consents of one person shown at once. */
const LISTED_MAX = 1_000;

export interface ConsentService {
  /** Notes a consent; what it replaces ends with it. Durable when the promise resolves. For a minor a representative must act. */
  give(input: GiveInput, by: GivenBy): Promise<ConsentHistory | NotConsentable>;
  /** Ends everything that was given for agency and purpose, or only some groups of it. Doing so twice changes nothing. */
  withdraw(about: WithdrawInput, by: GivenBy): Promise<Withdrawn | NotConsentable>;
  /** Lets a consent of the actor's hold longer; by an operator, who has made sure of the person, anybody's. */
  extend(id: string, until: string, by: GivenBy, actor?: Actor): Promise<ConsentHistory | NotConsentable>;
  list(actor: Actor): Promise<readonly ConsentHistory[] | NotConsentable>;
  /** A consent as people are shown it, with names of today. */
  show(history: ConsentHistory): ShownConsent;
  /** What a person would be told; notes nothing. */
  notice(input: Omit<ConsentInput, 'idNumber'>): BilingualText | NotConsentable;
  /** The record as it was given, with the SHA-256 of its JSON; undefined when there is none. */
  receipt(id: string): Promise<{ readonly record: string; readonly sha256: string } | undefined>;
}

export interface GiveInput extends ConsentInput {
  /** ID number of the parent or guardian who acts for a minor. */
  readonly representative?: string | undefined;
  /** Where the proof of a child's own agreement is kept. */
  readonly childAgreement?: string | undefined;
}

export interface Withdrawn {
  readonly kind: 'withdrawn';
  readonly groups: readonly string[];
}

export interface GivenBy {
  readonly channel: ConsentChannel;
  readonly evidence: string | undefined;
}

export interface WithdrawInput {
  readonly idNumber: string;
  readonly agency: string;
  readonly purpose: string;
  /** All when undefined. */
  readonly groups: readonly string[] | undefined;
  readonly representative?: string | undefined;
}

/** Gives, withdraws, extends and shows consents, by the rules active when it is asked to. Whoever calls has made sure who asks. */
export function createConsentService(
  database: Database,
  rules: () => ConsentRules,
  findFamily: FindFamily,
  ledger: EventLedger,
  clock: () => number,
): ConsentService {
  const one = async (id: string): Promise<ConsentHistory | NotConsentable> => {
    const [history] = await readHistories(database, { id }, 1);
    return history ?? NO_CONSENT;
  };

  return {
    async give(input, { channel, evidence }) {
      const nowMs = clock();
      const judged = judge(input, rules(), nowMs);
      if (judged.kind === 'refused') return judged;
      const { agency, purpose, groups } = judged;
      const { idNumber, representative, childAgreement } = input;
      const acting = await mayGive({ idNumber, representative }, findFamily, nowMs);
      if (acting.kind === 'refused') return acting;
      const lacksAgreement = childAgreement === undefined && groups.some(({ sensitive }) => sensitive);
      const latestMs = endsAtMs(acting, lacksAgreement);
      if (latestMs <= nowMs) return { kind: 'refused', message: `${OWN_AGREEMENT} Say where the proof of it is kept.` };
      const validUntil = new Date(Math.min(judged.validUntil.getTime(), latestMs));
      const at = new Date(nowMs);
      const names = groups.map(({ name }) => name);
      const record: ConsentRecord = {
        id: randomUUID(),
        schemaVersion: 'TS27560:2023 lien-thong/1',
        idNumber,
        agency: agency.id,
        purpose: { id: purpose.id, version: purpose.version, text: purpose.text },
        groups,
        lawfulBasis: 'CONSENT',
        givenAt: at.toISOString(),
        validFrom: at.toISOString(),
        channel,
        evidence: evidence ?? null,
        representative: representative ?? null,
        childAgreement: childAgreement ?? null,
        notice: termsOf({ agency: agency.name, purpose: purpose.text, groups, labelOf: rules().groups.labelOf, validUntil }),
      };
      const make = await ledger.entriesAt(nowMs);
      await ledger.together(async (tx) => {
        await lockConsents(tx, idNumber, agency.id, purpose.id);
        const replaced = await endGroups(tx, { idNumber, agency: agency.id, purpose: purpose.id, groups: names }, at);
        await insertConsent(tx, record, validUntil);
        for (const [id, ended] of replaced) await insertEvent(tx, id, { kind: 'replaced', channel, groups: ended, evidence: null }, at);
        await insertEvent(tx, record.id, { kind: 'given', channel, groups: names, evidence: evidence ?? null }, at);
        // At a counter somebody else wrote it down: the person is owed a message, and it cannot be lost.
        if (channel === 'operator') await insertNotice(tx, record.id, at);
        const changes: ConsentChange[] = Array.from(replaced, ([consent, ended]) => ({
          action: 'replaced',
          consent,
          groups: ended,
          replacedBy: record.id,
        }));
        changes.push({ action: 'given', consent: record.id, groups: names, validUntil, record });
        const about = { idNumber, representative, agency: agency.id, purpose: purpose.id, channel };
        return { result: undefined, entries: consentEntries(make, about, changes) };
      });
      return one(record.id);
    },
    async withdraw({ idNumber, agency, purpose, groups, representative }, { channel, evidence }) {
      const nowMs = clock();
      const acting = await mayWithdraw({ idNumber, representative }, findFamily, nowMs);
      if (acting.kind === 'refused') return acting;
      const at = new Date(nowMs);
      const names = groups ?? [...rules().groups.current.keys()];
      const make = await ledger.entriesAt(nowMs);
      const ended = await ledger.together(async (tx) => {
        await lockConsents(tx, idNumber, agency, purpose);
        const found = await endGroups(tx, { idNumber, agency, purpose, groups: names }, at);
        for (const [id, some] of found)
          await insertEvent(tx, id, { kind: 'withdrawn', channel, groups: some, evidence: evidence ?? null }, at);
        const changes = Array.from(found, ([consent, some]): ConsentChange => ({ action: 'withdrawn', consent, groups: some }));
        const about = { idNumber, representative, agency, purpose, channel };
        return { result: found, entries: consentEntries(make, about, changes) };
      });
      return { kind: 'withdrawn', groups: [...new Set([...ended.values()].flat())].toSorted() };
    },
    async extend(id, until, { channel, evidence }, actor) {
      const nowMs = clock();
      const latest = endOf(until, nowMs);
      if (typeof latest === 'string') return { kind: 'refused', message: latest };
      const before = await one(id);
      if ('kind' in before) return before;
      const { idNumber, representative } = before.record;
      if (actor !== undefined && actor.idNumber !== idNumber) return NO_CONSENT;
      const acting = await mayGive(actor ?? { idNumber, representative: representative ?? undefined }, findFamily, nowMs);
      if (acting.kind === 'refused') return acting;
      // Who was too young to agree when it was given may be old enough by now.
      const lacksAgreement = before.record.childAgreement === null && isSensitive(before);
      const latestMs = endsAtMs(acting, lacksAgreement);
      if (latestMs <= nowMs) return { kind: 'refused', message: `${OWN_AGREEMENT} Give the consent anew, with the proof of it.` };
      const end = new Date(Math.min(latest.getTime(), latestMs));
      const at = new Date(nowMs);
      const make = await ledger.entriesAt(nowMs);
      const extended = await ledger.together(async (tx) => {
        const groups = await extendGroups(tx, id, end, at);
        if (groups.length > 0) await insertEvent(tx, id, { kind: 'extended', channel, groups, evidence: evidence ?? null }, at);
        const { agency, purpose } = before.record;
        const about = { idNumber, representative: representative ?? undefined, agency, purpose: purpose.id, channel };
        const changes: readonly ConsentChange[] = groups.length === 0 ? [] : [{ action: 'extended', consent: id, groups, validUntil: end }];
        return { result: groups, entries: consentEntries(make, about, changes) };
      });
      if (extended.length > 0) return one(id);
      return { kind: 'refused', message: 'Nothing of this consent is in force and ends before that day. Give it anew.' };
    },
    async list(actor) {
      const acting = await mayWithdraw(actor, findFamily, clock());
      return acting.kind === 'refused' ? acting : readHistories(database, { idNumber: actor.idNumber }, LISTED_MAX);
    },
    show: (history) => shownConsent(history, rules(), clock()),
    notice(input) {
      const judged = judge({ ...input, idNumber: NOBODY }, rules(), clock());
      if (judged.kind === 'refused') return judged;
      return termsOf({ ...judged, agency: judged.agency.name, purpose: judged.purpose.text, labelOf: rules().groups.labelOf });
    },
    async receipt(id) {
      const [history] = await readHistories(database, { id }, 1);
      return history && receiptOf(history.record);
    },
  };
}

const OWN_AGREEMENT = 'From the age of seven a child agrees to sensitive data too.';

/** Whether sensitive data is part of what has not been withdrawn or replaced. */
function isSensitive({ record, groups }: ConsentHistory): boolean {
  const left = new Set(groups.filter(({ endedAt }) => endedAt === null).map(({ name }) => name));
  return record.groups.some(({ name, sensitive }) => sensitive && left.has(name));
}

const NO_CONSENT = { kind: 'refused', message: 'There is no consent with this id.' } as const;
/** A notice is the same for everybody. */
const NOBODY = '000000000000';
