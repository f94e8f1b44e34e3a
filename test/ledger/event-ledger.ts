import { generateKeyPairSync } from 'node:crypto';
import { createRecorder, type Recorder } from '../../gateway/ledger/append.ts';
import { entryOf } from '../../gateway/ledger/entry.ts';
import { createPseudonymKeys, type PseudonymKeys } from '../../gateway/ledger/pseudonym.ts';
import { createEventLedger, type EventLedger } from '../../gateway/ledger/recording.ts';
import { LIMITS } from '../../gateway/limits.ts';
import { createMetrics } from '../../gateway/metrics.ts';
import type { Database } from '../../platform/database.ts';
import { createLog } from '../../platform/log.ts';

export const RECEIPT_KEYS = generateKeyPairSync('ed25519');
export const PSEUDONYM_KEY = Buffer.alloc(32, 9);

export interface TestLedger {
  readonly recorder: Recorder;
  readonly pseudonyms: PseudonymKeys;
  readonly events: EventLedger;
}

/** A recorder on a migrated database, put together as a gateway has it. */
export function testLedger(database: Database, clock: () => number, writer = 'test'): TestLedger {
  const log = createLog('ledger', 'silent');
  const metrics = createMetrics();
  const recorder = createRecorder({ database, writer, receiptKey: RECEIPT_KEYS.privateKey, limits: LIMITS, metrics, log, clock });
  const pseudonyms = createPseudonymKeys(database, PSEUDONYM_KEY, { clock, log });
  return { recorder, pseudonyms, events: createEventLedger(recorder, pseudonyms) };
}

/** Nothing is recorded: for filling tables before a gateway, which has keys of its own, begins its ledger. */
export function unrecorded(database: Database): EventLedger {
  return {
    entriesAt: async (atMs) => (event) => entryOf(event, { atMs, pseudonymKey: '' }),
    together: async (work) => database.transaction(async (tx) => (await work(tx)).result),
    record: async () => true,
  };
}
