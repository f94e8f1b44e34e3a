import { readFile } from 'node:fs/promises';
import { openDatabase } from '../../platform/database.ts';
import { createLog } from '../../platform/log.ts';
import { readLedgerSettings } from '../config-ledger.ts';
import { LIMITS } from '../limits.ts';
import { createMetrics } from '../metrics.ts';
import { noteSigner, readSignerKey, verifierText } from './tree/note.ts';
import { startSequencer } from './tree/service.ts';
import { witnessesOf } from './tree/witness-client.ts';

// Entry file of a sequencer that is a process of its own, with the key of checkpoints that the gateways then do not have:
// `node gateway/ledger/sequence.ts`. It needs the gateways' database and nothing else; of several one works at a time.

async function main(): Promise<void> {
  const { databaseUrl, keyFile, name, witnesses, intervalMs = LIMITS.sequencerIntervalMs } = readLedgerSettings(process.env);
  if (databaseUrl === undefined) throw new Error('GATEWAY_DATABASE_URL is missing: an embedded database has its sequencer in the gateway.');
  if (keyFile === undefined)
    throw new Error('LEDGER_KEY_FILE is missing: an Ed25519 key in PEM, made with openssl genpkey -algorithm ed25519.');
  const log = createLog('sequencer', process.env['LOG_LEVEL'] ?? 'info');
  const signer = noteSigner('log', name, readSignerKey(await readFile(keyFile, 'utf8')));
  const database = await openDatabase({ url: databaseUrl, statementTimeoutMs: LIMITS.statementTimeoutMs });
  const parts = { database, signer, witnesses: witnessesOf(witnesses), intervalMs, clock: Date.now, metrics: createMetrics(), log };
  const sequencer = startSequencer({ ...parts, keepsRunning: true });
  const stop = (): void => {
    sequencer[Symbol.asyncDispose]()
      .then(async () => database[Symbol.asyncDispose]())
      .then(
        () => process.exit(0),
        () => process.exit(1),
      );
  };
  process.once('SIGTERM', stop);
  process.once('SIGINT', stop);
  process.stdout.write(`${verifierText(signer)}\nThe sequencer is ready.\n`);
}

main().catch((error: unknown) => {
  process.stderr.write(`The sequencer did not start. ${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(1);
});
