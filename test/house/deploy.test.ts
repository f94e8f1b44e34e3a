import { execFile } from 'node:child_process';
import { createPrivateKey, sign, verify } from 'node:crypto';
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { parse } from 'yaml';
import { readConfig, SUBGRAPH_NAMES } from '../../gateway/config.ts';
import { readSealKey } from '../../gateway/identity/key-files.ts';
import { readSettings } from '../../subgraphs/settings.ts';
import { ROOT, text } from './markdown.ts';

interface Compose {
  readonly services: Readonly<
    Record<string, { readonly environment?: Record<string, string | number>; readonly volumes?: readonly string[] }>
  >;
  readonly volumes: Readonly<Record<string, unknown>>;
}

const compose = parse(text('docker-compose.yml'), { merge: true }) as Compose;
const run = promisify(execFile);
const makeKeys = async (directory: string): Promise<unknown> =>
  run(process.execPath, ['entry.mjs', 'deploy/make-keys.ts', directory], { cwd: ROOT });

let keys: string;
beforeEach(async () => {
  keys = await mkdtemp(join(tmpdir(), 'lien-thong-keys-'));
});
afterEach(async () => rm(keys, { recursive: true, force: true }));

/** The environment of a service with its keys where this run has them. */
function environmentOf(service: string): Record<string, string> {
  const environment = Object.entries(compose.services[service]?.environment ?? {});
  return Object.fromEntries(
    environment.map(([name, value]) => [
      name,
      String(value)
        .replace('/keys/', `${keys}/${service}/`)
        .replace(/^\$\{.*/, 'https://issuer.example'),
    ]),
  );
}

test('the keys that are made fit the settings that the compose file gives to each service', async () => {
  await makeKeys(keys);
  const gateway = readConfig([], { ...environmentOf('gateway'), LOG_LEVEL: 'info' });
  if (gateway.kind !== 'production') throw new Error('The compose file runs a production gateway.');
  expect(Object.keys(gateway.subgraphUrls).sort()).toEqual([...SUBGRAPH_NAMES].sort());
  const privateKey = createPrivateKey(await readFile(gateway.keyFiles?.grantPrivateKeyFile ?? ''));
  expect((await readSealKey(gateway.keyFiles?.pseudonymKeyFile ?? '')).length).toBe(32);

  for (const name of SUBGRAPH_NAMES) {
    const settings = await readSettings(name, { ...environmentOf(name), LOG_LEVEL: 'info' });
    expect(settings.grantIssuer).toBe(gateway.grantIssuer);
    expect(settings.databaseUrl).toContain(`//${name}@`);
    expect(verify(null, Buffer.from('text'), settings.grantKey, sign(null, Buffer.from('text'), privateKey))).toBe(true);
    expect(settings.sealKey).toEqual(await readSealKey(join(gateway.keyFiles?.sealKeyDir ?? '', `${name}.key`)));
  }
});

test('no service mounts keys of another', () => {
  for (const [service, { volumes = [] }] of Object.entries(compose.services)) {
    if (service === 'keys') continue;
    expect(volumes.filter((volume) => volume.startsWith('keys-') && !volume.startsWith(`keys-${service}:`))).toEqual([]);
  }
});

test('keys are made once: a second run changes none, and others cannot read them', async () => {
  await makeKeys(keys);
  const files = ['gateway/grant-private.pem', 'gateway/pseudonym.key', 'gateway/pgpass', 'residents/seal.key', 'postgres/databases.sql'];
  const before = await Promise.all(files.map(async (file) => readFile(join(keys, file), 'utf8')));
  await makeKeys(keys);
  expect(await Promise.all(files.map(async (file) => readFile(join(keys, file), 'utf8')))).toEqual(before);
  for (const file of files.slice(0, 4)) expect((await stat(join(keys, file))).mode & 0o077).toBe(0);
});
