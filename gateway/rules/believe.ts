import { rolesAt } from '../admin/actor.ts';
import type { Officer } from '../policy/officers.ts';
import type { Registry } from '../policy/registry.ts';
import type { Queryable } from '../../platform/database.ts';
import { contentVersion } from '../policy/policy-files.ts';
import type { FindSigner } from './keyring.ts';
import { APPROVER_ROLES, isOf, missingApprovals, roundOf, verifyStep, widensOf, type Round, type VerifiedStep } from './round.ts';
import { hashOf } from './signature.ts';
import { readStatement } from './statement.ts';
import { readContent, readSteps, type StepRow } from './store.ts';
import { filesOf, type PolicyTexts } from './thread-protocol.ts';

export interface BelieveParts {
  readonly database: Queryable;
  readonly findSigner: FindSigner;
  readonly registry: () => Registry;
  /** Version of the directory that this gateway was configured with: it is trusted without a signature, and nothing else is. */
  readonly configuredVersion: string;
  /** Whether something widens from one version to the other. */
  readonly widens: (before: PolicyTexts, after: PolicyTexts) => Promise<boolean>;
}

/** Who imported what the configuration holds, where the installation has no key to sign it with. */
const CONFIGURATION: Officer = {
  account: 'configuration',
  agency: '',
  officer: '',
  role: '',
  person: 'configuration',
  administers: new Set(['national-administrator']),
  keys: [],
  endsAtMs: Infinity,
};

/** Believes the signature of an activation's row, or says why not. An import without one is believed when it is what the configuration holds. */
function verifyActivation(row: StepRow, { findSigner, configuredVersion }: BelieveParts): VerifiedStep | string {
  if (row.kind === 'import' && row.key_id === null) {
    const statement = readStatement(row.statement);
    const isOwn = statement?.kind === 'import' && statement.version === row.version && row.version === configuredVersion;
    if (!isOwn || hashOf(row.statement) !== row.hash)
      return 'an import without a signature, of other rules than this gateway is configured with';
    return { number: row.number, hash: row.hash, statement, officer: CONFIGURATION, atMs: Date.parse(statement.at) };
  }
  const step = verifyStep(row, findSigner);
  return 'kind' in step ? step.reason : step;
}

/**
 * The activations that follow one on another, oldest first: what is not believed, or takes the place of something else than the one before, is passed
 * over. `known` is the activation that the first has to follow on; undefined at the start, when nothing is known.
 */
export function chainOf(
  rows: readonly StepRow[],
  known: string | undefined,
  parts: BelieveParts,
  disbelieved: (row: StepRow, reason: string) => void,
): readonly VerifiedStep[] {
  const chain: VerifiedStep[] = [];
  let last = known;
  for (const row of rows) {
    const step = verifyActivation(row, parts);
    if (typeof step === 'string') {
      disbelieved(row, step);
      continue;
    }
    const { statement } = step;
    const after = 'after' in statement ? statement.after : null;
    if (last !== undefined && after !== last) {
      disbelieved(row, 'an activation after another than the last');
      continue;
    }
    chain.push(step);
    last = step.hash;
  }
  return chain;
}

/** What was found of an activation: its files, or why it is not believed. `broken`: signed by all who have to, and the content is gone or another. */
export type Believed = { readonly files: PolicyTexts } | { readonly reason: string; readonly broken: boolean };

/** Looks at the rights, the approvals and then the content of an activation whose signature verifies. */
export async function believe(step: VerifiedStep, history: readonly VerifiedStep[], parts: BelieveParts): Promise<Believed> {
  const { statement, officer, atMs } = step;
  const roles = rolesAt(officer, atMs);
  const isApprover = APPROVER_ROLES.some((role) => roles.has(role));
  switch (statement.kind) {
    case 'import':
      return roles.has('national-administrator') ? contentOf(statement.version, parts) : no('it was imported by somebody who may not');
    case 'rollback': {
      if (!isApprover) return no('it was rolled back by somebody who may not');
      const earlier = history.findLast(
        (other) => other.number < step.number && other.statement.version === statement.version && !isOf(other, 'rollback'),
      );
      return earlier === undefined ? no('it goes back to what never was active') : believe(earlier, history, parts);
    }
    case 'activate': {
      const round = await verifiedRound(statement.version, parts, statement.proposal);
      if (round === undefined) return no('it was not drafted');
      const missing = missingApprovals(round, widensOf(round), parts.registry(), atMs);
      if (missing.length > 0) return no(`it is not approved by ${missing.join(' and ')}`);
      return mayActivate(officer, round, atMs) ? contentOf(statement.version, parts) : no('it was activated by somebody who may not');
    }
    case 'narrow': {
      const round = await verifiedRound(statement.version, parts, statement.proposal);
      if (round === undefined) return no('it was not drafted');
      if (!isApprover) return no('it was activated by somebody who may not');
      const replaced = history.find(({ hash }) => hash === statement.after);
      const before = replaced && (await contentOf(replaced.statement.version, parts));
      const found = await contentOf(statement.version, parts);
      if (before === undefined || 'reason' in before) return no('the rules that it narrowed are not there to compare');
      if ('reason' in found) return found;
      const widens = await parts.widens(before.files, found.files);
      return widens ? no('it was activated by one person although something widens') : found;
    }
    case 'draft':
    case 'submit':
    case 'approve':
    case 'reject':
    case 'review':
      return no('it is no activation');
  }
}

function no(reason: string): Believed {
  return { reason, broken: false };
}

async function contentOf(version: string, { database }: Pick<BelieveParts, 'database'>): Promise<Believed> {
  const files = await readContent(database, version);
  const isWhole = files !== undefined && contentVersion(filesOf(files)) === version;
  return isWhole ? { files } : { reason: 'its content is not what was signed', broken: true };
}

/** The last round of a version, of what verifies; or the one of a proposal. */
export async function verifiedRound(
  version: string,
  { database, findSigner }: Pick<BelieveParts, 'database' | 'findSigner'>,
  proposal?: string,
): Promise<Round | undefined> {
  const steps = (await readSteps(database, version)).map((row) => verifyStep(row, findSigner));
  return roundOf(
    steps.filter((step): step is VerifiedStep => !('kind' in step)),
    proposal,
  );
}

/** Who may make an approved draft the active version: a national administrator, its author, or who approved it. */
export function mayActivate(officer: Officer, { draft, approvals }: Round, atMs: number): boolean {
  const roles = rolesAt(officer, atMs);
  if (roles.has('national-administrator')) return true;
  const tookPart = [draft, ...approvals].some((step) => step.officer.account === officer.account);
  return tookPart && (roles.has('policy-editor') || roles.has('data-owner'));
}
