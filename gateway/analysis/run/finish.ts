import type { Database } from '../../../platform/database.ts';
import { failRun, type EndParts } from './end.ts';
import { type ApprovedAnalysis, type Counts, isUnderWay, type Run, type RunRefusal } from './model.ts';
import { rawText, resultOf } from './result.ts';
import { countedMac, runSeal } from './seal.ts';
import { endRun, insertResult, readPartials, readRun } from './store.ts';

export interface FinishParts extends EndParts {
  readonly findAnalysis: (name: string) => Promise<ApprovedAnalysis | RunRefusal>;
  /** Key material that only gateways hold. */
  readonly secret: Buffer;
}

/** Sealed partials opened at once. */
const PARTIALS_AT_ONCE = 200;

/**
 * Ends a run of which everybody is counted: the partials are merged, disclosure control makes the table, and the result stands together with
 * its record, held where another person has to release it. Does nothing for a run that is not there yet, or over. Whoever does it a second
 * time, taking over from a gateway that ended in the middle, changes nothing: a run ends once.
 */
export async function finishRun(id: string, parts: FinishParts): Promise<void> {
  const { database, events, control, secret, clock } = parts;
  const run = await readRun(database, id);
  if (run === undefined || !isUnderWay(run.state) || run.peopleDone < run.people) return;
  const analysis = await parts.findAnalysis(run.analysis);
  if (analysis.kind === 'refused') return failRun(run, analysis.message, parts);
  if (analysis.address !== run.address) return failRun(run, 'Another text of this analysis was approved meanwhile. Run it again.', parts);
  const raw = (await mergePartials(run, analysis, database, secret)).table();
  const asker = { account: run.analyst, agency: run.analyst.split('/')[0] ?? '', person: run.person };
  const { question, register, snapshot, day } = run;
  const released = await control.release({ run: id, analysis, question, register, snapshot, day, asker }, raw);
  const result = { ...resultOf(run, released), countedMac: countedMac(secret, rawText(raw)) };
  const at = new Date(clock());
  const make = await events.entriesAt(at.getTime());
  const state = analysis.counting.secondChecker ? 'held' : 'released';
  await events.together(async (tx) => {
    if (!(await endRun(tx, id, state, null, at))) return { result: undefined, entries: [] };
    await insertResult(tx, id, result);
    const details = { analysis: run.analysis, address: run.address, register, snapshot, checksum: result.checksum, state };
    return { result: undefined, entries: [make({ kind: 'analysis', action: 'analysis.ended', subject: id, actor: run.analyst, details })] };
  });
}

async function mergePartials(run: Run, analysis: ApprovedAnalysis, database: Database, secret: Buffer): Promise<Counts> {
  const seal = runSeal(secret, run.id);
  const counts = analysis.counting.begin(run.question, run);
  for (let after = 0; ;) {
    const partials = await readPartials(database, run.id, after, PARTIALS_AT_ONCE);
    for (const { first, sealed } of partials) counts.merge(seal.open(first, sealed));
    if (partials.length < PARTIALS_AT_ONCE) return counts;
    after = partials.at(-1)?.first ?? after;
  }
}
