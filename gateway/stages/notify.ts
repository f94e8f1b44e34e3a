import { refuse, type Refusal } from '../errors.ts';
import type { Notices } from '../notices/notices.ts';
import type { Recorded } from './record.ts';

export interface NotifyParts {
  /** Undefined where nobody is told (`--open`, `--scopes`). */
  readonly notices?: Pick<Notices, 'tellOfEmergency'> | undefined;
}

/**
 * Notes, for an emergency, that everybody whose data is in the answer is to be told. INVARIANT: it stands before the answer leaves, so that no
 * emergency goes untold whatever ends in between.
 */
export async function notify(recorded: Recorded | Refusal, { notices }: NotifyParts): Promise<Recorded | Refusal> {
  if (recorded.kind === 'refusal' || notices === undefined || recorded.record === undefined) return recorded;
  const { admitted, prepared, persons, data } = recorded.executed;
  const { emergency, agency, application, purpose } = admitted.caller;
  if (!emergency || persons.size === 0 || data === undefined) return recorded;
  const use = { agency, application, purpose, hiddenDays: prepared.hiddenDays, record: recorded.record.id, idNumbers: [...persons.keys()] };
  return notices.tellOfEmergency(use).then(
    () => recorded,
    () => UNAVAILABLE,
  );
}

const UNAVAILABLE: Refusal = { ...refuse('AUDIT_UNAVAILABLE'), retryAfterSeconds: 5 };
