import type { Queryable, Statement } from '../../../platform/database.ts';
import type { EventRow } from '../../admin/store.ts';
import type { PolicyTexts } from '../../rules/thread-protocol.ts';

const BEGINNING: Statement = {
  name: 'ledger-state-beginning',
  text: `SELECT greatest(
           (SELECT applied_at FROM schema_migrations WHERE name = '070_ledger.sql'),
           (SELECT max((head::jsonb->'details'->>'before')::timestamptz) FROM ledger_records
            WHERE kind = 'administration' AND head::jsonb->>'action' = 'ledger.pruned')) AS since`,
};

/** Since when the ledger holds everything: it began then, or retention took what was before. */
export async function readBeginning(database: Queryable): Promise<Date> {
  const [row] = await database.query<{ since: Date }>(BEGINNING);
  return row?.since ?? new Date(0);
}

const CONSENTS: Statement = {
  name: 'ledger-state-consents',
  text: `WITH event AS (SELECT head::jsonb AS head FROM ledger_records WHERE kind = 'consent'),
         told AS (
           SELECT head->>'consent' AS consent, name, max((head->>'validUntil')::timestamptz) AS valid_until,
             bool_or(head->>'action' IN ('withdrawn', 'replaced')) AS ended, bool_or(head->>'action' = 'given') AS given
           FROM event CROSS JOIN jsonb_array_elements_text(head->'groups') AS name GROUP BY 1, 2
         ), kept AS (
           SELECT consent_id::text AS consent, group_name AS name, valid_until, ended_at IS NOT NULL AS ended
           FROM consent_groups JOIN consents ON consents.id = consent_id WHERE given_at >= $1
         )
         SELECT consent, name AS "group",
           CASE WHEN told.consent IS NULL OR kept.consent IS NULL OR told.ended IS DISTINCT FROM kept.ended THEN
             CASE WHEN told IS NULL OR NOT coalesce(told.given, false) THEN 'stands in the table and was never given'
                  WHEN kept IS NULL THEN 'was given and is not in the table'
                  WHEN told.ended THEN 'was ended and holds in the table' ELSE 'was not ended and is in the table' END
           ELSE 'ends at another time than it was given for' END AS wrong
         FROM told FULL JOIN kept USING (consent, name)
         WHERE (told.given OR told.consent IS NULL)
           AND (told.consent IS NULL OR kept.consent IS NULL OR told.ended <> kept.ended OR told.valid_until <> kept.valid_until)
         LIMIT $2`,
};

/** Groups of consents that stand otherwise than the ledger tells. */
export async function readConsentDifferences(
  database: Queryable,
  since: Date,
  countMax: number,
): Promise<readonly { readonly consent: string; readonly group: string | null; readonly wrong: string }[]> {
  return database.query(CONSENTS, [since, countMax]);
}

const HASHES: Statement = {
  name: 'ledger-state-consent-hashes',
  text: `SELECT id::text AS id, body,
           (SELECT head::jsonb->>'recordHash' FROM ledger_records
            WHERE kind = 'consent' AND at = given_at AND head::jsonb->>'consent' = consents.id::text AND head::jsonb->>'action' = 'given') AS recorded
         FROM consents WHERE given_at >= $1 AND ($2 = '' OR id > nullif($2, '')::uuid) ORDER BY id LIMIT $3`,
};

/** Consents as they are kept, with the hash that the ledger has of each; null where it tells of none, which the groups show too. */
export async function readConsentHashes(
  database: Queryable,
  since: Date,
  after: string,
  countMax: number,
): Promise<readonly { readonly id: string; readonly body: object; readonly recorded: string | null }[]> {
  return database.query(HASHES, [since, after, countMax]);
}

const EVENTS: Statement = {
  name: 'ledger-state-events',
  text: `SELECT number::int AS number, admin_events.at, admin_events.kind, actor, person, login, subject, body, hash,
           (SELECT head::jsonb->'details'->>'event' FROM ledger_records WHERE id = ledger_record AND kind <> 'disclosure' AND kind <> 'refusal') AS recorded
         FROM admin_events WHERE number > $1 AND ledger_record IS NOT NULL ORDER BY number LIMIT $2`,
};

/** Events of administration with the hash that the ledger has of each. */
export async function readFedEvents(
  database: Queryable,
  after: number,
  countMax: number,
): Promise<readonly (EventRow & { readonly number: number; readonly recorded: string | null })[]> {
  return database.query(EVENTS, [after, countMax]);
}

const LOST: Statement = {
  name: 'ledger-state-events-lost',
  text: `SELECT count(*)::int AS lost FROM ledger_records AS record
         WHERE kind <> 'disclosure' AND kind <> 'refusal' AND head::jsonb->'details' ? 'event'
           AND NOT EXISTS (SELECT FROM admin_events WHERE ledger_record = record.id)`,
};

/** Events that the ledger tells of and the table does not have. */
export async function countLostEvents(database: Queryable): Promise<number> {
  const [row] = await database.query<{ lost: number }>(LOST);
  return row?.lost ?? 0;
}

/** Tables of signed steps, with the column that says what each step is about; their events are named after the area. */
export const SIGNED_STEPS = [
  { area: 'policy', table: 'policy_steps', about: 'version', name: 'policies' },
  { area: 'operation', table: 'operation_steps', about: 'operation', name: 'operations' },
] as const;
export type SignedSteps = (typeof SIGNED_STEPS)[number];

export interface RecordedStep {
  readonly number: number;
  readonly statement: string;
  readonly hash: string;
  readonly keyId: string | null;
  readonly signature: string | null;
  /** What was recorded of this kind of step about this, with this hash; null where nothing was. */
  readonly recorded: Readonly<Record<string, unknown>> | null;
}

/** Steps, each with what was recorded of it. */
export async function readSignedSteps(
  database: Queryable,
  { area, table, about }: SignedSteps,
  after: number,
  countMax: number,
): Promise<readonly RecordedStep[]> {
  const text = `SELECT number::int AS number, statement, hash, key_id AS "keyId", signature,
                  (SELECT event.body FROM admin_events AS event
                   WHERE event.kind = '${area}.' || step.kind AND event.subject = step.${about} AND event.body->>'statement' = step.hash
                   LIMIT 1) AS recorded
                FROM ${table} AS step WHERE number > $1 ORDER BY number LIMIT $2`;
  return database.query<RecordedStep>({ name: `ledger-state-${area}-steps`, text }, [after, countMax]);
}

/** Steps that were recorded and are not in the table. */
export async function countLostSteps(database: Queryable, { area, table }: SignedSteps): Promise<number> {
  const text = `SELECT count(*)::int AS lost FROM admin_events
                WHERE kind LIKE '${area}.%' AND body ? 'statement' AND NOT EXISTS (SELECT FROM ${table} WHERE hash = body->>'statement')`;
  const [row] = await database.query<{ lost: number }>({ name: `ledger-state-${area}-steps-lost`, text });
  return row?.lost ?? 0;
}

const OPERATION_TEXTS: Statement = {
  name: 'ledger-state-operation-texts',
  text: `SELECT name, text FROM (
           SELECT address AS name, content AS text FROM operation_contents UNION ALL SELECT hash, report FROM operation_reports
         ) AS kept WHERE name > $1 ORDER BY name LIMIT $2`,
};

/** What was proposed and what the check said of it, each with the name that is its hash. */
export async function readOperationTexts(
  database: Queryable,
  after: string,
  countMax: number,
): Promise<readonly { readonly name: string; readonly text: string }[]> {
  return database.query(OPERATION_TEXTS, [after, countMax]);
}

const CONTENT: Statement = {
  name: 'ledger-state-policy-content',
  text: 'SELECT version, files FROM policy_contents WHERE version > $1 ORDER BY version LIMIT 1',
};

/** The files of the policy version after another; one at a time, since a version may be large. */
export async function readNextContent(
  database: Queryable,
  after: string,
): Promise<{ readonly version: string; readonly files: PolicyTexts } | undefined> {
  const [row] = await database.query<{ version: string; files: PolicyTexts }>(CONTENT, [after]);
  return row;
}

const REGISTRY: Statement = {
  name: 'ledger-state-registry',
  text: `SELECT body->>'registry' AS hash FROM admin_events WHERE kind LIKE 'registry.%' AND body ? 'registry' ORDER BY number DESC LIMIT 1`,
};

/** What the registry is by the record of its last change; undefined where none says. */
export async function readRegistryHash(database: Queryable): Promise<string | undefined> {
  const [row] = await database.query<{ hash: string }>(REGISTRY);
  return row?.hash;
}

const PERSONS: Statement = {
  name: 'ledger-state-persons',
  text: `WITH told AS MATERIALIZED (
           SELECT DISTINCT decode(pseudonym, 'hex') AS pseudonym, at, id FROM ledger_records
             CROSS JOIN jsonb_array_elements(persons::jsonb) AS entry CROSS JOIN jsonb_array_elements_text(entry->'pseudonyms') AS pseudonym
         )
         SELECT coalesce(told.id, kept.id)::text AS id,
           CASE WHEN kept.id IS NULL THEN 'lacks somebody of' ELSE 'has somebody who is not in' END AS wrong
         FROM told FULL JOIN ledger_persons AS kept ON kept.pseudonym = told.pseudonym AND kept.at = told.at AND kept.id = told.id
         WHERE told.id IS NULL OR kept.id IS NULL
         LIMIT $1`,
};

/** Records of which the index of people has too few or too many. */
export async function readPersonDifferences(
  database: Queryable,
  countMax: number,
): Promise<readonly { readonly id: string; readonly wrong: string }[]> {
  return database.query(PERSONS, [countMax]);
}

const COUNT_PERSONS: Statement = { name: 'ledger-state-persons-count', text: 'SELECT count(*)::float8 AS people FROM ledger_persons' };

export async function countPersons(database: Queryable): Promise<number> {
  const [row] = await database.query<{ people: number }>(COUNT_PERSONS);
  return row?.people ?? 0;
}
