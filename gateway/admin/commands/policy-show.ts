import type { CheckReport } from '../../policy/check.ts';
import { problemLine } from '../../policy/problems.ts';
import type { VersionOverview } from '../../rules/overview.ts';
import type { CommandSettings } from '../command-settings.ts';

export const VERSION = 'version state author reason parent draftedAt proposal approvals { account at widens } missing reviewDue';
export const STEP = `version { ${VERSION} } refusal { code message } report { passed policies cases problems { file line column severity message } } difference { what base draft active conflicts }`;

/** As the admin API gives it. */
export type PolicyVersion = VersionOverview;

export interface Step {
  readonly version: PolicyVersion | null;
  readonly refusal: { readonly code: string; readonly message: string } | null;
  readonly report: (CheckReport & { readonly passed: boolean }) | null;
  readonly difference:
    | readonly {
        readonly what: string;
        readonly base: string | null;
        readonly draft: string | null;
        readonly active: string | null;
        readonly conflicts: boolean;
      }[]
    | null;
}

/** First digits of a hash: enough to name a version by, and to read. */
const DIGITS = 12;

/** Prints what became of a step. Throws with the sentence that says why, when it was refused. */
export function showStep(settings: CommandSettings, step: Step, json: true | undefined): void {
  const { version, refusal, report, difference } = step;
  const { write } = settings.output;
  if (json === true)
    write(
      `${JSON.stringify({ ...version, ...(refusal ? { refusal } : {}), ...(report ? { report } : {}), ...(difference ? { difference } : {}) })}\n`,
    );
  else {
    for (const problem of report?.problems ?? []) write(`${problemLine(problem)}\n`);
    for (const one of difference ?? []) {
      write(`\n${one.conflicts ? 'CONFLICT ' : ''}${one.what}\n`);
      for (const side of ['base', 'draft', 'active'] as const) write(`  ${side}: ${one[side] ?? '(nothing)'}\n`);
    }
    if (version !== null) write(`${line(version)}\n`);
  }
  if (refusal !== null) throw new Error(refusal.message);
}

/** A version in a line: its beginning, where it stands, and what is missing. */
export function line({ version, state, author, missing, reviewDue }: PolicyVersion): string {
  const more = [missing.length > 0 ? `waits for ${missing.join(', ')}` : '', reviewDue ? 'waits for a review' : ''].filter(
    (text) => text !== '',
  );
  return `${short(version)} ${state}, drafted by ${author}${more.length > 0 ? `; ${more.join('; ')}` : ''}`;
}

export function short(version: string): string {
  return version.slice(0, 'sha256:'.length + DIGITS);
}
