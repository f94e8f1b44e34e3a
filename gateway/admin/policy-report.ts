import type { CheckReport } from '../policy/check.ts';

/** Whether checked policies may be used: warnings are for their authors, errors stop a start. */
export function passes(report: CheckReport): boolean {
  return report.problems.every(({ severity }) => severity !== 'error');
}
