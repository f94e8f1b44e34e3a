import { generateKeyPairSync } from 'node:crypto';
import { join } from 'node:path';
import type { DisclosureEvent, PersonsEntry } from '../../gateway/ledger/events.ts';
import { entryOf, type Entry } from '../../gateway/ledger/entry.ts';
import { noteSigner, verifierText } from '../../gateway/ledger/tree/note.ts';
import { merge } from '../../gateway/ledger/tree/sequencer.ts';
import { exportPage } from '../../gateway/ledger/verify/export.ts';
import { migrate, openDatabase, type Database } from '../../platform/database.ts';
import { testLedger, type TestLedger } from './event-ledger.ts';

export const SIGNER = noteSigner('log', 'test-ledger', generateKeyPairSync('ed25519').privateKey);
export const KEYS = { key: verifierText(SIGNER), witnesses: [] as readonly string[] };
export const START_MS = Date.parse('2026-11-25T08:00:00Z');
const MIGRATIONS = join(import.meta.dirname, '..', '..', 'gateway', 'migrations');

export interface SmallLedger extends AsyncDisposable {
  readonly database: Database;
  readonly writers: readonly TestLedger[];
  readonly clock: { nowMs: number };
  /** Records disclosures of so many people each, by one writer, and gives their receipts. */
  readonly write: (count: number, options?: { readonly people?: number; readonly writer?: number }) => Promise<readonly string[]>;
  readonly merge: () => Promise<void>;
  readonly lines: () => Promise<readonly string[]>;
}

/** A ledger in an embedded database, with two gateways that write it. */
export async function smallLedger(url?: string): Promise<SmallLedger> {
  const database = await openDatabase({ url, statementTimeoutMs: 10_000 });
  await migrate(database, MIGRATIONS);
  const clock = { nowMs: START_MS };
  const now = (): number => clock.nowMs;
  const writers = [testLedger(database, now, 'one'), testLedger(database, now, 'two')];
  return {
    database,
    writers,
    clock,
    async write(count, { people = 1, writer = 0 } = {}) {
      const ledger = writers[writer];
      if (!ledger) throw new Error('There are two writers.');
      const entries = await Promise.all(Array.from({ length: count }, async (_, index) => disclosure(ledger, clock.nowMs, people, index)));
      const written = await Promise.all(entries.map(async (entry) => ledger.recorder.record(entry)));
      return written.map((one) => {
        if (one === undefined) throw new Error('It was not written.');
        return one.receipt;
      });
    },
    async merge() {
      await merge({ database, signer: SIGNER, clock: now });
    },
    lines: async () => linesOf(database),
    async [Symbol.asyncDispose]() {
      for (const { recorder } of writers) await recorder[Symbol.asyncDispose]();
      await database[Symbol.asyncDispose]();
    },
  };
}

/** The whole export of a ledger. */
export async function linesOf(database: Database, keys = KEYS): Promise<readonly string[]> {
  const lines: string[] = [];
  for (let from: number | undefined = 0; from !== undefined;) {
    const page = await exportPage(database, from, keys);
    lines.push(...page.lines);
    from = page.next;
  }
  return lines;
}

async function disclosure({ pseudonyms }: TestLedger, atMs: number, people: number, index: number): Promise<Entry> {
  const key = await pseudonyms.at(atMs);
  if (!key) throw new Error('There is no key.');
  const ids = Array.from({ length: people }, (_, place) => key.pseudonymise(`0010900${String(index * people + place).padStart(5, '0')}`));
  return entryOf(EVENT, { atMs, pseudonymKey: key.id, persons: ids.length === 0 ? [] : [{ pseudonyms: ids, ...SHOWN }] });
}

const SHOWN: Omit<PersonsEntry, 'pseudonyms'> = {
  part: 'subject',
  released: ['Resident.fullName'],
  transformed: [],
  withheld: ['Resident.phone'],
  inputs: ['Resident.idNumber'],
  absent: false,
};

const EVENT: DisclosureEvent = {
  kind: 'disclosure',
  application: 'hospital-counter',
  agency: 'hospital',
  officer: 'officer-017',
  officerRole: null,
  case: null,
  purpose: 'health.check-in',
  assurance: 0,
  emergency: null,
  phase: 'complete',
  intent: null,
  documentHash: 'ab'.repeat(32),
  operation: null,
  policyVersion: 'sha256:00',
  bases: { 'Resident.fullName': 'ART_19_1_C' },
  references: { ART_19_1_C: ['Law 15/2023/QH15 art. 59'] },
  inputs: ['Resident.idNumber'],
  withheld: [{ coordinate: 'Resident.phone', code: 'CONSENT_REQUIRED' }],
  grants: [],
  consents: [],
};
