import { rolesAt } from '../admin/actor.ts';
import type { Actor } from '../admin/actor.ts';
import { mayActivate, verifiedRound } from './believe.ts';
import type { Impact } from './impact.ts';
import { dueForReview } from './overview.ts';
import { refuse, type RuleRefusal } from './refusals.ts';
import { outsideRemit } from './remit.ts';
import { APPROVER_ROLES, isOf, missingApprovals, ownerOf, verifyStep, widensOf, type Round, type VerifiedStep } from './round.ts';
import { acceptStatement, conflictOf, openRound, refused, takeStep, wasActivated, type RulesContext, type StepOutcome } from './service.ts';
import type { SignedStatement } from './signature.ts';
import type { Statement } from './statement.ts';
import { readSteps } from './store.ts';
import type { Queryable } from '../../platform/database.ts';

/** A step of somebody's about a version, after its signature was accepted. */
type Step = (signed: SignedStatement, actor: Actor, context: RulesContext) => Promise<StepOutcome>;

/** Puts a draft before those who approve. Its cases have to pass, and it must begin with what is active. */
export const submit: Step = async (signed, actor, context) => {
  const statement = acceptStatement(signed, 'submit', actor, context);
  if ('code' in statement) return no(statement);
  const round = await openRound(statement.version, context);
  if ('code' in round) return no(round);
  if (round.submitted || round.draft.hash !== statement.proposal) return refused('NOT_A_DRAFT');
  const outside = await mayHandle(actor, round, context);
  if (outside !== undefined) return no(outside);
  const files = await context.files(statement.version);
  const report = await context.check(files);
  if (report.problems.some(({ severity }) => severity === 'error')) return { ...no(refuse('CASES_FAIL')), report };
  const { parent } = round.draft.statement;
  if (parent !== context.active.activation().version) return conflictOf(parent, files, context);
  const { registersWidened } = await context.impact(parent, statement.version);
  if (registersWidened.join() !== statement.widens.join()) return refused('IMPACT_CHANGED');
  return done(signed, statement, actor, context, async (tx) => stillOpen(tx, round, context));
};

/** Answers for a draft as the second person, or as the owner of data on which access widens. */
export const approve: Step = async (signed, actor, context) => {
  const statement = acceptStatement(signed, 'approve', actor, context);
  if ('code' in statement) return no(statement);
  const round = await openRound(statement.version, context);
  if ('code' in round) return no(round);
  const { draft } = round;
  // Said first, so that nobody has to guess why: whoever wrote it approves nothing of it, whatever its state.
  if (draft.officer.account === actor.account) return refused('AUTHOR_MAY_NOT_APPROVE');
  if (draft.officer.person === actor.person) return refused('SAME_PERSON');
  if (!round.submitted || draft.hash !== statement.proposal) return refused('NOT_A_DRAFT');
  if (round.approvals.some(({ officer }) => officer.person === actor.person)) return refused('ALREADY_APPROVED');
  const { parent } = draft.statement;
  if (parent !== context.active.activation().version) return conflictOf(parent, await context.files(statement.version), context);
  const impact = await context.impact(parent, statement.version);
  if (impact.registersWidened.join() !== statement.widens.join()) return refused('IMPACT_CHANGED');
  if (!mayJudge(actor, impact, context)) return refused('NOT_YOUR_DATA');
  return done(signed, statement, actor, context, async (tx) => stillOpen(tx, round, context));
};

/** Ends a draft. */
export const reject: Step = async (signed, actor, context) => {
  const statement = acceptStatement(signed, 'reject', actor, context);
  if ('code' in statement) return no(statement);
  const round = await openRound(statement.version, context);
  if ('code' in round) return no(round);
  if (round.draft.hash !== statement.proposal) return refused('NOT_A_DRAFT');
  const isOwn = round.draft.officer.account === actor.account;
  const { parent } = round.draft.statement;
  if (!isOwn && !mayJudge(actor, await context.impact(parent, statement.version), context)) return refused('NOT_YOUR_DATA');
  return done(signed, statement, actor, context, async (tx) => stillOpen(tx, round, context));
};

/** Makes an approved draft the active version. Roles are looked at now: an approver who lost the role meanwhile does not count. */
export const activate: Step = async (signed, actor, context) => {
  const statement = acceptStatement(signed, 'activate', actor, context);
  if ('code' in statement) return no(statement);
  const round = await openRound(statement.version, context);
  if ('code' in round) return no(round);
  if (!round.submitted || round.draft.hash !== statement.proposal) return refused('NOT_A_DRAFT');
  const activation = context.active.activation();
  const { parent } = round.draft.statement;
  if (parent !== activation.version) return conflictOf(parent, await context.files(statement.version), context);
  if (statement.after !== activation.hash) return refused('ACTIVE_CHANGED');
  const impact = await context.impact(parent, statement.version);
  const registry = context.registry.current();
  const judge = (current: Round): RuleRefusal | undefined => {
    const nowMs = context.clock();
    const widens = [...new Set([...impact.registersWidened, ...widensOf(current)])];
    const missing = missingApprovals(current, widens, registry, nowMs);
    if (missing.length > 0) return refuse('APPROVALS_MISSING', `Missing: ${missing.join(', ')}.`);
    const officer = registry.accounts.get(actor.account);
    if (officer === undefined || !mayActivate(officer, current, nowMs)) return refuse('MAY_NOT_ACTIVATE');
    const lastApprovalMs = Math.max(...current.approvals.map(({ atMs }) => atMs));
    const fromMs = lastApprovalMs + context.coolingOffMs;
    // Only what widens has to wait: a narrowing takes effect at once.
    if (impact.widened > 0 && nowMs < fromMs) return refuse('COOLING_OFF', `It is over at ${new Date(fromMs).toISOString()}.`);
    return undefined;
  };
  await context.active.prepare(statement.version);
  return activated(signed, statement, actor, context, async (tx) => {
    const gone = await stillOpen(tx, round, context);
    if (gone !== undefined) return gone;
    const now = await verifiedRound(statement.version, { database: tx, findSigner: context.findSigner });
    return now === undefined ? refuse('NOT_A_DRAFT') : judge(now);
  });
};

/** Activates at once, by one person, a draft by which nothing widens; somebody else reviews it afterwards. */
export const narrow: Step = async (signed, actor, context) => {
  const statement = acceptStatement(signed, 'narrow', actor, context);
  if ('code' in statement) return no(statement);
  const round = await openRound(statement.version, context);
  if ('code' in round) return no(round);
  if (round.draft.hash !== statement.proposal) return refused('NOT_A_DRAFT');
  const outside = await mayHandle(actor, round, context);
  if (outside !== undefined) return no(outside);
  const activation = context.active.activation();
  const { parent } = round.draft.statement;
  const files = await context.files(statement.version);
  if (parent !== activation.version) return conflictOf(parent, files, context);
  if (statement.after !== activation.hash) return refused('ACTIVE_CHANGED');
  const report = await context.check(files);
  if (report.problems.some(({ severity }) => severity === 'error')) return { ...no(refuse('CASES_FAIL')), report };
  const impact = await context.impact(parent, statement.version);
  if (impact.widened > 0) return refused('WIDENS', `On: ${impact.registersWidened.join(', ')}.`);
  await context.active.prepare(statement.version);
  return activated(signed, statement, actor, context, async (tx) => stillOpen(tx, round, context));
};

/**
 * Goes back to the version that was active before. It had been approved, so one person is enough; only what one person narrowed in an emergency
 * is not opened again by anybody else but the owners of the data.
 */
export const rollback: Step = async (signed, actor, context) => {
  const statement = acceptStatement(signed, 'rollback', actor, context);
  if ('code' in statement) return no(statement);
  await context.active.refresh();
  const { chain, hash, version } = context.active.activation();
  if (statement.after !== hash) return refused('ACTIVE_CHANGED');
  const target = versionBefore(chain);
  if (target === undefined || target !== statement.version) return refused('NOTHING_TO_ROLL_BACK');
  const impact = await context.impact(version, target);
  const registry = context.registry.current();
  const isOwner = (registers: readonly string[]): boolean =>
    actor.roles.has('data-owner') && registers.every((register) => ownerOf(register, registry) === actor.agency);
  const last = chain.at(-1);
  const isEmergency = last !== undefined && isOf(last, 'narrow') && last.officer.person !== actor.person;
  if (isEmergency && impact.widened > 0 && !isOwner(impact.registersWidened)) return refused('WIDENS');
  if (!actor.roles.has('national-administrator') && !isOwner(impact.registersChanged)) return refused('NOT_YOUR_DATA');
  await context.active.prepare(target);
  return activated(signed, statement, actor, context, async () => undefined);
};

/** Looks at what one person activated alone. */
export const review: Step = async (signed, actor, context) => {
  const statement = acceptStatement(signed, 'review', actor, context);
  if ('code' in statement) return no(statement);
  await context.active.refresh();
  const steps = (await readSteps(context.database, statement.version)).map((row) => verifyStep(row, context.findSigner));
  const verified = steps.filter((step): step is VerifiedStep => !('kind' in step));
  const due = dueForReview(statement.version, verified, context.active.activation().chain);
  if (due === undefined || due.hash !== statement.activation) return refused('NOTHING_TO_REVIEW');
  if (due.officer.person === actor.person) return refused('SAME_PERSON');
  if (!APPROVER_ROLES.some((role) => actor.roles.has(role))) return refused('NOT_YOUR_DATA');
  return done(signed, statement, actor, context, async () => undefined);
};

/** The version that a rollback goes to: the last that was active before the active one came, passing over what was rolled back itself. */
export function versionBefore(chain: readonly VerifiedStep[]): string | undefined {
  const stack: string[] = [];
  for (const { statement } of chain) {
    if (statement.kind === 'rollback') stack.splice(Math.max(0, stack.lastIndexOf(statement.version) + 1));
    else stack.push(statement.version);
  }
  return stack.at(-2);
}

/** Whether somebody may answer for a change: a national administrator, or an owner of data that it is about. */
function mayJudge({ roles, agency }: Actor, { registersChanged }: Impact, context: RulesContext): boolean {
  const registry = context.registry.current();
  const owned = registersChanged.some((register) => ownerOf(register, registry) === agency);
  return roles.has('national-administrator') || (roles.has('data-owner') && owned);
}

/** Whether somebody may submit or narrow: the author, or whoever could have written the draft. */
async function mayHandle(actor: Actor, round: Round, context: RulesContext): Promise<RuleRefusal | undefined> {
  const officer = context.registry.current().accounts.get(actor.account);
  const roles = officer === undefined ? new Set<string>() : rolesAt(officer, context.clock());
  if (round.draft.officer.account === actor.account && roles.size > 0) return undefined;
  const { parent, version } = round.draft.statement;
  return outsideRemit(actor, await context.changes(await context.files(parent), await context.files(version)));
}

/** Looked at again where steps come one after the other: nothing has become of the draft meanwhile. */
async function stillOpen(tx: Queryable, round: Round, context: RulesContext): Promise<RuleRefusal | undefined> {
  const now = await verifiedRound(round.draft.statement.version, { database: tx, findSigner: context.findSigner });
  const isSame = now !== undefined && now.draft.hash === round.draft.hash && !now.rejected && !wasActivated(now, context.active);
  return isSame ? undefined : refuse('NOT_A_DRAFT');
}

async function done(
  signed: SignedStatement,
  statement: Statement,
  actor: Actor,
  context: RulesContext,
  check: (tx: Queryable) => Promise<RuleRefusal | undefined>,
): Promise<StepOutcome> {
  const refusal = await takeStep(signed, statement, actor, context, check);
  return refusal === undefined ? { kind: 'done', version: statement.version } : no(refusal);
}

/** The same for a step after which another version is active: it resolves when this gateway uses it. */
async function activated(...[signed, statement, actor, context, check]: Parameters<typeof done>): Promise<StepOutcome> {
  const outcome = await done(signed, statement, actor, context, async (tx) => {
    // Two activations at once: the second finds another last one than it was signed for.
    if (!('after' in statement) || (await context.active.lastHash(tx)) !== statement.after) return refuse('ACTIVE_CHANGED');
    return check(tx);
  });
  if (outcome.kind === 'done') await context.active.refresh();
  return outcome;
}

function no(refusal: RuleRefusal): Extract<StepOutcome, { kind: 'refused' }> {
  return { kind: 'refused', refusal };
}
