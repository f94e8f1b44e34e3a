import type { Queryable, Statement } from '../../platform/database.ts';
import type { Page } from '../page.ts';
import type { ExamSubject, PriorityGroup, PriorityRegion } from './admission.ts';

/** All SQL of the education register. Rows have the names of the SDL's fields, dates as `YYYY-MM-DD`. */
export interface EnrolmentRow {
  readonly idNumber: string;
  readonly school: string;
  readonly level: string;
  readonly grade: number | null;
  readonly from: string;
  readonly to: string | null;
  readonly enrolmentNo: number;
}

export interface ExamResultRow {
  readonly idNumber: string;
  readonly year: number;
  readonly subject: ExamSubject;
  /** Null when absent. */
  readonly score: number | null;
}

export interface ExamRegistrationRow {
  readonly idNumber: string;
  readonly year: number;
  readonly candidateNumber: string;
  readonly council: string;
  readonly subjects: readonly ExamSubject[];
}

export interface DiplomaRow {
  readonly idNumber: string;
  readonly number: string;
  readonly level: string;
  readonly field: string | null;
  readonly issuedBy: string;
  readonly issuedOn: string;
}

export interface AdmissionWishRow {
  readonly idNumber: string;
  readonly year: number;
  readonly order: number;
  readonly school: string;
  readonly programme: string;
  readonly subjectCombination: string;
  readonly region: PriorityRegion;
  readonly priorityGroup: PriorityGroup | null;
  readonly outcome: string;
}

export interface YearPage extends Page {
  readonly year: number | null;
}

/** Enrolments of each person, the latest first, one page each. */
export async function findEnrolments(on: Queryable, idNumbers: readonly string[], page: Page): Promise<readonly EnrolmentRow[]> {
  return on.query<EnrolmentRow>(ENROLMENTS, [idNumbers, page.first, ...position(page, 2)]);
}

/** Exam results of each person, the latest year first, by subject, one page each. */
export async function findExamResults(on: Queryable, idNumbers: readonly string[], page: YearPage): Promise<readonly ExamResultRow[]> {
  return on.query<ExamResultRow>(EXAM_RESULTS, [idNumbers, page.first, ...position(page, 2), page.year]);
}

/** All scores of each person: at most eleven subjects a year. */
export async function findScores(on: Queryable, idNumbers: readonly string[]): Promise<readonly ExamResultRow[]> {
  return on.query<ExamResultRow>(SCORES, [idNumbers]);
}

/** Exam registrations of each person, the latest year first, one page each. */
export async function findExamRegistrations(
  on: Queryable,
  idNumbers: readonly string[],
  page: Page,
): Promise<readonly ExamRegistrationRow[]> {
  return on.query<ExamRegistrationRow>(EXAM_REGISTRATIONS, [idNumbers, page.first, ...position(page, 1)]);
}

/** Diplomas of each person, the latest first, one page each. */
export async function findDiplomas(on: Queryable, idNumbers: readonly string[], page: Page): Promise<readonly DiplomaRow[]> {
  return on.query<DiplomaRow>(DIPLOMAS, [idNumbers, page.first, ...position(page, 2)]);
}

/** Admission wishes of each person, the latest year first, then by order of preference, one page each. */
export async function findAdmissionWishes(
  on: Queryable,
  idNumbers: readonly string[],
  page: YearPage,
): Promise<readonly AdmissionWishRow[]> {
  return on.query<AdmissionWishRow>(ADMISSION_WISHES, [idNumbers, page.first, ...position(page, 2), page.year]);
}

function position(page: Page, parts: number): readonly (string | null)[] {
  return Array.from({ length: parts }, (_, index) => page.after?.[index] ?? null);
}

/** Pupils and students: everybody who is enrolled somewhere on the day. */
export const PEOPLE: Statement = {
  text: `SELECT DISTINCT id_number FROM enrolment WHERE from_date <= $1::date AND (to_date IS NULL OR to_date >= $1::date)`,
};

const ENROLMENTS: Statement = {
  name: 'enrolments',
  text: `SELECT id_number AS "idNumber", school, level, grade, from_date::text AS "from", to_date::text AS "to",
      enrolment_no AS "enrolmentNo" FROM (
      SELECT *, row_number() OVER (PARTITION BY id_number ORDER BY from_date DESC, enrolment_no DESC) AS place FROM enrolment
      WHERE id_number = ANY($1::text[]) AND ($3::date IS NULL OR (from_date, enrolment_no) < ($3::date, $4::int))
    ) AS page WHERE place <= $2::int ORDER BY id_number, place`,
};

const EXAM_RESULTS: Statement = {
  name: 'exam-results',
  text: `SELECT id_number AS "idNumber", year, subject, score::float8 AS score FROM (
      SELECT *, row_number() OVER (PARTITION BY id_number ORDER BY year DESC, subject) AS place FROM exam_result
      WHERE id_number = ANY($1::text[]) AND ($5::int IS NULL OR year = $5::int)
        AND ($3::int IS NULL OR year < $3::int OR (year = $3::int AND subject > $4::text))
    ) AS page WHERE place <= $2::int ORDER BY id_number, place`,
};

const SCORES: Statement = {
  name: 'exam-scores',
  text: `SELECT id_number AS "idNumber", year, subject, score::float8 AS score FROM exam_result WHERE id_number = ANY($1::text[])`,
};

const EXAM_REGISTRATIONS: Statement = {
  name: 'exam-registrations',
  text: `SELECT id_number AS "idNumber", year, candidate_number AS "candidateNumber", council, subjects FROM (
      SELECT *, row_number() OVER (PARTITION BY id_number ORDER BY year DESC) AS place FROM exam_registration
      WHERE id_number = ANY($1::text[]) AND ($3::int IS NULL OR year < $3::int)
    ) AS page WHERE place <= $2::int ORDER BY id_number, place`,
};

const DIPLOMAS: Statement = {
  name: 'diplomas',
  text: `SELECT id_number AS "idNumber", number, level, field, issued_by AS "issuedBy", issued_on::text AS "issuedOn" FROM (
      SELECT *, row_number() OVER (PARTITION BY id_number ORDER BY issued_on DESC, number DESC) AS place FROM diploma
      WHERE id_number = ANY($1::text[]) AND ($3::date IS NULL OR (issued_on, number) < ($3::date, $4::text))
    ) AS page WHERE place <= $2::int ORDER BY id_number, place`,
};

const ADMISSION_WISHES: Statement = {
  name: 'admission-wishes',
  text: `SELECT id_number AS "idNumber", year, wish_order AS "order", school, programme, subject_combination AS "subjectCombination",
      region, priority_group AS "priorityGroup", outcome FROM (
      SELECT *, row_number() OVER (PARTITION BY id_number ORDER BY year DESC, wish_order) AS place FROM admission_wish
      WHERE id_number = ANY($1::text[]) AND ($5::int IS NULL OR year = $5::int)
        AND ($3::int IS NULL OR year < $3::int OR (year = $3::int AND wish_order > $4::int))
    ) AS page WHERE place <= $2::int ORDER BY id_number, place`,
};
