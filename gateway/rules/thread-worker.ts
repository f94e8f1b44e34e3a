import { parentPort, workerData } from 'node:worker_threads';
import { createThreadWork } from './thread-work.ts';
import type { ThreadData, ThreadReply, ThreadRequest } from './thread-protocol.ts';

// Reading, checking and comparing rules takes up to seconds of CPU, which no request should wait for: it has a thread of its own.
const port = parentPort;
if (!port) throw new Error('thread-worker.ts is started by thread.ts only.');
const work = createThreadWork(workerData as ThreadData);

port.on('message', ({ id, question }: ThreadRequest) => {
  let reply: ThreadReply;
  try {
    reply = { kind: 'answered', id, answer: work(question) };
  } catch (error) {
    reply = { kind: 'failed', id, reason: error instanceof Error ? error.message : String(error) };
  }
  port.postMessage(reply);
});
port.postMessage({ kind: 'ready' } satisfies ThreadReply);
