import type { Queryable, Statement } from '../../platform/database.ts';
import { CLOCK_DIFFERENCE_MS_MAX, type ConsentEvent, type ConsentHistory, type ConsentRecord, type GroupState } from './record.ts';

export interface InForceRow {
  readonly id_number: string;
  readonly consent_id: string;
  readonly group_name: string;
  readonly group_version: number;
}

const IN_FORCE: Statement = {
  name: 'consents-in-force',
  text: `SELECT id_number, consent_id::text, group_name, group_version FROM consent_groups
         WHERE id_number = ANY($1::text[]) AND agency = $2 AND purpose = $3 AND purpose_version = $4
           AND ended_at IS NULL AND valid_from <= $6 AND valid_until > $5
         ORDER BY valid_from, consent_id`,
};

/** The consents in force of these people for one agency and purpose, the latest last. */
export async function readInForce(
  database: Queryable,
  idNumbers: readonly string[],
  about: { readonly agency: string; readonly purpose: string; readonly purposeVersion: number; readonly at: Date },
): Promise<readonly InForceRow[]> {
  const { agency, purpose, purposeVersion, at } = about;
  const begunBy = new Date(at.getTime() + CLOCK_DIFFERENCE_MS_MAX);
  return database.query<InForceRow>(IN_FORCE, [idNumbers, agency, purpose, purposeVersion, at, begunBy]);
}

const LOCK: Statement = { name: 'consents-lock', text: 'SELECT pg_advisory_xact_lock(hashtextextended($1, 4711003))' };

/** One change at a time for a person, agency and purpose; held until the transaction ends. */
export async function lockConsents(tx: Queryable, idNumber: string, agency: string, purpose: string): Promise<void> {
  await tx.query(LOCK, [JSON.stringify([idNumber, agency, purpose])]);
}

const END: Statement = {
  name: 'consents-end',
  text: `UPDATE consent_groups SET ended_at = $5
         WHERE id_number = $1 AND agency = $2 AND purpose = $3 AND group_name = ANY($4::text[]) AND ended_at IS NULL AND valid_until > $5
         RETURNING consent_id::text, group_name`,
};

/** Ends what is in force or will be; gives the consents concerned with the groups that ended. */
export async function endGroups(
  tx: Queryable,
  about: { readonly idNumber: string; readonly agency: string; readonly purpose: string; readonly groups: readonly string[] },
  at: Date,
): Promise<ReadonlyMap<string, readonly string[]>> {
  const { idNumber, agency, purpose, groups } = about;
  const rows = await tx.query<{ consent_id: string; group_name: string }>(END, [idNumber, agency, purpose, groups, at]);
  const ended = new Map<string, string[]>();
  for (const { consent_id, group_name } of rows) ended.set(consent_id, [...(ended.get(consent_id) ?? []), group_name]);
  return ended;
}

const INSERT: Statement = {
  name: 'consents-insert',
  text: `WITH consent AS (
           INSERT INTO consents (id, id_number, agency, purpose, given_at, body) VALUES ($1::uuid, $2, $3, $4, $5, $6::jsonb) RETURNING id
         )
         INSERT INTO consent_groups (consent_id, id_number, agency, purpose, purpose_version, group_name, group_version, valid_from, valid_until)
         SELECT consent.id, $2, $3, $4, $7, part.name, part.version, $8, $9
         FROM consent, unnest($10::text[], $11::int[]) AS part (name, version)`,
};

/** Writes a consent with its groups. */
export async function insertConsent(tx: Queryable, record: ConsentRecord, validUntil: Date): Promise<void> {
  const { id, idNumber, agency, purpose, givenAt, validFrom, groups } = record;
  await tx.query(INSERT, [
    id,
    idNumber,
    agency,
    purpose.id,
    new Date(givenAt),
    JSON.stringify(record),
    purpose.version,
    new Date(validFrom),
    validUntil,
    groups.map(({ name }) => name),
    groups.map(({ version }) => version),
  ]);
}

const EVENT: Statement = {
  name: 'consents-event',
  text: 'INSERT INTO consent_events (consent_id, at, kind, channel, groups, evidence) VALUES ($1::uuid, $2, $3, $4, $5::text[], $6)',
};

export async function insertEvent(tx: Queryable, consentId: string, event: Omit<ConsentEvent, 'at'>, at: Date): Promise<void> {
  await tx.query(EVENT, [consentId, at, event.kind, event.channel, event.groups, event.evidence]);
}

const NOTICE: Statement = {
  name: 'consents-notice',
  text: 'INSERT INTO consent_notices (consent_id, created_at) VALUES ($1::uuid, $2) ON CONFLICT DO NOTHING',
};

/** Notes that the person is owed a message about the consent. */
export async function insertNotice(tx: Queryable, consentId: string, at: Date): Promise<void> {
  await tx.query(NOTICE, [consentId, at]);
}

const EXTEND: Statement = {
  name: 'consents-extend',
  text: `UPDATE consent_groups SET valid_until = $2 WHERE consent_id = $1::uuid AND ended_at IS NULL AND valid_until > $3 AND valid_until < $2
         RETURNING group_name`,
};

/** Lets what is in force of a consent hold longer; gives the groups that do. */
export async function extendGroups(tx: Queryable, consentId: string, until: Date, at: Date): Promise<readonly string[]> {
  const rows = await tx.query<{ group_name: string }>(EXTEND, [consentId, until, at]);
  return rows.map(({ group_name }) => group_name);
}

const HISTORY: Statement = {
  name: 'consents-history',
  text: `SELECT body,
           (SELECT jsonb_agg(jsonb_build_object('name', group_name, 'validUntil', valid_until, 'endedAt', ended_at) ORDER BY group_name)
            FROM consent_groups WHERE consent_id = consents.id) AS groups,
           (SELECT jsonb_agg(jsonb_build_object('at', at, 'kind', kind, 'channel', channel, 'groups', groups, 'evidence', evidence) ORDER BY number)
            FROM consent_events WHERE consent_id = consents.id) AS events
         FROM consents WHERE ($1::text IS NULL OR id_number = $1) AND ($2::uuid IS NULL OR id = $2::uuid)
         ORDER BY given_at DESC, id LIMIT $3`,
};

/** Consents with all that became of them, the newest first: of a person, or the one with an id. */
export async function readHistories(
  database: Queryable,
  about: { readonly idNumber?: string; readonly id?: string },
  countMax: number,
): Promise<readonly ConsentHistory[]> {
  const rows = await database.query<{ body: ConsentRecord; groups: GroupState[] | null; events: ConsentEvent[] | null }>(HISTORY, [
    about.idNumber ?? null,
    about.id ?? null,
    countMax,
  ]);
  return rows.map(({ body, groups, events }) => ({ record: body, groups: groups ?? [], events: events ?? [] }));
}

const VERSIONS: Statement = {
  text: 'SELECT group_name, version, coordinates FROM consent_group_versions ORDER BY group_name, version',
};

export interface GroupVersionRow {
  readonly group_name: string;
  readonly version: number;
  readonly coordinates: readonly string[];
}

export async function readGroupVersions(database: Queryable): Promise<readonly GroupVersionRow[]> {
  return database.query<GroupVersionRow>(VERSIONS);
}

const ADD_VERSION: Statement = {
  text: `INSERT INTO consent_group_versions (group_name, version, coordinates, since) VALUES ($1, $2, $3::text[], $4) ON CONFLICT DO NOTHING`,
};

export async function insertGroupVersion(database: Queryable, row: GroupVersionRow, at: Date): Promise<void> {
  await database.query(ADD_VERSION, [row.group_name, row.version, row.coordinates, at]);
}
