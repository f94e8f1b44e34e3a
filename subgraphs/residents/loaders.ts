import type { Database } from '../../platform/database.ts';
import { loadMany, loadOne, perArguments } from '../loader.ts';
import type { Page } from '../page.ts';
import { findEids, findHouseholdMembers, findIdCards, findResidences, findResidents, findSensitive } from './store.ts';

/** The loaders of one request: one statement for each table, document level and set of arguments. */
export type ResidentsLoaders = ReturnType<typeof createResidentsLoaders>;

/** Makes the loaders of one request over this database. */
export function createResidentsLoaders(database: Database) {
  return {
    resident: loadOne(async (idNumbers) => findResidents(database, idNumbers)),
    sensitive: loadOne(async (idNumbers) => findSensitive(database, idNumbers)),
    // All kinds at once: an address more costs less than a statement more.
    residences: loadMany(async (idNumbers) => findResidences(database, idNumbers)),
    idCard: loadOne(async (idNumbers) => findIdCards(database, idNumbers)),
    eid: loadOne(async (idNumbers) => findEids(database, idNumbers)),
    householdMembers: perArguments((page: Page) => loadMany(async (heads) => findHouseholdMembers(database, heads, page))),
  };
}
