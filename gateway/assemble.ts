import type { FastifyInstance, FastifyPluginAsync } from 'fastify';
import { join } from 'node:path';
import { migrate, type Database } from '../platform/database.ts';
import type { Logger } from '../platform/log.ts';
import { startApollo } from './apollo.ts';
import { createFindFamily } from './citizen/family.ts';
import { CITIZEN_SUBGRAPH, createCitizenSubgraph } from './citizen/subgraph.ts';
import { loadConsentGroups } from './consent/groups.ts';
import type { FindFamily } from './consent/minors.ts';
import { createConsents } from './consent/lookup.ts';
import { createConsentService, type ConsentService } from './consent/service.ts';
import type { Limits } from './limits.ts';
import { createBatching } from './execution/batch.ts';
import { createSubgraphClient, type SubgraphClient } from './execution/fetch.ts';
import type { GrantIssuer } from './execution/grants.ts';
import { createChooseOverrides, type OverrideSources } from './execution/overrides.ts';
import { withPeopleRoots } from './execution/people-roots.ts';
import { startPlanner } from './execution/planner.ts';
import { addressOf, loadGraph, type Graph } from './graph.ts';
import { createScopeTokenCheck, type ScopeTokenOptions } from './identity/scope-tokens.ts';
import { createTokenCheck, type TrustedIssuer } from './identity/tokens.ts';
import { createRecorder } from './ledger/append.ts';
import { createPseudonymise } from './ledger/pseudonym.ts';
import { ping, readFsync } from './ledger/store.ts';
import { createMetrics, type Metrics } from './metrics.ts';
import { createPipeline, type Pipeline, type PipelineParts } from './pipeline.ts';
import { fieldInputs } from './policy/field-inputs.ts';
import { loadPolicies, type LoadedPolicies } from './policy/load.ts';
import { OPEN_POLICIES, openClassification } from './policy/open.ts';
import { linksAccessDirectives, loadScopes } from './policy/scopes-load.ts';
import { createTakeProbes } from './probes/probes.ts';
import type { Caller } from './request.ts';
import { createServer, listenError, type Readiness } from './server.ts';
import { createDocumentCache } from './stages/admit.ts';
import { createEstimateCost } from './stages/admit-cost.ts';
import { readCosts } from './stages/admit-cost-facts.ts';
import { authenticate } from './stages/authenticate.ts';
import { createAuthenticateScopes } from './stages/authenticate-scopes.ts';

/** What a gateway is put together from, whatever the profile. */
export interface GatewayPlan {
  readonly host: string;
  readonly port: number;
  readonly limits: Limits;
  readonly log: Logger;
  readonly clock: () => number;
  readonly supergraphSdl: string;
  /** Addresses that replace those in the supergraph, by subgraph name; of registers that are still starting, a promise. */
  readonly subgraphUrls: Readonly<Record<string, string>> | Promise<Readonly<Record<string, string>>>;
  /** Labels of `@override(label:)` that are on, besides percentages; none unless told. */
  readonly overrideLabels?: readonly string[];
  /** Undefined under `--open` and `--scopes`: no Cedar policies and no record. */
  readonly governance: Governance | undefined;
  /** Given under `--scopes`: the supergraph's access directives decide. */
  readonly access?: Access;
}

export interface Access {
  readonly tokens: Pick<ScopeTokenOptions, 'jwks' | 'issuer' | 'audience'>;
  /** Which policies of `@policy` hold. */
  readonly truths: ReadonlyMap<string, boolean>;
  /** Whether what is unauthorized is taken out of a request or has it refused. */
  readonly onUnauthorized: 'filter' | 'reject';
}

export interface Governance {
  readonly database: Database;
  readonly policiesDir: string;
  /** Issuer of applications for which the registry names none. */
  readonly defaultIssuer: string;
  readonly tokenIssuers: readonly TrustedIssuer[];
  readonly grants: Omit<GrantIssuer, 'clock'>;
  readonly pseudonymKey: Buffer;
  /** Further routes, made when everything else is. */
  readonly plugins: (parts: {
    readonly policies: LoadedPolicies;
    readonly readiness: () => Promise<Readiness>;
    readonly consents: ConsentService;
    /** What a plugin opened is let go of with the gateway. */
    readonly resources: AsyncDisposableStack;
  }) => Promise<readonly { readonly prefix: string; readonly plugin: FastifyPluginAsync }[]>;
}

export interface Gateway extends AsyncDisposable {
  readonly url: string;
  readonly port: number;
  readonly metrics: Metrics;
}

type Governed = Pick<PipelineParts, 'authenticate' | 'policies' | 'ledger' | 'grantIssuer' | 'consents' | 'takeProbes'> & {
  readonly consentService: ((findFamily: FindFamily) => ConsentService) | undefined;
  readonly database: Database | undefined;
  readonly loaded: LoadedPolicies | undefined;
};

const MIGRATIONS = join(import.meta.dirname, 'migrations');

/**
 * Puts a gateway together and listens. Rejects with a sentence when anything that it needs is broken: a broken policy or supergraph stops
 * the start. Disposing it finishes the requests under way first, then lets go of everything it opened (not of the database it was given).
 */
export async function startGateway(plan: GatewayPlan): Promise<Gateway> {
  const { limits, log, clock } = plan;
  await using resources = new AsyncDisposableStack();
  const metrics = createMetrics();
  const { supergraphSdl, facts: costs } = readCosts(plan.supergraphSdl);
  const loaded = loadGraph(supergraphSdl, { ourScalars: plan.governance !== undefined });
  if (plan.governance && linksAccessDirectives(loaded.supergraph)) {
    throw new Error('@authenticated, @requiresScopes and @policy are not enforced beside policies. Compose the supergraph without them.');
  }
  const graph = plan.governance ? loaded : { ...loaded, classification: openClassification(loaded.apiSchema) };
  const governed = plan.governance ? await govern(plan.governance, graph, plan, metrics, resources) : ungoverned(loaded, plan);

  const documents = createDocumentCache(limits);
  const apollo = resources.use(await startApollo(supergraphSdl, (sha256) => documents.get(sha256), log));
  const planner = resources.use(
    await startPlanner({
      supergraphSdl: withPeopleRoots(supergraphSdl, graph.classification.subjects),
      timeoutMs: limits.planTimeoutMs,
      queueMax: limits.planQueueMax,
      queuePerOwnerMax: limits.planQueuePerApplicationMax,
    }),
  );
  const { loaded: policies, consentService } = governed;
  // The gateway's own subgraph asks civil status by the pipeline, which calls subgraphs.
  const ask: Pipeline['ask'] = async (...question) => pipeline.ask(...question);
  const consents = policies && consentService?.(createFindFamily({ registry: policies.registry, ask, log, clock }));
  const urls = await plan.subgraphUrls;
  const clients = new Map<string, SubgraphClient>();
  for (const subgraph of graph.subgraphs.values()) {
    const { name } = subgraph;
    if (name === CITIZEN_SUBGRAPH && policies && consents) {
      const failed = (error: Error): void => log.error({ err: error, subgraph: name }, "the gateway's own subgraph failed");
      clients.set(name, createCitizenSubgraph({ consents, agencies: policies.registry.agencies, clock, failed }));
      continue;
    }
    const sealKey = plan.governance?.grants.sealKeys.get(name);
    const client = createSubgraphClient({
      url: addressOf(subgraph, urls),
      sealKey,
      limits,
      clock,
      random: Math.random,
      retried: () => metrics.subgraphRetried(name),
      circuitChanged: (isOpen) => {
        metrics.circuitChanged(name, isOpen);
        log.warn({ subgraph: name, isOpen }, isOpen ? 'a subgraph failed too often and is left alone' : 'a subgraph answers again');
      },
    });
    clients.set(name, resources.use(client));
  }
  const pipeline = createPipeline({
    ...governed,
    graph,
    limits,
    documents,
    estimateCost: costs && createEstimateCost(costs, graph.apiSchema, limits),
    clients,
    sendBatched: createBatching({ representationsMax: limits.batchRepresentationsMax, waitMsMax: limits.batchWaitMsMax }),
    metrics,
    log,
    clock,
    apollo,
    planner,
    chooseOverrides: createChooseOverrides(overrideSources(loaded), new Set(plan.overrideLabels), Math.random),
    passMessages: plan.governance === undefined && plan.access === undefined,
    pseudonymKey: plan.governance?.pseudonymKey,
  });

  const readiness = async (): Promise<Readiness> => {
    const ledgerUp = governed.ledger === undefined || (governed.ledger.recorder.healthy && (await answers(governed.database)));
    return { ready: ledgerUp, parts: governed.ledger === undefined ? {} : { ledger: ledgerUp ? 'up' : 'down' } };
  };
  const plugins =
    plan.governance && policies && consents ? await plan.governance.plugins({ policies, readiness, consents, resources }) : [];
  const app = await createServer({ pipeline, limits, metrics, log, readiness, plugins });
  resources.defer(async () => stopServing(app));
  try {
    await app.listen({ host: plan.host, port: plan.port });
  } catch (error) {
    throw listenError(error, plan.port);
  }
  const address = app.server.address();
  const port = typeof address === 'object' && address !== null ? address.port : plan.port;
  const owned = resources.move();
  return { url: `http://${plan.host}:${port}`, port, metrics, [Symbol.asyncDispose]: async () => owned.disposeAsync() };
}

async function govern(
  governance: Governance,
  { classification }: Graph,
  plan: GatewayPlan,
  metrics: Metrics,
  resources: AsyncDisposableStack,
): Promise<Governed> {
  const { database } = governance;
  const { limits, log, clock } = plan;
  await migrate(database, MIGRATIONS);
  if (database.kind === 'postgres' && (await readFsync(database)) === 'off') {
    throw new Error('PostgreSQL runs with fsync=off, so a record may be lost with the power. Set fsync=on in its configuration.');
  }
  const policies = await loadPolicies({
    directory: governance.policiesDir,
    supergraphSdl: plan.supergraphSdl,
    clock,
    decisionCacheMax: limits.decisionCacheMax,
    defaultIssuer: governance.defaultIssuer,
    onFailure: (policyIds) => log.error({ policyIds }, 'policies failed to evaluate; what they decide on is refused'),
  });
  for (const warning of policies.warnings) log.warn(warning, 'a doubtful policy');
  const checkToken = createTokenCheck({ issuers: governance.tokenIssuers, clock, cacheMax: limits.tokenCacheMax });
  const groups = await loadConsentGroups(database, classification, clock);
  const recorder = resources.use(createRecorder({ database, limits, metrics, log }));
  return {
    database,
    loaded: policies,
    policies: () => policies,
    authenticate: async (request) => authenticate(request, { checkToken, registry: policies.registry, log }),
    ledger: { recorder, pseudonymise: createPseudonymise(governance.pseudonymKey) },
    grantIssuer: { ...governance.grants, clock },
    consents: createConsents({ database, groups, registry: policies.registry, clock, timeoutMs: limits.consentTimeoutMs }),
    takeProbes: createTakeProbes(database, governance.pseudonymKey, clock),
    consentService: (findFamily) => createConsentService(database, { registry: policies.registry, policies, groups }, findFamily, clock),
  };
}

/** Without Cedar policies: the supergraph's access directives decide, or everything is open. */
function ungoverned({ supergraph, classification }: Graph, { access, clock, limits, log }: GatewayPlan): Governed {
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

function overrideSources({ supergraph, classification }: Graph): OverrideSources {
  const { supergraphSchema, directiveNames } = supergraph;
  return { supergraphSchema, inputs: fieldInputs(supergraphSchema, directiveNames.context), keys: classification.keys };
}

/** How often connections are looked at that wait for a next request which will not be taken. */
const IDLE_CHECK_MS = 50;

/** Takes no new connection, lets requests under way finish, and closes each connection as it falls idle. */
async function stopServing(app: FastifyInstance): Promise<void> {
  const timer = setInterval(() => app.server.closeIdleConnections(), IDLE_CHECK_MS);
  try {
    await app.close();
  } finally {
    clearInterval(timer);
  }
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
  loaded: undefined,
  policies: () => OPEN_POLICIES,
  authenticate: async () => ANYBODY,
  ledger: undefined,
  grantIssuer: undefined,
  consents: undefined,
  consentService: undefined,
};

async function answers(database: Database | undefined): Promise<boolean> {
  if (!database) return true;
  return ping(database).then(
    () => true,
    () => false,
  );
}
