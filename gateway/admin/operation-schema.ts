import type { FoundOperation, OperationState } from '../operations/approved.ts';
import { addressOf, documentIdOf, parseContent, textOfContent, type OperationKind } from '../operations/content.ts';
import { operationMeant } from '../operations/meant.ts';
import type { OperationOutcome, OperationsService } from '../operations/service.ts';
import type { SignedStatement } from '../rules/signature.ts';
import { canonicalJson } from './canonical.ts';
import { countOf, numberAfter, pageOf, type PageArguments } from './page.ts';
import type { AdminContext, AdminRoot } from './schema.ts';

export interface OperationSources {
  readonly operations: OperationsService;
}

/** Resolvers of the root fields. */
export function operationRoot({ operations }: OperationSources): AdminRoot {
  const step =
    (take: OperationsService['propose']) =>
    async ({ statement, content }: { readonly statement: SignedStatement; readonly content?: string }, { actor }: AdminContext) =>
      answered(await take(statement, actor, content));

  const shown = (operation: FoundOperation) => ({
    address: operation.address,
    documentId: operation.documentId,
    kind: operation.content.kind,
    name: operation.content.name,
    application: operation.content.application,
    purpose: operation.content.purpose,
    why: operation.content.why,
    state: operation.state,
    notRunning: operation.why,
    author: operation.round.proposed.statement.account,
    proposedAt: operation.round.proposed.statement.at,
    expiresAt: operation.round.proposed.statement.expiresAt,
    approvals: operation.round.approvals.map(({ statement: { account, at } }) => ({ account, at })),
    missing: operation.standing.missing,
    proposal: operation.proposal,
    reportHash: operation.reportHash,
    report: canonicalJson(operation.report),
    content: textOfContent(operation.content),
    differences: operations.differences(operation),
  });

  const answered = (outcome: OperationOutcome) =>
    outcome.kind === 'done'
      ? { operation: shown(outcome.operation), refusal: null, problems: [] }
      : { operation: null, refusal: outcome.refusal, problems: outcome.problems };

  return {
    operations: async ({
      kind,
      state,
      ...args
    }: PageArguments & { readonly kind?: OperationKind | null; readonly state?: OperationState | null }) => {
      await operations.refresh();
      const count = countOf(args);
      const before = numberAfter(args) ?? Number.MAX_SAFE_INTEGER;
      const wanted = operations
        .list()
        .filter((one) => one.round.proposed.number < before)
        .filter((one) => (kind ?? one.content.kind) === one.content.kind && (state ?? one.state) === one.state);
      return pageOf(wanted.slice(0, count + 1), count, ({ round }) => round.proposed.number, shown);
    },
    operation: async ({ operation: text, waiting }: { readonly operation: string; readonly waiting?: boolean | null }) => {
      await operations.refresh();
      const meant = operationMeant(text, waiting === true, operations);
      return 'code' in meant ? { operation: null, refusal: meant } : { operation: shown(meant), refusal: null };
    },
    operationCheck: ({ content: text }: { readonly content: string }) => {
      const { default: daysDefault, max: daysMax } = operations.days;
      const nothing = { content: null, address: null, documentId: null, report: null, reportHash: null, daysDefault, daysMax };
      const content = parseContent(readJson(text));
      if (!('kind' in content)) return { ...nothing, problems: content };
      const canonical = textOfContent(content);
      const about = { ...nothing, content: canonical, address: addressOf(canonical), documentId: documentIdOf(content.document) };
      const checked = operations.check(content);
      if (!('report' in checked)) return { ...about, problems: checked };
      return { ...about, report: checked.text, reportHash: checked.hash, problems: [] };
    },
    proposeOperation: step(operations.propose),
    approveOperation: step(operations.approve),
    rejectOperation: step(operations.reject),
    suspendOperation: step(operations.suspend),
  };
}

function readJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
