import type { Actor } from '../admin/actor.ts';
import { recordEvent } from '../admin/events.ts';
import type { Database, Queryable } from '../../platform/database.ts';
import type { Limits } from '../limits.ts';
import type { LoadedPolicies } from '../policy/load.ts';
import type { PolicyGraph } from '../policy/policy-set.ts';
import type { FindSigner } from '../rules/keyring.ts';
import type { PreparedRules } from '../rules/thread-protocol.ts';
import { hashOf, signatureOf, unacceptable, type SignedStatement } from '../rules/signature.ts';
import type { ApprovedOperations, FoundOperation } from './approved.ts';
import { addressOf, readContent, type OperationContent } from './content.ts';
import type { Difference } from './difference.ts';
import { operationsUnder, type OperationImpact } from './impact.ts';
import { readProposed } from './known.ts';
import type { LiveOperations } from './live.ts';
import { readOperation, type ReadingParts } from './reading.ts';
import { refuseOperation, type OperationRefusal } from './refusals.ts';
import { reportOf, type CheckedOperation, type ReportParts } from './report.ts';
import {
  DAY_MS,
  mayAnswerFor,
  mayApprove,
  mayPropose,
  operationRounds,
  standingOf,
  verifyOperationStep,
  type VerifiedOperationStep,
} from './round.ts';
import { OPERATIONS_DOMAIN, readOperationStatement, type OperationStatement } from './statement.ts';
import { insertProposed, insertStep, lockOperations, readStepsOf } from './store.ts';

export interface OperationsService extends ApprovedOperations {
  readonly refresh: () => Promise<void>;
  /** What the check says of a content under the rules in force, or what is wrong with it. */
  readonly check: (content: OperationContent) => CheckedOperation | readonly string[];
  /** What rules that the rules' thread has read would do to what is approved. */
  readonly under: (prepared: PreparedRules) => Promise<readonly OperationImpact[]>;
  /** What an operation gives now otherwise than it was approved. */
  readonly differences: (operation: FoundOperation) => readonly Difference[];
  readonly propose: TakeStep;
  readonly approve: TakeStep;
  readonly reject: TakeStep;
  readonly suspend: TakeStep;
  /** Days from proposal to end: unless the author says otherwise, and at most. */
  readonly days: { readonly default: number; readonly max: number };
}

/** Takes a step that its actor signed; `content` is the canonical text of what is proposed. */
type TakeStep = (signed: SignedStatement, actor: Actor, content?: string) => Promise<OperationOutcome>;

export type OperationOutcome =
  | { readonly kind: 'done'; readonly operation: FoundOperation }
  | { readonly kind: 'refused'; readonly refusal: OperationRefusal; readonly problems: readonly string[] };

export interface OperationsServiceParts extends Omit<ReadingParts, 'graph'>, Omit<ReportParts, 'operationCostMax' | 'fields'> {
  /** As the rules read the graph. */
  readonly policyGraph: PolicyGraph;
  readonly database: Database;
  readonly live: LiveOperations;
  readonly approved: ApprovedOperations;
  readonly rules: () => LoadedPolicies;
  readonly findSigner: FindSigner;
  readonly limits: Limits;
  readonly clock: () => number;
}

/** What administrators and analysts do with operations. Every step is signed, recorded in its transaction, and weighed anew under the lock. */
export function createOperationsService(parts: OperationsServiceParts): OperationsService {
  const { live, approved, rules, limits, clock } = parts;
  const { policyGraph } = parts;
  const registry = () => rules().registry;

  const check = (content: OperationContent): CheckedOperation | readonly string[] => {
    const reading = readOperation(content, parts);
    if (reading.kind === 'wrong') return reading.problems;
    return reportOf(reading.tryable, reading.doubts, rules(), {
      ...parts,
      fields: policyGraph.fields,
      operationCostMax: limits.operationCostMax,
    });
  };

  const propose: TakeStep = async (signed, actor, text = '') => {
    const statement = accepted(signed, 'propose', actor);
    if ('code' in statement) return no(statement);
    const content = readContent(text);
    if (content === undefined || addressOf(text) !== statement.operation) return no(refuseOperation('STATEMENT_INVALID'));
    const officer = registry().accounts.get(actor.account);
    if (officer === undefined || !mayPropose(officer, content, registry(), clock())) return no(refuseOperation('NOT_YOURS'));
    const fromMs = Date.parse(statement.at);
    const endsMs = Date.parse(statement.expiresAt);
    if (endsMs <= clock() || endsMs > fromMs + limits.operationDaysMax * DAY_MS) {
      return no(refuseOperation('EXPIRY_INVALID', `At most ${limits.operationDaysMax} days.`));
    }
    const checked = check(content);
    if (!('report' in checked)) return no(refuseOperation('OPERATION_INVALID'), checked);
    if (checked.hash !== statement.report) return no(refuseOperation('REPORT_CHANGED'));
    await live.refresh();
    const namesake = approved.find(content.name, content.kind);
    const isTaken = namesake !== undefined && isOpen(namesake) && namesake.content.application !== content.application;
    if (isTaken) return no(refuseOperation('NAME_TAKEN'));
    return take(signed, statement, actor, { content, address: statement.operation }, async (tx) => {
      const standings = await standingsNow(tx, statement.operation);
      if (standings.some(({ state }) => state === 'proposed' || state === 'approved')) return refuseOperation('ALREADY_PROPOSED');
      const { hash: reportHash, text: report } = checked;
      await insertProposed(tx, { address: statement.operation, content: text, reportHash, report, at: new Date(statement.at) });
      return undefined;
    });
  };

  const approve: TakeStep = async (signed, actor) => {
    const statement = accepted(signed, 'approve', actor);
    if ('code' in statement) return no(statement);
    const found = await proposal(statement);
    if ('code' in found) return no(found);
    const author = found.round.proposed.officer;
    // Said first, so that nobody has to guess why: whoever proposed it approves nothing of it, whatever its state.
    if (author.account === actor.account) return no(refuseOperation('AUTHOR_MAY_NOT_APPROVE'));
    if (author.person === actor.person) return no(refuseOperation('SAME_PERSON'));
    if (found.round.approvals.some(({ officer }) => officer.person === actor.person)) return no(refuseOperation('ALREADY_APPROVED'));
    if (found.state !== 'proposed') return no(refuseOperation('NOT_WAITING'));
    const officer = registry().accounts.get(actor.account);
    if (officer === undefined || !mayApprove(officer, found.report, registry(), clock())) return no(refuseOperation('NOT_YOUR_DATA'));
    const checked = check(found.content);
    if (!('report' in checked)) return no(refuseOperation('OPERATION_INVALID'), checked);
    if (checked.hash !== found.reportHash || statement.report !== found.reportHash) return no(refuseOperation('REPORT_CHANGED'));
    return take(signed, statement, actor, found, async (tx) => {
      const now = await standingNow(tx, found);
      if (now?.approvals.some((one) => one.officer.person === actor.person)) return refuseOperation('ALREADY_APPROVED');
      return now?.state === 'proposed' ? undefined : refuseOperation('NOT_WAITING');
    });
  };

  /** Rejects what waits, or suspends what was approved. */
  const end =
    (kind: 'reject' | 'suspend', state: 'proposed' | 'approved'): TakeStep =>
    async (signed, actor) => {
      const statement = accepted(signed, kind, actor);
      if ('code' in statement) return no(statement);
      const found = await proposal(statement);
      if ('code' in found) return no(found);
      if (found.standing.state !== state || found.state === 'expired') return no(refuseOperation('NOT_WAITING'));
      const officer = registry().accounts.get(actor.account);
      const isOwn = found.round.proposed.officer.person === actor.person;
      const may = officer !== undefined && (isOwn || mayAnswerFor(officer, found, registry(), clock()));
      if (!may) return no(refuseOperation('NOT_YOUR_DATA'));
      return take(signed, statement, actor, found, async (tx) =>
        (await standingNow(tx, found))?.state === state ? undefined : refuseOperation('NOT_WAITING'),
      );
    };

  return {
    ...approved,
    refresh: live.refresh,
    check,
    under: async (prepared) =>
      operationsUnder(prepared, approved.list(), {
        graph: parts.graph,
        policyGraph,
        rules,
        decisionCacheMax: limits.decisionCacheMax,
        clock,
      }),
    differences: (operation) => approved.judged(operation, rules()).differences,
    propose,
    approve,
    reject: end('reject', 'proposed'),
    suspend: end('suspend', 'approved'),
    days: { default: limits.operationDaysDefault, max: limits.operationDaysMax },
  };

  /** Takes a statement for what its actor signed, or says why not. */
  function accepted<Kind extends OperationStatement['kind']>(
    signed: SignedStatement,
    kind: Kind,
    actor: Actor,
  ): Extract<OperationStatement, { kind: Kind }> | OperationRefusal {
    const statement = readOperationStatement(signed.text);
    if (statement?.kind !== kind || statement.account !== actor.account) return refuseOperation('STATEMENT_INVALID');
    const code = unacceptable(OPERATIONS_DOMAIN, signed, statement, parts);
    return code === undefined ? (statement as Extract<OperationStatement, { kind: Kind }>) : refuseOperation(code);
  }

  async function proposal(statement: {
    readonly operation: string;
    readonly proposal: string;
  }): Promise<FoundOperation | OperationRefusal> {
    await live.refresh();
    const found = approved.list().find((one) => one.proposal === statement.proposal);
    return found?.address === statement.operation ? found : refuseOperation('OPERATION_UNKNOWN');
  }

  /** Standings of an operation's proposals as they are for whoever holds the lock; those whose time is over are left out. */
  async function standingsNow(tx: Queryable, address: string) {
    const rows = await readStepsOf(tx, address);
    const steps = rows
      .map((row) => verifyOperationStep(row, parts.findSigner))
      .filter((step): step is VerifiedOperationStep => typeof step !== 'string');
    const standings = operationRounds(steps).map(async (round) => {
      const { hash, statement } = round.proposed;
      if (clock() >= Date.parse(statement.expiresAt)) return undefined;
      // One that was proposed a moment ago is not known here yet.
      const known = live.known().find((one) => one.proposal === hash) ?? (await readProposed(tx, round, parts));
      const standing = known && standingOf(round, known, registry(), limits.operationDaysMax);
      return standing && { proposal: hash, approvals: round.approvals, state: standing.state };
    });
    return (await Promise.all(standings)).filter((standing) => standing !== undefined);
  }

  async function standingNow(tx: Queryable, { address, proposal }: FoundOperation) {
    return (await standingsNow(tx, address)).find((one) => one.proposal === proposal);
  }

  async function take(
    signed: SignedStatement,
    statement: OperationStatement,
    actor: Actor,
    { address, content }: { readonly address: string; readonly content: OperationContent },
    check: (tx: Queryable) => Promise<OperationRefusal | undefined>,
  ): Promise<OperationOutcome> {
    const hash = hashOf(signed.text);
    const refusal = await parts.database.transaction(async (tx) => {
      await lockOperations(tx);
      const refused = await check(tx);
      if (refused !== undefined) return refused;
      const { kind, at, account: _, operation, ...rest } = statement;
      const step = { hash, kind, operation, at: new Date(at), statement: signed.text, key_id: signed.keyId, signature: signed.signature };
      if (!(await insertStep(tx, step))) return refuseOperation('STATEMENT_USED');
      const about = { name: content.name, operationKind: content.kind, application: content.application, purpose: content.purpose };
      await recordEvent(tx, {
        kind: `operation.${kind}`,
        actor,
        atMs: clock(),
        subject: address,
        body: { ...about, ...rest, ...signatureOf(signed) },
      });
      return undefined;
    });
    if (refusal !== undefined) return no(refusal);
    await live.refresh();
    const proposed = 'proposal' in statement ? statement.proposal : hash;
    const found = approved.list().find((one) => one.proposal === proposed);
    return found === undefined ? no(refuseOperation('OPERATION_UNKNOWN')) : { kind: 'done', operation: found };
  }
}

/** Whether something may still become of it, or it runs. */
function isOpen({ standing, state }: FoundOperation): boolean {
  return state !== 'expired' && (standing.state === 'proposed' || standing.state === 'approved');
}

function no(refusal: OperationRefusal, problems: readonly string[] = []): OperationOutcome {
  return { kind: 'refused', refusal, problems };
}
