import { rolesAt } from '../admin/actor.ts';
import type { Officer } from '../policy/officers.ts';
import type { Registry } from '../policy/registry.ts';
import type { FindSigner } from '../rules/keyring.ts';
import { APPROVER_ROLES, missingApprovals, ownerOf } from '../rules/round.ts';
import { signerOf } from '../rules/signature.ts';
import type { OperationContent } from './content.ts';
import type { OperationReport } from './report.ts';
import { OPERATIONS_DOMAIN, readOperationStatement, type OperationStatement } from './statement.ts';
import type { OperationStepRow } from './store.ts';

/** A step whose signature is its account's. */
export interface VerifiedOperationStep {
  readonly number: number;
  readonly hash: string;
  readonly statement: OperationStatement;
  readonly officer: Officer;
  readonly atMs: number;
}
type StepOf<Kind extends OperationStatement['kind']> = VerifiedOperationStep & {
  readonly statement: Extract<OperationStatement, { kind: Kind }>;
};

/** Believes a row of the table, or says why not, as words for the log. */
export function verifyOperationStep(row: OperationStepRow, findSigner: FindSigner): VerifiedOperationStep | string {
  const statement = readOperationStatement(row.statement);
  if (statement === undefined) return 'a statement that is none';
  if (statement.kind !== row.kind || statement.operation !== row.operation) return 'a statement about something else';
  const officer = signerOf(OPERATIONS_DOMAIN, row, statement.account, findSigner);
  if (typeof officer === 'string') return officer;
  return { number: row.number, hash: row.hash, statement, officer, atMs: Date.parse(statement.at) };
}

/** One proposal and what was said of it. */
export interface OperationRound {
  readonly proposed: StepOf<'propose'>;
  /** By others than the author's own person, each person once. */
  readonly approvals: readonly StepOf<'approve'>[];
  readonly rejections: readonly StepOf<'reject'>[];
  readonly suspensions: readonly StepOf<'suspend'>[];
}

/**
 * The proposals among believed steps, in order, each with the steps that name it. A step that names a proposal which was not yet made counts
 * for nothing.
 */
export function operationRounds(steps: readonly VerifiedOperationStep[]): readonly OperationRound[] {
  const answers = Map.groupBy(steps, ({ statement }) => (statement.kind === 'propose' ? '' : statement.proposal));
  return steps
    .filter((step) => isStep(step, 'propose'))
    .map((proposed) => {
      const { report, operation } = proposed.statement;
      const later = (answers.get(proposed.hash) ?? []).filter(
        ({ number, statement }) => number > proposed.number && statement.operation === operation,
      );
      const approvals = later
        .filter((step) => isStep(step, 'approve'))
        .filter(({ officer, statement }) => officer.person !== proposed.officer.person && statement.report === report);
      const firsts = new Map(approvals.toReversed().map((step) => [step.officer.person, step]));
      return {
        proposed,
        approvals: approvals.filter((step) => firsts.get(step.officer.person) === step),
        rejections: later.filter((step) => isStep(step, 'reject')),
        suspensions: later.filter((step) => isStep(step, 'suspend')),
      };
    });
}

/** What is left of an operation's standing once its steps are weighed; whether it still gives what was approved is another matter. */
export interface Standing {
  readonly state: 'proposed' | 'approved' | 'rejected' | 'suspended';
  /** When the last approval that was needed was signed; null until then. */
  readonly approvedAtMs: number | null;
  /** Who still has to approve. */
  readonly missing: readonly string[];
}

/**
 * Weighs a proposal. Counted are steps of those who had the right to them when they signed: who may propose for the application's agency,
 * approvals of owners and administrators as {@link missingApprovals} has it, rejections and suspensions of those who answer for the operation.
 * Undefined when the proposal itself was made by somebody who may not, or runs longer than it may.
 */
export function standingOf(
  { proposed, approvals, rejections, suspensions }: OperationRound,
  { content, report }: { readonly content: OperationContent; readonly report: OperationReport },
  registry: Registry,
  daysMax: number,
): Standing | undefined {
  const { officer, atMs, statement } = proposed;
  if (!mayPropose(officer, content, registry, atMs)) return undefined;
  if (Date.parse(statement.expiresAt) > atMs + daysMax * DAY_MS) return undefined;
  const answers = (step: VerifiedOperationStep): boolean =>
    step.officer.person === officer.person || mayAnswerFor(step.officer, { content, report }, registry, step.atMs);
  let missing = missingApprovals({ approvals: [] }, report.registers, registry, atMs);
  let approvedAtMs: number | null = null;
  for (const [index, approval] of approvals.entries()) {
    // Roles count as they are when the last approval is signed: who lost a role meanwhile does not count.
    missing = missingApprovals({ approvals: approvals.slice(0, index + 1) }, report.registers, registry, approval.atMs);
    if (missing.length > 0) continue;
    approvedAtMs = approval.atMs;
    break;
  }
  if (rejections.some(answers)) return { state: 'rejected', approvedAtMs: null, missing: [] };
  if (suspensions.some(answers)) return { state: 'suspended', approvedAtMs, missing: [] };
  return { state: approvedAtMs === null ? 'proposed' : 'approved', approvedAtMs, missing };
}

export const DAY_MS = 86_400_000;

/** Who may propose: an analyst or policy editor of the application's own agency, or a national administrator. */
export function mayPropose(officer: Officer, { application }: OperationContent, { applications }: Registry, atMs: number): boolean {
  const roles = rolesAt(officer, atMs);
  const isOwn = applications.get(application)?.agency === officer.agency;
  return roles.has('national-administrator') || (isOwn && (roles.has('analyst') || roles.has('policy-editor')));
}

/** Who may approve: a national administrator, or an owner of data that the operation touches. */
export function mayApprove(officer: Officer, { registers }: Pick<OperationReport, 'registers'>, registry: Registry, atMs: number): boolean {
  const roles = rolesAt(officer, atMs);
  if (roles.has('national-administrator')) return true;
  const owns = registers.some((register) => ownerOf(register, registry) === officer.agency);
  return owns && APPROVER_ROLES.some((role) => roles.has(role));
}

/** Who may reject or suspend: whoever may propose it or approve it, since both only take away. */
export function mayAnswerFor(
  officer: Officer,
  { content, report }: { readonly content: OperationContent; readonly report: Pick<OperationReport, 'registers'> },
  registry: Registry,
  atMs: number,
): boolean {
  return mayPropose(officer, content, registry, atMs) || mayApprove(officer, report, registry, atMs);
}

function isStep<Kind extends OperationStatement['kind']>(step: VerifiedOperationStep, kind: Kind): step is StepOf<Kind> {
  return step.statement.kind === kind;
}
