import { copyLine } from '../../platform/database.ts';
import type { Person, Population, Random } from '../population.ts';
import { PROVINCES, REGISTRATION_PROVINCES } from '../population/provinces.ts';
import { weights } from '../population/random.ts';
import type { SyntheticTable } from '../register.ts';
import { COMBINATIONS, combinationTotal, type ExamSubject, type PriorityGroup, type PriorityRegion } from './admission.ts';

/**
 * Schooling of synthetic people from kindergarten to university, by their year of birth; the graduation exam with absences among the
 * scores; admission wishes of which at most one succeeds. The dead stop learning.
 */
export function synthesiseEducation(population: Population): readonly SyntheticTable[] {
  return [
    {
      table: 'enrolment',
      columns: ['id_number', 'from_date', 'enrolment_no', 'to_date', 'school', 'level', 'grade'],
      lines: linesOf(population, enrolmentRows),
    },
    {
      table: 'exam_registration',
      columns: ['id_number', 'year', 'candidate_number', 'council', 'subjects'],
      lines: linesOf(population, registrationRows),
    },
    { table: 'exam_result', columns: ['id_number', 'year', 'subject', 'score'], lines: linesOf(population, resultRows) },
    {
      table: 'diploma',
      columns: ['id_number', 'issued_on', 'number', 'level', 'field', 'issued_by'],
      lines: linesOf(population, diplomaRows),
    },
    {
      table: 'admission_wish',
      columns: ['id_number', 'year', 'wish_order', 'school', 'programme', 'subject_combination', 'region', 'priority_group', 'outcome'],
      lines: linesOf(population, wishRows),
    },
  ];
}

type Row = readonly (string | number | null)[];

function* linesOf(population: Population, rows: (life: Schooling) => readonly Row[]): Generator<string> {
  for (const person of population.people())
    for (const row of rows(schoolingOf(population, person))) yield copyLine([person.idNumber, ...row]);
}

/** What the tables have in common about one person, drawn once for each: the same in each table. */
interface Schooling {
  readonly population: Population;
  readonly person: Person;
  readonly place: string;
  /** Last day that is known of them. */
  readonly until: string;
  readonly stages: readonly Stage[];
  /** The year of the graduation exam, for those who sat one that is on record. */
  readonly examYear: number | undefined;
  readonly university: string | undefined;
}

interface Stage {
  readonly level: 'PRESCHOOL' | 'PRIMARY' | 'LOWER_SECONDARY' | 'UPPER_SECONDARY' | 'UNIVERSITY';
  readonly fromAge: number;
  readonly years: number;
  /** The grade of the first year; undefined where there are none. */
  readonly firstGrade: number | undefined;
  readonly kind: string;
}

const STAGES: readonly Stage[] = [
  { level: 'PRESCHOOL', fromAge: 3, years: 3, firstGrade: undefined, kind: 'Trường Mầm non' },
  { level: 'PRIMARY', fromAge: 6, years: 5, firstGrade: 1, kind: 'Trường Tiểu học' },
  { level: 'LOWER_SECONDARY', fromAge: 11, years: 4, firstGrade: 6, kind: 'Trường THCS' },
  { level: 'UPPER_SECONDARY', fromAge: 15, years: 3, firstGrade: 10, kind: 'Trường THPT' },
  { level: 'UNIVERSITY', fromAge: 18, years: 4, firstGrade: 1, kind: '' },
];
/** Years of birth from which preschool and exams are on record; those born before the first have no records at all. */
const FIRST_BIRTH_YEAR = 1945;
const PRESCHOOL_FROM_BIRTH_YEAR = 1995;
const EXAM_FROM_YEAR = 2000;
const WISHES_FROM_YEAR = 2018;

function schoolingOf(population: Population, person: Person): Schooling {
  const random = population.randomOf(person, 'education.schooling');
  const birthYear = yearOf(person.dateOfBirth);
  const until = person.statusSince ?? population.today;
  const upper = random.chance(birthYear < 1975 ? 0.35 : 0.75);
  const university = upper && random.chance(birthYear < 1985 ? 0.25 : 0.5);
  const stages = STAGES.filter(
    ({ level, fromAge }) =>
      birthYear >= FIRST_BIRTH_YEAR &&
      startOf(birthYear, fromAge) <= until &&
      (level !== 'PRESCHOOL' || birthYear >= PRESCHOOL_FROM_BIRTH_YEAR) &&
      (level !== 'UPPER_SECONDARY' || upper) &&
      (level !== 'UNIVERSITY' || university),
  );
  const examYear = birthYear + 18;
  const sat = upper && examYear >= EXAM_FROM_YEAR && `${examYear}-07-31` <= until;
  return {
    population,
    person,
    place: (person.province === null ? undefined : PROVINCES.get(person.province)?.name) ?? 'Hà Nội',
    until,
    stages,
    examYear: sat ? examYear : undefined,
    university: university ? random.pick(UNIVERSITIES) : undefined,
  };
}

function startOf(birthYear: number, age: number): string {
  return `${birthYear + age}-09-05`;
}

function enrolmentRows({ population, person, place, until, stages, university }: Schooling): readonly Row[] {
  const random = population.randomOf(person, 'education.school');
  const birthYear = yearOf(person.dateOfBirth);
  return stages.map(({ level, fromAge, years, firstGrade, kind }, index) => {
    const from = startOf(birthYear, fromAge);
    const planned = `${birthYear + fromAge + years}-05-31`;
    const to = planned <= until ? planned : person.status === 'ALIVE' ? null : until;
    const yearsSoFar = Math.min(years, Math.max(1, yearOf(until) - yearOf(from) + (until.slice(5) >= '09-05' ? 1 : 0)));
    const grade = firstGrade === undefined ? null : firstGrade + yearsSoFar - 1;
    const school = level === 'UNIVERSITY' ? (university ?? '') : `${kind} ${random.pick(SCHOOL_NAMES)}, ${place}`;
    return [from, index + 1, to, school, level, grade];
  });
}

/** Mathematics and literature, and since 2025 two of choice; before, a foreign language and three of either sciences or humanities. */
function subjectsOf(random: Random, year: number): readonly ExamSubject[] {
  if (year < 2025) return ['MATHEMATICS', 'LITERATURE', 'FOREIGN_LANGUAGE', ...(random.chance(0.45) ? SCIENCES : HUMANITIES)];
  const first = random.pick(CHOICES);
  return ['MATHEMATICS', 'LITERATURE', first, random.pick(CHOICES.filter((subject) => subject !== first))];
}

const SCIENCES: readonly ExamSubject[] = ['PHYSICS', 'CHEMISTRY', 'BIOLOGY'];
const HUMANITIES: readonly ExamSubject[] = ['HISTORY', 'GEOGRAPHY', 'ECONOMICS_AND_LAW'];
const CHOICES: readonly ExamSubject[] = [...SCIENCES, ...HUMANITIES, 'INFORMATICS', 'TECHNOLOGY', 'FOREIGN_LANGUAGE'];

interface Exam {
  readonly year: number;
  readonly subjects: readonly ExamSubject[];
  readonly scores: ReadonlyMap<ExamSubject, number | null>;
}

const ABSENT = 0.02;

function examOf({ population, person, examYear }: Schooling): Exam | undefined {
  if (examYear === undefined) return undefined;
  const random = population.randomOf(person, 'education.exam');
  const subjects = subjectsOf(random, examYear);
  const ability = 3.5 + 4.5 * random.next();
  const scores = new Map<ExamSubject, number | null>();
  for (const subject of subjects) {
    const score = Math.min(10, Math.max(0, ability + 3 * (random.next() - 0.5)));
    // Essays are marked in quarters of a point, the rest in twentieths.
    const step = subject === 'LITERATURE' ? 4 : 20;
    scores.set(subject, random.chance(ABSENT) ? null : Math.round(score * step) / step);
  }
  return { year: examYear, subjects, scores };
}

function registrationRows(life: Schooling): readonly Row[] {
  const exam = examOf(life);
  if (exam === undefined) return [];
  const { person } = life;
  const number = `${person.registrationCode.slice(1)}${String(person.index % 1_000_000).padStart(6, '0')}`;
  const council = `Hội đồng thi ${REGISTRATION_PROVINCES.get(person.registrationCode) ?? life.place}`;
  return [[exam.year, number, council, `{${exam.subjects.join(',')}}`]];
}

function resultRows(life: Schooling): readonly Row[] {
  const exam = examOf(life);
  return exam === undefined ? [] : [...exam.scores].map(([subject, score]) => [exam.year, subject, score]);
}

function diplomaRows(life: Schooling): readonly Row[] {
  const { population, person, stages, until, place, university } = life;
  const random = population.randomOf(person, 'education.diploma');
  const birthYear = yearOf(person.dateOfBirth);
  return stages.flatMap(({ level, fromAge, years }): readonly Row[] => {
    const year = birthYear + fromAge + years;
    const issuedOn = `${year}-08-15`;
    const number = `${level === 'UNIVERSITY' ? 'ĐH' : 'THPT'}.${String(random.integer(0, 9_999_999)).padStart(7, '0')}/${year}`;
    if (issuedOn > until) return [];
    if (level === 'UNIVERSITY') return [[issuedOn, number, level, random.pick(PROGRAMMES), university ?? '']];
    return level === 'UPPER_SECONDARY' ? [[issuedOn, number, level, null, `Sở Giáo dục và Đào tạo ${place}`]] : [];
  });
}

const WISHES_MAX = 5;

function wishRows(life: Schooling): readonly Row[] {
  const exam = examOf(life);
  if (exam === undefined || exam.year < WISHES_FROM_YEAR) return [];
  const { population, person, university } = life;
  const random = population.randomOf(person, 'education.admission');
  if (university === undefined && random.chance(0.4)) return [];
  const region = random.weighted(REGIONS);
  const group = random.weighted(GROUPS);
  const possible = [...COMBINATIONS.keys()].filter((combination) => combinationTotal(combination, exam.scores) !== null);
  const combinations = possible.length > 0 ? possible : ['D01'];
  const wishes = random.integer(1, WISHES_MAX);
  // The university that they went to is the wish that succeeded; those before it did not, and those after it were not looked at.
  const admitted = university === undefined ? undefined : random.integer(1, wishes);
  return Array.from({ length: wishes }, (_, index): Row => {
    const succeeded = index + 1 === admitted;
    const school = succeeded && university !== undefined ? university : random.pick(UNIVERSITIES);
    const outcome = succeeded ? 'ADMITTED' : 'NOT_ADMITTED';
    return [exam.year, index + 1, school, random.pick(PROGRAMMES), random.pick(combinations), region, group, outcome];
  });
}

const REGIONS = weights<PriorityRegion>([
  ['KV1', 25],
  ['KV2_NT', 30],
  ['KV2', 30],
  ['KV3', 15],
]);
const GROUPS = weights<PriorityGroup | null>([
  [null, 90],
  ['UT1', 6],
  ['UT2', 4],
]);
const SCHOOL_NAMES = [
  'Nguyễn Du',
  'Lê Lợi',
  'Trần Phú',
  'Quang Trung',
  'Chu Văn An',
  'Lê Quý Đôn',
  'Nguyễn Trãi',
  'Võ Thị Sáu',
  'Hoa Sen',
  'Kim Đồng',
];
const UNIVERSITIES = [
  'Đại học Bách khoa Hà Nội',
  'Đại học Quốc gia Hà Nội',
  'Đại học Quốc gia Thành phố Hồ Chí Minh',
  'Trường Đại học Y Hà Nội',
  'Đại học Kinh tế Quốc dân',
  'Đại học Huế',
  'Đại học Đà Nẵng',
  'Đại học Cần Thơ',
  'Trường Đại học Vinh',
  'Trường Đại học Sư phạm Hà Nội',
];
const PROGRAMMES = [
  'Công nghệ thông tin',
  'Kỹ thuật điện',
  'Y khoa',
  'Dược học',
  'Kế toán',
  'Luật',
  'Sư phạm Toán học',
  'Ngôn ngữ Anh',
  'Quản trị kinh doanh',
  'Nông học',
];

function yearOf(date: string): number {
  return Number(date.slice(0, 4));
}
