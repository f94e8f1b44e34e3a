import { createHash, randomUUID } from 'node:crypto';
import type { Database } from '../../platform/database.ts';
import type { ConsentChannel, ConsentHistory, ConsentRecord } from './record.ts';
import { endOf, judge, type ConsentInput, type ConsentRules, type NotConsentable } from './rules.ts';
import { endGroups, extendGroups, insertConsent, insertEvent, insertNotice, lockConsents, readHistories } from './store.ts';
import { termsOf } from './terms.ts';

/** Consents of one person shown at once. */
const LISTED_MAX = 1_000;

export interface ConsentService {
  /** Notes a consent; what it replaces ends with it. Durable when the promise resolves. */
  give(input: ConsentInput, by: GivenBy): Promise<ConsentHistory | NotConsentable>;
  /** Ends everything that was given for agency and purpose, or only some groups of it. Doing so twice changes nothing. */
  withdraw(about: WithdrawInput, by: GivenBy): Promise<{ readonly kind: 'withdrawn'; readonly groups: readonly string[] }>;
  extend(id: string, until: string, by: GivenBy): Promise<ConsentHistory | NotConsentable>;
  list(idNumber: string): Promise<readonly ConsentHistory[]>;
  /** The record as it was given, with the SHA-256 of its JSON; undefined when there is none. */
  receipt(id: string): Promise<{ readonly record: string; readonly sha256: string } | undefined>;
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
}

/** Gives, withdraws, extends and shows consents. Whoever calls has made sure who asks. */
export function createConsentService(database: Database, rules: ConsentRules, clock: () => number): ConsentService {
  const one = async (id: string): Promise<ConsentHistory | NotConsentable> => {
    const [history] = await readHistories(database, { id }, 1);
    return history ?? { kind: 'refused', message: 'There is no consent with this id.' };
  };

  return {
    async give(input, { channel, evidence }) {
      const nowMs = clock();
      const judged = judge(input, rules, nowMs);
      if (judged.kind === 'refused') return judged;
      const { agency, purpose, groups, validUntil } = judged;
      const at = new Date(nowMs);
      const names = groups.map(({ name }) => name);
      const record: ConsentRecord = {
        id: randomUUID(),
        schemaVersion: 'TS27560:2023 lien-thong/1',
        idNumber: input.idNumber,
        agency: agency.id,
        purpose: { id: purpose.id, version: purpose.version, text: purpose.text },
        groups,
        lawfulBasis: 'CONSENT',
        givenAt: at.toISOString(),
        validFrom: at.toISOString(),
        channel,
        evidence: evidence ?? null,
        notice: termsOf({ agency: agency.name, purpose: purpose.text, groups, validUntil }),
      };
      await database.transaction(async (tx) => {
        await lockConsents(tx, input.idNumber, agency.id, purpose.id);
        const replaced = await endGroups(tx, { idNumber: input.idNumber, agency: agency.id, purpose: purpose.id, groups: names }, at);
        await insertConsent(tx, record, validUntil);
        for (const [id, ended] of replaced) await insertEvent(tx, id, { kind: 'replaced', channel, groups: ended, evidence: null }, at);
        await insertEvent(tx, record.id, { kind: 'given', channel, groups: names, evidence: evidence ?? null }, at);
        // At a counter somebody else wrote it down: the person is owed a message, and it cannot be lost.
        if (channel === 'operator') await insertNotice(tx, record.id, at);
      });
      return one(record.id);
    },
    async withdraw({ idNumber, agency, purpose, groups }, { channel, evidence }) {
      const at = new Date(clock());
      const names = groups ?? [...rules.groups.current.keys()];
      const ended = await database.transaction(async (tx) => {
        await lockConsents(tx, idNumber, agency, purpose);
        const found = await endGroups(tx, { idNumber, agency, purpose, groups: names }, at);
        for (const [id, some] of found)
          await insertEvent(tx, id, { kind: 'withdrawn', channel, groups: some, evidence: evidence ?? null }, at);
        return found;
      });
      return { kind: 'withdrawn', groups: [...new Set([...ended.values()].flat())].toSorted() };
    },
    async extend(id, until, { channel, evidence }) {
      const nowMs = clock();
      const end = endOf(until, nowMs);
      if (typeof end === 'string') return { kind: 'refused', message: end };
      const at = new Date(nowMs);
      const extended = await database.transaction(async (tx) => {
        const groups = await extendGroups(tx, id, end, at);
        if (groups.length > 0) await insertEvent(tx, id, { kind: 'extended', channel, groups, evidence: evidence ?? null }, at);
        return groups;
      });
      if (extended.length > 0) return one(id);
      return { kind: 'refused', message: 'Nothing of this consent is in force and ends before that day. Give it anew.' };
    },
    list: async (idNumber) => readHistories(database, { idNumber }, LISTED_MAX),
    async receipt(id) {
      const [history] = await readHistories(database, { id }, 1);
      if (history === undefined) return undefined;
      const record = JSON.stringify(history.record);
      return { record, sha256: createHash('sha256').update(record).digest('hex') };
    },
  };
}
