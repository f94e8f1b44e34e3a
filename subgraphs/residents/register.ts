import type { Register } from '../register.ts';
import { addYears } from '../population/dates.ts';
import { createResidentsLoaders, type ResidentsLoaders } from './loaders.ts';
import { residentsResolvers } from './resolvers.ts';
import { findReachable, PEOPLE } from './store.ts';
import { synthesiseResidents } from './synthetic.ts';

const ADULT_YEARS = 18;

/** The national population database (cơ sở dữ liệu quốc gia về dân cư): who people are, where they live, whom they belong to. */
export const residents: Register<ResidentsLoaders> = {
  name: 'residents',
  directory: import.meta.dirname,
  resolvers: residentsResolvers,
  createLoaders: createResidentsLoaders,
  people: { statement: PEOPLE, group: 'residents.identity' },
  synthesise: synthesiseResidents,
  showcase: async (database, after, limit, today) => findReachable(database, after, limit, addYears(today, -ADULT_YEARS)),
};
