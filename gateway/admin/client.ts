import { readJwk } from '../identity/key-files.ts';
import { adminKeyFile } from '../identity/keys.ts';
import type { CommandSettings } from './command-settings.ts';
import { signAdminToken } from './token.ts';

const TIMEOUT_MS = 30_000;

/** Calls the admin API of the running gateway with the key in `DATA_DIR`. Rejects with a sentence that says what to do. */
export async function callAdmin<Data>(settings: CommandSettings, query: string, variables: Record<string, unknown> = {}): Promise<Data> {
  const token = await signAdminToken(await readJwk(adminKeyFile(settings.dataDir), 'EdDSA').catch(withoutKey(settings)), Date.now());
  const response = await callGateway(settings, '/admin/graphql', {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'application/json', authorization: `Bearer ${token}` },
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

function withoutKey(settings: CommandSettings): (error: unknown) => never {
  return (error) => {
    if ((error as { cause?: { code?: unknown } }).cause?.code !== 'ENOENT') throw error;
    throw new Error(`There is no key in ${settings.dataDir}. Start the gateway once with "npm start", or set DATA_DIR to the gateway's.`, {
      cause: error,
    });
  };
}
