import { fromPglite, PgBoss, type ConstructorOptions, type Db } from 'pg-boss';
import type { Database, Queryable } from '../../../platform/database.ts';
import type { Logger } from '../../../platform/log.ts';
import {
  HEARTBEAT_SECONDS,
  JOB_CONNECTIONS_MAX,
  JOBS_KEPT_SECONDS,
  PAUSED_MS_MAX,
  RANGE_JOB_TRIES_MAX,
  RETRY_SECONDS,
  STOP_TIMEOUT_MS,
  SUPERVISE_SECONDS,
} from './limits.ts';
import type { Range } from './model.ts';

/** One range of one run, as a job. */
export interface RangeJob extends Range {
  readonly run: string;
}

/** What is done with a job. Resolves when it is done; rejects to have it tried again, by this gateway or another. */
export type WorkRange = (job: RangeJob, attempt: { readonly tries: number; readonly signal: AbortSignal }) => Promise<void>;

/** The jobs of all gateways on one database. */
export interface RangeQueue extends AsyncDisposable {
  /** Adds ranges, in the transaction of what they belong to. */
  readonly add: (tx: Queryable, jobs: readonly RangeJob[]) => Promise<void>;
}

const QUEUE = 'analysis-ranges';
/** Jobs looked at when an embedded database is opened again. */
const JOBS_MAX = 100_000;

/**
 * Starts to take part in the jobs: `work` is called with one range after the other. A gateway that ends without a word is noticed by its
 * missing heartbeats, and its ranges are given to others; those that this process itself left behind are taken up at once where no other
 * can have them.
 */
export async function startRangeQueue(database: Database, work: WorkRange, log: Logger): Promise<RangeQueue> {
  const boss = new PgBoss({
    ...connectionOf(database),
    useListenNotify: true,
    schedule: false,
    registerInstance: false,
    openTelemetry: { enabled: false },
    superviseIntervalSeconds: SUPERVISE_SECONDS,
    monitorIntervalSeconds: SUPERVISE_SECONDS,
  });
  boss.on('error', (error) => log.warn({ err: error }, 'jobs of analyses cannot be looked at; they are looked at again'));
  boss.on('warning', ({ message }) => log.debug({ message }, 'jobs of analyses'));
  await boss.start();
  await boss.createQueue(QUEUE, {
    notify: true,
    heartbeatSeconds: HEARTBEAT_SECONDS,
    // A range waits inside of its job while a register is down.
    expireInSeconds: PAUSED_MS_MAX / 1000 + HEARTBEAT_SECONDS,
    retryLimit: RANGE_JOB_TRIES_MAX,
    retryDelay: RETRY_SECONDS,
    deleteAfterSeconds: JOBS_KEPT_SECONDS,
  });
  if (database.kind === 'pglite') await takeBack(boss);
  const worker = await boss.work<RangeJob>(
    QUEUE,
    { includeMetadata: false, pollingIntervalSeconds: 1, notifyPollingIntervalSeconds: 2 },
    async (jobs) => {
      // Without it the next job waits for the next look.
      boss.notifyWorker(worker);
      for (const job of jobs) await work(job.data, { tries: job.retryCount + 1, signal: job.signal });
    },
  );
  return {
    async add(tx, jobs) {
      const db: Db = { executeSql: async (text, values) => ({ rows: [...(await tx.query({ text }, values))] }) };
      await boss.insert(
        QUEUE,
        // A queue that was made before keeps the limit that it was made with.
        jobs.map((data) => ({ data, retryLimit: RANGE_JOB_TRIES_MAX })),
        { db },
      );
    },
    async [Symbol.asyncDispose]() {
      await boss.stop({ graceful: true, timeout: STOP_TIMEOUT_MS });
    },
  };
}

function connectionOf({ foundation }: Database): ConstructorOptions {
  if (foundation === undefined) throw new Error('Analyses run on a database of their own connections. Open it by openDatabase.');
  if (foundation.kind === 'pglite') return { db: fromPglite(foundation.lite), backend: 'pglite' };
  return { connectionString: foundation.url, max: JOB_CONNECTIONS_MAX, application_name: 'lien-thong-jobs' };
}

/** One process at a time opens an embedded database, so that whoever had a job there is gone. */
async function takeBack(boss: PgBoss): Promise<void> {
  const left = await boss.findJobs<RangeJob>(QUEUE, { limit: JOBS_MAX });
  const held = left.filter(({ state }) => state === 'active').map(({ id }) => id);
  if (held.length > 0) await boss.fail(QUEUE, held);
}
