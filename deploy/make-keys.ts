import { randomBytes, createPublicKey, generateKeyPairSync } from 'node:crypto';
import { existsSync } from 'node:fs';
import { chmod, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { SUBGRAPH_NAMES } from '../gateway/config.ts';
import { readOrCreate, writeKeyFile } from '../gateway/identity/key-files.ts';

// node entry.mjs deploy/make-keys.ts DIRECTORY
//
// Makes the keys and database passwords of a production installation, one folder for each service, so that no service can read what is
// another's. What is there already is kept: run again, it adds what is missing. docker-compose.yml runs it once before anything starts.

const SECRET_BYTES = 32;
const READABLE_BY_ALL = 0o444;

const [directory] = process.argv.slice(2);
if (directory === undefined) {
  process.stderr.write('Usage: node entry.mjs deploy/make-keys.ts DIRECTORY\n');
  process.exit(2);
}
await makeKeys(directory);

async function makeKeys(root: string): Promise<void> {
  // Some files below are open; on a host, outside a container, their way in is not.
  await mkdir(root, { recursive: true, mode: 0o700 });
  const gateway = await folder(root, 'gateway');
  const seals = await folder(gateway, 'seals');
  const grantKey = await readOrCreate(join(gateway, 'grant-private.pem'), newPrivateKey);
  const publicKey = createPublicKey(grantKey).export({ type: 'spki', format: 'pem' });
  await readOrCreate(join(gateway, 'pseudonym.key'), newSecret);
  const passwords = new Map([['gateway', await databasePassword(gateway, 'gateway')]]);
  // The sequencer signs what the gateways wrote, with a key that they do not have; it reads their database.
  const sequencer = await folder(root, 'sequencer');
  await readOrCreate(join(sequencer, 'ledger-private.pem'), newPrivateKey);
  await writeKeyFile(join(sequencer, 'pgpass'), await readOrCreate(join(gateway, 'pgpass'), () => ''));
  for (const register of SUBGRAPH_NAMES) {
    const own = await folder(root, register);
    const seal = await readOrCreate(join(own, 'seal.key'), newSecret);
    await writeKeyFile(join(seals, `${register}.key`), seal);
    await writeKeyFile(join(own, 'grant-public.pem'), publicKey);
    passwords.set(register, await databasePassword(own, register));
  }
  await databaseServer(await folder(root, 'postgres'), passwords);
  process.stdout.write(`The keys are in ${root}. Keep a copy of gateway/pseudonym.key: without it the ledger's records name nobody.\n`);
}

/** The password of a service's database role, in the form that libpq and node-postgres read by PGPASSFILE. */
async function databasePassword(own: string, role: string): Promise<string> {
  const line = await readOrCreate(join(own, 'pgpass'), () => `*:*:*:${role}:${newSecret().trim()}\n`);
  return line.trim().slice(line.lastIndexOf(':') + 1);
}

/**
 * What PostgreSQL's image reads at its first start and never again: the superuser's password, and SQL that makes a role and a database for
 * each service and lets nobody into another's. Another user than ours reads it there, so the files are open and the folder has to be the
 * database server's alone.
 */
async function databaseServer(own: string, passwords: ReadonlyMap<string, string>): Promise<void> {
  await writeOpenFile(join(own, 'databases.sql'), [...passwords].map(([role, password]) => databaseSql(role, password)).join('\n'));
  const superuser = join(own, 'superuser.password');
  if (!existsSync(superuser)) await writeOpenFile(superuser, newSecret());
}

function databaseSql(role: string, password: string): string {
  return [
    `CREATE ROLE "${role}" LOGIN PASSWORD '${password}';`,
    `CREATE DATABASE "${role}" OWNER "${role}";`,
    `REVOKE ALL ON DATABASE "${role}" FROM PUBLIC;`,
    '',
  ].join('\n');
}

async function writeOpenFile(file: string, text: string): Promise<void> {
  await writeKeyFile(file, text);
  await chmod(file, READABLE_BY_ALL);
}

async function folder(parent: string, name: string): Promise<string> {
  const path = join(parent, name);
  await mkdir(path, { recursive: true });
  return path;
}

function newPrivateKey(): string {
  return generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' });
}

/** Base64 and nothing that SQL or a password file would have to escape. */
function newSecret(): string {
  return `${randomBytes(SECRET_BYTES).toString('base64')}\n`;
}
