import { generateKeyPairSync } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { noteSigner, readSignerKey, readVerifier, verifierText, type NoteSigner } from './tree/note.ts';
import { createWitnessServer } from './witness/serve.ts';
import { openState } from './witness/state.ts';

// Entry file of a witness: `node gateway/ledger/witness.ts --log KEY --state DIR [--port N] [--host H] [--name NAME]`. It belongs to
// somebody else than the gateway's operator. Its key is made at the first start; what it prints is given to whoever checks the ledger.

const { values } = parseArgs({
  options: {
    log: { type: 'string', multiple: true },
    state: { type: 'string' },
    port: { type: 'string', default: '4010' },
    host: { type: 'string', default: '127.0.0.1' },
    name: { type: 'string', default: 'lien-thong-witness' },
  },
});

async function main(): Promise<void> {
  const { log = [], state: directory, port, host, name } = values;
  if (directory === undefined) throw new Error('Say where the witness keeps what it saw: --state DIR.');
  const logs = log.map((text) => {
    const verifier = readVerifier(text);
    if (verifier?.kind !== 'log') throw new Error('A key given by --log is none. "cli -- ledger key" prints the one of a gateway.');
    return verifier;
  });
  if (logs.length === 0) throw new Error('Say whose checkpoints are witnessed: --log KEY, as "cli -- ledger key" prints it.');
  if (!/^\d{1,5}$/.test(port) || Number(port) > 65_535) throw new Error('--port is a number from 0 to 65535.');
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const signer = await loadSigner(join(directory, 'witness.private.pem'), name);
  const app = createWitnessServer({ signer, logs, state: await openState(join(directory, 'seen.json')), clock: Date.now });
  const stop = (): void => {
    app.close().then(
      () => process.exit(0),
      () => process.exit(1),
    );
  };
  process.once('SIGTERM', stop);
  process.once('SIGINT', stop);
  const url = await app.listen({ host, port: Number(port) });
  process.stdout.write(
    `${verifierText(signer)}\nThe witness is ready at ${url}; the gateway needs LEDGER_WITNESSES=${url}=<the key above>.\n`,
  );
}

async function loadSigner(file: string, name: string): Promise<NoteSigner> {
  try {
    const pem = generateKeyPairSync('ed25519').privateKey.export({ format: 'pem', type: 'pkcs8' });
    await writeFile(file, pem, { flag: 'wx', mode: 0o600 });
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
  }
  return noteSigner('cosigner', name, readSignerKey(await readFile(file, 'utf8')));
}

main().catch((error: unknown) => {
  process.stderr.write(`The witness did not start. ${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(1);
});
