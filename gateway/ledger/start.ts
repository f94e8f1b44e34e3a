import type { KeyObject } from 'node:crypto';
import type { Database } from '../../platform/database.ts';
import type { Logger } from '../../platform/log.ts';
import { startFeeding } from '../admin/feed.ts';
import type { Limits } from '../limits.ts';
import type { Metrics } from '../metrics.ts';
import { createRecorder, type Recorder } from './append.ts';
import { createLedgerPartitions } from './partitions.ts';
import { createPseudonymKeys, type PseudonymKeys } from './pseudonym.ts';
import { createLedgerReading, type LedgerReading } from './reading.ts';
import { createEventLedger, type EventLedger } from './recording.ts';
import { startRetention } from './retention/retention.ts';
import type { NoteSigner } from './tree/note.ts';
import { startSequencer } from './tree/service.ts';
import type { Witness } from './tree/witness-client.ts';

/** What a gateway's ledger is told. */
export interface LedgerGovernance {
  /** Name of this gateway in the ledger. */
  readonly writer: string;
  /** Ed25519: signs the receipts in answers. */
  readonly receiptKey: KeyObject;
  /** Signs checkpoints; undefined where the sequencer is a process of its own. */
  readonly signer: NoteSigner | undefined;
  /** Who co-signs them. */
  readonly witnesses: readonly Witness[];
}

export interface LedgerParts extends LedgerGovernance {
  readonly database: Database;
  readonly pseudonymKey: Buffer;
  /** Rules and registry change while it runs, and old records go; a bench has none of that. */
  readonly isAdministered: boolean;
  readonly limits: Limits;
  readonly metrics: Metrics;
  readonly log: Logger;
  readonly clock: () => number;
  readonly resources: AsyncDisposableStack;
}

/** A gateway's part in the ledger. */
export interface StartedLedger {
  readonly recorder: Recorder;
  readonly pseudonyms: PseudonymKeys;
  /** Where everything but answers is recorded. */
  readonly events: EventLedger;
  readonly reading: LedgerReading;
}

/** Starts what writes the ledger, takes it into the tree, and keeps it; all of it ends with `resources`. */
export async function startLedger(parts: LedgerParts): Promise<StartedLedger> {
  const { database, writer, receiptKey, signer, witnesses, limits, metrics, log, clock, resources } = parts;
  const partitions = createLedgerPartitions(database);
  await partitions.ahead(clock());
  const pseudonyms = createPseudonymKeys(database, parts.pseudonymKey, { clock, log });
  // Let go of after the recorder, so that its last look takes in the last records.
  const intervalMs = limits.sequencerIntervalMs;
  if (signer) resources.use(startSequencer({ database, signer, witnesses, intervalMs, clock, metrics, log }));
  const recorder = resources.use(createRecorder({ database, writer, receiptKey, limits, metrics, log, clock }));
  const events = createEventLedger(recorder, pseudonyms);
  if (parts.isAdministered) {
    resources.use(startFeeding(events, clock, log));
    const retention = { events, months: limits.ledgerRetentionMonths, clock };
    resources.use(startRetention(retention, async (nowMs) => partitions.ahead(nowMs), log));
  }
  return { recorder, pseudonyms, events, reading: createLedgerReading({ database, signer, witnesses, pseudonyms }) };
}
