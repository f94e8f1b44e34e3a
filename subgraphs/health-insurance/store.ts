import type { Queryable, Statement } from '../../platform/database.ts';
import type { Page } from '../page.ts';

/** All SQL of the health insurance register. Rows have the names of the SDL's fields, dates as `YYYY-MM-DD`, amounts in đồng. */
export interface CoverageRow {
  readonly idNumber: string;
  readonly cardNumber: string | null;
  readonly validFrom: string;
  readonly validTo: string | null;
  readonly primaryFacility: string | null;
  readonly issuingProvince: string;
  readonly objectCode: string;
  readonly benefitDigit: number;
  readonly fiveYearsContinuousSince: string | null;
  readonly copaymentExemptFrom: string | null;
}

export interface VisitRow {
  readonly idNumber: string;
  readonly date: string;
  readonly visitNo: number;
  readonly facility: string;
  readonly diagnosisCode: string | null;
  readonly totalAmount: number;
  readonly fundAmount: number;
}

export interface VisitPage extends Page {
  readonly from: string | null;
  readonly to: string | null;
}

/** The card of each person that is valid on the day; the one that began last should two overlap. */
export async function findCoverageOn(on: Queryable, idNumbers: readonly string[], date: string): Promise<readonly CoverageRow[]> {
  return on.query<CoverageRow>(COVERAGE_ON, [idNumbers, date]);
}

/** Cards of each person, the latest first, one page each. */
export async function findCoverageHistory(on: Queryable, idNumbers: readonly string[], page: Page): Promise<readonly CoverageRow[]> {
  return on.query<CoverageRow>(COVERAGE_HISTORY, [idNumbers, page.first, page.after?.[0] ?? null]);
}

/** Visits of each person, the latest first, one page each. */
export async function findVisits(on: Queryable, idNumbers: readonly string[], page: VisitPage): Promise<readonly VisitRow[]> {
  const [date, visitNo] = page.after ?? [];
  return on.query<VisitRow>(VISITS, [idNumbers, page.first, page.from, page.to, date ?? null, visitNo ?? null]);
}

/** ID numbers after `after`, ascending, of people with a card valid on the day that shows its number. */
export async function findInsured(on: Queryable, after: string, limit: number, date: string): Promise<readonly string[]> {
  const rows = await on.query<{ idNumber: string }>(INSURED, [after, limit, date]);
  return rows.map((row) => row.idNumber);
}

/** Everybody with a card that is valid on the day. */
export const PEOPLE: Statement = {
  text: `SELECT DISTINCT id_number FROM coverage WHERE valid_from <= $1::date AND (valid_to IS NULL OR valid_to >= $1::date)`,
};

const COVERAGE_COLUMNS = `
  id_number AS "idNumber", card_number AS "cardNumber", valid_from::text AS "validFrom", valid_to::text AS "validTo",
  primary_facility AS "primaryFacility", issuing_province AS "issuingProvince", object_code AS "objectCode",
  benefit_digit AS "benefitDigit", five_years_continuous_since::text AS "fiveYearsContinuousSince",
  copayment_exempt_from::text AS "copaymentExemptFrom"`;

const COVERAGE_ON: Statement = {
  name: 'coverage-on',
  text: `SELECT DISTINCT ON (id_number) ${COVERAGE_COLUMNS} FROM coverage
    WHERE id_number = ANY($1::text[]) AND valid_from <= $2::date AND (valid_to IS NULL OR valid_to >= $2::date)
    ORDER BY id_number, coverage.valid_from DESC`,
};

const COVERAGE_HISTORY: Statement = {
  name: 'coverage-history',
  text: `SELECT ${COVERAGE_COLUMNS} FROM (
      SELECT *, row_number() OVER (PARTITION BY id_number ORDER BY valid_from DESC) AS place FROM coverage
      WHERE id_number = ANY($1::text[]) AND ($3::date IS NULL OR valid_from < $3::date)
    ) AS page WHERE place <= $2::int ORDER BY id_number, place`,
};

const VISITS: Statement = {
  name: 'visits',
  text: `SELECT id_number AS "idNumber", visited_on::text AS "date", visit_no AS "visitNo", facility, diagnosis_code AS "diagnosisCode",
      total_amount::float8 AS "totalAmount", fund_amount::float8 AS "fundAmount" FROM (
      SELECT *, row_number() OVER (PARTITION BY id_number ORDER BY visited_on DESC, visit_no DESC) AS place FROM visit
      WHERE id_number = ANY($1::text[])
        AND ($3::date IS NULL OR visited_on >= $3::date) AND ($4::date IS NULL OR visited_on <= $4::date)
        AND ($5::date IS NULL OR (visited_on, visit_no) < ($5::date, $6::int))
    ) AS page WHERE place <= $2::int ORDER BY id_number, place`,
};

const INSURED: Statement = {
  name: 'insured-after',
  text: `SELECT DISTINCT id_number AS "idNumber" FROM coverage
    WHERE id_number > $1 AND card_number IS NOT NULL AND valid_from <= $3::date AND (valid_to IS NULL OR valid_to >= $3::date)
    ORDER BY id_number LIMIT $2::int`,
};
