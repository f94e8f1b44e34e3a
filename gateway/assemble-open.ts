import type { Governed, GatewayPlan } from './assemble-plan.ts';
import type { Graph } from './graph.ts';
import { createScopeTokenCheck } from './identity/scope-tokens.ts';
import { OPEN_POLICIES } from './policy/open.ts';
import { linksAccessDirectives, loadScopes } from './policy/scopes-load.ts';
import type { Caller } from './request.ts';
import { createAuthenticateScopes } from './stages/authenticate-scopes.ts';

/** Without Cedar policies: the supergraph's access directives decide, or everything is open. */
export function ungoverned({ supergraph, classification }: Graph, { access, clock, limits, log }: GatewayPlan): Governed {
  if (!access) {
    if (linksAccessDirectives(supergraph)) {
      log.warn('@authenticated, @requiresScopes and @policy of this supergraph are NOT enforced under --open: use --scopes --jwks URL');
    }
    return OPEN;
  }
  const { policies, credentials } = loadScopes(supergraph, classification, access.truths);
  const checkToken = createScopeTokenCheck({ ...access.tokens, clock, cacheMax: limits.tokenCacheMax });
  const anybody: Caller = { ...ANYBODY, application: 'scopes', onRefusal: access.onUnauthorized === 'reject' ? 'reject' : 'prune' };
  return { ...OPEN, policies: () => policies, authenticate: createAuthenticateScopes({ checkToken, credentials, anybody, log }) };
}

const ANYBODY: Caller = {
  action: 'read',
  application: 'open',
  agency: 'open',
  officer: 'open',
  officerRole: undefined,
  purpose: 'open',
  assurance: 0,
  emergency: false,
  emergencyReason: undefined,
  caseReference: undefined,
  onRefusal: 'prune',
  citizen: undefined,
  approvedOperationsOnly: false,
};

const OPEN: Governed = {
  database: undefined,
  governed: undefined,
  policies: () => OPEN_POLICIES,
  authenticate: async () => ANYBODY,
  findApproved: undefined,
  ledger: undefined,
  grantIssuer: undefined,
  consents: undefined,
  consentService: undefined,
};
