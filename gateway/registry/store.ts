import type { Queryable, Statement } from '../../platform/database.ts';
import type { Entry } from './entries.ts';
import type { ConfirmedGrant, GrantSignature } from './grants.ts';

/** Channel on which gateways tell each other of a new revision. */
export const REGISTRY_CHANNEL = 'registry';

const REVISION: Statement = { name: 'registry-revision', text: 'SELECT revision::int AS revision FROM registry_state' };

/** The number of the last change; undefined before the first import. */
export async function readRevision(on: Queryable): Promise<number | undefined> {
  const [row] = await on.query<{ revision: number }>(REVISION);
  return row?.revision;
}

const READ: Statement = {
  name: 'registry-read',
  text: `SELECT s.revision::int AS revision, e.kind, e.id, e.body FROM registry_state s LEFT JOIN registry_entries e ON true
         ORDER BY e.kind, e.id`,
};

export interface StoredRegistry {
  readonly revision: number;
  readonly entries: readonly Entry[];
}

/** The registry with its revision, of one moment; undefined before the first import. */
export async function readRegistry(on: Queryable): Promise<StoredRegistry | undefined> {
  const rows = await on.query<{ revision: number } & { [name in keyof Entry]: Entry[name] | null }>(READ);
  const [first] = rows;
  if (first === undefined) return undefined;
  const entries = rows.flatMap(({ kind, id, body }) => (kind === null || id === null ? [] : [{ kind, id, body }]));
  return { revision: first.revision, entries };
}

const LOCK: Statement = { name: 'registry-lock', text: 'SELECT pg_advisory_xact_lock(4711060)' };

/** One change at a time among all gateways; held until the transaction ends. */
export async function lockRegistry(tx: Queryable): Promise<void> {
  await tx.query(LOCK);
}

const WRITE: Statement = {
  name: 'registry-write',
  text: `INSERT INTO registry_entries (kind, id, body)
         SELECT row ->> 'kind', row ->> 'id', row -> 'body' FROM jsonb_array_elements($1::jsonb) AS row
         ON CONFLICT (kind, id) DO UPDATE SET body = excluded.body`,
};
const REMOVE: Statement = {
  name: 'registry-remove',
  text: `DELETE FROM registry_entries WHERE (kind, id) IN
         (SELECT row ->> 'kind', row ->> 'id' FROM jsonb_array_elements($1::jsonb) AS row)`,
};
const COUNT: Statement = {
  name: 'registry-count',
  text: `INSERT INTO registry_state (revision) VALUES (1) ON CONFLICT (id) DO UPDATE SET revision = registry_state.revision + 1
         RETURNING revision::int AS revision`,
};
const NOTIFY: Statement = { name: 'registry-notify', text: 'SELECT pg_notify($1, $2)' };

/** Writes a change and tells every gateway when it is committed. Gives the new revision. */
export async function writeChange(tx: Queryable, written: readonly Entry[], gone: readonly Entry[]): Promise<number> {
  if (written.length > 0) await tx.query(WRITE, [JSON.stringify(written)]);
  if (gone.length > 0) await tx.query(REMOVE, [JSON.stringify(gone)]);
  const [row] = await tx.query<{ revision: number }>(COUNT);
  const revision = row?.revision ?? 0;
  await tx.query(NOTIFY, [REGISTRY_CHANNEL, String(revision)]);
  return revision;
}

/** Something that one person proposed and another has to confirm. */
export interface ProposalRow {
  readonly id: string;
  readonly subject: string;
  readonly statement: string;
  readonly signatures: readonly GrantSignature[];
  readonly proposed_at: Date;
  readonly proposed_by: string;
  readonly proposed_by_person: string;
  readonly state: 'open' | 'confirmed' | 'withdrawn';
  readonly decided_by: string | null;
}

const PROPOSAL_COLUMNS = 'id::text, subject, statement, signatures, proposed_at, proposed_by, proposed_by_person, state, decided_by';
const PROPOSE: Statement = {
  name: 'registry-propose',
  text: `INSERT INTO registry_proposals (id, subject, statement, signatures, proposed_at, proposed_by, proposed_by_person, state)
         VALUES ($1::uuid, $2, $3, $4::jsonb, $5, $6, $7, 'open')`,
};

export async function insertProposal(
  tx: Queryable,
  { id, subject, statement, signatures, proposed_at, proposed_by, proposed_by_person }: Omit<ProposalRow, 'state' | 'decided_by'>,
): Promise<void> {
  await tx.query(PROPOSE, [id, subject, statement, JSON.stringify(signatures), proposed_at, proposed_by, proposed_by_person]);
}

const PROPOSAL: Statement = {
  name: 'registry-proposal',
  text: `SELECT ${PROPOSAL_COLUMNS} FROM registry_proposals WHERE id = $1::uuid FOR UPDATE`,
};

/** A proposal, which nobody else decides until the transaction ends. */
export async function readProposal(tx: Queryable, id: string): Promise<ProposalRow | undefined> {
  const [row] = await tx.query<ProposalRow>(PROPOSAL, [id]);
  return row;
}

const OPEN: Statement = {
  name: 'registry-proposals-open',
  text: `SELECT ${PROPOSAL_COLUMNS} FROM registry_proposals WHERE state = 'open' ORDER BY proposed_at LIMIT $1`,
};

export async function readOpenProposals(on: Queryable, count: number): Promise<readonly ProposalRow[]> {
  return on.query<ProposalRow>(OPEN, [count]);
}

const CONFIRMED: Statement = {
  name: 'registry-proposals-confirmed',
  text: `SELECT statement, signatures FROM registry_proposals WHERE state = 'confirmed' ORDER BY decided_at, id`,
};

/** Every right that was given, in order. */
export async function readConfirmedGrants(on: Queryable): Promise<readonly ConfirmedGrant[]> {
  return on.query<ConfirmedGrant>(CONFIRMED);
}

const DECIDE: Statement = {
  name: 'registry-decide',
  text: `UPDATE registry_proposals SET state = $2, decided_at = $3, decided_by = $4, signatures = signatures || $5::jsonb WHERE id = $1::uuid`,
};

export async function decideProposal(
  tx: Queryable,
  id: string,
  state: 'confirmed' | 'withdrawn',
  by: string,
  at: Date,
  signatures: readonly GrantSignature[] = [],
): Promise<void> {
  await tx.query(DECIDE, [id, state, at, by, JSON.stringify(signatures)]);
}
