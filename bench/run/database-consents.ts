import { join } from 'node:path';
import { openDatabase, migrate, type Statement } from '../../platform/database.ts';

const MIGRATIONS = join(import.meta.dirname, '..', '..', 'gateway', 'migrations');
const STATEMENT_TIMEOUT_MS = 120_000;
const PEOPLE_AT_ONCE = 10_000;

const CONSENTS: Statement = {
  text: `INSERT INTO consents (id, id_number, agency, purpose, given_at, body)
         SELECT gen_random_uuid(), id_number, 'bench', 'bench.file', now() - interval '1 day', '{}' FROM unnest($1::text[]) AS given (id_number)`,
};
const GROUPS: Statement = {
  text: `INSERT INTO consent_groups (consent_id, id_number, agency, purpose, purpose_version, group_name, group_version, valid_from, valid_until)
         SELECT id, id_number, agency, purpose, 1, group_name, 1, given_at, given_at + interval '1 year'
         FROM consents CROSS JOIN unnest($1::text[]) AS groups (group_name)`,
};
const ANALYZE: Statement = { text: 'ANALYZE consents, consent_groups' };

/** Makes the gateway's tables in a new database, with consents of these people to the groups for the agency of the bench. */
export async function giveConsents(url: string, idNumbers: readonly string[], groups: readonly string[]): Promise<void> {
  await using database = await openDatabase({ url, statementTimeoutMs: STATEMENT_TIMEOUT_MS });
  await migrate(database, MIGRATIONS);
  for (let from = 0; from < idNumbers.length; from += PEOPLE_AT_ONCE) {
    await database.query(CONSENTS, [idNumbers.slice(from, from + PEOPLE_AT_ONCE)]);
  }
  await database.query(GROUPS, [groups]);
  await database.query(ANALYZE);
}
