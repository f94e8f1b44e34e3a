import type { Policies } from '../policy/decision.ts';
import { triedIn } from './circumstances.ts';
import { differencesOf, type Difference } from './difference.ts';
import { discloseIn, type DisclosureGraph } from './disclosure.ts';
import type { Proposed } from './known.ts';

/** Whether an operation gives what was approved, until when that is known. */
export interface Judged {
  /** Why it does not, as a sentence; undefined when it gives exactly the same. */
  readonly reason: string | undefined;
  readonly differences: readonly Difference[];
  /** A permit that took part ends then. */
  readonly untilMs: number;
}

/** Differences named in a sentence. */
const NAMED_MAX = 5;

/**
 * Judges whether an operation would give exactly what its author and approvers signed, under these rules and on this graph. Pure. So an operation
 * that a change of the rules suspended works again after a rollback if, and only if, nothing differs from the report that was signed.
 */
export function judge(
  { content, report, reading }: Pick<Proposed, 'content' | 'report' | 'reading'>,
  policies: Policies,
  graph: DisclosureGraph,
): Judged {
  const lapsed = (reason: string, differences: readonly Difference[] = [], untilMs = Number.POSITIVE_INFINITY): Judged => ({
    reason,
    differences,
    untilMs,
  });
  if (reading.kind === 'wrong') return lapsed(`The operation does not fit the graph any more. ${reading.problems[0] ?? ''}`.trim());
  const application = policies.registry?.applications.get(content.application);
  if (application === undefined || application.suspended || !application.purposes.has(content.purpose)) {
    return lapsed('Its application may not ask for its purpose any more.');
  }
  const tried = triedIn(reading.tryable, policies, report.tried);
  if (tried === undefined) return lapsed('Rules ask for more circumstances than its approvers could look at.');
  const { disclosures, expiresAtMs } = discloseIn(tried, reading.tryable, policies, graph);
  const differences = differencesOf(report, { tried, disclosures });
  if (differences.length === 0) return { reason: undefined, differences, untilMs: expiresAtMs };
  const named = differences.slice(0, NAMED_MAX).map(({ coordinate, direction }) => `${coordinate}: ${WORDS[direction]}`);
  const more = differences.length > NAMED_MAX ? ', …' : '';
  return lapsed(`What it gives is not what was approved (${named.join(', ')}${more}).`, differences, expiresAtMs);
}

const WORDS: Readonly<Record<Difference['direction'], string>> = { wider: 'more', narrower: 'less', apart: 'something else' };
