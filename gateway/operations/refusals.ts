/** Something that was asked for and is not done, with what to do. */
export interface OperationRefusal {
  readonly code: OperationRefusalCode;
  readonly message: string;
}

/** Why a step with an operation is not taken: the closed list that programs can go by. */
const OPERATION_REFUSALS = {
  OPERATION_UNKNOWN: 'There is no such operation. "operation list" shows those there are.',
  OPERATION_NOT_CLEAR: 'Several operations are meant by that. Give its name, or more of its address.',
  OPERATION_INVALID: 'The operation cannot be registered. Correct what is listed.',
  STATEMENT_INVALID: 'The signed statement is not one about this. Sign it again with this command line.',
  SIGNATURE_INVALID: 'The signature does not verify by a key of this account. Sign with a key that the registry names for it.',
  STATEMENT_TOO_OLD: 'The statement was signed too long ago, or by a clock that is wrong. Sign it again.',
  STATEMENT_USED: 'This very statement was taken before. Sign a new one.',
  NOT_YOURS: "This is another agency's application. Ask its analyst or policy editor, or a national administrator.",
  NOT_YOUR_DATA: 'The operation touches no data that your agency owns. It is for others to approve.',
  NAME_TAKEN: 'Another application has an operation of this name. Give it another.',
  EXPIRY_INVALID: 'An operation is approved until a moment that is to come, and not too far ahead.',
  ALREADY_PROPOSED: 'This operation is proposed or approved already. Go on with that, or suspend it first.',
  AUTHOR_MAY_NOT_APPROVE: 'You proposed this operation. Somebody else has to approve it.',
  SAME_PERSON: 'This is another account of the person who proposed the operation. Another human being has to approve it.',
  ALREADY_APPROVED: 'You have approved this operation.',
  REPORT_CHANGED:
    'What the operation would disclose is not what was signed: the rules have changed. Look again, and have it proposed anew.',
  NOT_WAITING: 'This operation is not waiting for that. "operation list" shows its state.',
} as const;

export type OperationRefusalCode = keyof typeof OPERATION_REFUSALS;

/** `detail` says which, after the sentence that says what to do. */
export function refuseOperation(code: OperationRefusalCode, detail?: string): OperationRefusal {
  return { code, message: detail === undefined ? OPERATION_REFUSALS[code] : `${OPERATION_REFUSALS[code]} ${detail}` };
}
