import { createHmac, randomUUID } from 'node:crypto';
import { request } from 'undici';
import type { Database } from '../../platform/database.ts';
import type { Logger } from '../../platform/log.ts';
import { insertNotices, markSent, takeConsentNotices, takeNotices, type NoticeRow } from './store.ts';

/** Notices taken at once. */
const TAKEN_MAX = 20;
/** Turns of one delivery, so that a backlog does not hold up everything else. */
const TURNS_MAX = 25;
const TIMEOUT_MS = 10_000;
const DAY_MS = 86_400_000;

/** Where messages to people are handed over to who delivers them. */
export interface Webhook {
  readonly url: string;
  /** Signs each: HMAC-SHA256 as Standard Webhooks has it. */
  readonly key: Buffer;
}

export interface EmergencyUse {
  readonly record: string;
  readonly agency: string;
  readonly application: string;
  readonly purpose: string;
  readonly idNumbers: readonly string[];
  /** Days for which law keeps it from the person. */
  readonly hiddenDays: number;
}

export interface Notices {
  /** Notes that people are to be told of an emergency use. Durable when the promise resolves. */
  tellOfEmergency(use: EmergencyUse): Promise<void>;
  /** Sends what is due. Each is sent at least once; `webhook-id` is the same when it is sent again. */
  deliver(): Promise<void>;
}

export function createNotices({
  database,
  webhook,
  clock,
  log,
}: {
  readonly database: Database;
  /** Undefined where none is configured: then messages wait. */
  readonly webhook: Webhook | undefined;
  readonly clock: () => number;
  readonly log: Logger;
}): Notices {
  return {
    async tellOfEmergency({ idNumbers, hiddenDays, ...body }) {
      const nowMs = clock();
      const notice = { kind: 'emergency.used', at: new Date(nowMs), sendAt: new Date(nowMs + hiddenDays * DAY_MS), body };
      await insertNotices(
        database,
        notice,
        idNumbers.map((idNumber) => ({ id: randomUUID(), idNumber })),
      );
    },
    async deliver() {
      if (webhook === undefined) return;
      await takeConsentNotices(database, new Date(clock()), TAKEN_MAX * TURNS_MAX);
      for (let turn = 0; turn < TURNS_MAX; turn += 1) {
        const due = await takeNotices(database, new Date(clock()), TAKEN_MAX);
        const sent = await Promise.all(due.map(async (notice) => post(webhook, notice, clock, log)));
        for (const [index, { id }] of due.entries()) if (sent[index] === true) await markSent(database, id, new Date(clock()));
        // A receiver that is down is left alone until they are due again.
        if (due.length < TAKEN_MAX || !sent.includes(true)) return;
      }
    },
  };
}

/** Hands one over; false when it was not taken. Nothing of a person is in the address or the log. */
async function post({ url, key }: Webhook, notice: NoticeRow, clock: () => number, log: Logger): Promise<boolean> {
  const { id, kind, idNumber, createdAt, body, attempts } = notice;
  const text = JSON.stringify({ type: kind, timestamp: createdAt.toISOString(), data: { idNumber, ...body } });
  const seconds = Math.floor(clock() / 1_000);
  try {
    const reply = await request(url, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        'webhook-id': id,
        'webhook-timestamp': String(seconds),
        'webhook-signature': signatureOf(key, id, seconds, text),
      },
      body: text,
      headersTimeout: TIMEOUT_MS,
      bodyTimeout: TIMEOUT_MS,
    });
    await reply.body.dump();
    if (reply.statusCode >= 200 && reply.statusCode < 300) return true;
    log.warn({ notice: id, kind, attempts, status: reply.statusCode }, 'a message to a person was not taken; it is sent again later');
  } catch (error) {
    log.warn({ err: error, notice: id, kind, attempts }, 'a message to a person could not be handed over; it is sent again later');
  }
  return false;
}

/** `v1,` and the HMAC over id, time and body (standardwebhooks.com, "Signature scheme"). */
export function signatureOf(key: Buffer, id: string, seconds: number, body: string): string {
  return `v1,${createHmac('sha256', key).update(`${id}.${seconds}.${body}`).digest('base64')}`;
}
