import type { Database } from '../../../platform/database.ts';
import { hashOfEvent } from '../../admin/events.ts';
import { hashOfRecord } from '../../consent/events.ts';
import { addressOf } from '../../operations/content.ts';
import { contentVersion } from '../../policy/policy-files.ts';
import { hashOfEntries } from '../../registry/entries.ts';
import { readRegistry } from '../../registry/store.ts';
import { hashOf } from '../../rules/signature.ts';
import { filesOf } from '../../rules/thread-protocol.ts';
import * as store from './store.ts';

/** What a comparison of the tables with the ledger found. */
export interface StateReport {
  readonly ok: boolean;
  /** Compared, by kind. */
  readonly consents: number;
  readonly events: number;
  /** Steps of policy versions and operations. */
  readonly steps: number;
  /** Rows of the registry. */
  readonly entries: number;
  readonly people: number;
  /** The first that differ, each as a sentence. */
  readonly differences: readonly string[];
}

/** Differences that are named. */
const DIFFERENCES_MAX = 20;
const READ_MAX = 1_000;

/**
 * Replays from the ledger what should stand in the tables: consents with their groups, ends and withdrawals; what was administered, and by that
 * the steps of policy versions and of operations with what they are about, and the registry as its last change left it; and whom each record is
 * about, by which people find their own. The ledger itself has to be verified besides.
 */
export async function checkState(database: Database): Promise<StateReport> {
  const differences: string[] = [];
  const since = await store.readBeginning(database);
  for (const { consent, group, wrong } of await store.readConsentDifferences(database, since, DIFFERENCES_MAX)) {
    differences.push(`The consent ${consent} ${wrong}${group === null ? '' : `, group ${group}`}.`);
  }
  const consents = await checkRecords(database, since, differences);
  const events = await checkEvents(database, since, differences);
  let steps = 0;
  for (const signed of store.SIGNED_STEPS) steps += await checkSteps(database, signed, differences);
  await checkContents(database, differences);
  await checkOperationTexts(database, differences);
  const entries = await checkRegistry(database, differences);
  for (const { id, wrong } of await store.readPersonDifferences(database, DIFFERENCES_MAX)) {
    differences.push(`The index of people ${wrong} record ${id}.`);
  }
  const people = await store.countPersons(database);
  return { ok: differences.length === 0, consents, events, steps, entries, people, differences: differences.slice(0, DIFFERENCES_MAX) };
}

/** The record of each consent is what it was when it was given. */
async function checkRecords(database: Database, since: Date, differences: string[]): Promise<number> {
  let count = 0;
  for (let after = ''; ;) {
    const rows = await store.readConsentHashes(database, since, after, READ_MAX);
    for (const { id, body, recorded } of rows) {
      if (recorded !== null && hashOfRecord(body) !== recorded) differences.push(`The consent ${id} has another record than was given.`);
    }
    count += rows.length;
    after = rows.at(-1)?.id ?? '';
    if (rows.length < READ_MAX) return count;
  }
}

async function checkEvents(database: Database, since: Date, differences: string[]): Promise<number> {
  let count = 0;
  for (let after = 0; ;) {
    const rows = await store.readFedEvents(database, after, READ_MAX);
    for (const row of rows) {
      const { number, recorded } = row;
      // Retention took the record of what was done before; the event itself stays.
      if (recorded === null && row.at >= since) differences.push(`What was administered under number ${number} is not in the ledger.`);
      else if ((recorded ?? row.hash) !== row.hash || hashOfEvent(row) !== row.hash)
        differences.push(`What was administered under number ${number} was altered.`);
    }
    count += rows.length;
    after = rows.at(-1)?.number ?? after;
    if (rows.length < READ_MAX) break;
  }
  const lost = await store.countLostEvents(database);
  if (lost > 0) differences.push(`${lost} events of the ledger are missing from what was administered.`);
  return count;
}

/** Each step is one that was recorded, as it was signed, and none is missing. */
async function checkSteps(database: Database, steps: store.SignedSteps, differences: string[]): Promise<number> {
  let count = 0;
  for (let after = 0; ;) {
    const rows = await store.readSignedSteps(database, steps, after, READ_MAX);
    for (const step of rows) {
      const { number, statement, hash, recorded } = step;
      if (hashOf(statement) !== hash || (recorded !== null && !isAsSigned(step, recorded)))
        differences.push(`Step ${number} of the ${steps.name} was altered.`);
      else if (recorded === null) differences.push(`Step ${number} of the ${steps.name} is not in the ledger.`);
    }
    count += rows.length;
    after = rows.at(-1)?.number ?? after;
    if (rows.length < READ_MAX) break;
  }
  const lost = await store.countLostSteps(database, steps);
  if (lost > 0) differences.push(`${lost} steps of ${steps.name} that the ledger tells of are missing.`);
  return count;
}

/** What is signed is not believed under another signature, and a suspension that is not believed suspends nothing. */
function isAsSigned({ keyId, signature }: store.RecordedStep, recorded: NonNullable<store.RecordedStep['recorded']>): boolean {
  // Steps that were recorded before their signatures were too.
  if (recorded['signature'] === undefined) return true;
  return recorded['signature'] === signature && recorded['keyId'] === keyId;
}

/** The files of a version are those that its name is the hash of. */
async function checkContents(database: Database, differences: string[]): Promise<void> {
  for (let after = ''; ;) {
    const version = await store.readNextContent(database, after);
    if (version === undefined) return;
    if (contentVersion(filesOf(version.files)) !== version.version) differences.push(`The files of ${version.version} were altered.`);
    after = version.version;
  }
}

/** So are the texts of operations and of what the check said of them. */
async function checkOperationTexts(database: Database, differences: string[]): Promise<void> {
  for (let after = ''; ;) {
    const rows = await store.readOperationTexts(database, after, READ_MAX);
    for (const { name, text } of rows) {
      if (name !== addressOf(text) && name !== hashOf(text)) differences.push(`The content or report ${name} of an operation was altered.`);
    }
    after = rows.at(-1)?.name ?? after;
    if (rows.length < READ_MAX) return;
  }
}

/** The registry is what the record of its last change says. */
async function checkRegistry(database: Database, differences: string[]): Promise<number> {
  const [registry, recorded] = [await readRegistry(database), await store.readRegistryHash(database)];
  const entries = registry?.entries ?? [];
  if (recorded !== undefined && hashOfEntries(entries) !== recorded)
    differences.push('The registry is not what its last recorded change left: rows were altered, added or removed.');
  return entries.length;
}
