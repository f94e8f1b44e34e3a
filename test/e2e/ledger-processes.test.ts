import { spawn, type ChildProcess } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { freePort } from '../../platform/free-port.ts';
import { readVerifier } from '../../gateway/ledger/tree/note.ts';
import { verifyLedger } from '../../gateway/ledger/verify/verify.ts';
import type { Seen } from '../../gateway/ledger/witness/state.ts';
import { linesOf, smallLedger, type SmallLedger } from '../ledger/small-ledger.ts';
import { copyTestDatabase, createTestDatabase } from './test-database.ts';

const ROOT = join(import.meta.dirname, '..', '..');

/** An entry file of the ledger at work: what it has printed, and a way to wait for more of it. */
interface Program extends AsyncDisposable {
  readonly printed: () => string;
  readonly says: (wanted: RegExp) => Promise<string>;
}

function run(entry: string, args: readonly string[], environment: Readonly<Record<string, string>>): Program {
  const child: ChildProcess = spawn(process.execPath, ['entry.mjs', `gateway/ledger/${entry}`, ...args], {
    cwd: ROOT,
    env: { PATH: process.env['PATH'] ?? '', ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let text = '';
  for (const stream of [child.stdout, child.stderr]) stream?.setEncoding('utf8').on('data', (part: string) => (text += part));
  const ended = once(child, 'exit').then(() => {
    throw new Error(`${entry} ended. ${text}`);
  });
  ended.catch(() => undefined);
  return {
    printed: () => text,
    async says(wanted) {
      for (;;) {
        const [found] = wanted.exec(text) ?? [];
        if (found !== undefined) return found;
        await Promise.race([child.stdout && once(child.stdout, 'data'), child.stderr && once(child.stderr, 'data'), ended]);
      }
    },
    async [Symbol.asyncDispose]() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const gone = once(child, 'exit');
      child.kill('SIGTERM');
      await gone;
    },
  };
}

// An embedded database has one process at a time, so that its sequencer is in the gateway (test/e2e/ledger.test.ts).
describe.runIf(inject('registers').backend === 'postgres')('a sequencer and a witness that are programs of their own', () => {
  let directory: string;
  let databaseUrl: string;
  let sequencerKey: string;
  let witnessKey: string;
  let witnessUrl: string;
  let witness: Program;
  const resources = new AsyncDisposableStack();

  const sequence = (url: string): Program =>
    run('sequence.ts', [], {
      GATEWAY_DATABASE_URL: url,
      LEDGER_KEY_FILE: join(directory, 'ledger.pem'),
      LEDGER_NAME: 'test-ledger',
      LEDGER_WITNESSES: `${witnessUrl}=${witnessKey}`,
      SEQUENCER_INTERVAL_MS: '50',
    });
  const startWitness = async (port: number): Promise<Program> => {
    const program = run('witness.ts', ['--log', sequencerKey, '--state', join(directory, 'seen'), '--port', String(port)], {});
    await program.says(/The witness is ready/);
    return program;
  };
  const verified = async ({ database }: SmallLedger, seen?: string) =>
    verifyLedger(await linesOf(database, { key: sequencerKey, witnesses: [witnessKey] }), { key: readVerifier(sequencerKey), seen });
  /** What the witness remembers. */
  const remembered = async (): Promise<Partial<Seen>> => {
    const text = await readFile(join(directory, 'seen', 'seen.json'), 'utf8').catch(() => '{}');
    return (JSON.parse(text) as Partial<Record<string, Seen>>)['test-ledger'] ?? {};
  };
  /** Waits until everything written is in the tree and co-signed. */
  const cosigned = async (from: SmallLedger, size: number): Promise<void> => {
    for (;;) {
      const report = await verified(from);
      if (report.tail.records === 0 && report.size === size && (await remembered()).size === size && report.cosignatures > 0) {
        expect(report).toMatchObject({ ok: true, findings: 0 });
        return;
      }
      await new Promise((resolve) => setImmediate(resolve));
    }
  };

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'lien-thong-ledger-'));
    resources.defer(async () => rm(directory, { recursive: true }));
    const pem = generateKeyPairSync('ed25519').privateKey.export({ format: 'pem', type: 'pkcs8' });
    await writeFile(join(directory, 'ledger.pem'), pem, { mode: 0o600 });
    databaseUrl = resources.use(await createTestDatabase()).url;
    await using ledger = await smallLedger(databaseUrl);
    expect(await ledger.lines()).toHaveLength(1);
    // Each says its own key: the sequencer for the witness, the witness for the sequencer.
    await using asked = run('sequence.ts', [], {
      GATEWAY_DATABASE_URL: databaseUrl,
      LEDGER_KEY_FILE: join(directory, 'ledger.pem'),
      LEDGER_NAME: 'test-ledger',
    });
    await asked.says(/The sequencer is ready/);
    sequencerKey = (await asked.says(/^test-ledger\+\S+$/m)).trim();
    const port = await freePort('127.0.0.1');
    witness = await startWitness(port);
    witnessKey = await witness.says(/^lien-thong-witness\+\S+$/m);
    witnessUrl = `http://127.0.0.1:${port}`;
  });
  afterAll(async () => {
    await witness?.[Symbol.asyncDispose]();
    await resources[Symbol.asyncDispose]();
  });

  test('a restored backup shows as a rollback: the witness does not co-sign it, and the checkpoint that it saw is not in it', async () => {
    const writeSome = async (count: number, size: number): Promise<void> => {
      await using ledger = await smallLedger(databaseUrl);
      await using sequencer = sequence(databaseUrl);
      await sequencer.says(/The sequencer is ready/);
      await ledger.write(count);
      await cosigned(ledger, size);
    };
    await writeSome(5, 5);
    const backup = resources.use(await copyTestDatabase(databaseUrl)).url;
    await writeSome(3, 8);
    const { note } = await remembered();

    await using restored = await smallLedger(backup);
    await using sequencer = sequence(backup);
    await sequencer.says(/The sequencer is ready/);
    // Other records than those that are lost, so many that the restored tree is the longer one.
    await restored.write(9);
    await sequencer.says(/a witness did not co-sign/);
    expect(await verified(restored, note)).toMatchObject({ ok: false, first: { message: expect.stringContaining('rolled back') } });
    await using original = await smallLedger(databaseUrl);
    expect(await verified(original, note)).toMatchObject({ ok: true });
  });

  test('a witness that starts again has forgotten nothing', async () => {
    const port = Number(new URL(witnessUrl).port);
    await witness[Symbol.asyncDispose]();
    witness = await startWitness(port);
    const { note } = await remembered();
    const reply = await fetch(`${witnessUrl}/add-checkpoint`, { method: 'POST', body: `old 0\n\n${note}` });
    expect([reply.status, await reply.text()]).toEqual([409, '8\n']);
  });
});
