import { parentPort, workerData } from 'node:worker_threads';
import { createNesting } from '../disclosure/nesting.ts';
import { loadSolver } from '../disclosure/solver.ts';
import { makeRelease } from './release-task.ts';
import type { ReleaseData } from './release-thread.ts';

const port = parentPort;
if (!port) throw new Error('release-worker.ts is started by release-thread.ts only.');
const { task, trees } = workerData as ReleaseData;
port.postMessage(makeRelease(task, { nesting: createNesting(trees), solver: await loadSolver() }));
