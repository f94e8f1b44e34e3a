import { positionDate, positionNumber, positionText, positionYear, readPage, writeCursor } from '../page.ts';
import type { RegisterContext, RegisterResolvers } from '../register.ts';
import { combinationTotal, EXAM_SUBJECTS, priorityPoints } from './admission.ts';
import type { EducationLoaders } from './loaders.ts';
import type { AdmissionWishRow, DiplomaRow, EnrolmentRow, ExamRegistrationRow, ExamResultRow } from './store.ts';

interface Person {
  readonly idNumber: string;
}
interface PageArguments {
  readonly first?: number | null;
  readonly after?: string | null;
}
interface YearArguments extends PageArguments {
  readonly year?: number | null;
}
type Context = RegisterContext<EducationLoaders>;

/** Education as GraphQL. A number that nobody has takes the same way as a person without records: no look-up says which it is. */
export const educationResolvers: RegisterResolvers<EducationLoaders> = {
  Resident: {
    __resolveReference: (reference: Person) => ({ idNumber: reference.idNumber }),
    enrolments: async (person: Person, args: PageArguments, { loaders }) =>
      loaders.enrolments(readPage(args, [positionDate, positionNumber])).load(person.idNumber),
    examResults: async (person: Person, args: YearArguments, { loaders }) =>
      loaders.examResults({ ...readPage(args, [positionYear, isSubject]), year: args.year ?? null }).load(person.idNumber),
    examRegistrations: async (person: Person, args: PageArguments, { loaders }) =>
      loaders.examRegistrations(readPage(args, [positionYear])).load(person.idNumber),
    diplomas: async (person: Person, args: PageArguments, { loaders }) =>
      loaders.diplomas(readPage(args, [positionDate, positionText])).load(person.idNumber),
    admissionWishes: async (person: Person, args: YearArguments, { loaders }) =>
      loaders.admissionWishes({ ...readPage(args, [positionYear, positionNumber]), year: args.year ?? null }).load(person.idNumber),
  },
  Enrolment: { cursor: (entry: EnrolmentRow) => writeCursor(entry.from, entry.enrolmentNo) },
  ExamResult: { cursor: (entry: ExamResultRow) => writeCursor(entry.year, entry.subject) },
  ExamRegistration: { cursor: (entry: ExamRegistrationRow) => writeCursor(entry.year) },
  Diploma: { cursor: (entry: DiplomaRow) => writeCursor(entry.issuedOn, entry.number) },
  AdmissionWish: {
    total: async (wish: AdmissionWishRow, _args, context) => totalOf(wish, context),
    priorityPoints: async (wish: AdmissionWishRow, _args, context) => {
      const total = await totalOf(wish, context);
      return total === null ? null : priorityPoints(wish.year, total, wish.region, wish.priorityGroup);
    },
    cursor: (wish: AdmissionWishRow) => writeCursor(wish.year, wish.order),
  },
};

/** The total of the wish's combination in the exam of the wish's year. */
async function totalOf(wish: AdmissionWishRow, { loaders }: Context): Promise<number | null> {
  const results = await loaders.scores.load(wish.idNumber);
  const ofYear = results.filter((result) => result.year === wish.year);
  return combinationTotal(wish.subjectCombination, new Map(ofYear.map((result) => [result.subject, result.score])));
}

function isSubject(part: string): boolean {
  return (EXAM_SUBJECTS as readonly string[]).includes(part);
}
