import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openDatabase, type Database } from '../../platform/database.ts';
import { createTestDatabase, postgresAnswers, type TestDatabase } from '../e2e/test-database.ts';

const DATABASE = new URL('../../platform/database.ts', import.meta.url).href;
const MAKE = `const { openDatabase } = await import('${DATABASE}'); await openDatabase({ directory: process.argv[1], statementTimeoutMs: 5000 });`;
const onPostgres = await postgresAnswers();
const open = async (url?: string): Promise<Database> => openDatabase({ url, statementTimeoutMs: 5_000 });

/** A statement fails, and whoever sent it goes on as if it had not. */
async function swallowing(database: Database): Promise<void> {
  await database.query({ text: 'CREATE TABLE kept (id int PRIMARY KEY)' });
  await database.transaction(async (tx) => {
    await tx.query({ text: 'INSERT INTO kept VALUES (1)' });
    await tx.query({ text: 'INSERT INTO kept VALUES (1)' }).catch(() => undefined);
  });
}

describe('the embedded database', () => {
  it('is made again where making it was cut off', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'lt-cut-'));
    const data = join(directory, 'data');
    try {
      const making = spawn(process.execPath, ['--input-type=module', '-e', MAKE, data], { stdio: 'ignore' });
      await expect.poll(async () => (await readdir(directory)).toSorted(), { interval: 1 }).toContain('data.unfinished');
      making.kill('SIGKILL');
      await once(making, 'exit');
      // As far as it comes within the last milliseconds.
      await mkdir(data, { recursive: true });
      await writeFile(join(data, 'PG_VERSION'), '18');
      await using database = await openDatabase({ directory: data, statementTimeoutMs: 5_000 });
      expect(await database.query({ text: 'SELECT 1 AS one' })).toEqual([{ one: 1 }]);
      expect(await readdir(directory)).not.toContain('data.unfinished');
    } finally {
      await rm(directory, { recursive: true });
    }
  });

  it('does not say that a transaction stands in which a statement failed', async () => {
    await using database = await open();
    await expect(swallowing(database)).rejects.toThrow('rolled back');
  });
});

describe.skipIf(!onPostgres)('PostgreSQL', () => {
  let made: TestDatabase;
  let admin: pg.Client;
  beforeAll(async () => {
    made = await createTestDatabase();
    admin = new pg.Client({ connectionString: made.url });
    await admin.connect();
  });
  afterAll(async () => {
    await admin.end();
    await made[Symbol.asyncDispose]();
  });

  it('commits durably on every connection, whatever the server or the URL say', async () => {
    await admin.query(`ALTER DATABASE ${new URL(made.url).pathname.slice(1)} SET synchronous_commit = off`);
    const url = new URL(made.url);
    url.searchParams.set('options', '-c synchronous_commit=off');
    await using database = await open(url.href);
    await using session = database.session({ timeoutMs: 5_000 });
    await using listener = await database.listen('some', () => undefined);
    const show = { text: 'SHOW synchronous_commit' };
    const shown = [
      await database.query(show),
      await database.query(show),
      await session.query(show),
      await listener.query(show),
      await database.transaction(async (tx) => tx.query(show)),
    ];
    expect(shown).toEqual(shown.map(() => [{ synchronous_commit: 'on' }]));
  });

  it('does not say that a transaction stands in which a statement failed', async () => {
    await using database = await open(made.url);
    await expect(swallowing(database)).rejects.toThrow('nothing of it stands');
    expect(await database.query({ text: 'SELECT id FROM kept' })).toEqual([]);
  });

  it('leaves no connection open behind one that broke, and hears each notice once', async () => {
    let heard: string[] = [];
    await using database = await open(made.url);
    await using listener = await database.listen('some', (payload) => heard.push(payload));
    const others = `FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()`;
    const count = async (): Promise<number> =>
      (await admin.query<{ count: number }>(`SELECT count(*)::int AS count ${others}`)).rows[0]?.count ?? 0;
    const load = { going: true };
    const ask = async (on: Pick<Database, 'query'>): Promise<void> => {
      while (load.going) await on.query({ text: 'SELECT 1' }).catch(() => undefined);
    };
    await answered(database);
    const before = await count();
    const asking = Promise.all([ask(database), ask(database), ask(listener), ask(listener)]);
    for (let breaks = 0; breaks < 10; breaks += 1) {
      await admin.query(`SELECT pg_terminate_backend(pid) ${others}`);
      await answered(database);
      await answered(listener);
    }
    load.going = false;
    await asking;
    expect(await count()).toBeLessThanOrEqual(before);
    heard = [];
    await database.query({ text: "SELECT pg_notify('some', 'once')" });
    await expect.poll(() => heard).toContain('once');
    expect(heard).toEqual(['once']);
  });
});

/** Asks until there is an answer. */
async function answered(on: Pick<Database, 'query'>): Promise<void> {
  for (;;) {
    const isAnswered = await on.query({ text: 'SELECT 1' }).then(
      () => true,
      () => false,
    );
    if (isAnswered) return;
  }
}
