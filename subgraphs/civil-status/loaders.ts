import type { Queryable } from '../../platform/database.ts';
import { loadMany, loadOne, perArguments } from '../loader.ts';
import type { Page } from '../page.ts';
import { findAllRecords, findBirths, findCausesOfDeath, findDeaths, findRecords, type ListedType } from './store.ts';

/** The loaders of one request: one statement for each table, document level and set of arguments. */
export type CivilStatusLoaders = ReturnType<typeof createCivilStatusLoaders>;

/** Makes the loaders of one request over the register, or over a snapshot of it. */
export function createCivilStatusLoaders(on: Queryable) {
  const records = <Type extends ListedType>(type: Type) =>
    perArguments((page: Page) => loadMany(async (idNumbers) => findRecords(on, type, idNumbers, page)));
  return {
    birth: loadOne(async (idNumbers) => findBirths(on, idNumbers)),
    death: loadOne(async (idNumbers) => findDeaths(on, idNumbers)),
    causeOfDeath: loadOne(async (idNumbers) => findCausesOfDeath(on, idNumbers)),
    marriages: records('Marriage'),
    divorces: records('Divorce'),
    adoptions: records('Adoption'),
    guardianships: records('Guardianship'),
    parentageRecognitions: records('ParentageRecognition'),
    corrections: records('Correction'),
    civilRecords: perArguments((page: Page) => loadMany(async (idNumbers) => findAllRecords(on, idNumbers, page))),
  };
}
