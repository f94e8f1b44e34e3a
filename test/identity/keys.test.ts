import { chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readPrivateKey, readPublicKey, readSealKey } from '../../gateway/identity/key-files.ts';
import { adminKeyFile, applicationKeyFile, loadOrCreateKeys } from '../../gateway/identity/keys.ts';

const HOLDERS = { subgraphs: ['residents', 'education'], applications: [{ id: 'bank-teller', clientId: 'bank-client-7' }] };
let dataDir: string;
beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'lien-thong-keys-'));
});
afterEach(async () => rm(dataDir, { recursive: true, force: true }));

describe('the keys of a demo installation', () => {
  it('are made once, for their owner only, and found again', async () => {
    const first = await loadOrCreateKeys(dataDir, HOLDERS);
    const again = await loadOrCreateKeys(dataDir, HOLDERS);
    expect(again.issuer).toEqual(first.issuer);
    expect(again.seals.get('residents')).toEqual(first.seals.get('residents'));
    expect(again.pseudonym).toEqual(first.pseudonym);
    expect(again.grant.publicKey.equals(first.grant.publicKey)).toBe(true);
    expect((await stat(join(dataDir, 'keys'))).mode & 0o777).toBe(0o700);
    const entries = await readdir(join(dataDir, 'keys'), { recursive: true, withFileTypes: true });
    const files = entries.filter((entry) => entry.isFile());
    expect(files.length).toBe(9);
    for (const file of files) expect((await stat(join(file.parentPath, file.name))).mode & 0o777, file.name).toBe(0o600);
  });

  it('are the same for all that start at once', async () => {
    const holders = { subgraphs: ['residents'], applications: [] };
    const all = await Promise.all(Array.from({ length: 5 }, async () => loadOrCreateKeys(dataDir, holders)));
    const kept = await loadOrCreateKeys(dataDir, holders);
    for (const keys of all) expect([keys.pseudonym, keys.seals]).toEqual([kept.pseudonym, kept.seals]);
    expect((await readdir(join(dataDir, 'keys'))).filter((name) => name.endsWith('.tmp'))).toEqual([]);
  });

  it('are different for every subgraph, and the halves handed out are public', async () => {
    const keys = await loadOrCreateKeys(dataDir, HOLDERS);
    expect(keys.seals.get('residents')?.key).not.toEqual(keys.seals.get('education')?.key);
    expect(keys.seals.get('residents')?.key.length).toBe(32);
    expect(keys.clients.get('bank-teller')).toMatchObject({ clientId: 'bank-client-7' });
    expect(JSON.stringify([...keys.clients.values(), keys.admin])).not.toContain('"d"');
  });

  it('are made for a register or application that joins later', async () => {
    const before = await loadOrCreateKeys(dataDir, HOLDERS);
    const after = await loadOrCreateKeys(dataDir, { ...HOLDERS, subgraphs: [...HOLDERS.subgraphs, 'dossiers'] });
    expect(after.seals.has('dossiers')).toBe(true);
    expect(after.seals.get('residents')).toEqual(before.seals.get('residents'));
  });

  it('name the client id that the registry names now', async () => {
    await loadOrCreateKeys(dataDir, HOLDERS);
    await loadOrCreateKeys(dataDir, { subgraphs: [], applications: [{ id: 'bank-teller', clientId: 'bank-client-8' }] });
    expect(JSON.parse(await readFile(applicationKeyFile(dataDir, 'bank-teller'), 'utf8'))).toMatchObject({ client_id: 'bank-client-8' });
  });

  it('are refused when others can read them', async () => {
    await loadOrCreateKeys(dataDir, HOLDERS);
    await chmod(adminKeyFile(dataDir), 0o644);
    await expect(loadOrCreateKeys(dataDir, HOLDERS)).rejects.toThrow(/can be read by other users.*chmod 600/);
  });

  it('are refused when a file holds something else, without repeating it', async () => {
    await loadOrCreateKeys(dataDir, HOLDERS);
    for (const name of ['grant.private.pem', 'pseudonym.key', 'issuer.jwk.json', 'admin.jwk.json', 'seals/residents.key']) {
      const file = join(dataDir, 'keys', name);
      const text = await readFile(file);
      await writeFile(file, '{"secret":"5up3r"');
      const failure = await loadOrCreateKeys(dataDir, HOLDERS).catch((error: unknown) => error);
      expect(String(failure), name).toContain(`${name} does not hold`);
      expect(String(failure)).not.toContain('5up3r');
      await writeFile(file, text);
    }
  });

  it('cannot be made under a file, and the sentence says what to set', async () => {
    const file = join(dataDir, 'taken');
    await writeFile(file, '');
    await expect(loadOrCreateKeys(file, HOLDERS)).rejects.toThrow(/cannot be written.*DATA_DIR.*ENOTDIR/);
  });

  it('are never written outside their directory, whatever an application is called', async () => {
    await expect(loadOrCreateKeys(dataDir, { subgraphs: ['../x'], applications: [] })).rejects.toThrow(/lower-case/);
    expect(() => applicationKeyFile(dataDir, '../admin')).toThrow(/lower-case/);
  });
});

describe('keys given by configuration', () => {
  it('are read from their files', async () => {
    const made = await loadOrCreateKeys(dataDir, HOLDERS);
    const directory = join(dataDir, 'keys');
    expect((await readPrivateKey(join(directory, 'grant.private.pem'))).equals(made.grant.privateKey)).toBe(true);
    expect((await readPublicKey(made.grant.publicKeyFile)).equals(made.grant.publicKey)).toBe(true);
    expect(await readSealKey(join(directory, 'seals/residents.key'))).toEqual(made.seals.get('residents')?.key);
  });

  it('are refused when missing, too short, not base64, or private where a public one belongs', async () => {
    await loadOrCreateKeys(dataDir, HOLDERS);
    await expect(readPrivateKey(join(dataDir, 'none.pem'))).rejects.toThrow(/none\.pem cannot be read.*ENOENT/);
    await expect(readPublicKey(join(dataDir, 'keys/grant.private.pem'))).rejects.toThrow(/does not hold a public key/);
    const file = join(dataDir, 'seal.key');
    for (const text of ['', 'c2hvcnQ=', '!!!! not base64 at all, but long enough to be a key !!!!']) {
      await writeFile(file, text);
      await expect(readSealKey(file)).rejects.toThrow(/does not hold base64/);
    }
  });
});
