import type { TestProject } from 'vitest/node';
import { provideRegisters } from './registers.ts';

/** Global setup of the end-to-end tests on embedded databases. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  return provideRegisters(project, 'embedded');
}
