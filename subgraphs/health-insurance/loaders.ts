import type { Database } from '../../platform/database.ts';
import { loadMany, loadOne, perArguments } from '../loader.ts';
import type { Page } from '../page.ts';
import { findCoverageHistory, findCoverageOn, findVisits, type VisitPage } from './store.ts';

/** The loaders of one request: one statement for each table, document level and set of arguments. */
export type HealthInsuranceLoaders = ReturnType<typeof createHealthInsuranceLoaders>;

/** Makes the loaders of one request over this database. */
export function createHealthInsuranceLoaders(database: Database) {
  return {
    // `coverage` and `insuredOn(date: today)` are the same question and share the answer.
    coverageOn: perArguments((date: string) => loadOne(async (idNumbers) => findCoverageOn(database, idNumbers, date))),
    coverageHistory: perArguments((page: Page) => loadMany(async (idNumbers) => findCoverageHistory(database, idNumbers, page))),
    visits: perArguments((page: VisitPage) => loadMany(async (idNumbers) => findVisits(database, idNumbers, page))),
  };
}
