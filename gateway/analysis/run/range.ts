import { setTimeout } from 'node:timers/promises';
import { randomBytes } from 'node:crypto';
import type { Limits } from '../../limits.ts';
import type { Pipeline } from '../../pipeline.ts';
import type { Registry } from '../../policy/registry.ts';
import type { Caller } from '../../request.ts';
import { OTHER_RULES, readAnswer, type RangeAnswer } from './answer.ts';
import { PAUSE_MS_MAX, PAUSE_MS_MIN, PAUSED_MS_MAX } from './limits.ts';
import type { ApprovedAnalysis, Populations, Range, Run, RunRefusal } from './model.ts';

export interface RangeParts {
  readonly ask: Pipeline['ask'];
  readonly populations: Populations;
  /** The analysis as it is approved now. */
  readonly findAnalysis: (name: string) => Promise<ApprovedAnalysis | RunRefusal>;
  readonly registry: () => Registry;
  readonly policyVersion: () => string;
  readonly limits: Pick<Limits, 'errorsKeptMax'>;
  readonly clock: () => number;
  /** Notes that the run waits; false when it is over meanwhile. */
  readonly pause: (run: string, why: string) => Promise<boolean>;
}

export type CountedRange =
  | { readonly kind: 'counted'; readonly people: number; readonly written: string }
  | { readonly kind: 'failed'; readonly why: string }
  /** Somebody ended the run meanwhile. */
  | { readonly kind: 'over' };

/**
 * Counts one range of people: their numbers from the register, the answer about them by the one pipeline, the counts. Numbers and rows stay
 * in this function. While something that it needs is down, the run is paused and it is asked again. Rejects when the signal aborts.
 */
export async function countRange(run: Run, range: Range, parts: RangeParts, signal: AbortSignal): Promise<CountedRange> {
  const startedMs = parts.clock();
  for (let pauseMs = PAUSE_MS_MIN; ; pauseMs = Math.min(PAUSE_MS_MAX, pauseMs * 2)) {
    const analysis = await stillApproved(run, parts);
    if (analysis.kind === 'failed') return analysis;
    const answer = await askAbout(run, range, analysis, parts, signal);
    if (answer.kind === 'failed') return answer;
    if (answer.kind === 'answered') {
      const counts = analysis.counting.begin(run.question, run);
      counts.add(answer);
      return { kind: 'counted', people: range.to - range.from + 1, written: counts.write() };
    }
    // What was broken off because this gateway stops is down nowhere.
    signal.throwIfAborted();
    if (parts.clock() - startedMs > PAUSED_MS_MAX)
      return { kind: 'failed', why: `${answer.why} It was waited for too long. Run it again.` };
    if (!(await parts.pause(run.id, `${answer.why} The run goes on by itself when that is over.`))) return { kind: 'over' };
    await setTimeout(pauseMs, undefined, { signal });
  }
}

/** A run is of one approved text under one version of the rules, for an application that may still ask. */
async function stillApproved(run: Run, parts: RangeParts): Promise<ApprovedAnalysis | { readonly kind: 'failed'; readonly why: string }> {
  const analysis = await parts.findAnalysis(run.analysis);
  if (analysis.kind === 'refused') return { kind: 'failed', why: analysis.message };
  if (analysis.address !== run.address)
    return { kind: 'failed', why: 'Another text of this analysis was approved meanwhile. Run it again.' };
  if (parts.policyVersion() !== run.policyVersion) return { kind: 'failed', why: OTHER_RULES };
  const application = parts.registry().applications.get(analysis.application);
  if (application === undefined || application.suspended || !application.purposes.has(analysis.purpose)) {
    return { kind: 'failed', why: `${analysis.application} may not ask for ${analysis.purpose} any more. The registry says who may.` };
  }
  return analysis;
}

type AskedAbout =
  | Exclude<RangeAnswer, { kind: 'answered' }>
  | (RangeAnswer & { readonly kind: 'answered'; readonly idNumbers: readonly string[] });

async function askAbout(run: Run, range: Range, analysis: ApprovedAnalysis, parts: RangeParts, signal: AbortSignal): Promise<AskedAbout> {
  const agency = parts.registry().applications.get(analysis.application)?.agency ?? '';
  const found = await parts.populations.idNumbers(run.register, run.snapshot, range, { agency, purpose: analysis.purpose });
  if (found.kind === 'away') return { kind: 'away', why: `The register ${found.register} does not answer.` };
  if (found.kind === 'refused') return { kind: 'failed', why: found.message };
  const { idNumbers } = found;
  if (idNumbers.length !== range.to - range.from + 1) {
    return { kind: 'failed', why: `The register ${run.register} does not have everybody of its snapshot any more. Run it again.` };
  }
  const answer = await parts.ask(analysisCaller(run, analysis, agency), {
    headers: {},
    body: { query: analysis.document, variables: { ...run.question.variables, idNumbers } },
    trace: newTrace(),
    signal,
  });
  const read = readAnswer(answer, run.policyVersion, parts.limits);
  return read.kind === 'answered' ? { ...read, idNumbers } : read;
}

/** Who the engine's own requests are recorded under; the analyst stands in the record of the run. */
const ENGINE_OFFICER = 'analysis';

/** The analysis' application, aggregating what a snapshot holds. The engine has seen to it that the operation is approved. */
function analysisCaller(run: Pick<Run, 'id' | 'snapshot'>, analysis: ApprovedAnalysis, agency: string): Caller {
  const { application, purpose } = analysis;
  return {
    action: 'aggregate',
    application,
    agency,
    officer: ENGINE_OFFICER,
    officerRole: undefined,
    purpose,
    assurance: 0,
    emergency: false,
    emergencyReason: undefined,
    caseReference: run.id,
    onRefusal: 'prune',
    citizen: undefined,
    approvedOperationsOnly: false,
    snapshot: run.snapshot,
    analysis: { name: analysis.name, run: run.id },
  };
}

/** A trace of the engine's own: no caller has begun one (W3C Trace Context, section 3.2). */
function newTrace(): { readonly traceId: string; readonly traceparent: string; readonly tracestate: undefined } {
  const traceId = randomBytes(16).toString('hex');
  return { traceId, traceparent: `00-${traceId}-${randomBytes(8).toString('hex')}-00`, tracestate: undefined };
}
