import type { Queryable } from '../../platform/database.ts';
import { loadMany, loadOne, perArguments } from '../loader.ts';
import type { Page } from '../page.ts';
import { findCoverageHistory, findCoverageOn, findVisits, type VisitPage } from './store.ts';

/** The loaders of one request: one statement for each table, document level and set of arguments. */
export type HealthInsuranceLoaders = ReturnType<typeof createHealthInsuranceLoaders>;

/** Makes the loaders of one request over the register, or over a snapshot of it. */
export function createHealthInsuranceLoaders(on: Queryable) {
  return {
    // `coverage` and `insuredOn(date: today)` are the same question and share the answer.
    coverageOn: perArguments((date: string) => loadOne(async (idNumbers) => findCoverageOn(on, idNumbers, date))),
    coverageHistory: perArguments((page: Page) => loadMany(async (idNumbers) => findCoverageHistory(on, idNumbers, page))),
    visits: perArguments((page: VisitPage) => loadMany(async (idNumbers) => findVisits(on, idNumbers, page))),
  };
}
