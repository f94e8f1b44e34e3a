import type { Queryable, Statement as Sql } from '../../platform/database.ts';
import type { StepKind } from './statement.ts';
import type { PolicyTexts } from './thread-protocol.ts';

/** Told whenever a version became active, or is about to. */
export const RULES_CHANNEL = 'policy_rules';

/** A step as it stands in the table, not yet believed. */
export interface StepRow {
  readonly number: number;
  readonly hash: string;
  readonly kind: StepKind;
  readonly version: string;
  readonly at: Date;
  readonly statement: string;
  readonly key_id: string | null;
  readonly signature: string | null;
}

const COLUMNS = 'number::int AS number, hash, kind, version, at, statement, key_id, signature';
const ACTIVATIONS = `kind IN ('import', 'activate', 'narrow', 'rollback')`;

/** Whoever changes rules does so alone; the lock is the transaction's. */
export async function lockRules(tx: Queryable): Promise<void> {
  await tx.query({ text: 'SELECT pg_advisory_xact_lock(4711050)' });
}

const INSERT_CONTENT: Sql = {
  text: 'INSERT INTO policy_contents (version, files, created_at) VALUES ($1, $2, $3) ON CONFLICT (version) DO NOTHING',
};

/** Keeps the files of a version. The same content is the same version. */
export async function insertContent(tx: Queryable, version: string, files: PolicyTexts, at: Date): Promise<void> {
  await tx.query(INSERT_CONTENT, [version, JSON.stringify(files), at]);
}

/** The files of a version; undefined when there is none. */
export async function readContent(database: Queryable, version: string): Promise<PolicyTexts | undefined> {
  const [row] = await database.query<{ files: PolicyTexts }>({ text: 'SELECT files FROM policy_contents WHERE version = $1' }, [version]);
  return row?.files;
}

const INSERT_STEP: Sql = {
  text: `INSERT INTO policy_steps (hash, kind, version, at, statement, key_id, signature) VALUES ($1, $2, $3, $4, $5, $6, $7)
         ON CONFLICT (hash) DO NOTHING RETURNING number`,
};

/** Adds a step. False when the very same statement stands there already. */
export async function insertStep(tx: Queryable, step: Omit<StepRow, 'number'>): Promise<boolean> {
  const { hash, kind, version, at, statement, key_id, signature } = step;
  return (await tx.query(INSERT_STEP, [hash, kind, version, at, statement, key_id, signature])).length === 1;
}

const READ_STEPS: Sql = { text: `SELECT ${COLUMNS} FROM policy_steps WHERE version = $1 ORDER BY number` };

/** The steps of a version, in order. */
export async function readSteps(database: Queryable, version: string): Promise<readonly StepRow[]> {
  return database.query<StepRow>(READ_STEPS, [version]);
}

const READ_ACTIVATIONS: Sql = {
  text: `SELECT ${COLUMNS} FROM policy_steps WHERE ${ACTIVATIONS} AND number > $1 ORDER BY number DESC LIMIT $2`,
};

/** The last activations after a number, the newest first. */
export async function readActivations(database: Queryable, afterNumber: number, count: number): Promise<readonly StepRow[]> {
  return database.query<StepRow>(READ_ACTIVATIONS, [afterNumber, count]);
}

const READ_LAST: Sql = {
  name: 'rules-last-activation',
  text: `SELECT number::int AS number FROM policy_steps WHERE ${ACTIVATIONS} ORDER BY number DESC LIMIT 1`,
};

/** Number of the last activation; 0 when there was none. */
export async function readLastActivation(database: Queryable): Promise<number> {
  const [row] = await database.query<{ number: number }>(READ_LAST);
  return row?.number ?? 0;
}

const READ_VERSIONS: Sql = {
  text: `SELECT version, max(number)::int AS number FROM policy_steps GROUP BY version HAVING max(number) < $1 ORDER BY number DESC LIMIT $2`,
};

/** Versions by their last step before a number, the newest first. */
export async function readVersions(
  database: Queryable,
  before: number,
  count: number,
): Promise<readonly { readonly version: string; readonly number: number }[]> {
  return database.query(READ_VERSIONS, [before, count]);
}

const FIND_VERSIONS: Sql = { text: `SELECT version FROM policy_contents WHERE version LIKE $1 LIMIT 2` };

/** Versions whose hash begins with some hex digits: two at most. */
export async function findVersions(database: Queryable, hexDigits: string): Promise<readonly string[]> {
  return (await database.query<{ version: string }>(FIND_VERSIONS, [`sha256:${hexDigits}%`])).map(({ version }) => version);
}

/** Tells every gateway to look. */
export async function notifyRules(tx: Queryable, version: string): Promise<void> {
  await tx.query({ text: 'SELECT pg_notify($1, $2)' }, [RULES_CHANNEL, version]);
}

/** Requests that were alike but for the person: who asked for what, what was asked, how often, and of how many people. */
export interface RecordedRequests {
  readonly application: string;
  readonly purpose: string;
  readonly officer_role: string | null;
  readonly assurance: number;
  readonly emergency: boolean;
  readonly coordinates: readonly string[];
  readonly requests: number;
  readonly people: readonly string[];
}

// What was counted for a statistic was asked under rules of its own and is left out.
const READ_RECORDED: Sql = {
  text: `WITH page AS MATERIALIZED (
      SELECT at, id, head::jsonb AS head, persons::jsonb AS persons FROM ledger_records
      WHERE at >= $1 AND (at, id) < ($2::timestamptz, $3::uuid) AND kind IN ('disclosure', 'refusal')
      ORDER BY at DESC, id DESC LIMIT $4
    )
    SELECT at::text AS at, id::text AS id, head->>'application' AS application, head->>'purpose' AS purpose,
      head->>'officerRole' AS officer_role, (head->>'assurance')::int AS assurance, jsonb_typeof(head->'emergency') = 'string' AS emergency,
      head->>'purpose' IS NOT NULL AND coalesce(head->>'phase', '') <> 'intent' AND head->'analysis' IS NULL AS counts,
      (SELECT coalesce(jsonb_agg(DISTINCT one), '[]'::jsonb) FROM (
        SELECT jsonb_object_keys(head->'bases') AS one
        UNION SELECT withheld->>'coordinate' FROM jsonb_array_elements(head->'withheld') AS withheld
      ) AS asked) AS coordinates,
      1 AS requests,
      (SELECT coalesce(jsonb_agg(DISTINCT pseudonym), '[]'::jsonb)
        FROM jsonb_array_elements(persons) AS person, jsonb_array_elements_text(person->'pseudonyms') AS pseudonym) AS people
    FROM page ORDER BY page.at DESC, page.id DESC`,
};
/** Records of one statement: none takes long, however much is recorded. */
const RECORDED_PAGE = 1_000;
const AFTER_ALL = { at: 'infinity', id: 'ffffffff-ffff-ffff-ffff-ffffffffffff' };

type RecordedRow = RecordedRequests & { readonly at: string; readonly id: string; readonly counts: boolean };

/** How much of the record is looked at: a moment, a number of records, and milliseconds. */
export interface RecordedBounds {
  readonly since: Date;
  readonly countMax: number;
  readonly timeoutMs: number;
}

/** What was asked since a moment, the newest first; `partial` when the bounds left some of it out. The one place where rules read the record. */
export async function readRecorded(
  database: Queryable,
  { since, countMax, timeoutMs }: RecordedBounds,
): Promise<{ readonly recorded: readonly RecordedRequests[]; readonly partial: boolean }> {
  const endsAt = performance.now() + timeoutMs;
  const recorded: RecordedRequests[] = [];
  let before = AFTER_ALL;
  for (let seen = 0; seen < countMax; seen += RECORDED_PAGE) {
    if (performance.now() > endsAt) return { recorded, partial: true };
    const rows = await database.query<RecordedRow>(READ_RECORDED, [since, before.at, before.id, RECORDED_PAGE]);
    recorded.push(...rows.filter(({ counts }) => counts));
    const last = rows.at(-1);
    if (last === undefined || rows.length < RECORDED_PAGE) return { recorded, partial: false };
    before = last;
  }
  return { recorded, partial: true };
}
