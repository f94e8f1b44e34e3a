import {
  preparsePolicySet,
  statefulIsAuthorized,
  type CedarValueJson,
  type EntityJson,
  type TypeAndId,
} from '@cedar-policy/cedar-wasm/nodejs';

export interface Question {
  readonly principal: TypeAndId;
  readonly action: string;
  readonly resource: TypeAndId;
  readonly context: Record<string, CedarValueJson>;
  readonly entities: EntityJson[];
}

export interface Verdict {
  readonly decision: 'allow' | 'deny';
  /** Ids of the policies that decided: satisfied permits of an allow, satisfied forbids of a deny. */
  readonly reasons: readonly string[];
  /** Ids of policies that failed to evaluate. Anything here means refuse: Cedar allows when a forbid fails. */
  readonly failed: readonly string[];
}

// Cedar keeps parsed policy sets by name in the thread and never frees a name, so the names are a fixed few that versions take turns with.
// A version that lost its turn, because more than this many are in use at once, parses again: slower, never another version's answer.
const SLOTS = 4;
const holders: (object | undefined)[] = Array.from({ length: SLOTS }, () => undefined);
let turn = 0;

/**
 * Prepares policies, given by id, for many questions. Throws when they do not parse or a question cannot be put, which the checks
 * before it rule out.
 */
export function prepareAuthorizer(policies: Readonly<Record<string, string>>): (question: Question) => Verdict {
  const slot = turn;
  turn = (turn + 1) % SLOTS;
  const name = `slot-${slot}`;
  const holder = {};

  const install = (): void => {
    const answer = preparsePolicySet(name, { staticPolicies: { ...policies } });
    if (answer.type === 'failure') throw new Error(`Cedar refused the policies: ${answer.errors[0]?.message ?? 'no reason given'}`);
    holders[slot] = holder;
  };
  install();

  return (question) => {
    if (holders[slot] !== holder) install();
    const answer = statefulIsAuthorized({
      principal: question.principal,
      action: { type: 'Action', id: question.action },
      resource: question.resource,
      context: question.context,
      entities: question.entities,
      preparsedPolicySetId: name,
    });
    if (answer.type === 'failure') throw new Error('Cedar could not be asked', { cause: answer.errors[0]?.message });
    const { decision, diagnostics } = answer.response;
    return { decision, reasons: diagnostics.reason, failed: diagnostics.errors.map((failure) => failure.policyId) };
  };
}
