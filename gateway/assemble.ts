import { join } from 'node:path';
import { migrate, type Database } from '../platform/database.ts';
import { startApollo } from './apollo-server.ts';
import { ungoverned } from './assemble-open.ts';
import type { GatewayPlan, Governance, Governed } from './assemble-plan.ts';
import { startCeilingPush } from './ceilings/push.ts';
import { createFindFamily } from './citizen/family.ts';
import { CITIZEN_SUBGRAPH, createCitizenSubgraph } from './citizen/subgraph.ts';
import { loadConsentGroups } from './consent/groups.ts';
import { fieldLabels } from './consent/labels.ts';
import { noCivilStatus, personKeys } from './consent/person-keys.ts';
import { createConsents } from './consent/lookup.ts';
import { createConsentService } from './consent/service.ts';
import { createRegisterHealth } from './register-health.ts';
import { loadDefinitions } from './analysis/approved.ts';
import { assembleAnalyses } from './assemble-analysis.ts';
import { refuse } from './errors.ts';
import { createBatching } from './execution/batch.ts';
import { createSubgraphClient, type SubgraphClient } from './execution/fetch.ts';
import { createChooseOverrides, type OverrideSources } from './execution/overrides.ts';
import { withPeopleRoots } from './execution/people-roots.ts';
import { startPlanner } from './execution/planner.ts';
import { addressOf, loadGraph, type Graph } from './graph.ts';
import { createTokenCheck } from './identity/tokens.ts';
import { ping, readFsync } from './ledger/store.ts';
import { startLedger } from './ledger/start.ts';
import { createMetrics, type Metrics } from './metrics.ts';
import { createPipeline, type Pipeline } from './pipeline.ts';
import { fieldInputs } from './policy/field-inputs.ts';
import { createFindOwnSchema } from './policy/own-schema.ts';
import { startRegistryWith } from './registry/start.ts';
import { startRules, type RulesTrust } from './rules/start.ts';
import { openClassification } from './policy/open.ts';
import { linksAccessDirectives } from './policy/scopes-load.ts';
import { startForgettingPastDays } from './past-days.ts';
import { createTakeProbes } from './probes/probes.ts';
import { createDays, VIETNAM, type Days } from './quota/day.ts';
import { createQuotas } from './quota/quota.ts';
import { createNotices } from './notices/notices.ts';
import { createPulse, type Pulse } from './oversight/follow/pulse.ts';
import { startOperations } from './operations/start.ts';
import { startOversight, type Oversight } from './oversight/oversight.ts';
import { createAsk, type Ask } from './oversight/reconcile/register.ts';
import { OVERSIGHT_DEFAULTS } from './oversight/settings.ts';
import { createServer, listenError, stopServing, type Readiness } from './server.ts';
import { createDocumentCache } from './stages/admit.ts';
import { createEstimateCost, type EstimateCost } from './stages/admit-cost.ts';
import { readCosts } from './stages/admit-cost-facts.ts';
import { authenticate } from './stages/authenticate.ts';

export type { GatewayPlan, Governance } from './assemble-plan.ts';

export interface Gateway extends AsyncDisposable {
  readonly url: string;
  readonly port: number;
  readonly metrics: Metrics;
}

const MIGRATIONS = join(import.meta.dirname, 'migrations');

/**
 * Puts a gateway together and listens. Rejects with a sentence when anything that it needs is broken: a broken policy or supergraph stops
 * the start. Disposing it finishes the requests under way first, then lets go of everything it opened (not of the database it was given).
 */
export async function startGateway(plan: GatewayPlan): Promise<Gateway> {
  const { limits, log, clock } = plan;
  await using resources = new AsyncDisposableStack();
  const days = createDays(plan.governance?.timeZone ?? VIETNAM);
  const pulse = createPulse(clock, days);
  const { otlpEndpoint, tls, compresses = true } = plan.operation ?? {};
  const telemetry = otlpEndpoint === undefined ? undefined : resources.use((await import('./telemetry/otlp.ts')).startOtlp(otlpEndpoint));
  const own = plan.governance ? pulse.listening(createMetrics()) : createMetrics();
  const metrics = telemetry?.listening(own) ?? own;
  const { supergraphSdl, facts: costs } = readCosts(plan.supergraphSdl);
  const { foreign } = plan;
  const loaded = loadGraph(supergraphSdl, {
    ourScalars: plan.governance !== undefined && foreign === undefined,
    classifiedSdl: foreign?.classifiedSdl,
  });
  if (plan.governance && linksAccessDirectives(loaded.supergraph)) {
    throw new Error('@authenticated, @requiresScopes and @policy are not enforced beside policies. Compose the supergraph without them.');
  }
  const graph = plan.governance ? loaded : { ...loaded, classification: openClassification(loaded.apiSchema) };
  const estimateCost = costs && createEstimateCost(costs, graph.apiSchema, limits);
  const governed = plan.governance
    ? await govern(plan.governance, graph, { ...plan, metrics, pulse, days, estimateCost }, resources)
    : ungoverned(loaded, plan);

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
  const { governed: governing, consentService } = governed;
  // The gateway's own subgraph asks civil status by the pipeline, which calls subgraphs.
  const ask: Pipeline['ask'] = async (...question) => pipeline.ask(...question);
  const findFamily =
    governing && (foreign ? noCivilStatus : createFindFamily({ registry: () => governing.rules().registry, ask, log, clock }));
  const consents = findFamily && consentService?.(findFamily);
  const urls = await plan.subgraphUrls;
  const asks = new Map<string, Ask>();
  for (const [name, key] of plan.governance?.grants.sealKeys ?? []) {
    const subgraph = graph.subgraphs.get(name);
    if (subgraph) asks.set(name, createAsk(addressOf(subgraph, urls), key, clock));
  }
  const oversight = governing && resources.use(governing.oversight(asks));
  const clients = new Map<string, SubgraphClient>();
  for (const subgraph of graph.subgraphs.values()) {
    const { name } = subgraph;
    if (name === CITIZEN_SUBGRAPH && governing && consents && oversight && foreign === undefined) {
      const { showHistory } = oversight;
      const failed = (error: Error): void => log.error({ err: error, subgraph: name }, "the gateway's own subgraph failed");
      clients.set(name, createCitizenSubgraph({ consents, showHistory, failed }));
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
    estimateCost,
    clients,
    sendBatched: createBatching({ representationsMax: limits.batchRepresentationsMax, waitMsMax: limits.batchWaitMsMax }),
    metrics,
    telemetry,
    log,
    clock,
    apollo,
    planner,
    findOwnSchema: plan.governance && createFindOwnSchema(graph.apiSchema, graph.classification, clock),
    chooseOverrides: createChooseOverrides(overrideSources(loaded), new Set(plan.overrideLabels), Math.random),
    passMessages: plan.governance === undefined && plan.access === undefined,
    pseudonymKey: plan.governance?.pseudonymKey,
  });

  const analyses =
    plan.governance && governing?.operations && foreign === undefined
      ? resources.use(await assembleAnalyses({ plan, governance: plan.governance, governing, graph, urls, ask }))
      : undefined;

  // A register that is down costs its own fields; the gateway goes on answering the others.
  const registerHealth = createRegisterHealth(
    new Map(
      [...graph.subgraphs.values()]
        .filter(({ name }) => clients.has(name) && !(governing && name === CITIZEN_SUBGRAPH))
        .map((subgraph) => [subgraph.name, addressOf(subgraph, urls)]),
    ),
    clock,
  );
  const readiness = async (): Promise<Readiness> => {
    const ledgerUp = governed.ledger === undefined || (governed.ledger.recorder.canRecord() && (await answers(governed.database)));
    const rulesUp = !('code' in governed.policies());
    const registers = await registerHealth();
    const own: Readiness['parts'] =
      governed.ledger === undefined ? {} : { ledger: ledgerUp ? 'up' : 'down', ...(rulesUp ? {} : { rules: 'down' }) };
    return { ready: ledgerUp && rulesUp, parts: { ...own, ...registers } };
  };
  const plugins =
    plan.governance && governing && consents && oversight
      ? await plan.governance.plugins({
          ...governing,
          analyses: analyses?.sources,
          oversight,
          graph,
          readiness,
          consents,
          resources,
          pushCeilings: await startPushing(plan.governance, plan, graph, urls, resources),
        })
      : [];
  const watched = analyses?.watching(pipeline) ?? pipeline;
  const app = await createServer({
    pipeline: watched,
    limits,
    metrics,
    log,
    readiness,
    tls,
    compresses,
    samples: telemetry !== undefined,
    plugins,
  });
  resources.defer(async () => stopServing(app));
  try {
    await app.listen({ host: plan.host, port: plan.port });
  } catch (error) {
    throw listenError(error, plan.port);
  }
  const address = app.server.address();
  const port = typeof address === 'object' && address !== null ? address.port : plan.port;
  const owned = resources.move();
  const url = `${tls === undefined ? 'http' : 'https'}://${plan.host}:${port}`;
  return { url, port, metrics, [Symbol.asyncDispose]: async () => owned.disposeAsync() };
}

/** Brings ceilings to registers, where the registry is administered. */
async function startPushing(
  { database, trust, grants: { sealKeys } }: Governance,
  { limits, log, clock }: GatewayPlan,
  { subgraphs }: Graph,
  urls: Readonly<Record<string, string>>,
  resources: AsyncDisposableStack,
): Promise<() => Promise<void>> {
  if (trust === undefined) return async () => undefined;
  const urlOf = (register: string): string | undefined => {
    const subgraph = subgraphs.get(register);
    return subgraph && addressOf(subgraph, urls);
  };
  const { push } = resources.use(await startCeilingPush({ database, urlOf, sealKeys, pollMs: limits.ceilingPollMs, log, clock }));
  return push;
}

async function govern(
  governance: Governance,
  graph: Graph,
  plan: GatewayPlan & {
    readonly metrics: Metrics;
    readonly pulse: Pulse;
    readonly days: Days;
    readonly estimateCost: EstimateCost | undefined;
  },
  resources: AsyncDisposableStack,
): Promise<Governed> {
  const { database } = governance;
  const { limits, log, clock, metrics, pulse, days } = plan;
  await migrate(database, MIGRATIONS);
  if (database.kind === 'postgres' && (await readFsync(database)) === 'off') {
    throw new Error('PostgreSQL runs with fsync=off, so a record may be lost with the power. Set fsync=on in its configuration.');
  }
  const classifiedSdl = plan.foreign?.classifiedSdl ?? plan.supergraphSdl;
  const { policiesDir: directory, defaultIssuer, madeKeys, trust } = governance;
  const followed = { database, directory, supergraphSdl: classifiedSdl, defaultIssuer, log, clock, resources };
  // Where the rules do not change, neither does who is connected.
  const registry =
    trust && (await startRegistryWith({ ...followed, madeKeys, officerKeys: keysByAccount(trust), pollMs: limits.registryPollMs }));
  const { current: rules, isFresh, administration } = await startRules({ ...followed, trust, registry: registry?.live, limits });
  for (const warning of rules().warnings) log.warn(warning, 'a doubtful policy');
  const isPersonKey = personKeys(plan.foreign !== undefined);
  const checkToken = createTokenCheck({ issuers: governance.tokenIssuers, clock, cacheMax: limits.tokenCacheMax });
  const groups = await loadConsentGroups(database, graph.classification, clock, fieldLabels(graph.supergraph.supergraphSchema));
  const purposes = () => rules().registry.purposes;
  const consentLookup = createConsents({ database, groups, purposes, clock, timeoutMs: limits.consentTimeoutMs });
  const consentRules = () => ({ registry: rules().registry, policies: rules(), groups, isPersonKey });
  const { pseudonymKey } = governance;
  const isAdministered = trust !== undefined;
  const parts = { database, pseudonymKey, isAdministered, limits, metrics, log, clock, resources };
  const { recorder, pseudonyms, events, reading } = await startLedger({ ...governance.ledger, ...parts });
  const definitions = await loadDefinitions(graph, directory);
  const operations =
    administration &&
    (await startOperations({
      ...followed,
      graph,
      rules,
      context: administration.context,
      estimateCost: plan.estimateCost,
      checkAnalysis: definitions.problemsOf,
      signers: governance.operationSigners,
      events,
      limits,
    }));
  const notices = createNotices({ database, webhook: governance.webhook, clock, log });
  const oversight = (registers: ReadonlyMap<string, Ask>): Oversight =>
    startOversight({
      database,
      pseudonyms,
      events,
      registers,
      pulse,
      notices,
      days,
      metrics,
      log,
      clock,
      registry: () => rules().registry,
      timeZone: governance.timeZone ?? VIETNAM,
      settings: governance.oversight ?? OVERSIGHT_DEFAULTS,
    });
  const quotas = resources.use(createQuotas({ database, days, clock, log }));
  resources.use(startForgettingPastDays({ database, days, clock, log }));
  return {
    database,
    quotas: { peoplePerDay: (application) => rules().registry.applications.get(application)?.peoplePerDay, taken: quotas },
    watchNumbers: pulse.asked,
    notices,
    findApproved: operations?.runnable,
    governed: {
      rules,
      operations,
      definitions,
      checkToken,
      administration,
      consentLookup,
      registry: registry?.sources,
      ledger: reading,
      events,
      oversight,
    },
    policies: () => (isFresh() ? rules() : { ...refuse('RULES_UNAVAILABLE'), retryAfterSeconds: 5 }),
    authenticate: async (request) => authenticate(request, { checkToken, registry: rules().registry, isPersonKey, log }),
    ledger: { recorder, pseudonyms },
    grantIssuer: { ...governance.grants, clock },
    consents: consentLookup,
    takeProbes: createTakeProbes(database, governance.pseudonymKey, clock),
    consentService: (findFamily) => createConsentService(database, consentRules, findFamily, events, clock),
  };
}

function keysByAccount({ keys }: RulesTrust): ReadonlyMap<string, readonly string[]> {
  return new Map([...keys].map(([account, own]) => [account, own.map(({ x }) => x)]));
}

function overrideSources({ supergraph, classification }: Graph): OverrideSources {
  const { supergraphSchema, directiveNames } = supergraph;
  return { supergraphSchema, inputs: fieldInputs(supergraphSchema, directiveNames.context), keys: classification.keys };
}

async function answers(database: Database | undefined): Promise<boolean> {
  const asked = database === undefined ? Promise.resolve() : ping(database);
  return asked.then(...YES_OR_NO);
}

const YES_OR_NO = [() => true, () => false] as const;
