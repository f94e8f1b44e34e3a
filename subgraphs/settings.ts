import { createPublicKey, type KeyObject } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse as parseYaml } from 'yaml';
import { z } from 'zod';
import type { CeilingRules, OwnerKey } from '../platform/ceiling.ts';
import { readCeiling } from './ceiling.ts';

const SEAL_KEY_BYTES = 32;

/** What one register's process is told by its environment. */
export interface Settings {
  readonly databaseUrl: string | undefined;
  readonly dataDirectory: string;
  readonly host: string;
  readonly port: number;
  readonly grantIssuer: string;
  readonly grantKey: KeyObject;
  readonly sealKey: Buffer;
  /** Undefined: the register's own. */
  readonly ceiling: CeilingRules | undefined;
  /** Whose signatures change the ceiling. */
  readonly owners: readonly OwnerKey[];
  readonly synthetic: { readonly seed: number; readonly size: number };
  readonly logLevel: string;
}

const Environment = z.object({
  DATA_DIR: z.string().min(1).default('.data'),
  HOST: z.string().min(1).default('127.0.0.1'),
  PORT: z.coerce.number().int().min(0).max(65_535).default(0),
  GRANT_ISSUER: z.string().min(1),
  GRANT_PUBLIC_KEY_FILE: z.string().min(1),
  SEAL_KEY_FILE: z.string().min(1),
  CEILING_FILE: z.string().min(1).optional(),
  OWNER_KEYS_FILE: z.string().min(1).optional(),
  CITIZENS: z.coerce.number().int().min(1).max(100_000_000).default(10_000),
  SEED: z.coerce.number().int().min(0).max(Number.MAX_SAFE_INTEGER).default(1),
  LOG_LEVEL: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']).default('info'),
});

/** Reads the settings of the register `name`. Throws one sentence that names the setting and what it has to be, without its value. */
export async function readSettings(name: string, environment: Readonly<Record<string, string | undefined>>): Promise<Settings> {
  const urlName = `${name.toUpperCase().replaceAll('-', '_')}_DATABASE_URL`;
  const url = environment[urlName];
  if (url !== undefined && !/^postgres(ql)?:\/\//.test(url))
    throw new Error(`${urlName} is not a URL of PostgreSQL. Set it to postgres://… or leave it out.`);
  const read = Environment.safeParse(environment);
  if (!read.success) {
    const wrong = read.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`).join('; ');
    throw new Error(`The settings of ${name} are incomplete or wrong (${wrong}). Correct these environment variables.`);
  }
  const values = read.data;
  return {
    databaseUrl: url,
    dataDirectory: join(values.DATA_DIR, name),
    host: values.HOST,
    port: values.PORT,
    grantIssuer: values.GRANT_ISSUER,
    grantKey: await readGrantKey(values.GRANT_PUBLIC_KEY_FILE),
    sealKey: await readSealKey(values.SEAL_KEY_FILE),
    ceiling: values.CEILING_FILE === undefined ? undefined : readCeiling(await readText('CEILING_FILE', values.CEILING_FILE), name),
    owners: values.OWNER_KEYS_FILE === undefined ? [] : readOwners(await readText('OWNER_KEYS_FILE', values.OWNER_KEYS_FILE)),
    synthetic: { seed: values.SEED, size: values.CITIZENS },
    logLevel: values.LOG_LEVEL,
  };
}

const Owners = z.array(z.strictObject({ key: z.string().regex(/^[A-Za-z0-9_-]{43}$/), person: z.string().min(1) }));

function readOwners(text: string): readonly OwnerKey[] {
  const read = Owners.safeParse(parseYaml(text));
  if (read.success) return read.data;
  throw new Error('OWNER_KEYS_FILE holds a list of { key, person }: public Ed25519 keys in base64url, and whose each is. Correct it.');
}

async function readGrantKey(file: string): Promise<KeyObject> {
  const text = await readText('GRANT_PUBLIC_KEY_FILE', file);
  let key: KeyObject | undefined;
  try {
    key = createPublicKey(text);
  } catch {
    key = undefined;
  }
  // A private key would be accepted too and a public one derived from it; a register must not hold it at all.
  if (key?.asymmetricKeyType !== 'ed25519' || text.includes('PRIVATE KEY')) {
    throw new Error('GRANT_PUBLIC_KEY_FILE holds no Ed25519 public key. Give the public key of the gateway in PEM (SPKI).');
  }
  return key;
}

async function readSealKey(file: string): Promise<Buffer> {
  const text = (await readText('SEAL_KEY_FILE', file)).trim();
  const key = Buffer.from(text, 'base64');
  if (key.length !== SEAL_KEY_BYTES)
    throw new Error(`SEAL_KEY_FILE has to hold ${SEAL_KEY_BYTES} bytes in base64, the same as the gateway has for this register.`);
  return key;
}

async function readText(setting: string, file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (cause) {
    throw new Error(`The file of ${setting} cannot be read. Check the path and its permissions.`, { cause });
  }
}
