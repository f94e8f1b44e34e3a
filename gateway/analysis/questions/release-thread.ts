import { Worker } from 'node:worker_threads';
import type { NestedLevels } from '../disclosure/nesting.ts';
import type { Release } from '../disclosure/release.ts';
import type { ReleaseTask } from './release-task.ts';

/** What a thread is started with. */
export interface ReleaseData {
  readonly task: ReleaseTask;
  readonly trees: NestedLevels;
}

/**
 * Makes one release in a thread of its own, which ends with it: linear programs take up to seconds, and no request should wait for them. Rejects
 * with what went wrong there.
 */
export async function releaseInThread(task: ReleaseTask, trees: NestedLevels): Promise<Release> {
  const { promise, resolve, reject } = Promise.withResolvers<Release>();
  const worker = new Worker(new URL('release-worker.ts', import.meta.url), { workerData: { task, trees } satisfies ReleaseData });
  worker.once('message', (release: Release) => resolve(release));
  worker.once('error', reject);
  worker.once('exit', (code) => reject(new Error(`The thread of a release ended with ${code} and without a release.`)));
  return promise;
}
