import { refuse, type Refusal } from '../errors.ts';
import type { Quotas } from '../quota/quota.ts';
import type { Admitted } from './admit.ts';

export interface MeterParts {
  /** Told of the numbers asked for; it keeps none. */
  readonly watchNumbers?: ((application: string, idNumbers: readonly string[]) => void) | undefined;
  /** Undefined where no application has a quota (`--open`, `--scopes`). */
  readonly quotas?: { readonly peoplePerDay: (application: string) => number | undefined; readonly taken: Quotas } | undefined;
}

/**
 * Counts the people whom a request names against its application's quota: each once, whether somebody has the number or not. Gives the
 * refusal, or undefined. INVARIANT: it is counted before anything is asked about them. A statistic walks everybody and looks nobody up: what
 * bounds it are approvals and budgets of questions, and one run of it would use up any quota of look-ups.
 */
export async function meter({ asked, caller }: Admitted, { quotas, watchNumbers }: MeterParts): Promise<Refusal | undefined> {
  if (asked.length === 0 || caller.action === 'aggregate') return undefined;
  for (const { ids } of asked) watchNumbers?.(caller.application, ids);
  const peoplePerDay = quotas?.peoplePerDay(caller.application);
  if (quotas === undefined || peoplePerDay === undefined) return undefined;
  const people = new Set(asked.flatMap(({ ids }) => ids));
  const isTaken = await quotas.taken.take(caller.application, peoplePerDay, people.size).catch(() => undefined);
  if (isTaken === undefined) return { ...refuse('AUDIT_UNAVAILABLE'), retryAfterSeconds: UNAVAILABLE_SECONDS };
  if (isTaken) return undefined;
  return { ...refuse('QUOTA_EXCEEDED'), retryAfterSeconds: quotas.taken.secondsLeft() };
}

const UNAVAILABLE_SECONDS = 5;
