import { Worker } from 'node:worker_threads';
import type { ThreadAnswers, ThreadData, ThreadQuestion, ThreadReply, ThreadRequest } from './thread-protocol.ts';

/** Reads, checks and compares rules in a thread of its own. Questions are answered one after the other. */
export interface RulesThread extends AsyncDisposable {
  /** Rejects with a sentence when the rules have errors, when it takes longer than it may, or when too many wait. */
  ask<Kind extends ThreadQuestion['kind']>(question: Extract<ThreadQuestion, { kind: Kind }>): Promise<ThreadAnswers[Kind]>;
}

/** Rules that cannot be worked with: the reason is a sentence for whoever administers them. */
export class RulesError extends Error {}

export interface RulesThreadOptions extends ThreadData {
  /** One question may take this long; then the thread is ended, and the next question starts another. */
  readonly timeoutMs: number;
  readonly queueMax: number;
}

interface Waiting {
  readonly question: ThreadQuestion;
  readonly resolve: (answer: never) => void;
  readonly reject: (error: Error) => void;
}

/** Makes the thread; it starts with the first question. */
export function createRulesThread({ supergraphSdl, defaultIssuer, timeoutMs, queueMax }: RulesThreadOptions): RulesThread {
  const queue: Waiting[] = [];
  let worker: Worker | undefined;
  let current: { readonly id: number; readonly waiting: Waiting; readonly timer: NodeJS.Timeout } | undefined;
  let closed = false;
  let nextId = 1;

  const finish = (settle: (waiting: Waiting) => void): void => {
    if (current === undefined) return;
    clearTimeout(current.timer);
    settle(current.waiting);
    current = undefined;
  };

  const end = (reason: string): void => {
    void worker?.terminate();
    worker = undefined;
    finish(({ reject }) => reject(new RulesError(reason)));
    next();
  };

  const start = (): Worker => {
    const thread = new Worker(new URL('thread-worker.ts', import.meta.url), {
      workerData: { supergraphSdl, defaultIssuer } satisfies ThreadData,
    });
    thread.on('message', (reply: ThreadReply) => {
      if (thread !== worker || reply.kind === 'ready' || reply.id !== current?.id) return;
      if (reply.kind === 'answered') finish(({ resolve }) => resolve(reply.answer as never));
      else finish(({ reject }) => reject(new RulesError(reply.reason)));
      next();
    });
    thread.on('error', (error: Error) => {
      if (thread === worker) end(`Rules could not be worked on: ${error.message}`);
    });
    // A thread must not keep a process alive that has nothing else to do.
    thread.unref();
    return thread;
  };

  const next = (): void => {
    if (current !== undefined || closed) return;
    const waiting = queue.shift();
    if (waiting === undefined) return;
    worker ??= start();
    const id = nextId;
    nextId += 1;
    const timer = setTimeout(() => end(`This takes longer than ${timeoutMs / 1000} s. Change less at a time.`), timeoutMs);
    current = { id, waiting, timer };
    worker.postMessage({ id, question: waiting.question } satisfies ThreadRequest);
  };

  return {
    async ask(question) {
      if (closed || queue.length >= queueMax) throw new RulesError('Too much is asked about rules at once. Ask again later.');
      return new Promise((resolve, reject) => {
        queue.push({ question, resolve, reject });
        next();
      });
    },
    async [Symbol.asyncDispose]() {
      closed = true;
      finish(({ reject }) => reject(new RulesError('The gateway stops.')));
      for (const { reject } of queue.splice(0)) reject(new RulesError('The gateway stops.'));
      await worker?.terminate();
    },
  };
}
