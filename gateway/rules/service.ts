import type { Actor } from '../admin/actor.ts';
import { recordEvent } from '../admin/events.ts';
import type { Database, Queryable } from '../../platform/database.ts';
import type { CheckReport } from '../policy/check.ts';
import { boundProblems, contentVersion } from '../policy/policy-files.ts';
import type { ActiveRules } from './active.ts';
import { verifiedRound } from './believe.ts';
import { threeWay, type Change, type ThreeWay } from './changes.ts';
import type { Impact } from './impact.ts';
import type { FindSigner } from './keyring.ts';
import type { RegistrySource } from './registry-source.ts';
import { refuse, type RuleRefusal } from './refusals.ts';
import { outsideRemit } from './remit.ts';
import type { Round } from './round.ts';
import { hashOf, signatureOf, unacceptable, type SignedStatement } from './signature.ts';
import { readStatement, RULES_DOMAIN, type Statement } from './statement.ts';
import { findVersions, insertContent, insertStep, lockRules, notifyRules, readContent } from './store.ts';
import type { RulesThread } from './thread.ts';
import { filesOf, type PolicyTexts } from './thread-protocol.ts';
import { LRUCache } from 'lru-cache';

/** Comparisons kept: of a draft, several people ask the same. */
const IMPACTS_MAX = 8;

export interface RulesServiceParts {
  readonly database: Database;
  readonly active: ActiveRules;
  readonly registry: RegistrySource;
  readonly findSigner: FindSigner;
  /** For administrators; another than the one that rules are switched by. */
  readonly thread: RulesThread;
  readonly coolingOffMs: number;
  readonly clock: () => number;
}

/** What a step needs of the others. */
export interface RulesContext extends RulesServiceParts {
  readonly impact: (before: string, after: string) => Promise<Impact>;
  readonly changes: (before: PolicyTexts, after: PolicyTexts) => Promise<readonly Change[]>;
  readonly check: (files: PolicyTexts) => Promise<CheckReport>;
  readonly round: (version: string) => Promise<Round | undefined>;
  readonly files: (version: string) => Promise<PolicyTexts>;
}

/** What became of a step: done, or refused with what there is to see. */
export type StepOutcome =
  | { readonly kind: 'done'; readonly version: string; readonly report?: CheckReport }
  | {
      readonly kind: 'refused';
      readonly refusal: RuleRefusal;
      readonly report?: CheckReport;
      readonly difference?: readonly ThreeWay[];
    };

export function refused(...refusal: Parameters<typeof refuse>): StepOutcome {
  return { kind: 'refused', refusal: refuse(...refusal) };
}

export function createRulesContext(parts: RulesServiceParts): RulesContext {
  const { database, thread, registry, clock } = parts;
  const impacts = new LRUCache<string, Promise<Impact>>({ max: IMPACTS_MAX });
  const files = async (version: string): Promise<PolicyTexts> => {
    const found = await readContent(database, version);
    if (found === undefined || contentVersion(filesOf(found)) !== version)
      throw new Error(`The content of ${version} is not what its name says.`);
    return found;
  };
  return {
    ...parts,
    files,
    round: async (version) => verifiedRound(version, parts),
    check: async (texts) => thread.ask({ kind: 'check', files: texts, registry: registry.text(), nowMs: clock() }),
    changes: async (before, after) => thread.ask({ kind: 'changes', before, after, registry: registry.text(), nowMs: clock() }),
    async impact(before, after) {
      const key = `${before} ${after} ${hashOf(registry.text())}`;
      const known = impacts.get(key);
      if (known !== undefined) return known;
      const [one, other] = [await files(before), await files(after)];
      const asking = thread.ask({ kind: 'impact', before: one, after: other, registry: registry.text(), nowMs: clock() });
      impacts.set(key, asking);
      asking.catch(() => impacts.delete(key));
      return asking;
    },
  };
}

/** The version that a text means: the whole of it, or the first digits of its hash. */
export async function versionMeant(database: Queryable, text: string): Promise<string | RuleRefusal> {
  const digits = text.replace(/^sha256:/, '');
  if (!/^[0-9a-f]{1,64}$/.test(digits)) return refuse('VERSION_UNKNOWN');
  const [version, other] = await findVersions(database, digits);
  if (version === undefined) return refuse('VERSION_UNKNOWN');
  return other === undefined ? version : refuse('VERSION_NOT_CLEAR');
}

/** Takes a statement for what its actor signed, or says why not. */
export function acceptStatement<Kind extends Statement['kind']>(
  signed: SignedStatement,
  kind: Kind,
  actor: Actor,
  parts: Pick<RulesServiceParts, 'findSigner' | 'clock'>,
): Extract<Statement, { kind: Kind }> | RuleRefusal {
  const statement = readStatement(signed.text);
  if (statement?.kind !== kind || statement.account !== actor.account) return refuse('STATEMENT_INVALID');
  const code = unacceptable(RULES_DOMAIN, signed, statement, parts);
  return code === undefined ? (statement as Extract<Statement, { kind: Kind }>) : refuse(code);
}

/** Steps that gateways look after: another version is active, or may soon be. */
const TOLD: ReadonlySet<Statement['kind']> = new Set<Statement['kind']>(['approve', 'activate', 'narrow', 'rollback']);

/**
 * Writes a step down with its event, alone: two at once come one after the other, and `check` looks again at what may have changed. Whether a
 * version became active is told to every gateway, and so is one that may soon be.
 */
export async function takeStep(
  signed: SignedStatement,
  statement: Statement,
  actor: Actor,
  { database, clock }: Pick<RulesContext, 'database' | 'clock'>,
  check: (tx: Queryable) => Promise<RuleRefusal | undefined>,
  content?: PolicyTexts,
): Promise<RuleRefusal | undefined> {
  return database.transaction(async (tx) => {
    await lockRules(tx);
    const refusal = await check(tx);
    if (refusal !== undefined) return refusal;
    const { kind, version, at, account: _, ...rest } = statement;
    if (content !== undefined) await insertContent(tx, version, content, new Date(at));
    const row = { hash: hashOf(signed.text), kind, version, at: new Date(at), statement: signed.text };
    if (!(await insertStep(tx, { ...row, key_id: signed.keyId, signature: signed.signature }))) return refuse('STATEMENT_USED');
    await recordEvent(tx, { kind: `policy.${kind}`, actor, atMs: clock(), subject: version, body: { ...rest, ...signatureOf(signed) } });
    if (TOLD.has(kind)) await notifyRules(tx, version);
    return undefined;
  });
}

/** A draft whose parent is no longer what is active: what it changed, and what was changed meanwhile. */
export async function conflictOf(parent: string, draft: PolicyTexts, context: RulesContext): Promise<StepOutcome> {
  const base = await readContent(context.database, parent);
  if (base === undefined) return refused('CONFLICT', 'Its parent is not known here.');
  const [toDraft, toActive] = [await context.changes(base, draft), await context.changes(base, context.active.activation().files)];
  return { kind: 'refused', refusal: refuse('CONFLICT'), difference: threeWay(toDraft, toActive) };
}

/** Drafts a version: stored when it can be read, with a report of what is left to mend. */
export async function draft(signed: SignedStatement, texts: PolicyTexts, actor: Actor, context: RulesContext): Promise<StepOutcome> {
  const statement = acceptStatement(signed, 'draft', actor, context);
  if ('code' in statement) return { kind: 'refused', refusal: statement };
  const { active } = context;
  const bounds = boundProblems(filesOf(texts));
  if (bounds.length > 0) return { kind: 'refused', refusal: refuse('RULES_INVALID'), report: { problems: bounds, policies: 0, cases: 0 } };
  if (contentVersion(filesOf(texts)) !== statement.version) return refused('STATEMENT_INVALID');
  await active.refresh();
  const activation = active.activation();
  if (statement.version === activation.version) return refused('NOTHING_CHANGED');
  const report = await context.check(texts);
  if (report.problems.some(isOfRules)) return { kind: 'refused', refusal: refuse('RULES_INVALID'), report };
  if (statement.parent !== activation.version) return conflictOf(statement.parent, texts, context);
  const outside = outsideRemit(actor, await context.changes(activation.files, texts));
  if (outside !== undefined) return { kind: 'refused', refusal: outside };
  const refusal = await takeStep(
    signed,
    statement,
    actor,
    context,
    async (tx) => {
      const round = await verifiedRound(statement.version, { database: tx, findSigner: context.findSigner });
      const isOpen = round !== undefined && !round.rejected && !wasActivated(round, active);
      return isOpen && round.draft.statement.parent === statement.parent ? refuse('ALREADY_DRAFTED') : undefined;
    },
    texts,
  );
  return refusal === undefined ? { kind: 'done', version: statement.version, report } : { kind: 'refused', refusal, report };
}

/** Errors of the rules themselves, not of the cases beside them, which a draft may still lack. */
function isOfRules({ severity, file, message }: CheckReport['problems'][number]): boolean {
  return severity === 'error' && !file.startsWith('cases/') && !message.startsWith('No case shows');
}

/** Whether a round has come to its end by being activated. */
export function wasActivated({ draft: { hash } }: Round, active: ActiveRules): boolean {
  return active.activation().chain.some(({ statement }) => 'proposal' in statement && statement.proposal === hash);
}

/** The round of a version that waits for something, or why it does not. */
export async function openRound(version: string, context: RulesContext): Promise<Round | RuleRefusal> {
  await context.active.refresh();
  const round = await context.round(version);
  if (round === undefined || round.rejected || wasActivated(round, context.active)) return refuse('NOT_A_DRAFT');
  return round;
}
