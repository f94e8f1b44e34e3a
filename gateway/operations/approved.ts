import { refuse, type Refusal } from '../errors.ts';
import type { LoadedPolicies } from '../policy/load.ts';
import type { Policies } from '../policy/decision.ts';
import type { FindApproved, RunnableOperation } from '../stages/admit.ts';
import type { OperationKind } from './content.ts';
import type { DisclosureGraph } from './disclosure.ts';
import type { KnownOperation } from './known.ts';
import { judge, type Judged } from './lapse.ts';

/** Where an operation stands at this moment. Only what is `approved` runs. */
export type OperationState = 'proposed' | 'approved' | 'expired' | 'suspended' | 'rejected';

/** An operation or analysis as it is now. */
export interface FoundOperation extends KnownOperation {
  readonly state: OperationState;
  /** Why it does not run, for people; null when it does. */
  readonly why: string | null;
}

/** Approved operations and analyses, as they are at each moment. */
export interface ApprovedOperations {
  /** What runs under a name, else what was proposed under it last; undefined when nothing was. */
  readonly find: (name: string, kind: OperationKind) => FoundOperation | undefined;
  /** All that is known, the newest proposal first. */
  readonly list: () => readonly FoundOperation[];
  /** For the stage "admit". */
  readonly runnable: FindApproved;
  /** Whether one gives what was approved under these rules. Kept for as long as the rules and their permits stay. */
  readonly judged: (operation: KnownOperation, policies: Policies) => Judged;
}

export interface ApprovedParts {
  /** In order of proposals. */
  readonly known: () => readonly KnownOperation[];
  readonly rules: () => LoadedPolicies;
  readonly graph: DisclosureGraph;
  readonly clock: () => number;
}

/** The view of what is known by which requests, runs and administrators go. */
export function createApproved({ known, rules, graph, clock }: ApprovedParts): ApprovedOperations {
  const kept = new Map<string, Judged & { readonly key: string }>();
  let index: { readonly of: readonly KnownOperation[]; readonly byDocument: ReadonlyMap<string, readonly KnownOperation[]> } | undefined;
  const byDocument = (documentId: string): readonly KnownOperation[] => {
    const of = known();
    if (index?.of !== of) index = { of, byDocument: Map.groupBy(of, (one) => one.documentId) };
    return index.byDocument.get(documentId) ?? [];
  };

  const judged = (operation: KnownOperation, policies: Policies): Judged => {
    const before = kept.get(operation.proposal);
    if (before !== undefined && before.key === policies.key && clock() < before.untilMs) return before;
    const found = { ...judge(operation, policies, graph), key: policies.key };
    kept.set(operation.proposal, found);
    return found;
  };

  const stateOf = (operation: KnownOperation): Pick<FoundOperation, 'state' | 'why'> => {
    const { standing, expiresAtMs, round } = operation;
    if (standing.state === 'rejected')
      return { state: 'rejected', why: `It was rejected by ${round.rejections[0]?.statement.account ?? ''}.` };
    if (standing.state === 'suspended')
      return { state: 'suspended', why: `It was suspended by ${round.suspensions[0]?.statement.account ?? ''}.` };
    if (clock() >= expiresAtMs) return { state: 'expired', why: `Its time ended at ${new Date(expiresAtMs).toISOString()}.` };
    if (standing.state === 'proposed') return { state: 'proposed', why: `It waits for ${standing.missing.join(' and ')}.` };
    const { reason } = judged(operation, rules());
    return reason === undefined ? { state: 'approved', why: null } : { state: 'suspended', why: reason };
  };
  const found = (operation: KnownOperation): FoundOperation => ({ ...operation, ...stateOf(operation) });
  /** What runs, the one approved last first; then the rest, the newest proposal first. */
  const inTurn = (operations: readonly KnownOperation[]): readonly FoundOperation[] =>
    operations
      .map(found)
      .toSorted(
        (a, b) =>
          rankOf(b) - rankOf(a) ||
          (b.standing.approvedAtMs ?? 0) - (a.standing.approvedAtMs ?? 0) ||
          b.round.proposed.number - a.round.proposed.number,
      );

  return {
    judged,
    find: (name, kind) => inTurn(known().filter(({ content }) => content.name === name && content.kind === kind))[0],
    list: () => known().toReversed().map(found),
    runnable(documentId, { application, purpose }) {
      // INVARIANT: an analysis is run by the engine alone, over a whole population, and by no document id.
      const [first] = inTurn(
        byDocument(documentId).filter(
          (one) => one.content.kind === 'operation' && one.content.application === application && one.content.purpose === purpose,
        ),
      );
      return first === undefined ? UNKNOWN : runnableAs(first);
    },
  };

  function runnableAs(operation: FoundOperation): RunnableOperation | Refusal {
    const { content, reading, state, standing } = operation;
    // What lapsed is refused where the rules of the request are at hand, or answered if they let it.
    const mayRun = state === 'approved' || (state === 'suspended' && standing.state === 'approved');
    if (!mayRun || reading.kind === 'wrong') return refuse('OPERATION_NOT_APPROVED', sentenceOf(operation));
    return {
      name: content.name,
      document: content.document,
      unfit: reading.tryable.variables.unfit,
      lapsedUnder: (policies) => {
        const { reason } = judged(operation, policies);
        return reason === undefined ? undefined : `This operation is suspended. ${reason} Have it approved anew.`;
      },
    };
  }
}

/** The same for a document that nobody registered, for another application's and for another purpose: none is told of another's. */
const UNKNOWN = refuse(
  'OPERATION_NOT_APPROVED',
  'No operation with this document id is approved for this application and purpose. Register the document, or correct the id.',
);

function sentenceOf({ state, why, expiresAtMs }: FoundOperation): string {
  switch (state) {
    case 'expired':
      return `The approval of this operation ended at ${new Date(expiresAtMs).toISOString()}. Have it approved anew.`;
    case 'proposed':
      return 'This operation is not approved yet. Run it when it is.';
    case 'rejected':
      return 'This operation was rejected. Register another.';
    case 'suspended':
    case 'approved':
      return `This operation is suspended. ${why ?? ''} Ask those who administer your application.`.replace('  ', ' ');
  }
}

function rankOf({ state }: FoundOperation): number {
  return state === 'approved' ? 1 : 0;
}
