import type { Queryable, Statement } from '../../platform/database.ts';
import type { Page } from '../page.ts';
import type { BirthRow, CivilRow, DeathRow } from './records.ts';

/** All SQL of the civil status register. */

/** The lists of a person's records that there are besides the one that holds all. */
export type ListedType = 'Marriage' | 'Divorce' | 'Adoption' | 'Guardianship' | 'ParentageRecognition' | 'Correction';

export async function findBirths(on: Queryable, idNumbers: readonly string[]): Promise<readonly BirthRow[]> {
  return on.query<BirthRow>(BIRTHS, [idNumbers]);
}

export async function findDeaths(on: Queryable, idNumbers: readonly string[]): Promise<readonly DeathRow[]> {
  return on.query<DeathRow>(DEATHS, [idNumbers]);
}

export async function findCausesOfDeath(
  on: Queryable,
  idNumbers: readonly string[],
): Promise<readonly { readonly idNumber: string; readonly cause: string }[]> {
  return on.query(CAUSES_OF_DEATH, [idNumbers]);
}

/** Records of one type of each person, the latest first, one page each. */
export async function findRecords<Type extends ListedType>(
  on: Queryable,
  type: Type,
  idNumbers: readonly string[],
  page: Page,
): Promise<readonly Extract<CivilRow, { type: Type }>[]> {
  return on.query<Extract<CivilRow, { type: Type }>>(LISTS[type], [idNumbers, page.first, ...position(page)]);
}

/** Records of every type of each person, the latest first, one page each. */
export async function findAllRecords(on: Queryable, idNumbers: readonly string[], page: Page): Promise<readonly CivilRow[]> {
  const rows = await on.query<{ record: CivilRow }>(ALL_RECORDS, [idNumbers, page.first, ...position(page)]);
  return rows.map((row) => row.record);
}

function position({ after }: Page): readonly (string | null)[] {
  return [after?.[0] ?? null, after?.[1] ?? null];
}

const ENTRY = 'id_number AS "idNumber", record_id AS "recordId", registered_on::text AS "registeredOn", number, book, office';
const SPOUSES = 'spouse_a_id_number AS "spouseA", spouse_b_id_number AS "spouseB"';
const DECLARANT = 'declarant_id_number AS "declarant", declarant_relation AS "declarantRelation"';

const TABLES: Readonly<Record<CivilRow['type'], { readonly table: string; readonly columns: string }>> = {
  BirthRecord: {
    table: 'birth_record',
    columns: `place_of_birth AS "placeOfBirth", id_number_issued_on::text AS "idNumberIssuedOn", mother_id_number AS "mother",
      father_id_number AS "father", ${DECLARANT}`,
  },
  DeathRecord: { table: 'death_record', columns: `died_on::text AS "diedOn", died_at AS "time", place, notice, ${DECLARANT}` },
  Marriage: {
    table: 'marriage',
    columns: `${SPOUSES}, married_on::text AS "marriedOn", ended_on::text AS "endedOn", ended_by AS "endedBy"`,
  },
  Divorce: { table: 'divorce', columns: `${SPOUSES}, divorced_on::text AS "divorcedOn", court, judgment` },
  Adoption: {
    table: 'adoption',
    columns: `child_id_number AS "child", adoptive_mother_id_number AS "adoptiveMother", adoptive_father_id_number AS "adoptiveFather",
      adopted_on::text AS "adoptedOn"`,
  },
  Guardianship: {
    table: 'guardianship',
    columns: 'ward_id_number AS "ward", guardian_id_number AS "guardian", began_on::text AS "beganOn", ended_on::text AS "endedOn"',
  },
  ParentageRecognition: {
    table: 'parentage_recognition',
    columns: 'child_id_number AS "child", parent_id_number AS "parent", recognised_on::text AS "recognisedOn"',
  },
  Correction: {
    table: 'correction',
    columns: 'kind, entry, previous_value AS "previousValue", corrected_value AS "correctedValue"',
  },
};

function selected(type: CivilRow['type']): string {
  return `${ENTRY}, '${type}' AS "type", ${TABLES[type].columns}`;
}

/** A page of each person's rows: $1 people, $2 how many, $3 and $4 the position after which it begins. */
function list(type: ListedType): Statement {
  const { table } = TABLES[type];
  return {
    name: `list-${table}`,
    text: `SELECT ${selected(type)} FROM (
        SELECT *, row_number() OVER (PARTITION BY id_number ORDER BY registered_on DESC, record_id DESC) AS place FROM ${table}
        WHERE ${ON_PAGE}
      ) AS page WHERE place <= $2::int ORDER BY id_number, place`,
  };
}

const ON_PAGE = `id_number = ANY($1::text[]) AND ($3::date IS NULL OR (registered_on, record_id) < ($3::date, $4::int))`;

const LISTS: Readonly<Record<ListedType, Statement>> = {
  Marriage: list('Marriage'),
  Divorce: list('Divorce'),
  Adoption: list('Adoption'),
  Guardianship: list('Guardianship'),
  ParentageRecognition: list('ParentageRecognition'),
  Correction: list('Correction'),
};

const ALL_RECORDS: Statement = {
  name: 'list-all-records',
  text: `SELECT record FROM (
      SELECT *, row_number() OVER (PARTITION BY id_number ORDER BY registered_on DESC, record_id DESC) AS place FROM (
        ${Object.entries(TABLES)
          .map(
            ([type, { table }]) => `SELECT id_number, registered_on, record_id, to_jsonb(every_column) AS record
              FROM ${table}, LATERAL (SELECT ${selected(type as CivilRow['type'])}) AS every_column WHERE ${ON_PAGE}`,
          )
          .join(' UNION ALL ')}
      ) AS every_record
    ) AS page WHERE place <= $2::int ORDER BY id_number, place`,
};

/** Everybody whose birth was registered by the day. */
export const PEOPLE: Statement = { text: `SELECT id_number FROM birth_record WHERE registered_on <= $1::date` };

const BIRTHS: Statement = {
  name: 'birth-records',
  text: `SELECT ${selected('BirthRecord')} FROM birth_record WHERE id_number = ANY($1::text[])`,
};

const DEATHS: Statement = {
  name: 'death-records',
  text: `SELECT ${selected('DeathRecord')} FROM death_record WHERE id_number = ANY($1::text[])`,
};

const CAUSES_OF_DEATH: Statement = {
  name: 'causes-of-death',
  text: `SELECT id_number AS "idNumber", cause FROM death_cause WHERE id_number = ANY($1::text[])`,
};
