import pg from 'pg';
import type { Month } from '../../gateway/ledger/months.ts';

/** Entries of a person that are looked up at once. */
export const ENTRIES_SHOWN = 20;

const FILL = `INSERT INTO ledger_persons (pseudonym, at, id)
  SELECT substr(sha256(convert_to(n::text || $1, 'UTF8')), 1, 16), $2::timestamptz + random() * ($3::timestamptz - $2::timestamptz), gen_random_uuid()
  FROM generate_series(1, $4::int) AS n`;

const OWN_ENTRIES = `INSERT INTO ledger_persons (pseudonym, at, id)
  SELECT $1::bytea, $2::timestamptz + random() * ($3::timestamptz - $2::timestamptz), gen_random_uuid() FROM generate_series(1, $4::int)`;

/** As gateway/ledger/store.ts looks a person up. */
const LOOK = `SELECT found.at, found.id FROM unnest($1::text[], $2::timestamptz[], $3::timestamptz[]) AS span (pseudonym, begins, ends)
  CROSS JOIN LATERAL (SELECT at, id FROM ledger_persons WHERE pseudonym = decode(span.pseudonym, 'hex') AND at >= span.begins AND at < span.ends
                      ORDER BY at DESC, id DESC LIMIT ${ENTRIES_SHOWN}) AS found
  ORDER BY found.at DESC, found.id DESC LIMIT ${ENTRIES_SHOWN}`;

/** The ledger's index of people, filled with entries of nobody and asked for single people. */
export interface Lookups {
  /** Adds entries of made-up people; `label` keeps them apart from those before. */
  readonly fill: (label: string, span: Month, count: number) => Promise<void>;
  readonly addOwn: (pseudonym: Buffer, span: Month, count: number) => Promise<void>;
  /** Lets what was filled come to rest. */
  readonly settle: () => Promise<void>;
  /** Looks a person up by a pseudonym for each month; gives how many entries came. */
  readonly look: (pseudonyms: readonly Buffer[], spans: readonly Month[]) => Promise<number>;
  readonly explain: (pseudonyms: readonly Buffer[], spans: readonly Month[]) => Promise<string>;
  readonly end: () => Promise<void>;
}

export async function openLookups(url: string): Promise<Lookups> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  const valuesOf = (pseudonyms: readonly Buffer[], spans: readonly Month[]): unknown[] => [
    pseudonyms.map((pseudonym) => pseudonym.toString('hex')),
    spans.map(({ begins }) => begins),
    spans.map(({ ends }) => ends),
  ];
  return {
    fill: async (label, { begins, ends }, count) => void (await client.query(FILL, [label, begins, ends, count])),
    addOwn: async (pseudonym, { begins, ends }, count) => void (await client.query(OWN_ENTRIES, [pseudonym, begins, ends, count])),
    settle: async () => void (await client.query('VACUUM ANALYZE ledger_persons')),
    look: async (pseudonyms, spans) => (await client.query({ name: 'look', text: LOOK, values: valuesOf(pseudonyms, spans) })).rows.length,
    async explain(pseudonyms, spans) {
      const text = `EXPLAIN (ANALYZE, BUFFERS, COSTS OFF, TIMING OFF) ${LOOK}`;
      const { rows } = await client.query<{ 'QUERY PLAN': string }>(text, valuesOf(pseudonyms, spans));
      return rows.map((row) => row['QUERY PLAN']).join('\n');
    },
    end: async () => client.end(),
  };
}
