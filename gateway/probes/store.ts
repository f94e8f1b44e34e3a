import type { Queryable, Statement } from '../../platform/database.ts';

/** One question to one person, by hash. */
export interface ProbeRow {
  readonly idNumber: string;
  readonly coordinate: string;
  readonly hash: string;
  /** Distinct questions allowed in a day. */
  readonly max: number;
}

// The row of a person, application, field and day is locked by the update, so that of two at once the second sees the first. Rows come in
// one order, so that two requests do not wait for each other.
const TAKE: Statement = {
  name: 'probes-take',
  text: `INSERT INTO probes (day, application, id_number, coordinate, asked)
         SELECT $1::date, $2, id_number, coordinate, ARRAY[hash]
         FROM unnest($3::text[], $4::text[], $5::text[], $6::int[]) AS probe (id_number, coordinate, hash, allowed)
         ORDER BY id_number, coordinate
         ON CONFLICT (id_number, application, coordinate, day) DO UPDATE SET asked =
           CASE WHEN probes.asked @> excluded.asked OR cardinality(probes.asked) >= (
             SELECT max(allowed) FROM unnest($3::text[], $4::text[], $6::int[]) AS bound (id_number, coordinate, allowed)
             WHERE bound.id_number = excluded.id_number AND bound.coordinate = excluded.coordinate)
           THEN probes.asked ELSE probes.asked || excluded.asked END
         RETURNING id_number, coordinate, asked`,
};

/** Notes questions that must not repeat a person and field; gives those that may be asked. Committed when the promise resolves. */
export async function takeProbes(
  database: Queryable,
  day: string,
  application: string,
  probes: readonly ProbeRow[],
): Promise<readonly ProbeRow[]> {
  const rows = await database.query<{ id_number: string; coordinate: string; asked: readonly string[] }>(TAKE, [
    day,
    application,
    probes.map(({ idNumber }) => idNumber),
    probes.map(({ coordinate }) => coordinate),
    probes.map(({ hash }) => hash),
    probes.map(({ max }) => max),
  ]);
  const asked = new Map(rows.map((row) => [`${row.id_number} ${row.coordinate}`, new Set(row.asked)]));
  return probes.filter(({ idNumber, coordinate, hash }) => asked.get(`${idNumber} ${coordinate}`)?.has(hash) === true);
}

const FORGET: Statement = {
  name: 'probes-forget',
  text: 'DELETE FROM probes WHERE ctid = ANY (ARRAY(SELECT ctid FROM probes WHERE day < $1::date LIMIT $2)) RETURNING 1',
};

/** Lets go of questions of days before one, so many rows at most; gives how many. */
export async function forgetProbes(database: Queryable, before: string, count: number): Promise<number> {
  return (await database.query(FORGET, [before, count])).length;
}
