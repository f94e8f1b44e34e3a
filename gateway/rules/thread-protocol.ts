import type { CheckReport } from '../policy/check.ts';
import type { Decision } from '../policy/decision.ts';
import type { RunnablePolicy } from '../policy/decide.ts';
import type { PolicyFiles } from '../policy/policy-files.ts';
import type { Problem } from '../policy/problems.ts';
import type { Change } from './changes.ts';
import type { Explanation, ExplainQuestion, Unexplained } from './explain.ts';
import type { Impact } from './impact.ts';

/** Files of a version as they travel between threads and stand in the database: texts by name. */
export type PolicyTexts = Readonly<Record<string, string>>;

/** What is asked of the thread. Registry and rules come as texts, since what was read of them has functions in it. */
export type ThreadQuestion =
  | { readonly kind: 'prepare'; readonly files: PolicyTexts; readonly registry: string; readonly nowMs: number }
  | { readonly kind: 'check'; readonly files: PolicyTexts; readonly registry: string; readonly nowMs: number }
  | ({ readonly kind: 'impact'; readonly registry: string; readonly nowMs: number } & BeforeAndAfter)
  | ({ readonly kind: 'changes'; readonly registry: string; readonly nowMs: number } & BeforeAndAfter)
  | {
      readonly kind: 'explain';
      readonly files: PolicyTexts;
      readonly registry: string;
      readonly nowMs: number;
      readonly question: ExplainQuestion;
    };

interface BeforeAndAfter {
  readonly before: PolicyTexts;
  readonly after: PolicyTexts;
}

export interface ThreadAnswers {
  readonly prepare: PreparedRules;
  readonly check: CheckReport;
  readonly impact: Impact;
  readonly changes: readonly Change[];
  readonly explain: Explanation | Unexplained;
}

/** Rules that were read and checked, ready to be used by another thread. */
export interface PreparedRules {
  readonly version: string;
  readonly policies: readonly RunnablePolicy[];
  /** With the errors that keep them from being used, if there are any. */
  readonly problems: readonly Problem[];
  /** Decisions that requests will want first, by the key of `decisionKey` (policy/decide.ts). */
  readonly decided: ReadonlyMap<string, Decision>;
}

export type ThreadReply =
  | { readonly kind: 'ready' }
  | { readonly kind: 'answered'; readonly id: number; readonly answer: ThreadAnswers[keyof ThreadAnswers] }
  | { readonly kind: 'failed'; readonly id: number; readonly reason: string };

export interface ThreadRequest {
  readonly id: number;
  readonly question: ThreadQuestion;
}

export interface ThreadData {
  readonly supergraphSdl: string;
  readonly defaultIssuer: string | undefined;
}

/** The files of texts. */
export function filesOf(texts: PolicyTexts): PolicyFiles {
  return new Map(Object.entries(texts).map(([name, text]) => [name, Buffer.from(text, 'utf8')]));
}

/** The texts of files that are UTF-8. */
export function textsOf(files: PolicyFiles): PolicyTexts {
  return Object.fromEntries([...files].map(([name, bytes]) => [name, bytes.toString('utf8')]));
}
