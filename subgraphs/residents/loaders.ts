import type { Queryable } from '../../platform/database.ts';
import { loadMany, loadOne, perArguments } from '../loader.ts';
import type { Page } from '../page.ts';
import { findEids, findHouseholdMembers, findIdCards, findResidences, findResidents, findSensitive } from './store.ts';

/** The loaders of one request: one statement for each table, document level and set of arguments. */
export type ResidentsLoaders = ReturnType<typeof createResidentsLoaders>;

/** Makes the loaders of one request over the register, or over a snapshot of it. */
export function createResidentsLoaders(on: Queryable) {
  return {
    resident: loadOne(async (idNumbers) => findResidents(on, idNumbers)),
    sensitive: loadOne(async (idNumbers) => findSensitive(on, idNumbers)),
    // All kinds at once: an address more costs less than a statement more.
    residences: loadMany(async (idNumbers) => findResidences(on, idNumbers)),
    idCard: loadOne(async (idNumbers) => findIdCards(on, idNumbers)),
    eid: loadOne(async (idNumbers) => findEids(on, idNumbers)),
    householdMembers: perArguments((page: Page) => loadMany(async (heads) => findHouseholdMembers(on, heads, page))),
  };
}
