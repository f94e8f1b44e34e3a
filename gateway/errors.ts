import type { Caller } from './request.ts';

/**
 * The closed table of what a client can be told. Everything that leaves the gateway as an error is made here: a code, the HTTP status of
 * a refusal of the whole request, and a text that says what to do next and holds nothing internal and nothing of a person.
 */
export interface ErrorKind {
  /** Status when the whole request is refused for it; errors of the document have 400 or 200 by media type (see stages/answer.ts). */
  readonly status: number;
  readonly message: string;
}

export const ERRORS = {
  BAD_REQUEST: { status: 400, message: 'The request is not a GraphQL request. Send a JSON object with a string "query".' },
  GRAPHQL_PARSE_FAILED: { status: 400, message: 'The document does not parse. Correct its syntax.' },
  GRAPHQL_VALIDATION_FAILED: { status: 400, message: 'The document does not fit the schema. Correct it by the schema.' },
  BAD_USER_INPUT: { status: 400, message: 'A variable or argument has a value that its type does not take. Correct the value.' },
  OPERATION_RESOLUTION_FAILURE: { status: 400, message: 'The operation to run is not clear. Name one that stands in the document.' },
  ID_NUMBER_INVALID: { status: 400, message: 'An ID number is a string of exactly 12 digits. Correct the number.' },
  METHOD_NOT_ALLOWED: { status: 405, message: 'Send the request by POST.' },
  NOT_ACCEPTABLE: { status: 406, message: 'Answers are application/graphql-response+json or application/json. Accept one of them.' },
  OPERATION_TOO_LARGE: { status: 413, message: 'The request is larger than this gateway takes. Ask for less at a time.' },
  UNSUPPORTED_MEDIA_TYPE: { status: 415, message: 'Send application/json in UTF-8, uncompressed or with gzip, deflate or br.' },
  UNAUTHENTICATED: { status: 401, message: 'A valid access token is needed. Get a new one from the issuer and send it as a bearer token.' },
  PURPOSE_REQUIRED: { status: 403, message: 'Say what the data is for: send a purpose registered for this application in x-purpose.' },
  PURPOSE_NOT_REGISTERED: { status: 403, message: 'This purpose is not registered for this application. Use one that is, or register it.' },
  APPLICATION_NOT_REGISTERED: { status: 403, message: 'This application is not registered, or is suspended. Ask the administrator.' },
  OFFICER_REQUIRED: { status: 403, message: "Say which officer asks: send the agency's opaque id of the officer in x-officer." },
  HEADER_INVALID: { status: 400, message: 'A header has a value that it cannot have. Correct it by the documentation.' },
  FIELD_NOT_PERMITTED: { status: 403, message: 'No rule gives this field to this application for this purpose. Leave it out.' },
  CONSENT_REQUIRED: { status: 403, message: 'This field needs the consent of the person for this purpose. Ask the person for it.' },
  PROBES_USED_UP: { status: 429, message: 'No more questions of this kind about this person may be asked today. Ask again tomorrow.' },
  ASSURANCE_TOO_LOW: { status: 403, message: 'This field needs a stronger login of the officer. Log in at a higher level and ask again.' },
  UNAUTHORIZED_FIELD_OR_TYPE: {
    status: 403,
    message:
      'This field, its type or what it is made from needs a token or scopes that the request has not. Ask with them, or leave it out.',
  },
  OPERATION_NOT_APPROVED: { status: 403, message: 'This application may run approved operations only. Register the operation first.' },
  OPERATION_NOT_SUPPORTED: {
    status: 400,
    message: 'Subscriptions and incremental delivery are not served here. Send a query or mutation.',
  },
  QUOTA_EXCEEDED: { status: 429, message: 'The quota of this application is used up. Ask again later.' },
  SUBGRAPH_UNAVAILABLE: { status: 503, message: 'A register did not answer properly. Ask again for these fields later.' },
  SUBGRAPH_ERROR: { status: 200, message: 'A register could not give this field. Ask again later.' },
  CONSENT_UNAVAILABLE: { status: 503, message: 'Consent cannot be looked up at the moment. Ask again later.' },
  AUDIT_UNAVAILABLE: { status: 503, message: 'The request cannot be recorded at the moment, so it is not answered. Ask again later.' },
  RULES_UNAVAILABLE: { status: 503, message: 'The rules in force cannot be looked up at the moment. Ask again later.' },
  OVERLOADED: { status: 503, message: 'The gateway has more requests than it can take. Ask again later.' },
  INTERNAL_SERVER_ERROR: { status: 500, message: 'Something failed inside the gateway. Tell its operator the trace id of this answer.' },
} as const satisfies Record<string, ErrorKind>;

export type ErrorCode = keyof typeof ERRORS;

/** An error as it stands in the answer (GraphQL specification, 7.1.2). */
export interface ClientError {
  readonly message: string;
  readonly path?: readonly (string | number)[];
  readonly locations?: readonly { readonly line: number; readonly column: number }[];
  readonly extensions: { readonly code: string; readonly [more: string]: unknown };
}

/** Makes the error of a code. `detail` replaces the table's sentence where more can be said; it must hold nothing of a person. */
export function clientError(
  code: ErrorCode,
  more: { readonly path?: readonly (string | number)[]; readonly detail?: string; readonly extensions?: Record<string, unknown> } = {},
): ClientError {
  return {
    message: more.detail ?? ERRORS[code].message,
    ...(more.path === undefined ? {} : { path: more.path }),
    extensions: { code, ...more.extensions },
  };
}

/** The application is known; the rest as far as it was read. */
export type RefusedCaller = Pick<Caller, 'application' | 'agency'> & Partial<Caller>;

/** An expected refusal of the whole request: a value, never thrown. */
export interface Refusal {
  readonly kind: 'refusal';
  readonly code: ErrorCode;
  readonly errors: readonly ClientError[];
  /** Seconds for `Retry-After`. */
  readonly retryAfterSeconds?: number;
  /** Who is refused, as far as it is known, once the application is. */
  readonly of?: RefusedCaller;
  /** The record of it, once there is one. */
  readonly record?: { readonly id: string; readonly receipt: string };
}

/** Refuses with one error of the code. */
export function refuse(code: ErrorCode, detail?: string): Refusal {
  return { kind: 'refusal', code, errors: [clientError(code, detail === undefined ? {} : { detail })] };
}
