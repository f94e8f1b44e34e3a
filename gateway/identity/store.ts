import { createHash } from 'node:crypto';
import type { Database, Statement } from '../../platform/database.ts';

/** How many expired rows one insert takes along, so that the tables stay as small as what is still valid, without a timer. */
const EXPIRED_PER_INSERT_MAX = 100;

const MARK_USED: Statement = {
  name: 'used_token_mark',
  text: `WITH expired AS (
      DELETE FROM used_token WHERE ctid = ANY (ARRAY(
        SELECT ctid FROM used_token WHERE expires_at < $4 LIMIT ${EXPIRED_PER_INSERT_MAX} FOR UPDATE SKIP LOCKED))
    )
    INSERT INTO used_token (kind, id, expires_at) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING RETURNING id`,
};

/**
 * Notes that a token good for one use has been used. Resolves false when it was used before, on whichever replica: the insert itself
 * decides, so of two at once one wins. `id` may be any text of the sender; its hash is kept. Times in ms since the epoch.
 */
export async function markUsed(database: Database, kind: string, id: string, expiresAtMs: number, nowMs: number): Promise<boolean> {
  const hash = createHash('sha256').update(id).digest('base64url');
  const rows = await database.query(MARK_USED, [kind, hash, new Date(expiresAtMs), new Date(nowMs)]);
  return rows.length === 1;
}

/** What oidc-provider stores: its own JSON, of which three members are looked up by. */
export interface OidcPayload {
  readonly [member: string]: unknown;
  readonly grantId?: string | undefined;
  readonly uid?: string | undefined;
  readonly userCode?: string | undefined;
}

const SAVE: Statement = {
  name: 'oidc_payload_save',
  text: `WITH expired AS (
      DELETE FROM oidc_payload WHERE (model, id) <> ($1, $2) AND ctid = ANY (ARRAY(
        SELECT ctid FROM oidc_payload WHERE expires_at < $8 LIMIT ${EXPIRED_PER_INSERT_MAX} FOR UPDATE SKIP LOCKED))
    )
    INSERT INTO oidc_payload (model, id, payload, grant_id, uid, user_code, expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7)
    ON CONFLICT (model, id) DO UPDATE SET payload = excluded.payload, grant_id = excluded.grant_id, uid = excluded.uid,
      user_code = excluded.user_code, expires_at = excluded.expires_at`,
};

/** Writes or replaces one payload. Without `expiresAtMs` it stays until it is removed. */
export async function savePayload(
  database: Database,
  key: { readonly model: string; readonly id: string },
  payload: OidcPayload,
  expiresAtMs: number | undefined,
  nowMs: number,
): Promise<void> {
  const expiresAt = expiresAtMs === undefined ? null : new Date(expiresAtMs);
  const { grantId = null, uid = null, userCode = null } = payload;
  await database.query(SAVE, [key.model, key.id, JSON.stringify(payload), grantId, uid, userCode, expiresAt, new Date(nowMs)]);
}

const FIND: Readonly<Record<'id' | 'uid' | 'user_code', Statement>> = {
  id: findBy('id'),
  uid: findBy('uid'),
  user_code: findBy('user_code'),
};

function findBy(column: string): Statement {
  const alive = '(expires_at IS NULL OR expires_at > $3)';
  return {
    name: `oidc_payload_find_by_${column}`,
    text: `SELECT payload FROM oidc_payload WHERE model = $1 AND ${column} = $2 AND ${alive}`,
  };
}

/** The payload of a model by one of its keys, undefined when there is none or it has expired. */
export async function findPayload(
  database: Database,
  model: string,
  by: 'id' | 'uid' | 'user_code',
  value: string,
  nowMs: number,
): Promise<OidcPayload | undefined> {
  // PostgreSQL's text has no NUL and fails on one; nothing is stored under a value that clients can make up like this.
  if (value.includes('\0')) return undefined;
  const [row] = await database.query<{ payload: OidcPayload }>(FIND[by], [model, value, new Date(nowMs)]);
  return row?.payload;
}

const CONSUME: Statement = {
  name: 'oidc_payload_consume',
  text: `UPDATE oidc_payload SET payload = jsonb_set(payload, '{consumed}', to_jsonb($3::bigint)) WHERE model = $1 AND id = $2`,
};

/** Marks a payload as used, at `nowMs` in whole seconds as oidc-provider reads it. */
export async function consumePayload(database: Database, model: string, id: string, nowMs: number): Promise<void> {
  await database.query(CONSUME, [model, id, Math.floor(nowMs / 1000)]);
}

const REMOVE: Statement = { name: 'oidc_payload_remove', text: 'DELETE FROM oidc_payload WHERE model = $1 AND id = $2' };
const REMOVE_GRANT: Statement = { name: 'oidc_payload_remove_grant', text: 'DELETE FROM oidc_payload WHERE grant_id = $1' };

/** Removes one payload; nothing happens when it is not there. */
export async function removePayload(database: Database, model: string, id: string): Promise<void> {
  await database.query(REMOVE, [model, id]);
}

/** Removes everything that was issued under a grant. */
export async function removeGrant(database: Database, grantId: string): Promise<void> {
  await database.query(REMOVE_GRANT, [grantId]);
}
