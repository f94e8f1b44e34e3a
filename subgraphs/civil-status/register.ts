import type { Register } from '../register.ts';
import { createCivilStatusLoaders, type CivilStatusLoaders } from './loaders.ts';
import { civilStatusResolvers } from './resolvers.ts';
import { PEOPLE } from './store.ts';
import { synthesiseCivilStatus } from './synthetic.ts';

/** The electronic civil status database (cơ sở dữ liệu hộ tịch điện tử, Law 60/2014/QH13): births, marriages, deaths and what changes them. */
export const civilStatus: Register<CivilStatusLoaders> = {
  name: 'civil-status',
  directory: import.meta.dirname,
  resolvers: civilStatusResolvers,
  createLoaders: createCivilStatusLoaders,
  people: { statement: PEOPLE, group: 'civil-status.birth' },
  synthesise: synthesiseCivilStatus,
};
