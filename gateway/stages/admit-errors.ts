import { GraphQLError, Kind } from 'graphql';
import { redactNumbers } from '../../platform/log.ts';
import { clientError, type ClientError, type ErrorCode, type Refusal } from '../errors.ts';

/** Refuses a request for values of its variables, an error for each. */
export function refuseValues(errors: readonly GraphQLError[]): Refusal {
  const codes = errors.map(codeOfValue);
  const code = codes.includes('ID_NUMBER_INVALID') ? 'ID_NUMBER_INVALID' : 'BAD_USER_INPUT';
  return { kind: 'refusal', code, errors: errors.map((error, index) => told(codes[index] ?? code, error, messageOfValue(error))) };
}

/** graphql-js repeats what it does not like; that may be a person's name or number, so it is cut out and only the reason stays. */
export function documentError(code: ErrorCode, error: GraphQLError): ClientError {
  const kind = code === 'GRAPHQL_VALIDATION_FAILED' && codeOfValue(error) === 'ID_NUMBER_INVALID' ? 'ID_NUMBER_INVALID' : code;
  return told(kind, error, withoutValues(error.message));
}

function told(code: ErrorCode, error: GraphQLError, detail: string): ClientError {
  return {
    ...clientError(code, { detail }),
    ...(error.locations === undefined ? {} : { locations: error.locations }),
  };
}

function codeOfValue(error: GraphQLError): ErrorCode {
  const original = error.originalError;
  const code = error.extensions['code'] ?? (original instanceof GraphQLError ? original.extensions['code'] : undefined);
  return code === 'ID_NUMBER_INVALID' ? 'ID_NUMBER_INVALID' : 'BAD_USER_INPUT';
}

/** Made anew of the variable's name, the place within its value and the reason: nothing tells where the value ends in graphql-js's text. */
function messageOfValue(error: GraphQLError): string {
  const [node] = error.nodes ?? [];
  if (error.originalError === undefined || node?.kind !== Kind.VARIABLE_DEFINITION) return withoutValues(error.message);
  const reason = error.originalError.message;
  const place = / at "([\w.[\]]+)"$/.exec(error.message.slice(0, -`; ${reason}`.length))?.[1];
  const where = place === undefined ? '' : ` at "${place}"`;
  return `Variable "$${node.variable.name.value}" has a value that does not fit${where}; ${withoutValues(reason)}`;
}

function withoutValues(message: string): string {
  return redactNumbers(
    message
      // A person's name without its quotation marks is a Name to the lexer; where it stands says enough.
      .replace(/\b(Unexpected|found) (Name|String|BlockString|Int|Float|Comment) "[^]*$/, '$1 $2.')
      .replace(/\bUnexpected variable "[^"]*"/, 'Unexpected variable')
      .replace(/, found [^]*$/, (found) => (/^, found (?:Name|<EOF>|[A-Z][a-z]+\.$|"[^\w]{1,3}")/.test(found) ? found : '.'))
      .replace(/\bValue "[^]*" does not exist in/, 'The value does not exist in')
      .replace(/\bField "(?![_A-Za-z]\w*")[^]*" is not defined by/, 'A field is not defined by')
      .replace(/(cannot represent (?:a )?(?:non[- ]\S+|value[^:]*)[^:]*): [^]*$/i, '$1.'),
  );
}
