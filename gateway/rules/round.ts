import { rolesAt } from '../admin/actor.ts';
import type { AdminRole, Officer } from '../policy/officers.ts';
import type { Registry } from '../policy/registry.ts';
import type { FindSigner } from './keyring.ts';
import { signerOf } from './signature.ts';
import { readStatement, RULES_DOMAIN, type Statement } from './statement.ts';
import type { StepRow } from './store.ts';

/** A step whose signature is its account's. */
export interface VerifiedStep {
  readonly number: number;
  readonly hash: string;
  readonly statement: Statement;
  readonly officer: Officer;
  readonly atMs: number;
}
export type StepOf<Kind extends Statement['kind']> = VerifiedStep & { readonly statement: Extract<Statement, { kind: Kind }> };

/** What makes a step not believed, as a word for the log. */
export type Unbelieved = { readonly kind: 'unbelieved'; readonly reason: string };

/** Believes a row of the table, or says why not. An import without a signature is judged by whoever knows the configuration. */
export function verifyStep(row: StepRow, findSigner: FindSigner): VerifiedStep | Unbelieved {
  const statement = readStatement(row.statement);
  if (statement === undefined) return unbelieved('a statement that is none');
  if (statement.kind !== row.kind || statement.version !== row.version) return unbelieved('a statement about something else');
  const officer = signerOf(RULES_DOMAIN, row, statement.account, findSigner);
  if (typeof officer === 'string') return unbelieved(officer);
  return { number: row.number, hash: row.hash, statement, officer, atMs: Date.parse(statement.at) };
}

function unbelieved(reason: string): Unbelieved {
  return { kind: 'unbelieved', reason };
}

/** One draft and what was said of it. Steps before the last draft of the same content belong to another round. */
export interface Round {
  readonly draft: StepOf<'draft'>;
  readonly submitted: StepOf<'submit'> | undefined;
  readonly rejected: boolean;
  readonly approvals: readonly StepOf<'approve'>[];
}

/**
 * The round of a proposal, or the last one of a version's steps; undefined when there is none. Approvals by the author's own person do not stand
 * in it.
 */
export function roundOf(steps: readonly VerifiedStep[], proposal?: string): Round | undefined {
  const start = steps.findLastIndex(({ statement, hash }) => statement.kind === 'draft' && (proposal === undefined || hash === proposal));
  const draft = steps[start];
  if (draft === undefined || !isOf(draft, 'draft')) return undefined;
  const later = steps.slice(start + 1).filter(({ statement }) => 'proposal' in statement && statement.proposal === draft.hash);
  return {
    draft,
    submitted: later.find((step) => isOf(step, 'submit')),
    rejected: later.some(({ statement }) => statement.kind === 'reject'),
    approvals: later.filter((step) => isOf(step, 'approve')).filter(({ officer }) => officer.person !== draft.officer.person),
  };
}

export function isOf<Kind extends Statement['kind']>(step: VerifiedStep, kind: Kind): step is StepOf<Kind> {
  return step.statement.kind === kind;
}

/** The registers that who submitted a draft and who approved it attest to widen. */
export function widensOf({ submitted, approvals }: Round): readonly string[] {
  const attested = [...(submitted ? [submitted] : []), ...approvals];
  return [...new Set(attested.flatMap(({ statement }) => statement.widens))];
}

/** Roles that may answer for a change as the second person. */
export const APPROVER_ROLES = ['national-administrator', 'data-owner'] as const satisfies readonly AdminRole[];

/**
 * What is missing before a draft may be activated: a second person, and the owner of each register on which access widens. Counted are approvals by
 * those who hold the role at `atMs`: who lost it meanwhile does not count. Empty when nothing is missing.
 */
export function missingApprovals(
  { approvals }: { readonly approvals: readonly Pick<VerifiedStep, 'officer'>[] },
  registersWidened: readonly string[],
  registry: Pick<Registry, 'registers'>,
  atMs: number,
): readonly string[] {
  const counted = approvals.filter(({ officer }) => APPROVER_ROLES.some((role) => rolesAt(officer, atMs).has(role)));
  const owners = new Set(registersWidened.map((register) => ownerOf(register, registry)));
  const missing = [...owners].filter(
    (owner) => !counted.some(({ officer }) => officer.agency === owner && rolesAt(officer, atMs).has('data-owner')),
  );
  if (missing.length > 0) return missing.map((owner) => `the data owner ${owner}`);
  return counted.length > 0 ? [] : ['a second person'];
}

/** The agency that owns a register's data. */
export function ownerOf(register: string, { registers }: Pick<Registry, 'registers'>): string {
  return registers.values().find(({ id }) => id === register)?.owner ?? '';
}
