import type { Queryable, Statement } from '../../platform/database.ts';
import type { Page } from '../page.ts';

/** All SQL of the residents register. Rows have the names of the SDL's fields, dates as `YYYY-MM-DD`; relatives are ID numbers. */
export interface ResidentRow {
  readonly idNumber: string;
  readonly fullName: string;
  readonly otherNames: readonly string[];
  readonly dateOfBirth: string;
  readonly sex: string;
  readonly status: string;
  readonly statusSince: string | null;
  readonly nationality: string;
  readonly placeOfBirth: string | null;
  readonly placeOfBirthRegistration: string | null;
  readonly origin: string | null;
  readonly phone: string | null;
  readonly maritalStatus: string | null;
  readonly spouse: string | null;
  readonly mother: string | null;
  readonly father: string | null;
  readonly householdHead: string | null;
}

export interface SensitiveRow {
  readonly idNumber: string;
  readonly ethnicity: string | null;
  readonly religion: string | null;
  readonly bloodType: string | null;
}

export interface ResidenceRow {
  readonly idNumber: string;
  readonly kind: 'PERMANENT' | 'TEMPORARY' | 'CURRENT';
  readonly province: string;
  readonly commune: string | null;
  readonly street: string | null;
}

export interface IdCardRow {
  readonly idNumber: string;
  readonly issuedOn: string;
  readonly expiresOn: string | null;
  readonly status: string;
}

export interface EidRow {
  readonly idNumber: string;
  readonly level: string;
  readonly status: string;
}

export interface HouseholdMemberRow {
  /** Of the head, under which the roll is kept. */
  readonly idNumber: string;
  readonly entry: number;
  readonly member: string;
  readonly relation: string;
}

export async function findResidents(on: Queryable, idNumbers: readonly string[]): Promise<readonly ResidentRow[]> {
  return on.query<ResidentRow>(RESIDENTS, [idNumbers]);
}

export async function findSensitive(on: Queryable, idNumbers: readonly string[]): Promise<readonly SensitiveRow[]> {
  return on.query<SensitiveRow>(SENSITIVE, [idNumbers]);
}

/** Residences of every kind of each person. */
export async function findResidences(on: Queryable, idNumbers: readonly string[]): Promise<readonly ResidenceRow[]> {
  return on.query<ResidenceRow>(RESIDENCES, [idNumbers]);
}

export async function findIdCards(on: Queryable, idNumbers: readonly string[]): Promise<readonly IdCardRow[]> {
  return on.query<IdCardRow>(ID_CARDS, [idNumbers]);
}

export async function findEids(on: Queryable, idNumbers: readonly string[]): Promise<readonly EidRow[]> {
  return on.query<EidRow>(EIDS, [idNumbers]);
}

/** Members of the households of these heads, one page each. */
export async function findHouseholdMembers(on: Queryable, heads: readonly string[], page: Page): Promise<readonly HouseholdMemberRow[]> {
  return on.query<HouseholdMemberRow>(HOUSEHOLD_MEMBERS, [heads, page.first, page.after?.[0] ?? null]);
}

/** ID numbers after `after`, ascending, of the living born on `bornBy` or before who have a phone, a current residence and a mother known. */
export async function findReachable(on: Queryable, after: string, limit: number, bornBy: string): Promise<readonly string[]> {
  const rows = await on.query<{ idNumber: string }>(REACHABLE, [after, limit, bornBy]);
  return rows.map((row) => row.idNumber);
}

/**
 * The living. The dead and those whom a court declared missing are struck off the register of residence (Law on Residence 68/2020/QH14,
 * art. 24.1.a), and no statistic of residents counts them.
 */
export const PEOPLE: Statement = { text: `SELECT id_number FROM resident WHERE status = 'ALIVE' AND date_of_birth <= $1::date` };

const RESIDENTS: Statement = {
  name: 'residents',
  text: `SELECT id_number AS "idNumber", full_name AS "fullName", other_names AS "otherNames", date_of_birth::text AS "dateOfBirth", sex, status,
      status_since::text AS "statusSince", nationality, place_of_birth AS "placeOfBirth",
      place_of_birth_registration AS "placeOfBirthRegistration", origin, phone, marital_status AS "maritalStatus",
      spouse_id_number AS "spouse", mother_id_number AS "mother", father_id_number AS "father",
      household_head_id_number AS "householdHead"
    FROM resident WHERE id_number = ANY($1::text[])`,
};

const SENSITIVE: Statement = {
  name: 'resident-sensitive',
  text: `SELECT id_number AS "idNumber", ethnicity, religion, blood_type AS "bloodType"
    FROM resident_sensitive WHERE id_number = ANY($1::text[])`,
};

const RESIDENCES: Statement = {
  name: 'residences',
  text: `SELECT id_number AS "idNumber", kind, province, commune, street FROM residence WHERE id_number = ANY($1::text[])`,
};

const ID_CARDS: Statement = {
  name: 'id-cards',
  text: `SELECT id_number AS "idNumber", issued_on::text AS "issuedOn", expires_on::text AS "expiresOn", status
    FROM id_card WHERE id_number = ANY($1::text[])`,
};

const EIDS: Statement = {
  name: 'eids',
  text: `SELECT id_number AS "idNumber", level, status FROM eid_account WHERE id_number = ANY($1::text[])`,
};

const HOUSEHOLD_MEMBERS: Statement = {
  name: 'household-members',
  text: `SELECT id_number AS "idNumber", entry, member_id_number AS "member", relation FROM (
      SELECT *, row_number() OVER (PARTITION BY id_number ORDER BY entry) AS place FROM household_member
      WHERE id_number = ANY($1::text[]) AND ($3::int IS NULL OR entry > $3::int)
    ) AS page WHERE place <= $2::int ORDER BY id_number, place`,
};

const REACHABLE: Statement = {
  name: 'reachable-after',
  text: `SELECT id_number AS "idNumber" FROM resident JOIN residence USING (id_number)
    WHERE id_number > $1 AND resident.status = 'ALIVE' AND date_of_birth <= $3::date AND phone IS NOT NULL
      AND mother_id_number IS NOT NULL AND residence.kind = 'CURRENT'
    ORDER BY id_number LIMIT $2::int`,
};
