import { GraphQLError, type GraphQLFormattedError } from 'graphql';
import { redactNumbers, type Logger } from '../platform/log.ts';

/** Refusals are the same for every reason, which stands in the log alone. */
export function constantError(code: keyof typeof MESSAGES): { errors: readonly GraphQLFormattedError[] } {
  return { errors: [{ message: MESSAGES[code], extensions: { code } }] };
}

const MESSAGES = {
  GRANT_REFUSED: 'This register gives nothing for this call.',
  BAD_REQUEST: 'This register takes JSON of up to 4 MiB by POST.',
  INTERNAL_SERVER_ERROR: 'The register could not give this.',
} as const;

/** Errors that a resolver or GraphQL made on purpose keep their text and code; anything else (a driver's, a bug's) is masked and logged. */
export function maskErrors(log: Logger) {
  return (execution: { data?: unknown; errors?: readonly GraphQLError[] }): { statusCode: number; response: never } => {
    const errors = (execution.errors ?? []).map((error) => mask(error, log));
    return { statusCode: 200, response: { data: execution.data ?? null, errors } as never };
  };
}

/** What mercurius throws before execution: errors of the document or its variables, or a failure. */
export function maskFailure(error: unknown, log: Logger): readonly GraphQLFormattedError[] {
  const inner = (error as { errors?: unknown }).errors;
  const errors = Array.isArray(inner) ? inner : [error];
  return errors.map((each: unknown) => mask(each, log));
}

function mask(error: unknown, log: Logger): GraphQLFormattedError {
  const intended = error instanceof GraphQLError && (error.originalError === undefined || error.originalError instanceof GraphQLError);
  if (!intended) log.error({ err: error instanceof GraphQLError ? error.originalError : error }, 'a resolver failed');
  const path = error instanceof GraphQLError ? error.path : undefined;
  const code = intended ? (error.extensions?.['code'] ?? 'BAD_USER_INPUT') : 'INTERNAL_SERVER_ERROR';
  return {
    message: intended ? redactNumbers(error.message) : MESSAGES.INTERNAL_SERVER_ERROR,
    ...(path === undefined ? {} : { path }),
    extensions: { code },
  };
}
