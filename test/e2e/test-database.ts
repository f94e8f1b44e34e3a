import { randomBytes } from 'node:crypto';
import pg from 'pg';

/** The server that tests may make databases on. */
export const TEST_DATABASE_URL = process.env['TEST_DATABASE_URL'] ?? 'postgres://postgres@127.0.0.1:5432/test';

export interface TestDatabase extends AsyncDisposable {
  readonly url: string;
}

/** Makes a database with a name of its own and drops it, and only it, at the end. */
export async function createTestDatabase(): Promise<TestDatabase> {
  return makeDatabase('');
}

/** A copy of a test's database, to which nobody may be connected, as it is now. */
export async function copyTestDatabase(url: string): Promise<TestDatabase> {
  return makeDatabase(` TEMPLATE ${new URL(url).pathname.slice(1)}`);
}

async function makeDatabase(options: string): Promise<TestDatabase> {
  const name = `lt_test_${randomBytes(8).toString('hex')}`;
  await administer(`CREATE DATABASE ${name}${options}`);
  const url = new URL(TEST_DATABASE_URL);
  url.pathname = `/${name}`;
  return { url: url.href, [Symbol.asyncDispose]: async () => administer(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`) };
}

/** Whether a PostgreSQL server answers. Where REQUIRE_POSTGRES is set it has to, and the run fails with a sentence if it does not. */
export async function postgresAnswers(): Promise<boolean> {
  try {
    await administer('SELECT 1');
    return true;
  } catch (cause) {
    if (process.env['REQUIRE_POSTGRES'] === '1') {
      throw new Error('REQUIRE_POSTGRES=1 and no PostgreSQL answers at TEST_DATABASE_URL. Start the server, or unset REQUIRE_POSTGRES.', {
        cause,
      });
    }
    return false;
  }
}

async function administer(statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: TEST_DATABASE_URL, connectionTimeoutMillis: 3_000 });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}
