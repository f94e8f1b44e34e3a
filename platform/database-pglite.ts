import { existsSync } from 'node:fs';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { PGlite, type Transaction } from '@electric-sql/pglite';
import { copyChunks, type Database, type Queryable, type Statement } from './database.ts';

/**
 * PostgreSQL in this process, in `directory` or in memory. It does not fsync: it survives a kill, not a power cut (README). One process
 * at a time opens a directory.
 */
export async function openPglite(directory: string | undefined): Promise<Database> {
  if (directory !== undefined) await mkdir(directory, { recursive: true });
  const unlock = directory === undefined ? undefined : await lock(directory);
  const lite = directory === undefined ? await create(undefined) : await openDirectory(directory);
  let statements = 0;
  const run = async <Row extends object>(on: PGlite | Transaction, statement: Statement, values?: readonly unknown[]): Promise<Row[]> => {
    statements += 1;
    return (await on.query<Row>(statement.text, values as unknown[])).rows;
  };
  const query: Queryable['query'] = async (statement, values) => run(lite, statement, values);
  return {
    kind: 'pglite',
    foundation: { kind: 'pglite', lite },
    query,
    get statements() {
      return statements;
    },
    transaction: async (work) => lite.transaction(async (tx) => work({ query: async (statement, values) => run(tx, statement, values) })),
    async copyIn(table, columns, lines) {
      // PGlite reads COPY's input from a Blob; one statement per piece keeps that Blob small, one transaction keeps it whole.
      await lite.transaction(async (tx) => {
        for (const chunk of copyChunks(lines)) {
          await tx.query(`COPY ${table} (${columns.join(', ')}) FROM '/dev/blob'`, [], { blob: new Blob([chunk]) });
        }
      });
    },
    // There is one connection, and it belongs to everybody.
    session: () => ({ query, [Symbol.asyncDispose]: async () => undefined }),
    async listen(channel, notified) {
      const stop = await lite.listen(channel, notified);
      return {
        query: async <Row extends object>({ text }: Statement, values?: readonly unknown[]) =>
          (await lite.query<Row>(text, values as unknown[])).rows,
        async [Symbol.asyncDispose]() {
          if (!lite.closed) await stop();
        },
      };
    },
    async [Symbol.asyncDispose]() {
      if (!lite.closed) await lite.close();
      await unlock?.();
    },
  };
}

/**
 * Opens a directory, or makes it. While it is being made a file beside it says so: what a process that was killed left of it then opens as nothing, and
 * is made again. Nothing was ever written to such a one.
 */
async function openDirectory(directory: string): Promise<PGlite> {
  const unfinished = `${directory}.unfinished`;
  if (existsSync(unfinished)) await rm(directory, { recursive: true });
  else if (existsSync(join(directory, 'PG_VERSION'))) return PGlite.create({ dataDir: directory });
  await writeFile(unfinished, '');
  const lite = await create(directory);
  await rm(unfinished);
  return lite;
}

async function create(dataDir: string | undefined): Promise<PGlite> {
  const template = (await prepareTemplate()) ? { loadDataDir: new Blob([await readFile(TEMPLATE_FILE)]) } : {};
  return PGlite.create({ ...(dataDir === undefined ? {} : { dataDir }), ...template });
}

/** The registers of a gateway that was killed take a moment to notice and to end; a template takes some seconds to make. */
const LOCK_WAIT_MS = 20_000;
const LOCK_POLL_MS = 50;

/**
 * Takes the directory for this process: two PGlites on one directory destroy it, and PGlite itself does not look. The lock is a file beside
 * the directory that names its holder; the lock of a process that is no more counts for nothing, one of a process that is about to end is
 * waited for. Returns what gives it back.
 */
async function lock(directory: string): Promise<() => Promise<void>> {
  const file = `${directory}.lock`;
  const own = await describeProcess(process.pid);
  for (const deadlineMs = Date.now() + LOCK_WAIT_MS; ;) {
    try {
      await writeFile(file, own, { flag: 'wx' });
      return async () => rm(file, { force: true });
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
    }
    const holder = await readFile(file, 'utf8').catch(() => '');
    const pid = Number.parseInt(holder, 10);
    // An empty lock is being written, unless it stays empty: then its writer was killed.
    const isHeld = holder === '' ? Date.now() < deadlineMs : pid !== process.pid && holder === (await describeProcess(pid));
    if (!isHeld) await rm(file, { force: true });
    else if (Date.now() < deadlineMs) await setTimeout(LOCK_POLL_MS);
    else throw new Error(`The data directory ${directory} is in use by process ${pid}. Stop it, or set DATA_DIR to another directory.`);
  }
}

/**
 * The id of a running process with the moment at which it began: ids are given out again, in a container even the same ones to other
 * processes at every start. Empty when it does not run, or only waits for its parent to notice that it has ended.
 */
async function describeProcess(pid: number): Promise<string> {
  if (!isRunning(pid)) return '';
  // proc(5): the state and, in clock ticks since the machine started, the start. Systems without /proc go by the id alone.
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return fields[0] === 'Z' ? '' : `${pid} ${fields[19] ?? ''}`.trim();
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // EPERM: it runs and is somebody else's.
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}

/**
 * Makes an empty database once for all that are opened later: initdb takes seconds of CPU, copying its result a few tenths, and a start
 * with five embedded databases waits for every one. The first process to come makes it and the others wait. It lies in PGlite's own package
 * folder, so that another version never finds it; false where nobody may write there, and every database then makes its own.
 */
async function prepareTemplate(): Promise<boolean> {
  if (existsSync(TEMPLATE_FILE)) return true;
  let unlock: () => Promise<void>;
  try {
    unlock = await lock(TEMPLATE_FILE);
  } catch (error) {
    if (error instanceof Error && 'code' in error && (error.code === 'EACCES' || error.code === 'EROFS')) return false;
    throw error;
  }
  try {
    if (existsSync(TEMPLATE_FILE)) return true;
    // Small segments, and no templates: what is copied for every database is a third of what initdb makes.
    const empty = await PGlite.create({ initDbStartParams: ['--wal-segsize=1'] });
    await empty.exec("UPDATE pg_database SET datistemplate = false WHERE datname IN ('template0', 'template1')");
    for (const name of ['template0', 'template1']) await empty.exec(`DROP DATABASE ${name}`);
    const dump = await empty.dumpDataDir('none');
    await empty.close();
    // Renamed when whole, so that nobody opens half a template.
    const unfinished = `${TEMPLATE_FILE}.${process.pid}`;
    await writeFile(unfinished, Buffer.from(await dump.arrayBuffer()));
    await rename(unfinished, TEMPLATE_FILE);
    return true;
  } finally {
    await unlock();
  }
}

const TEMPLATE_FILE = join(dirname(createRequire(import.meta.url).resolve('@electric-sql/pglite')), 'empty-database.tar');
