import type { Logger } from '../../platform/log.ts';
import { refuse, type Refusal } from '../errors.ts';
import type { ScopeToken, ScopeTokenCheck } from '../identity/scope-tokens.ts';
import type { Credentials } from '../policy/decision.ts';
import type { Caller, GatewayRequest } from '../request.ts';
import { bearerToken, readOnRefusal } from './authenticate.ts';

export interface AuthenticateScopesDeps {
  readonly checkToken: ScopeTokenCheck;
  readonly credentials: (scopes: readonly string[]) => Credentials;
  /** Somebody whom no token speaks for. */
  readonly anybody: Caller;
  readonly log: Logger;
}

/**
 * First stage where access directives rule: a token's scopes, or nobody's. A request without a token is anonymous; one with a token that is
 * not good is refused, for it would otherwise get less than its sender believes. A client may make refusals stricter by `x-on-refusal`.
 */
export function createAuthenticateScopes(deps: AuthenticateScopesDeps): (request: GatewayRequest) => Promise<Caller | Refusal> {
  // Made once for each verified token, which the token check keeps.
  const known = new WeakMap<ScopeToken, Credentials>();
  const credentialsOf = (token: ScopeToken): Credentials => {
    const credentials = known.get(token) ?? deps.credentials(token.scopes);
    known.set(token, credentials);
    return credentials;
  };

  return async ({ headers }) => {
    const onRefusal = readOnRefusal(headers);
    if (typeof onRefusal === 'object') return onRefusal;
    const caller: Caller = onRefusal === 'reject' ? { ...deps.anybody, onRefusal } : deps.anybody;
    const authorization = headers['authorization'];
    if (authorization === undefined) return caller;

    const token = bearerToken(authorization);
    if (token === undefined) return refuse('UNAUTHENTICATED');
    const result = await deps.checkToken(token);
    if (result.kind === 'verified') return { ...caller, credentials: credentialsOf(result.token) };
    if (result.kind === 'unavailable') deps.log.warn({ reason: result.reason }, 'a token cannot be checked');
    else deps.log.debug({ reason: result.reason }, 'a token was rejected');
    return refuse('UNAUTHENTICATED');
  };
}
