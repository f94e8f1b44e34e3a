import { GraphQLError } from 'graphql';

/** What a field throws that is not allowed, or not possible now; `message` says what to do. */
export function fieldError(code: string, message: string): GraphQLError {
  return new GraphQLError(message, { extensions: { code } });
}

/** The same for arguments that cannot be read. */
export function badInput(message: string): GraphQLError {
  return fieldError('BAD_USER_INPUT', message);
}
