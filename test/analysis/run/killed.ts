import { setTimeout } from 'node:timers/promises';
import { isUnderWay } from '../../../gateway/analysis/run/model.ts';
import { readResult } from '../../../gateway/analysis/run/store.ts';
import { ANALYST, createWorld, openWorldDatabase, startWorld } from './world.ts';

// A gateway's part in analyses as a process of its own, which a test kills: begins a run where there is none, takes part in it, and says when it
// has ended. Arguments: where the database is (a URL or a directory), and how many people there are.

const [where = '', people = ''] = process.argv.slice(2);
/** So that a kill meets a range in each of its moments. */
const ANSWER_MS = 3;
const database = await openWorldDatabase(where.startsWith('postgres:') ? { url: where } : { directory: where });
const world = createWorld({ people: Number(people), before: async () => setTimeout(ANSWER_MS) });
const analyses = await startWorld(database, world);
const [known] = await analyses.runs.list(Number.MAX_SAFE_INTEGER, null, 1);
const begun = known === undefined ? await analyses.runs.begin('residents-by-province', { variables: {}, filters: {} }, ANALYST) : undefined;
const run = known?.id ?? (begun?.kind === 'begun' ? begun.run : '');
process.send?.({ kind: 'started', run });
for await (const { state, peopleDone, reason } of analyses.runs.follow(run, new AbortController().signal)) {
  if (isUnderWay(state)) process.send?.({ kind: 'counted', peopleDone });
  else process.send?.({ kind: 'ended', state, reason, peopleDone, result: await readResult(database, run) });
}
await analyses[Symbol.asyncDispose]();
await database[Symbol.asyncDispose]();
process.disconnect?.();
