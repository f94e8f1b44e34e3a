import { readdir, readFile } from 'node:fs/promises';
import { join, sep } from 'node:path';
import type { JWK } from 'jose';
import { readJwk } from '../identity/key-files.ts';
import { adminKeyFile, officerKeyFile } from '../identity/keys.ts';
import type { CommandSettings } from './command-settings.ts';
import { signAdminToken } from './token.ts';

/** Comparing rules may take the gateway a minute (`rulesWorkTimeoutMs`). */
const TIMEOUT_MS = 90_000;

/** Calls the admin API of the running gateway with the key in `DATA_DIR`. Rejects with a sentence that says what to do. */
export async function callAdmin<Data>(
  settings: CommandSettings,
  query: string,
  variables: Record<string, unknown> = {},
  second?: string,
): Promise<Data> {
  const token = await readToken(settings);
  const beside = second === undefined ? {} : { 'x-second-token': await readToken({ ...settings, as: second, tokenFile: undefined }) };
  const response = await callGateway(settings, '/admin/graphql', {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'application/json', authorization: `Bearer ${token}`, ...beside },
    body: JSON.stringify({ query, variables }),
  });
  if (response.status === 401) {
    throw new Error(
      `The gateway at ${settings.gatewayUrl} does not trust the key in ${settings.dataDir}. ` +
        "Set DATA_DIR to the gateway's, and look whether the clocks agree.",
    );
  }
  const answer = (await readAnswer(settings, response)) as { data?: Data | null; errors?: readonly { message: string }[] };
  if (answer.errors !== undefined) throw new Error(answer.errors.map(({ message }) => message).join(' '));
  if (answer.data === undefined || answer.data === null) throw notAGateway(settings);
  return answer.data;
}

async function readToken(settings: CommandSettings): Promise<string> {
  if (settings.tokenFile !== undefined) {
    if (settings.as !== undefined) throw new Error('A login acts as whoever logged in. Leave --as out, or unset ADMIN_TOKEN_FILE.');
    return (await readFile(settings.tokenFile, 'utf8').catch(cannotRead(settings.tokenFile))).trim();
  }
  const account = settings.as === undefined ? undefined : await accountOf(settings, settings.as);
  return signAdminToken(await signingKeyOf({ ...settings, signingKeyFile: undefined }, account), Date.now(), account);
}

/** The private key of an account in `DATA_DIR`; without an account the installation's own, or what `SIGNING_KEY_FILE` holds. */
export async function signingKeyOf(settings: CommandSettings, account: string | undefined): Promise<JWK> {
  if (settings.signingKeyFile !== undefined) return readJwk(settings.signingKeyFile, 'EdDSA');
  const file = account === undefined ? adminKeyFile(settings.dataDir) : officerKeyFile(settings.dataDir, account);
  return readJwk(file, 'EdDSA').catch(withoutKey(settings));
}

/** The account that `--as` means: as written, or the only officer of that id. Rejects with a sentence that names those there are. */
export async function accountOf({ dataDir }: CommandSettings, as: string): Promise<string> {
  const known = await readdir(join(dataDir, 'keys', 'officers'), { recursive: true }).catch(() => []);
  const accounts = known.filter((name) => name.endsWith(KEY_ENDING)).map((name) => name.slice(0, -KEY_ENDING.length).replaceAll(sep, '/'));
  const meant = accounts.filter((account) => account === as || account.endsWith(`/${as}`));
  const [account] = meant;
  if (account !== undefined && meant.length === 1) return account;
  if (meant.length > 1) throw new Error(`Several agencies have an officer "${as}". Use one of: ${meant.toSorted().join(', ')}.`);
  throw new Error(
    accounts.length === 0
      ? `There are no keys of officers in ${dataDir}. Start the gateway once with "npm start", or set DATA_DIR to the gateway's.`
      : `There is no officer "${as}" here. Use one of: ${accounts.toSorted().join(', ')}.`,
  );
}

const KEY_ENDING = '.jwk.json';

/** Sends a request to the gateway. Rejects with a sentence when nothing answers. */
export async function callGateway(settings: CommandSettings, path: string, request: RequestInit): Promise<Response> {
  const url = `${settings.gatewayUrl}${path}`;
  try {
    return await fetch(url, { redirect: 'error', ...request, signal: AbortSignal.timeout(TIMEOUT_MS) });
  } catch (cause) {
    throw new Error(
      `No gateway answers at ${settings.gatewayUrl}. Start it with "npm start", or set PORT or GATEWAY_URL to where it runs.`,
      {
        cause,
      },
    );
  }
}

/** Reads what goes on for as long as it goes on. Rejects when nothing answers. */
export async function callWithoutEnd(settings: CommandSettings, path: string): Promise<Response> {
  const headers = { accept: 'text/event-stream', authorization: `Bearer ${await readToken(settings)}` };
  return fetch(`${settings.gatewayUrl}${path}`, { redirect: 'error', headers });
}

/** The JSON of an answer. Rejects with a sentence when it is something else. */
export async function readAnswer(settings: CommandSettings, response: Response): Promise<unknown> {
  const text = await response.text();
  try {
    return JSON.parse(text) as unknown;
  } catch {
    throw notAGateway(settings);
  }
}

export function notAGateway(settings: CommandSettings): Error {
  return new Error(`What answers at ${settings.gatewayUrl} is not this gateway. Set PORT or GATEWAY_URL to where it runs.`);
}

function cannotRead(file: string): (cause: unknown) => never {
  return (cause) => {
    throw new Error(`The token file ${file} cannot be read. Set ADMIN_TOKEN_FILE to one that holds an access token.`, { cause });
  };
}

function withoutKey(settings: CommandSettings): (error: unknown) => never {
  return (error) => {
    if ((error as { cause?: { code?: unknown } }).cause?.code !== 'ENOENT') throw error;
    throw new Error(`There is no key in ${settings.dataDir}. Start the gateway once with "npm start", or set DATA_DIR to the gateway's.`, {
      cause: error,
    });
  };
}
