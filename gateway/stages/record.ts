import { refuse, type Refusal } from '../errors.ts';
import type { Recorder, Written } from '../ledger/append.ts';
import type { PseudonymKeys } from '../ledger/pseudonym.ts';
import type { Admitted } from './admit.ts';
import type { Prepared } from './compile.ts';
import type { Executed } from './execute.ts';
import { entryOfAnswer, entryOfIntent, entryOfRefusal, isMutation, type RefusedRequest } from './record-entries.ts';

/** An answer whose record is durable: it may leave. `record` is undefined under `--open`, where nothing is recorded. */
export interface Recorded {
  readonly kind: 'recorded';
  readonly executed: Executed;
  readonly record: Written | undefined;
}

export interface RecordParts {
  /** Undefined under `--open`. */
  readonly ledger: { readonly recorder: Recorder; readonly pseudonyms: PseudonymKeys } | undefined;
  readonly clock: () => number;
}

const UNAVAILABLE: Refusal = { ...refuse('AUDIT_UNAVAILABLE'), retryAfterSeconds: 5 };

/** Records who asked for whom, why and which fields. Without the record there is no answer: AUDIT_UNAVAILABLE. */
export async function record(executed: Executed, intent: Intent, { ledger, clock }: RecordParts): Promise<Recorded | Refusal> {
  if (!ledger) return { kind: 'recorded', executed, record: undefined };
  const nowMs = clock();
  const key = await ledger.pseudonyms.at(nowMs);
  const written = key && (await ledger.recorder.record(entryOfAnswer(executed, { key, nowMs, intent: intent.record })));
  return written ? { kind: 'recorded', executed, record: written } : UNAVAILABLE;
}

/** What a mutation is about to do stands in the ledger; a query intends nothing. */
export interface Intent {
  readonly kind: 'intended';
  readonly record: string | undefined;
}

/** Records what a mutation is about to do. INVARIANT: nothing is changed of which this is not durable. */
export async function recordIntent(admitted: Admitted, prepared: Prepared, { ledger, clock }: RecordParts): Promise<Intent | Refusal> {
  if (!ledger || !isMutation(admitted) || prepared.execution === undefined) return NOTHING_INTENDED;
  const nowMs = clock();
  const key = await ledger.pseudonyms.at(nowMs);
  const written = key && (await ledger.recorder.record(entryOfIntent(admitted, prepared, { key, nowMs })));
  return written ? { kind: 'intended', record: written.id } : UNAVAILABLE;
}

const NOTHING_INTENDED: Intent = { kind: 'intended', record: undefined };

/** Records a request of a known application that is refused as a whole, and gives the refusal to answer. */
export async function recordRefusal(
  refusal: Refusal,
  refused: Omit<RefusedRequest, 'code'>,
  { ledger, clock }: RecordParts,
): Promise<Refusal> {
  // What could not be recorded has said so itself.
  if (!ledger || refusal.code === 'AUDIT_UNAVAILABLE') return refusal;
  const nowMs = clock();
  const key = await ledger.pseudonyms.at(nowMs);
  const written = key && (await ledger.recorder.record(entryOfRefusal({ ...refused, code: refusal.code }, { key, nowMs })));
  return written ? { ...refusal, record: written } : UNAVAILABLE;
}
