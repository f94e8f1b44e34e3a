import type { Queryable, Statement } from '../../../platform/database.ts';

export interface Served {
  readonly grantId: string;
  readonly application: string;
  /** ISO 8601. */
  readonly at: string;
}

const UNRECORDED: Statement = {
  name: 'oversight-unrecorded',
  text: `SELECT id FROM unnest($1::text[]) AS id WHERE NOT EXISTS (SELECT FROM oversight_grants WHERE grant_id = id)`,
};

/** Which of these grants no record names. */
export async function readUnrecorded(database: Queryable, ids: readonly string[]): Promise<ReadonlySet<string>> {
  const rows = await database.query<{ id: string }>(UNRECORDED, [ids]);
  return new Set(rows.map(({ id }) => id));
}

const INCIDENT: Statement = {
  name: 'oversight-incident',
  text: `INSERT INTO oversight_incidents (register, grant_id, application, served_at, found_at)
         SELECT $1, id, application, at, $5 FROM unnest($2::text[], $3::text[], $4::timestamptz[]) AS row (id, application, at)
         ON CONFLICT DO NOTHING RETURNING grant_id AS "grantId", application, served_at AS at`,
};

/** Notes incidents; gives those that were not known. */
export async function addIncidents(tx: Queryable, register: string, served: readonly Served[], at: Date): Promise<readonly Served[]> {
  return tx.query<Served>(INCIDENT, [
    register,
    served.map(({ grantId }) => grantId),
    served.map(({ application }) => application),
    served.map((one) => one.at),
    at,
  ]);
}

const CLEAR: Statement = {
  name: 'oversight-incidents-clear',
  text: `UPDATE oversight_incidents SET cleared_at = $1
         WHERE cleared_at IS NULL AND EXISTS (SELECT FROM oversight_grants known WHERE known.grant_id = oversight_incidents.grant_id)`,
};

/** Clears incidents of which a record came later: it was followed late. */
export async function clearIncidents(database: Queryable, at: Date): Promise<void> {
  await database.query(CLEAR, [at]);
}

export interface IncidentRow {
  readonly register: string;
  readonly grantId: string;
  readonly application: string;
  readonly servedAt: Date;
  readonly foundAt: Date;
}

const OPEN: Statement = {
  name: 'oversight-incidents-open',
  text: `SELECT register, grant_id AS "grantId", application, served_at AS "servedAt", found_at AS "foundAt"
         FROM oversight_incidents WHERE cleared_at IS NULL ORDER BY number DESC LIMIT $1`,
};

export async function readIncidents(database: Queryable, count: number): Promise<readonly IncidentRow[]> {
  return database.query<IncidentRow>(OPEN, [count]);
}

const BEGINNING: Statement = { name: 'oversight-beginning', text: 'SELECT min(opened_at) AS at FROM ledger_chains' };

/** When the ledger began; what was served before nobody can compare. */
export async function readBeginning(database: Queryable): Promise<Date | undefined> {
  const [row] = await database.query<{ at: Date | null }>(BEGINNING);
  return row?.at ?? undefined;
}

const UNTIL: Statement = { name: 'oversight-reconciled', text: 'SELECT until FROM oversight_reconciled WHERE register = $1' };

/** Until when a register is compared; undefined when it never was. */
export async function readReconciled(database: Queryable, register: string): Promise<Date | undefined> {
  const [row] = await database.query<{ until: Date }>(UNTIL, [register]);
  return row?.until;
}

const SET_UNTIL: Statement = {
  name: 'oversight-reconciled-set',
  text: `INSERT INTO oversight_reconciled AS known (register, until) VALUES ($1, $2)
         ON CONFLICT (register) DO UPDATE SET until = greatest(known.until, excluded.until)`,
};

export async function setReconciled(tx: Queryable, register: string, until: Date): Promise<void> {
  await tx.query(SET_UNTIL, [register, until]);
}
