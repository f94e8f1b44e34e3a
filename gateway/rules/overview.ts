import type { Registry } from '../policy/registry.ts';
import { isOf, missingApprovals, roundOf, widensOf, type Round, type VerifiedStep } from './round.ts';

/** Where a version stands. It follows from the steps that were taken. */
export type VersionState = 'draft' | 'submitted' | 'approved' | 'active' | 'superseded' | 'rejected' | 'rolled-back';

/** A version for people. */
export interface VersionOverview {
  readonly version: string;
  readonly state: VersionState;
  /** Account, or `configuration` for what a first start imported without a key. */
  readonly author: string;
  readonly reason: string;
  readonly parent: string | null;
  readonly draftedAt: string;
  /** Hash of the draft's statement: approvals name it. Null for an import. */
  readonly proposal: string | null;
  readonly approvals: readonly { readonly account: string; readonly at: string; readonly widens: readonly string[] }[];
  /** Who still has to approve; empty when nobody, or when the draft is not submitted. */
  readonly missing: readonly string[];
  /** It was activated by one person and nobody has looked at that yet. */
  readonly reviewDue: boolean;
}

/** What became of a version, from its believed steps and the chain of activations. */
export function overviewOf(
  version: string,
  steps: readonly VerifiedStep[],
  chain: readonly VerifiedStep[],
  registry: Pick<Registry, 'registers'>,
  nowMs: number,
): VersionOverview | undefined {
  const round = roundOf(steps);
  const first = round?.draft ?? chain.find(({ statement }) => statement.version === version) ?? steps[0];
  if (first === undefined) return undefined;
  const widens = round === undefined ? [] : widensOf(round);
  const missing = round === undefined || !round.submitted ? [] : missingApprovals(round, widens, registry, nowMs);
  return {
    version,
    state: stateOf(version, round, missing, chain),
    author: first.statement.account,
    reason: first.statement.reason,
    parent: isOf(first, 'draft') ? first.statement.parent : null,
    draftedAt: first.statement.at,
    proposal: round?.draft.hash ?? null,
    approvals: (round?.approvals ?? []).map(({ statement }) => ({
      account: statement.account,
      at: statement.at,
      widens: statement.widens,
    })),
    missing,
    reviewDue: dueForReview(version, steps, chain) !== undefined,
  };
}

/** The activation of a version by one person that nobody else has looked at. */
export function dueForReview(version: string, steps: readonly VerifiedStep[], chain: readonly VerifiedStep[]): VerifiedStep | undefined {
  const activation = chain.findLast(({ statement }) => statement.version === version);
  if (activation === undefined || !isOf(activation, 'narrow')) return undefined;
  const reviewed = steps.some(
    (step) => isOf(step, 'review') && step.statement.activation === activation.hash && step.officer.person !== activation.officer.person,
  );
  return reviewed ? undefined : activation;
}

function stateOf(version: string, round: Round | undefined, missing: readonly string[], chain: readonly VerifiedStep[]): VersionState {
  const last = chain.findLastIndex(({ statement }) => statement.version === version);
  const activated = chain[last];
  // A version that was drafted anew after it had been active is a draft again.
  if (activated !== undefined && (round === undefined || activated.number > round.draft.number)) {
    const next = chain[last + 1];
    if (next === undefined) return 'active';
    return isOf(next, 'rollback') ? 'rolled-back' : 'superseded';
  }
  if (round === undefined || round.rejected) return 'rejected';
  if (!round.submitted) return 'draft';
  return missing.length === 0 ? 'approved' : 'submitted';
}
