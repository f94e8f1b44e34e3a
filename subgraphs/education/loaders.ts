import type { Queryable } from '../../platform/database.ts';
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

/** Makes the loaders of one request over the register, or over a snapshot of it. */
export function createEducationLoaders(on: Queryable) {
  return {
    enrolments: perArguments((page: Page) => loadMany(async (idNumbers) => findEnrolments(on, idNumbers, page))),
    examResults: perArguments((page: YearPage) => loadMany(async (idNumbers) => findExamResults(on, idNumbers, page))),
    examRegistrations: perArguments((page: Page) => loadMany(async (idNumbers) => findExamRegistrations(on, idNumbers, page))),
    diplomas: perArguments((page: Page) => loadMany(async (idNumbers) => findDiplomas(on, idNumbers, page))),
    admissionWishes: perArguments((page: YearPage) => loadMany(async (idNumbers) => findAdmissionWishes(on, idNumbers, page))),
    scores: loadMany(async (idNumbers) => findScores(on, idNumbers)),
  };
}
