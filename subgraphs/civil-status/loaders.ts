import type { Database } from '../../platform/database.ts';
import { loadMany, loadOne, perArguments } from '../loader.ts';
import type { Page } from '../page.ts';
import { findAllRecords, findBirths, findCausesOfDeath, findDeaths, findRecords, type ListedType } from './store.ts';

/** The loaders of one request: one statement for each table, document level and set of arguments. */
export type CivilStatusLoaders = ReturnType<typeof createCivilStatusLoaders>;

/** Makes the loaders of one request over this database. */
export function createCivilStatusLoaders(database: Database) {
  const records = <Type extends ListedType>(type: Type) =>
    perArguments((page: Page) => loadMany(async (idNumbers) => findRecords(database, type, idNumbers, page)));
  return {
    birth: loadOne(async (idNumbers) => findBirths(database, idNumbers)),
    death: loadOne(async (idNumbers) => findDeaths(database, idNumbers)),
    causeOfDeath: loadOne(async (idNumbers) => findCausesOfDeath(database, idNumbers)),
    marriages: records('Marriage'),
    divorces: records('Divorce'),
    adoptions: records('Adoption'),
    guardianships: records('Guardianship'),
    parentageRecognitions: records('ParentageRecognition'),
    corrections: records('Correction'),
    civilRecords: perArguments((page: Page) => loadMany(async (idNumbers) => findAllRecords(database, idNumbers, page))),
  };
}
