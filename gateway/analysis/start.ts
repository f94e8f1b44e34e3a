import type { Database } from '../../platform/database.ts';
import type { Logger } from '../../platform/log.ts';
import type { EventLedger } from '../ledger/recording.ts';
import type { Limits } from '../limits.ts';
import type { Pipeline } from '../pipeline.ts';
import type { Registry } from '../policy/registry.ts';
import { createBell } from './run/follow.ts';
import { createInteractiveWatch } from './run/interactive.ts';
import { RUNS_POLL_MS } from './run/limits.ts';
import type { AnalysisQuestion, ApprovedAnalysis, DisclosureControl, Populations, RunRefusal } from './run/model.ts';
import { startRangeQueue, type RangeQueue } from './run/queue.ts';
import { createRunService, type RunService } from './run/service.ts';
import { createShare } from './run/share.ts';
import { countUnderWay, RUNS_CHANNEL } from './run/store.ts';
import { createWalk } from './run/walk.ts';

export interface AnalysesParts {
  readonly database: Database;
  readonly events: EventLedger;
  readonly ask: Pipeline['ask'];
  /** An analysis that is approved now; with a question, whose variables it takes. */
  readonly findAnalysis: (name: string, question?: AnalysisQuestion) => Promise<ApprovedAnalysis | RunRefusal>;
  readonly populations: Populations;
  readonly control: DisclosureControl;
  readonly registry: () => Registry;
  readonly policyVersion: () => string;
  /** SHA-256 of the supergraph, hex. */
  readonly schemaVersion: string;
  /** Key material that only gateways hold. */
  readonly secret: Buffer;
  readonly limits: Limits;
  readonly log: Logger;
  readonly clock: () => number;
}

export interface Analyses extends AsyncDisposable {
  readonly runs: RunService;
  /** The pipeline whose requests have the right of way over ranges. */
  readonly watching: (pipeline: Pipeline) => Pipeline;
}

/**
 * Starts what runs analyses in this gateway. It takes part in the jobs from the moment at which there is a run, whoever began it: what waits from
 * before is found at the start. Disposing lets the range under way end, or gives it back.
 */
export async function startAnalyses(parts: AnalysesParts): Promise<Analyses> {
  const { database, limits, log } = parts;
  const stopping = new AbortController();
  const bell = createBell();
  const interactive = createInteractiveWatch();
  const walk = createWalk({ ...parts, share: createShare(limits.analysisSharePercent / 100), interactive }, stopping.signal);

  let starting: Promise<RangeQueue> | undefined;
  const queue = async (): Promise<RangeQueue> => {
    starting ??= startRangeQueue(database, walk, log).catch((error: unknown) => {
      starting = undefined;
      throw error;
    });
    return starting;
  };
  const look = async (): Promise<void> => {
    if (starting === undefined && !stopping.signal.aborted && (await countUnderWay(listener)) > 0) await queue();
  };
  // One look at a time.
  let looking: Promise<void> = Promise.resolve();
  const lookSoon = (): void => {
    bell.ring();
    looking = looking.then(look).catch((error: unknown) => {
      log.warn({ err: error }, 'runs of analyses could not be looked for; they are looked for again');
    });
  };
  const listener = await database.listen(RUNS_CHANNEL, lookSoon);
  const timer = setInterval(lookSoon, RUNS_POLL_MS);
  timer.unref();
  lookSoon();
  return {
    runs: createRunService({ ...parts, queue, bell }),
    watching: interactive.watching,
    async [Symbol.asyncDispose]() {
      stopping.abort(new Error('The gateway stops; the range is given back.'));
      clearInterval(timer);
      await looking;
      await listener[Symbol.asyncDispose]();
      await (await starting?.catch(() => undefined))?.[Symbol.asyncDispose]();
    },
  };
}
