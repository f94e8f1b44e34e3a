import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { exportJWK, generateKeyPair, SignJWT, type JSONWebKeySet } from 'jose';
import { SUBGRAPHS } from '../work/graph.ts';
import type { Launch, TargetContext } from './target.ts';

/** Issuer and audience of the tokens. */
const ISSUER = 'http://issuer.invalid';
const AUDIENCE = 'urn:bench:graph';
/** Clients of the tokens; the registry in bench/policies knows them. */
export type BenchApplication = 'bench-by-law' | 'bench-by-consent';
/** Longer than a full run takes. */
const TOKEN_LIFETIME = '6h';

/** What a governed target's process reads from the file that is named to it. */
export interface GovernedSettings {
  readonly port: number;
  readonly subgraphUrls: Readonly<Record<string, string>>;
  readonly issuer: string;
  readonly audience: string;
  readonly jwks: JSONWebKeySet;
  /** Ed25519 in PEM (PKCS 8). */
  readonly grantPrivateKey: string;
  /** 32 bytes in base64, by subgraph. */
  readonly sealKeys: Readonly<Record<string, string>>;
  readonly pseudonymKey: string;
  /** Undefined: a database that accepts records and keeps none. */
  readonly databaseUrl: string | undefined;
  /** Of an embedded database, in place of both. */
  readonly databaseDirectory: string | undefined;
}

/** What the gateway and its registers have to agree about. */
export type GovernedKeys = Pick<GovernedSettings, 'grantPrivateKey' | 'sealKeys'>;

/** The name under which registers know the gateway of the bench. */
export const GRANT_ISSUER = 'lien-thong-bench';

/** Origin of the checkpoints. */
export const LEDGER_NAME = 'lien-thong-bench-ledger';

export function createGovernedKeys(): GovernedKeys {
  return {
    grantPrivateKey: generateKeyPairSync('ed25519').privateKey.export({ format: 'pem', type: 'pkcs8' }),
    sealKeys: Object.fromEntries(SUBGRAPHS.map((name) => [name, randomBytes(32).toString('base64')])),
  };
}

/** Makes the other keys of an installation and a token of its issuer, and starts the gateway with bench/policies. */
export async function launchGoverned(
  { port, subgraphUrls, directory }: TargetContext,
  databaseUrl: string | undefined,
  {
    keys = createGovernedKeys(),
    application = 'bench-by-law',
    databaseDirectory,
  }: { readonly keys?: GovernedKeys; readonly application?: BenchApplication; readonly databaseDirectory?: string } = {},
): Promise<Launch> {
  const { publicKey, privateKey } = await generateKeyPair('ES256');
  const settings: GovernedSettings = {
    port,
    subgraphUrls,
    issuer: ISSUER,
    audience: AUDIENCE,
    jwks: { keys: [{ ...(await exportJWK(publicKey)), kid: 'bench', alg: 'ES256' }] },
    ...keys,
    pseudonymKey: randomBytes(32).toString('base64'),
    databaseUrl,
    databaseDirectory,
  };
  const file = join(directory, 'settings.json');
  await writeFile(file, JSON.stringify(settings), { mode: 0o600 });
  const token = await new SignJWT({ client_id: application })
    .setProtectedHeader({ alg: 'ES256', typ: 'at+jwt', kid: 'bench' })
    .setIssuer(ISSUER)
    .setAudience(AUDIENCE)
    .setIssuedAt()
    .setExpirationTime(TOKEN_LIFETIME)
    .sign(privateKey);
  return {
    command: process.execPath,
    args: [join(import.meta.dirname, 'governed.launch.ts'), file],
    headers: { authorization: `Bearer ${token}`, 'x-purpose': 'bench.file', 'x-officer': 'officer-1' },
  };
}
