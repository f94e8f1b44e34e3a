import type { Queryable, Statement } from '../../platform/database.ts';

// All of what is wanted or nothing of it, with a hundredth of what is left beyond it at most: so that nobody waits for long for what another
// gateway took ahead. The row is locked by the update: of two gateways at once the second sees the first.
const TAKE: Statement = {
  name: 'quota-take',
  text: `INSERT INTO quota_days AS q (day, application, taken, given)
         SELECT $1::date, $2, give, give
         FROM (SELECT CASE WHEN $3::bigint <= $4::bigint THEN $3::bigint + least($5::bigint, ($4::bigint - $3::bigint) / 100) ELSE 0 END AS give) AS first
         ON CONFLICT (application, day) DO UPDATE SET
           given = CASE WHEN q.taken + $3::bigint <= $4::bigint
                   THEN $3::bigint + least($5::bigint, ($4::bigint - q.taken - $3::bigint) / 100) ELSE 0 END,
           taken = q.taken + CASE WHEN q.taken + $3::bigint <= $4::bigint
                   THEN $3::bigint + least($5::bigint, ($4::bigint - q.taken - $3::bigint) / 100) ELSE 0 END
         RETURNING given::float8 AS given, taken::float8 AS taken`,
};

export interface QuotaRow {
  /** Zero when what was wanted is more than what is left. */
  readonly given: number;
  readonly taken: number;
}

/** Takes `wanted` people of an application's quota of `max` on a day, and up to `ahead` more. Committed when the promise resolves. */
export async function takeQuota(
  database: Queryable,
  about: { readonly day: string; readonly application: string; readonly wanted: number; readonly max: number; readonly ahead: number },
): Promise<QuotaRow> {
  const { day, application, wanted, max, ahead } = about;
  const [row] = await database.query<QuotaRow>(TAKE, [day, application, wanted, max, ahead]);
  if (row === undefined) throw new Error('The quota gave no row.');
  return row;
}

const GIVE_BACK: Statement = {
  name: 'quota-give-back',
  text: 'UPDATE quota_days SET taken = taken - $3 WHERE day = $1::date AND application = $2',
};

/** Gives back what was taken ahead and not used. */
export async function giveQuotaBack(database: Queryable, day: string, application: string, people: number): Promise<void> {
  await database.query(GIVE_BACK, [day, application, people]);
}

const FORGET: Statement = {
  name: 'quota-days-forget',
  text: 'DELETE FROM quota_days WHERE ctid = ANY (ARRAY(SELECT ctid FROM quota_days WHERE day < $1::date LIMIT $2)) RETURNING 1',
};

/** Lets go of quotas of days before one, so many rows at most; gives how many. */
export async function forgetQuotas(database: Queryable, before: string, count: number): Promise<number> {
  return (await database.query(FORGET, [before, count])).length;
}
