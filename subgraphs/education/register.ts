import type { Register } from '../register.ts';
import { createEducationLoaders, type EducationLoaders } from './loaders.ts';
import { educationResolvers } from './resolvers.ts';
import { PEOPLE } from './store.ts';
import { synthesiseEducation } from './synthetic.ts';

/** Education (giáo dục và đào tạo): enrolments, the graduation exam, diplomas, admission. */
export const education: Register<EducationLoaders> = {
  name: 'education',
  directory: import.meta.dirname,
  resolvers: educationResolvers,
  createLoaders: createEducationLoaders,
  people: { statement: PEOPLE, group: 'education.record' },
  synthesise: synthesiseEducation,
};
