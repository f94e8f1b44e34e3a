import { LRUCache } from 'lru-cache';
import type { Logger } from '../platform/log.ts';
import type { ApolloHost } from './apollo.ts';
import { createRequestConsents, type RequestConsents } from './consent/request.ts';
import type { Limits } from './limits.ts';
import type { Refusal } from './errors.ts';
import type { ChooseOverrides, ChosenOverrides } from './execution/overrides.ts';
import type { Planner } from './execution/planner.ts';
import type { Metrics } from './metrics.ts';
import type { Policies } from './policy/decision.ts';
import type { Caller, GatewayRequest } from './request.ts';
import { admit, type Admitted, type AdmitParts } from './stages/admit.ts';
import { answer, answerRefusal, type Answer, type MediaType } from './stages/answer.ts';
import { compile, type CompileParts, type Prepared, type PreparedCache } from './stages/compile.ts';
import { decide, decisionKey, withConditionsDecided } from './stages/decide.ts';
import { execute, type ExecuteParts } from './stages/execute.ts';
import { plan } from './stages/plan.ts';
import { prune } from './stages/prune.ts';
import { record, type Recorded, type RecordParts } from './stages/record.ts';

/** What the stages work with. One value for the life of a gateway; the policies in it are those active when a request begins. */
export interface PipelineParts extends AdmitParts, CompileParts, ExecuteParts, RecordParts {
  readonly authenticate: (request: GatewayRequest) => Promise<Caller | Refusal>;
  readonly policies: () => Policies;
  readonly planner: Planner;
  readonly chooseOverrides: ChooseOverrides;
  readonly apollo: ApolloHost;
  readonly limits: Limits;
  readonly metrics: Metrics;
  readonly log: Logger;
  readonly clock: () => number;
}

export interface Pipeline {
  /** Answers a request that came over HTTP. */
  readonly answer: (request: GatewayRequest, mediaType: MediaType) => Promise<Answer>;
  /** Asks as somebody who is known already: the gateway itself, for an application of its own. The same way, with the same record. */
  readonly ask: (caller: Caller, request: GatewayRequest) => Promise<Answer>;
}

/**
 * The way of a request, the only one there is: every transport, tool and console goes through it. Each stage takes what the stage before
 * it made, so that none can be left out; a refusal is a value and ends the way.
 */
export function createPipeline(parts: PipelineParts): Pipeline {
  const prepare = createPrepare(parts);

  const way = async (who: Caller | undefined, request: GatewayRequest, mediaType: MediaType, watch: Stopwatch): Promise<Answer> => {
    const caller = who ?? (await parts.authenticate(request));
    watch.lap('authenticate');
    if (isRefusal(caller)) return answerRefusal(caller, mediaType);
    watch.about({ application: caller.application, purpose: caller.purpose });

    const received = admit(request, caller, parts);
    watch.lap('admit');
    if (isRefusal(received)) return answerRefusal(received, mediaType);
    const admitted = { ...received, consents: startConsents(received, parts) };

    const recorded = await parts.apollo.pass<Recorded | Refusal>({
      text: admitted.text,
      operationName: admitted.operationName,
      execute: async () => {
        const prepared = await prepare(admitted);
        watch.lap('prepare');
        if (isRefusal(prepared)) return prepared;
        const executed = await execute(admitted, prepared, parts);
        watch.lap('execute');
        for (const refusal of executed.refusals) parts.metrics.fieldsRefused(refusal.code, 1);
        return record(executed, parts);
      },
    });
    watch.lap('record');
    if (isRefusal(recorded)) return answerRefusal(recorded, mediaType);
    watch.about({ record: recorded.record });
    return answer(recorded, mediaType, parts.limits);
  };

  const run = async (who: Caller | undefined, request: GatewayRequest, mediaType: MediaType): Promise<Answer> => {
    const watch = startStopwatch(parts.metrics);
    const answered = await way(who, request, mediaType, watch);
    const { status, code } = answered;
    parts.log.info({ ...watch.facts(), status, code, traceId: request.trace.traceId }, 'answered');
    return answered;
  };
  return {
    answer: async (request, mediaType) => run(undefined, request, mediaType),
    ask: async (caller, request) => run(caller, request, 'application/graphql-response+json'),
  };
}

/** Times the stages for metrics and gathers what the log says of a request: names of the registry's, never anything that a client typed. */
interface Stopwatch {
  readonly lap: (stage: string) => void;
  readonly about: (facts: Readonly<Record<string, string | undefined>>) => void;
  readonly facts: () => Readonly<Record<string, string | number | undefined>>;
}

function startStopwatch(metrics: Metrics): Stopwatch {
  const startedAt = performance.now();
  let lapAt = startedAt;
  let known: Readonly<Record<string, string | undefined>> = {};
  return {
    lap: (stage) => {
      const now = performance.now();
      metrics.stage(stage, (now - lapAt) / 1000);
      lapAt = now;
    },
    about: (facts) => {
      known = { ...known, ...facts };
    },
    facts: () => ({ ...known, milliseconds: Math.round(performance.now() - startedAt) }),
  };
}

/**
 * decide → prune → plan → compile, done once for each document and decision key and kept until a permit that took part ends. Requests
 * that arrive meanwhile with the same key share the work.
 */
function createPrepare(parts: PipelineParts): (admitted: Admitted) => Promise<Prepared | Refusal> {
  const kept: PreparedCache = new LRUCache({
    max: parts.limits.preparedCacheMax,
    maxSize: parts.limits.preparedCacheSelectionsMax,
    sizeCalculation: ({ size }) => Math.max(1, size),
  });
  const underWay = new Map<string, Promise<Prepared | Refusal>>();

  const make = async (
    admitted: Admitted,
    policies: Policies,
    { overrides }: ChosenOverrides,
    everybodyGave: boolean,
  ): Promise<Prepared | Refusal> => {
    const { classification, apiSchema } = parts.graph;
    const consentKey = parts.consents?.keyOf ?? noConsent;
    const decided = decide(withConditionsDecided(admitted), { classification, policies, consentKey, everybodyGave });
    const pruned = prune(decided, { apiSchema, classification });
    // People who are known already are looked up while the document is planned.
    if (pruned.consent !== undefined) void admitted.consents?.ask(admitted.asked.flatMap(({ ids }) => ids));
    const planned = await plan(pruned, overrides, parts.planner, parts.limits);
    return isRefusal(planned) ? planned : compile(planned, parts);
  };

  const find = async (key: string, prepareAnew: () => Promise<Prepared | Refusal>): Promise<Prepared | Refusal> => {
    const known = kept.get(key);
    if (known !== undefined && known.expiresAtMs > parts.clock()) return known;
    const waiting = underWay.get(key);
    if (waiting) return waiting;
    const making = prepareAnew();
    underWay.set(key, making);
    try {
      const prepared = await making;
      if (!isRefusal(prepared)) kept.set(key, prepared);
      return prepared;
    } finally {
      underWay.delete(key);
    }
  };

  return async (admitted) => {
    const policies = parts.policies();
    const chosen = parts.chooseOverrides(admitted.document);
    const key = decisionKey(admitted, policies) + chosen.key;
    const prepared = await find(key, async () => make(admitted, policies, chosen, false));
    if (isRefusal(prepared) || !(await allAskedGave(admitted, prepared))) return prepared;
    // One plan, as if by law, is fewer calls than one for everybody and one for those who consented.
    const given = await find(`${key} given`, async () => make(admitted, policies, chosen, true));
    // Where rules leave nothing of what consent gives, the request is still not refused as a whole: it would be told apart.
    const isLess = isRefusal(given) || given.dependsOnConsent || given.execution === undefined;
    return isLess ? prepared : given;
  };
}

/** Whether everybody whom the arguments name has given all that the document can use. Looks them up; whoever runs it finds them there. */
async function allAskedGave({ asked, consents }: Admitted, { consentsOfAsked }: Prepared): Promise<boolean> {
  if (consents === undefined || consentsOfAsked === undefined) return false;
  const idNumbers = asked.flatMap(({ ids }) => ids);
  await consents.ask(idNumbers);
  return idNumbers.length > 0 && consents.allGave(idNumbers, consentsOfAsked);
}

function startConsents({ caller, request }: Admitted, { consents, takeProbes, log }: PipelineParts): RequestConsents | undefined {
  if (consents === undefined) return undefined;
  const failed = (error: unknown): void => {
    log.error({ err: error, traceId: request.trace.traceId }, 'consents or questions could not be looked up; what needs them is withheld');
  };
  return createRequestConsents(consents, caller, failed, async (probes) => {
    if (takeProbes === undefined) throw new Error('Nobody counts questions here.');
    return takeProbes(caller.application, probes);
  });
}

const noConsent = (): undefined => undefined;

function isRefusal(value: object): value is Refusal {
  return 'kind' in value && value.kind === 'refusal';
}
