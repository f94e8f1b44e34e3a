import { Worker } from 'node:worker_threads';
import type { Overrides, QueryPlan } from '../apollo.ts';
import { FairQueue } from './fair-queue.ts';

/** A planner in a thread of its own, with a deadline: at it the thread is ended and replaced, and only the document that was on it fails. */
export interface Planner extends AsyncDisposable {
  plan(question: PlanQuestion): Promise<PlanOutcome>;
}

export interface PlanQuestion {
  readonly document: string;
  readonly overrides: Overrides;
  /** For whom it is planned: owners who wait take turns. */
  readonly owner: string;
}

export type PlanOutcome =
  | { readonly kind: 'planned'; readonly plan: QueryPlan }
  | { readonly kind: 'too-large' }
  | { readonly kind: 'overloaded' }
  | { readonly kind: 'failed'; readonly reason: string };

export interface PlannerRequest {
  readonly id: number;
  readonly document: string;
  readonly overrides: Overrides;
}
export type PlannerReply =
  | { readonly kind: 'ready' }
  | { readonly kind: 'planned'; readonly id: number; readonly plan: QueryPlan }
  | { readonly kind: 'failed'; readonly id: number; readonly reason: string };

export interface PlannerOptions {
  readonly supergraphSdl: string;
  readonly timeoutMs: number;
  readonly queueMax: number;
  /** How many of the queue may be of one owner. */
  readonly queuePerOwnerMax: number;
}

interface Waiting {
  readonly question: PlanQuestion;
  readonly resolve: (outcome: PlanOutcome) => void;
}

/** Starts the planner; resolves when its thread has built the query graph. Rejects when the supergraph cannot be planned on at all. */
export async function startPlanner(options: PlannerOptions): Promise<Planner> {
  const queue = new FairQueue<Waiting>();
  let current: { readonly id: number; readonly waiting: Waiting; readonly timer: NodeJS.Timeout } | undefined;
  let worker: Worker | undefined;
  let ready = false;
  let closed = false;
  let nextId = 1;

  const finish = (outcome: PlanOutcome): void => {
    if (!current) return;
    clearTimeout(current.timer);
    current.waiting.resolve(outcome);
    current = undefined;
  };

  /** Gives the next document to the thread. One at a time: a thread that is ended then takes no other document with it. */
  const next = (): void => {
    if (current || !ready || !worker) return;
    const waiting = queue.take();
    if (!waiting) return;
    const id = nextId;
    nextId += 1;
    const timer = setTimeout(() => {
      finish({ kind: 'too-large' });
      replace();
    }, options.timeoutMs);
    current = { id, waiting, timer };
    const { document, overrides } = waiting.question;
    worker.postMessage({ id, document, overrides } satisfies PlannerRequest);
  };

  const replace = (): void => {
    ready = false;
    const ended = worker;
    worker = undefined;
    void ended?.terminate();
    if (!closed) worker = start();
  };

  const start = (): Worker => {
    const thread = new Worker(new URL('planner-worker.ts', import.meta.url), { workerData: options.supergraphSdl });
    thread.on('message', (reply: PlannerReply) => {
      if (thread !== worker) return;
      if (reply.kind === 'ready') ready = true;
      else if (reply.id === current?.id) {
        finish(reply.kind === 'planned' ? { kind: 'planned', plan: reply.plan } : { kind: 'failed', reason: reply.reason });
      }
      next();
    });
    thread.on('error', (error: Error) => {
      if (thread !== worker) return;
      finish({ kind: 'failed', reason: error.message });
      // A thread that dies before it is ready would die again; documents that wait for it fail instead of looping.
      if (ready) replace();
      else for (const waiting of queue.takeAll()) waiting.resolve({ kind: 'failed', reason: error.message });
    });
    // A thread must not keep a process alive that has nothing else to do.
    thread.unref();
    return thread;
  };

  worker = start();
  await readiness(worker);
  return {
    async plan(question) {
      const { owner } = question;
      const full = queue.size >= options.queueMax || queue.sizeOf(owner) >= options.queuePerOwnerMax;
      if (closed || full) return { kind: 'overloaded' };
      return new Promise((resolve) => {
        queue.add(owner, { question, resolve });
        next();
      });
    },
    async [Symbol.asyncDispose]() {
      closed = true;
      finish({ kind: 'overloaded' });
      for (const waiting of queue.takeAll()) waiting.resolve({ kind: 'overloaded' });
      await worker?.terminate();
    },
  };
}

async function readiness(worker: Worker): Promise<void> {
  worker.ref();
  await new Promise<void>((resolve, reject) => {
    worker.once('message', () => resolve());
    worker.once('error', reject);
    worker.once('exit', (code) => reject(new Error(`The planner's thread ended with ${code} before it was ready.`)));
  });
  worker.unref();
}
