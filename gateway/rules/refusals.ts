/** Something that was asked for and is not done, with what to do. */
export interface RuleRefusal {
  readonly code: RuleRefusalCode;
  readonly message: string;
}

/** Why a step with rules is not taken: the closed list that programs can go by. */
const RULE_REFUSALS = {
  VERSION_UNKNOWN: 'There is no such version. "policy list" shows those there are.',
  VERSION_NOT_CLEAR: 'Several versions begin so. Give more of its hash.',
  STATEMENT_INVALID: 'The signed statement is not one about this. Sign it again with this command line.',
  SIGNATURE_INVALID: 'The signature does not verify by a key of this account. Sign with a key that the registry names for it.',
  STATEMENT_TOO_OLD: 'The statement was signed too long ago, or by a clock that is wrong. Sign it again.',
  STATEMENT_USED: 'This very statement was taken before. Sign a new one.',
  NOTHING_CHANGED: 'These rules are the active ones. Change something first.',
  ALREADY_DRAFTED: 'These rules are drafted already and nobody has decided on them. Go on with that draft.',
  RULES_INVALID: 'The rules cannot be used. Correct what is listed.',
  CASES_FAIL: 'The cases do not pass or leave rules out. Correct what is listed, and draft again.',
  NOT_YOUR_RULES: 'Some of this is not for you to change. Leave it out, or ask those whose it is.',
  NOT_YOUR_DATA: 'Nothing of this is about data that your agency owns. It is for others to approve.',
  CONFLICT: 'Other rules were activated since this draft began. Take them up and draft again; both sides are listed.',
  NOT_A_DRAFT: 'This version is not waiting for that. "policy list" shows its state.',
  AUTHOR_MAY_NOT_APPROVE: 'You wrote this draft. Somebody else has to approve it.',
  SAME_PERSON: 'This is another account of the person who wrote the draft. Another human being has to approve it.',
  ALREADY_APPROVED: 'You have approved this draft.',
  IMPACT_CHANGED: 'What this draft widens is not what was shown to you. Look at its impact again.',
  APPROVALS_MISSING: 'The draft is not approved by all who have to.',
  COOLING_OFF: 'Access widens, and the time between approval and activation is not over.',
  MAY_NOT_ACTIVATE: 'A draft is activated by its author, by who approved it, or by a national administrator.',
  WIDENS: 'Access widens, so one person is not enough. Submit the draft and have it approved.',
  NOTHING_TO_ROLL_BACK: 'There is no version before the active one.',
  NOTHING_TO_REVIEW: 'Nothing that was done by one person waits for a review.',
  ACTIVE_CHANGED: 'Other rules were activated meanwhile. Look at them, and do it again.',
} as const;

export type RuleRefusalCode = keyof typeof RULE_REFUSALS;

/** `detail` says which, after the sentence that says what to do. */
export function refuse(code: RuleRefusalCode, detail?: string): RuleRefusal {
  return { code, message: detail === undefined ? RULE_REFUSALS[code] : `${RULE_REFUSALS[code]} ${detail}` };
}
