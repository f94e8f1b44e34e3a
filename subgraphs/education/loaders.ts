import type { Database } from '../../platform/database.ts';
import { loadMany, perArguments } from '../loader.ts';
import type { Page } from '../page.ts';
import {
  findAdmissionWishes,
  findDiplomas,
  findEnrolments,
  findExamRegistrations,
  findExamResults,
  findScores,
  type YearPage,
} from './store.ts';

/** The loaders of one request: one statement for each table, document level and set of arguments. */
export type EducationLoaders = ReturnType<typeof createEducationLoaders>;

/** Makes the loaders of one request over this database. */
export function createEducationLoaders(database: Database) {
  return {
    enrolments: perArguments((page: Page) => loadMany(async (idNumbers) => findEnrolments(database, idNumbers, page))),
    examResults: perArguments((page: YearPage) => loadMany(async (idNumbers) => findExamResults(database, idNumbers, page))),
    examRegistrations: perArguments((page: Page) => loadMany(async (idNumbers) => findExamRegistrations(database, idNumbers, page))),
    diplomas: perArguments((page: Page) => loadMany(async (idNumbers) => findDiplomas(database, idNumbers, page))),
    admissionWishes: perArguments((page: YearPage) => loadMany(async (idNumbers) => findAdmissionWishes(database, idNumbers, page))),
    scores: loadMany(async (idNumbers) => findScores(database, idNumbers)),
  };
}
