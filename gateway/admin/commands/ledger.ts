import { createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open, readFile } from 'node:fs/promises';
import { DEMO_LEDGER, ledgerKeyFile, receiptKeyFile } from '../../identity/keys.ts';
import { readReceipt, type Receipt } from '../../ledger/receipt.ts';
import { noteSigner, readVerifier, type NoteVerifier } from '../../ledger/tree/note.ts';
import type { VerifyReport } from '../../ledger/verify/report.ts';
import type { StateReport } from '../../ledger/verify/state.ts';
import { verifyLedger } from '../../ledger/verify/verify.ts';
import { isProven, type RecordProof } from '../../ledger/verify/record-proof.ts';
import { callAdmin } from '../client.ts';
import { readGiven, writeGiven } from '../command-files.ts';
import type { CommandSettings } from '../command-settings.ts';

export interface VerifyCommandOptions {
  readonly export?: string;
  readonly key?: string;
  readonly receipts?: string;
  readonly receiptKey?: string;
  readonly seen?: string;
  readonly state?: true;
  readonly json?: true;
}

/**
 * Checks the ledger of the running gateway, or an export, and prints the report. Resolves whether all is as it should be. Rejects with a
 * sentence when it could not be checked.
 */
export async function ledgerVerify(settings: CommandSettings, options: VerifyCommandOptions): Promise<boolean> {
  if (options.export !== undefined && options.state === true) throw new Error('--state needs the running gateway. Leave --export out.');
  const key = options.key === undefined ? await keyOf(settings) : keyGiven(options.key);
  const receipts = options.receipts === undefined ? [] : await readReceipts(options.receipts);
  const receiptKey = await receiptKeyOf(settings, options.receiptKey);
  if (receipts.length > 0 && receiptKey === undefined)
    throw new Error('Receipts are checked with the public key of the gateway: give --receipt-key FILE.');
  const seen = options.seen === undefined ? undefined : await readGiven(options.seen);
  const lines = options.export === undefined ? linesOfGateway(settings) : linesOfFile(options.export);
  const nowMs = options.export === undefined ? Date.now() : undefined;
  const report = await verifyLedger(lines, { key, receipts, receiptKey, seen, nowMs });
  const state = options.state === true ? await stateOf(settings) : undefined;
  const ok = report.ok && state?.ok !== false;
  if (options.json === true) settings.output.write(`${JSON.stringify({ ...report, ok, ...(state === undefined ? {} : { state }) })}\n`);
  else settings.output.write(describe(report, state));
  return ok;
}

/** Writes the ledger of the running gateway to a file. */
export async function ledgerExport(settings: CommandSettings, file: string, json: boolean): Promise<void> {
  const handle = await writeGiven(file, async () => open(file, 'w', 0o600));
  let count = 0;
  try {
    for await (const line of linesOfGateway(settings)) {
      await handle.write(`${line}\n`);
      count += 1;
    }
    await handle.sync();
  } finally {
    await handle.close();
  }
  settings.output.write(
    json ? `${JSON.stringify({ file, lines: count })}\n` : `${count} lines written. Check them with: ledger verify --export ${file}\n`,
  );
}

export interface ProveOptions {
  readonly record: string;
  readonly person?: string;
  /** Of an officer who proves what is said of a person, with who stands beside. */
  readonly case?: string;
  readonly second?: string;
}

/** Prints the proof of a record as JSON, once it holds. */
export async function ledgerProve(settings: CommandSettings, options: ProveOptions): Promise<void> {
  const { record, person, case: caseReference, second } = options;
  const query = 'query ($record: ID!, $person: IdNumber, $case: String) { ledgerProof(record: $record, person: $person, case: $case) }';
  const variables = { record, person, case: caseReference };
  const { ledgerProof } = await callAdmin<{ readonly ledgerProof: string | null }>(settings, query, variables, second);
  if (ledgerProof === null)
    throw new Error('There is no such record, it is not about this person, or no checkpoint covers it yet: try again in some seconds.');
  const key = await keyOf(settings);
  if (key !== undefined && !isProven(JSON.parse(ledgerProof) as RecordProof, key))
    throw new Error('The proof does not hold. Run "ledger verify".');
  settings.output.write(`${ledgerProof}\n`);
}

/** Prints the key that checkpoints are signed with. */
export async function ledgerKey(settings: CommandSettings, json: boolean): Promise<void> {
  type Keys = { readonly key: string; readonly witnesses: readonly string[] };
  const { ledgerKeys } = await callAdmin<{ readonly ledgerKeys: Keys }>(settings, '{ ledgerKeys { key witnesses } }');
  if (json) settings.output.write(`${JSON.stringify(ledgerKeys)}\n`);
  else if (ledgerKeys.key === '') throw new Error('This gateway does not sign checkpoints. Ask the sequencer for its key.');
  else settings.output.write(`${ledgerKeys.key}\n`);
}

/** The ledger page by page. */
async function* linesOfGateway(settings: CommandSettings): AsyncGenerator<string> {
  type Page = { readonly lines: readonly string[]; readonly next: string | null };
  for (let from: string | null = '0'; from !== null;) {
    const query = 'query ($from: String!) { ledgerExport(from: $from) { lines next } }';
    const { ledgerExport: page }: { readonly ledgerExport: Page } = await callAdmin(settings, query, { from });
    yield* page.lines;
    from = page.next;
  }
}

async function* linesOfFile(file: string): AsyncGenerator<string> {
  try {
    // Lines end with a line feed and nothing else: a carriage return is part of a line, and then wrong.
    let rest = '';
    for await (const chunk of createReadStream(file, 'utf8')) {
      const lines = (rest + String(chunk)).split('\n');
      rest = lines.pop() ?? '';
      yield* lines;
    }
    if (rest !== '') yield rest;
  } catch (cause) {
    throw new Error(`The file ${file} cannot be read. Name one that is there.`, { cause });
  }
}

async function stateOf(settings: CommandSettings): Promise<StateReport> {
  const query = '{ ledgerState { ok consents events steps entries people differences } }';
  return (await callAdmin<{ readonly ledgerState: StateReport }>(settings, query)).ledgerState;
}

function keyGiven(text: string): NoteVerifier {
  const verifier = readVerifier(text);
  if (verifier?.kind !== 'log') throw new Error('--key is name+hash+base64, as "ledger key" prints it.');
  return verifier;
}

/** Of the installation in DATA_DIR, whose name the running gateway or the export tells; undefined where there is none. */
async function keyOf(settings: CommandSettings): Promise<NoteVerifier | undefined> {
  const pem = await readFile(ledgerKeyFile(settings.dataDir), 'utf8').catch(() => undefined);
  return pem === undefined ? undefined : noteSigner('log', DEMO_LEDGER, createPrivateKey(pem));
}

async function receiptKeyOf({ dataDir }: CommandSettings, file: string | undefined): Promise<KeyObject | undefined> {
  if (file !== undefined) return createPublicKey(await readGiven(file));
  const pem = await readFile(receiptKeyFile(dataDir), 'utf8').catch(() => undefined);
  return pem === undefined ? undefined : createPublicKey(pem);
}

async function readReceipts(file: string): Promise<readonly Receipt[]> {
  const lines = (await readGiven(file)).split('\n').filter((line) => line.trim() !== '');
  return lines.map((line, index) => {
    const receipt = readReceipt(line.trim());
    if (receipt === undefined)
      throw new Error(`Line ${index + 1} of ${file} is no receipt. Answers have them in the header x-ledger-receipt.`);
    return receipt;
  });
}

function describe(report: VerifyReport, state: StateReport | undefined): string {
  const { size, checkpoints, cosignatures, pruned, tail, receipts, first, findings, keyIsPinned } = report;
  const lines = [
    `${size} records in the tree, ${checkpoints} checkpoints${cosignatures === 0 ? '' : ` with ${cosignatures} signatures of witnesses`}${pruned === 0 ? '' : `, ${pruned} records without their body by retention`}.`,
    `Not yet in a checkpoint: ${tail.records} records${tail.oldestAt === undefined ? '' : ` since ${tail.oldestAt}`}.`,
    ...(receipts === 0 ? [] : [`${receipts} receipts.`]),
    ...(keyIsPinned ? [] : ['The key of the checkpoints is the one that the ledger itself names: compare it, or give --key.']),
  ];
  if (first === undefined) lines.push('Nothing was altered, removed, inserted or reordered.');
  else {
    const where = [
      first.index === undefined ? [] : [`index ${first.index}`],
      first.record === undefined ? [] : [`record ${first.record}`],
    ].flat();
    lines.push(`FAULT (${first.kind}${where.length === 0 ? '' : `, ${where.join(', ')}`}): ${first.message}`);
    if (findings > 1) lines.push(`${findings - 1} more faults may follow from it.`);
  }
  if (state) {
    lines.push(
      `Compared with the tables: ${state.consents} consents, ${state.events} events, ${state.steps} steps of policies and operations, ${state.entries} rows of the registry, ${state.people} entries of people.`,
    );
    lines.push(
      ...(state.ok ? ['The tables are what the ledger says.'] : state.differences.map((difference) => `DIFFERENCE: ${difference}`)),
    );
  }
  return `${lines.join('\n')}\n`;
}
