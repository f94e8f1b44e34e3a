import type { Register } from '../register.ts';
import { createHealthInsuranceLoaders, type HealthInsuranceLoaders } from './loaders.ts';
import { healthInsuranceResolvers } from './resolvers.ts';
import { findInsured, PEOPLE } from './store.ts';
import { synthesiseHealthInsurance } from './synthetic.ts';

/** Health insurance (bảo hiểm y tế): cards and visits. */
export const healthInsurance: Register<HealthInsuranceLoaders> = {
  name: 'health-insurance',
  directory: import.meta.dirname,
  resolvers: healthInsuranceResolvers,
  createLoaders: createHealthInsuranceLoaders,
  people: { statement: PEOPLE, group: 'health-insurance.coverage' },
  synthesise: synthesiseHealthInsurance,
  showcase: async (database, after, limit, today) => findInsured(database, after, limit, today),
};
