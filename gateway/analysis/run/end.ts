import type { Database } from '../../../platform/database.ts';
import type { EventLedger } from '../../ledger/recording.ts';
import type { DisclosureControl, Run } from './model.ts';
import { endRun } from './store.ts';

export interface EndParts {
  readonly database: Database;
  readonly events: EventLedger;
  readonly control: DisclosureControl;
  readonly clock: () => number;
}

/** Ends a run without a result: with its record, and with its budget free again. Does nothing where it has ended already. */
export async function failRun(run: Run, why: string, { events, control, clock }: EndParts): Promise<void> {
  const at = new Date(clock());
  const make = await events.entriesAt(at.getTime());
  const details = { analysis: run.analysis, why };
  await events.together(async (tx) => {
    const result = await endRun(tx, run.id, 'failed', why, at);
    if (result) await control.giveBack(run.id, tx);
    const entries = result ? [make({ kind: 'analysis', action: 'analysis.failed', subject: run.id, actor: run.analyst, details })] : [];
    return { result, entries };
  });
}
