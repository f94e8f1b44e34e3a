import type { CeilingSignature } from '../../platform/ceiling.ts';
import type { Queryable, Statement } from '../../platform/database.ts';

/** Channel on which gateways tell each other of a ceiling that is in force. */
export const CEILING_CHANNEL = 'ceilings';

export interface CeilingRow {
  readonly register: string;
  readonly version: number;
  readonly statement: string;
  readonly signatures: readonly CeilingSignature[];
  readonly state: 'open' | 'in force';
  readonly signed_by: readonly { readonly account: string; readonly person: string }[];
}

const LOCK: Statement = { name: 'ceiling-lock', text: 'SELECT pg_advisory_xact_lock(hashtextextended($1, 4711061))' };

/** One change at a time for a register; held until the transaction ends. */
export async function lockCeiling(tx: Queryable, register: string): Promise<void> {
  await tx.query(LOCK, [register]);
}

const COLUMNS = 'register, version, statement, signatures, state, signed_by';
const LAST: Statement = {
  name: 'ceilings-last',
  text: `SELECT ${COLUMNS} FROM register_ceilings WHERE register = $1 ORDER BY version DESC LIMIT 2`,
};

/** The newest ceiling of a register and the one before it, the newest first. */
export async function readLastCeilings(on: Queryable, register: string): Promise<readonly CeilingRow[]> {
  return on.query<CeilingRow>(LAST, [register]);
}

const IN_FORCE: Statement = {
  name: 'ceilings-in-force',
  text: `SELECT DISTINCT ON (register) ${COLUMNS} FROM register_ceilings WHERE state = 'in force' ORDER BY register, version DESC`,
};

/** The ceiling in force of every register that has one here. */
export async function readCeilingsInForce(on: Queryable): Promise<readonly CeilingRow[]> {
  return on.query<CeilingRow>(IN_FORCE);
}

const WRITE: Statement = {
  name: 'ceiling-write',
  text: `INSERT INTO register_ceilings (register, version, statement, signatures, state, signed_by) VALUES ($1, $2, $3, $4::jsonb, $5, $6::jsonb)
         ON CONFLICT (register, version) DO UPDATE SET statement = excluded.statement, signatures = excluded.signatures,
           state = excluded.state, signed_by = excluded.signed_by
         WHERE register_ceilings.state = 'open'`,
};
const NOTIFY: Statement = { name: 'ceiling-notify', text: 'SELECT pg_notify($1, $2)' };

/** Writes a ceiling; one in force is never changed. */
export async function writeCeiling(tx: Queryable, row: CeilingRow): Promise<void> {
  const { register, version, statement, signatures, state, signed_by } = row;
  await tx.query(WRITE, [register, version, statement, JSON.stringify(signatures), state, JSON.stringify(signed_by)]);
  if (state === 'in force') await tx.query(NOTIFY, [CEILING_CHANNEL, register]);
}
