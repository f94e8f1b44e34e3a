import { parentPort, workerData } from 'node:worker_threads';
import { createPlanner } from '../apollo.ts';
import type { PlannerReply, PlannerRequest } from './planner.ts';

// The planner is synchronous and a hostile document can keep it busy, so it has a thread of its own that can be ended.
const plan = createPlanner(String(workerData));
const port = parentPort;
if (!port) throw new Error('planner-worker.ts is started by planner.ts only.');

port.on('message', ({ id, document, overrides }: PlannerRequest) => {
  let reply: PlannerReply;
  try {
    reply = { kind: 'planned', id, plan: plan(document, overrides) };
  } catch (error) {
    reply = { kind: 'failed', id, reason: error instanceof Error ? error.message : String(error) };
  }
  port.postMessage(reply);
});
port.postMessage({ kind: 'ready' } satisfies PlannerReply);
