import type { Limits } from '../limits.ts';
import { clientError, ERRORS, type ClientError, type ErrorCode, type Refusal } from '../errors.ts';
import type { FieldRefusal } from './prune.ts';
import type { Recorded } from './record.ts';

/** What goes back over HTTP. */
export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** UTF-8. */
  readonly body: Buffer;
  /** For metrics: `OK`, or the code by which the whole request was refused. */
  readonly code: string;
}

export type MediaType = 'application/graphql-response+json' | 'application/json';

/** Errors of the document: well-formed requests that the old media type answers with 200 (GraphQL-over-HTTP, "Status Codes"). */
const DOCUMENT_ERRORS: ReadonlySet<ErrorCode> = new Set([
  'GRAPHQL_PARSE_FAILED',
  'GRAPHQL_VALIDATION_FAILED',
  'BAD_USER_INPUT',
  'ID_NUMBER_INVALID',
  'OPERATION_RESOLUTION_FAILURE',
  'OPERATION_NOT_SUPPORTED',
]);

/** Where an answer has the ledger's promise that its record stays. */
export const RECEIPT_HEADER = 'x-ledger-receipt';

/** Makes the answer of a recorded request: data, errors with codes, and the id of its record. */
export function answer(recorded: Recorded, mediaType: MediaType, limits: Limits): Answer {
  const { executed, record } = recorded;
  const errors = [...executed.refusals.map(refusalError), ...executed.errors];
  const told = errors.slice(0, limits.errorsMax);
  const notShown = errors.length - told.length + executed.untold;
  const disclosure =
    record === undefined
      ? undefined
      : {
          record: record.id,
          policyVersion: executed.prepared.policyVersion,
          ...(notShown > 0 ? { errorsNotShown: notShown } : {}),
        };
  const refused = executed.data === undefined;
  const body = objectOf([
    ...(told.length === 0 ? [] : [['errors', Buffer.from(JSON.stringify(told))] as const]),
    ...(executed.data === undefined ? [] : [['data', executed.data] as const]),
    ...(disclosure === undefined ? [] : [['extensions', Buffer.from(JSON.stringify({ disclosure }))] as const]),
  ]);
  const code = refused ? (told[0]?.extensions.code ?? 'FIELD_NOT_PERMITTED') : 'OK';
  return { status: refused ? 403 : 200, headers: headersFor(mediaType, record?.receipt), body, code };
}

/** A JSON object of members that are JSON already. */
function objectOf(members: readonly (readonly [name: string, value: Buffer])[]): Buffer {
  const parts = members.flatMap(([name, value], index) => [Buffer.from(`${index === 0 ? '{' : ','}"${name}":`), value]);
  return Buffer.concat([...parts, Buffer.from(members.length === 0 ? '{}' : '}')]);
}

/** Makes the answer of a request that was refused before anything was executed. */
export function answerRefusal(refusal: Refusal, mediaType: MediaType): Answer {
  const isOldMediaType = mediaType === 'application/json';
  const status = isOldMediaType && DOCUMENT_ERRORS.has(refusal.code) ? 200 : ERRORS[refusal.code].status;
  return {
    status,
    headers: {
      ...headersFor(mediaType, refusal.record?.receipt),
      ...(refusal.retryAfterSeconds === undefined ? {} : { 'retry-after': String(refusal.retryAfterSeconds) }),
      ...(refusal.code === 'UNAUTHENTICATED' ? { 'www-authenticate': 'Bearer' } : {}),
      ...(refusal.code === 'METHOD_NOT_ALLOWED' ? { allow: 'POST' } : {}),
    },
    body: Buffer.from(
      JSON.stringify({
        errors: refusal.errors,
        ...(refusal.record === undefined ? {} : { extensions: { disclosure: { record: refusal.record.id } } }),
      }),
    ),
    code: refusal.code,
  };
}

function refusalError({ path, coordinate, code, group }: FieldRefusal): ClientError {
  return clientError(code, { path, extensions: { coordinate, ...(group === undefined ? {} : { group }) } });
}

/** The receipt stands beside the body, which answers to two people of whom nothing is known have alike. */
function headersFor(mediaType: MediaType, receipt: string | undefined): Record<string, string> {
  return {
    ...(receipt === undefined ? {} : { [RECEIPT_HEADER]: receipt }),
    'content-type': `${mediaType}; charset=utf-8`,
    // Personal data: nothing between the gateway and the application may keep it.
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
  };
}
