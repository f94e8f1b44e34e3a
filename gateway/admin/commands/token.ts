import { randomUUID } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { importJWK, SignJWT } from 'jose';
import { readJwk } from '../../identity/key-files.ts';
import { applicationKeyFile, type ClientJwk } from '../../identity/keys.ts';
import { callGateway, notAGateway, readAnswer } from '../client.ts';
import type { CommandSettings } from '../command-settings.ts';

const ASSERTION_SECONDS = 60;

/**
 * Gets an access token as the application itself does, client credentials with `private_key_jwt` (RFC 7523), and prints it alone, or with
 * `json` as `{ access_token, expires_in }`. Rejects with a sentence.
 */
export async function token(settings: CommandSettings, application: string, json: boolean): Promise<void> {
  const key = await readClientKey(settings, application);
  const issuer = await findIssuer(settings);
  const response = await callGateway(settings, '/oidc/token', {
    method: 'POST',
    body: new URLSearchParams({
      grant_type: 'client_credentials',
      client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
      client_assertion: await signAssertion(key, key.client_id ?? application, issuer),
    }),
  });
  const answer = (await readAnswer(settings, response)) as { access_token?: unknown; expires_in?: unknown; error?: unknown };
  if (answer.error === 'invalid_client') {
    throw new Error(
      `The gateway does not know application "${application}" by the key in ${settings.dataDir}. Set DATA_DIR to the gateway's, ` +
        'and look whether the clocks agree.',
    );
  }
  if (typeof answer.access_token !== 'string') throw notAGateway(settings);
  printToken(settings, answer, json);
}

/** Prints a token alone, or with `json` as `{ access_token, expires_in }`. */
export function printToken(settings: CommandSettings, answer: { access_token?: unknown; expires_in?: unknown }, json: boolean): void {
  const { access_token, expires_in } = answer;
  settings.output.write(`${json ? JSON.stringify({ access_token, expires_in }) : String(access_token)}\n`);
}

async function readClientKey(settings: CommandSettings, application: string): Promise<ClientJwk> {
  const file = applicationKeyFile(settings.dataDir, application);
  const names = await readdir(dirname(file)).catch(() => []);
  const known = names.filter((name) => name.endsWith('.jwk.json')).map((name) => name.slice(0, -'.jwk.json'.length));
  if (known.length === 0) {
    throw new Error(`There are no application keys in ${settings.dataDir}. Start the gateway once with "npm start", or set DATA_DIR.`);
  }
  if (!known.includes(application)) {
    throw new Error(`There is no application "${application}" here. Use one of: ${known.toSorted().join(', ')}.`);
  }
  return readJwk(file, 'ES256');
}

/** The issuer that a gateway under `--demo` serves. Rejects with a sentence when it serves none. */
export async function findIssuer(settings: CommandSettings): Promise<string> {
  const response = await callGateway(settings, '/oidc/.well-known/openid-configuration', {});
  if (response.status === 404) {
    throw new Error(`The gateway at ${settings.gatewayUrl} has no demo issuer. Start it with "npm start", which passes --demo.`);
  }
  const { issuer } = (await readAnswer(settings, response)) as { issuer?: unknown };
  if (typeof issuer !== 'string') throw notAGateway(settings);
  return issuer;
}

async function signAssertion(key: ClientJwk, clientId: string, issuer: string): Promise<string> {
  const now = Math.floor(Date.now() / 1000);
  return new SignJWT({})
    .setProtectedHeader({ alg: 'ES256', ...(key.kid === undefined ? {} : { kid: key.kid }) })
    .setIssuer(clientId)
    .setSubject(clientId)
    .setAudience(issuer)
    .setJti(randomUUID())
    .setIssuedAt(now)
    .setExpirationTime(now + ASSERTION_SECONDS)
    .sign(await importJWK(key, 'ES256'));
}
