import { createPrivateKey, sign } from 'node:crypto';
import { parse } from 'yaml';
import { z } from 'zod';
import { ceilingBytes, CeilingFile, readCeilingStatement } from '../../../platform/ceiling.ts';
import { canonicalJson } from '../canonical.ts';
import { accountOf, callAdmin, signingKeyOf } from '../client.ts';
import { readGiven } from '../command-files.ts';
import type { CommandSettings } from '../command-settings.ts';
import { RefusedError } from '../refused.ts';

interface Shown {
  readonly register: string;
  readonly version: number;
  readonly statement: string;
  readonly inForce: boolean;
  readonly signedBy: readonly string[];
}

interface Signed {
  readonly version: number | null;
  readonly inForce: boolean | null;
  readonly widens: readonly string[] | null;
  readonly refusal: { readonly code: string; readonly message: string } | null;
}

/** Shows the newest ceiling of a register. */
export async function ceilingShow(settings: CommandSettings, register: string, json: boolean): Promise<void> {
  const shown = await readShown(settings, register);
  if (json) return settings.output.write(`${JSON.stringify(shown)}\n`);
  if (shown === null)
    return settings.output.write(`The register "${register}" has its own ceiling alone, the file ceiling.yaml beside it.\n`);
  const { agencies = {} } = readCeilingStatement(shown.statement) ?? {};
  settings.output.write(
    `${JSON.stringify({ agencies }, undefined, 2)}\nversion ${shown.version}, ${shown.inForce ? 'in force' : 'waits for another signature'}, signed by ${shown.signedBy.join(', ')}\n`,
  );
}

/** Signs the ceiling in a file as the next version, with the key of the officer who acts. */
export async function ceilingSet(settings: CommandSettings, register: string, file: string, json: boolean): Promise<void> {
  const text = await readGiven(file, 'Name one in the form of a ceiling.yaml.');
  const read = CeilingFile.safeParse(parse(text));
  if (!read.success) throw new Error(`The file ${file} is no ceiling. ${z.prettifyError(read.error)}`);
  const shown = await readShown(settings, register);
  const version = shown === null ? 1 : shown.inForce ? shown.version + 1 : shown.version;
  const statement = canonicalJson({ kind: 'ceiling', register, version, at: new Date().toISOString(), agencies: read.data.agencies });
  await signAndSend(settings, statement, json);
}

/** Signs the ceiling that waits, as another of the owner's people. */
export async function ceilingConfirm(settings: CommandSettings, register: string, json: boolean): Promise<void> {
  const shown = await readShown(settings, register);
  if (shown === null || shown.inForce) throw new Error(`No ceiling of "${register}" waits for a signature.`);
  await signAndSend(settings, shown.statement, json);
}

async function signAndSend(settings: CommandSettings, statement: string, json: boolean): Promise<void> {
  if (settings.as === undefined && settings.signingKeyFile === undefined) {
    throw new Error('Say with --as which data owner of the register signs, or set SIGNING_KEY_FILE to the key.');
  }
  const jwk = await signingKeyOf(settings, settings.as === undefined ? undefined : await accountOf(settings, settings.as));
  const signature = sign(null, ceilingBytes(statement), createPrivateKey({ key: { ...jwk }, format: 'jwk' })).toString('base64url');
  const mutation = `mutation ($statement: String!, $key: String!, $signature: String!) {
    signCeiling(statement: $statement, key: $key, signature: $signature) { version inForce widens refusal { code message } } }`;
  const { signCeiling: signed } = await callAdmin<{ signCeiling: Signed }>(settings, mutation, { statement, key: jwk.x, signature });
  if (signed.refusal !== null) {
    if (json) settings.output.write(`${JSON.stringify({ refusal: signed.refusal })}\n`);
    throw new RefusedError(signed.refusal);
  }
  if (json) return settings.output.write(`${JSON.stringify(signed)}\n`);
  const widens = (signed.widens ?? []).map((line) => `  widens: ${line}\n`).join('');
  const state = signed.inForce === true ? 'is in force' : 'waits for another data owner: registry ceiling confirm';
  settings.output.write(`${widens}Version ${signed.version} ${state}.\n`);
}

async function readShown(settings: CommandSettings, register: string): Promise<Shown | null> {
  const query = 'query ($register: ID!) { registerCeiling(register: $register) { register version statement inForce signedBy } }';
  return (await callAdmin<{ registerCeiling: Shown | null }>(settings, query, { register })).registerCeiling;
}
