import { LRUCache } from 'lru-cache';
import type { Logger } from '../platform/log.ts';
import type { ApolloHost } from './apollo-server.ts';
import { createRequestConsents, type RequestConsents } from './consent/request.ts';
import type { Limits } from './limits.ts';
import { refuse, type Refusal } from './errors.ts';
import type { ChooseOverrides, ChosenOverrides } from './execution/overrides.ts';
import type { Planner } from './execution/planner.ts';
import type { Metrics } from './metrics.ts';
import type { Policies } from './policy/decision.ts';
import { asksForSchema, type FindOwnSchema } from './policy/own-schema.ts';
import type { Caller, GatewayRequest } from './request.ts';
import { admit, type Admitted, type AdmitParts } from './stages/admit.ts';
import { answer, answerRefusal, type Answer, type MediaType } from './stages/answer.ts';
import { compile, type CompileParts, type Prepared, type PreparedCache } from './stages/compile.ts';
import { decide, decisionKey, withConditionsDecided } from './stages/decide.ts';
import { execute, isConsentError, type ExecuteParts } from './stages/execute.ts';
import { nowMs, type Span, type Telemetry } from './telemetry/telemetry.ts';
import { meter, type MeterParts } from './stages/meter.ts';
import { notify, type NotifyParts } from './stages/notify.ts';
import { plan } from './stages/plan.ts';
import { prune } from './stages/prune.ts';
import { record, recordIntent, recordRefusal, type Recorded, type RecordParts } from './stages/record.ts';

/** What the stages work with. One value for the life of a gateway; the policies in it are those active when a request begins. */
export interface PipelineParts extends AdmitParts, MeterParts, CompileParts, ExecuteParts, RecordParts, NotifyParts {
  readonly authenticate: (request: GatewayRequest) => Promise<Caller | Refusal>;
  /** Refused when nobody can say which rules are in force. */
  readonly policies: () => Policies | Refusal;
  /** What introspection shows an application; undefined where it shows all (`--open`, `--scopes`). */
  readonly findOwnSchema?: FindOwnSchema | undefined;
  readonly planner: Planner;
  readonly chooseOverrides: ChooseOverrides;
  readonly apollo: ApolloHost;
  readonly limits: Limits;
  readonly metrics: Metrics;
  /** Where traces go; undefined where nowhere. */
  readonly telemetry?: Telemetry | undefined;
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
    if (isRefusal(caller)) {
      if (caller.of === undefined) return answerRefusal(caller, mediaType);
      return answerRefusal(await recordRefusal(caller, { caller: caller.of }, parts), mediaType);
    }
    watch.about({ application: caller.application, purpose: caller.purpose });

    const received = admit(request, caller, parts);
    watch.lap('admit');
    if (isRefusal(received)) return answerRefusal(await recordRefusal(received, { caller }, parts), mediaType);
    const over = await meter(received, parts);
    if (over !== undefined) return answerRefusal(await recordRefusal(over, { caller, admitted: received }, parts), mediaType);
    const admitted = { ...received, consents: startConsents(received, parts), grants: new Set<string>() };

    const recorded = await parts.apollo
      .pass<Recorded | Refusal>({
        text: admitted.text,
        operationName: admitted.operationName,
        execute: async () => {
          const prepared = await prepare(admitted);
          watch.lap('prepare');
          if (isRefusal(prepared)) return recordRefusal(prepared, { caller, admitted }, parts);
          const intent = await recordIntent(admitted, prepared, parts);
          if (isRefusal(intent)) return intent;
          const executed = await execute(admitted, prepared, parts);
          watch.lap('execute');
          for (const refusal of executed.refusals) parts.metrics.fieldsRefused(refusal.code, 1);
          for (const { extensions } of executed.errors.filter(isConsentError)) parts.metrics.fieldsRefused(extensions.code, 1);
          if (executed.untold > 0) parts.metrics.fieldsRefused('CONSENT_REQUIRED', executed.untold);
          return notify(await record(executed, intent, parts), parts);
        },
      })
      .catch(async (error: unknown) => {
        // Registers may have been asked: what became of it goes on the record like everything else.
        parts.log.error({ error, traceId: request.trace.traceId }, 'a request failed');
        return recordRefusal(refuse('INTERNAL_SERVER_ERROR'), { caller, admitted }, parts);
      });
    watch.lap('record');
    if (isRefusal(recorded)) return answerRefusal(recorded, mediaType);
    watch.about({ record: recorded.record?.id });
    // Whoever asks within the gateway is told every error: an analysis goes by them.
    return answer(recorded, mediaType, who === undefined ? parts.limits : { ...parts.limits, errorsMax: parts.limits.errorsKeptMax });
  };

  const run = async (who: Caller | undefined, request: GatewayRequest, mediaType: MediaType): Promise<Answer> => {
    const stages: Span[] | undefined = parts.telemetry && [];
    const watch = startStopwatch(parts.metrics, stages);
    const answered = await way(who, request, mediaType, watch);
    const { status, code } = answered;
    if (parts.telemetry && stages) {
      const facts = { ...watch.facts(), status, code };
      parts.telemetry.request({ name: 'request', fromMs: watch.startedMs, toMs: nowMs(), trace: request.trace, stages, facts });
    }
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
  readonly startedMs: number;
}

function startStopwatch(metrics: Metrics, stages: Span[] | undefined): Stopwatch {
  const startedAt = performance.now();
  let lapAt = startedAt;
  let known: Readonly<Record<string, string | undefined>> = {};
  return {
    lap: (stage) => {
      const now = performance.now();
      metrics.stage(stage, (now - lapAt) / 1000);
      stages?.push({ name: stage, fromMs: performance.timeOrigin + lapAt, toMs: performance.timeOrigin + now });
      lapAt = now;
    },
    about: (facts) => {
      known = { ...known, ...facts };
    },
    startedMs: performance.timeOrigin + startedAt,
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
    /** The execution for everybody, where this one is for those who gave every consent. */
    forAll?: Prepared,
  ): Promise<Prepared | Refusal> => {
    const { classification, apiSchema } = parts.graph;
    const consentKey = parts.consents?.keyOf ?? noConsent;
    const everybodyGave = forAll !== undefined;
    const decided = decide(withConditionsDecided(admitted), { classification, policies, consentKey, everybodyGave });
    const pruned = prune(decided, { apiSchema, classification });
    // People who are known already are looked up while the document is planned.
    if (pruned.consent !== undefined) void admitted.consents?.ask(admitted.asked.flatMap(({ ids }) => ids));
    const planned = await plan(pruned, overrides, parts);
    if (isRefusal(planned)) return planned;
    const own = asksForSchema(admitted.document) ? await parts.findOwnSchema?.(policies, admitted.caller) : undefined;
    return compile(planned, parts, own, forAll);
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
    if (isRefusal(policies)) return policies;
    // INVARIANT: by the very rules that the request is answered with, so that no approved operation is ever answered thinner, or wider.
    const lapsed = admitted.approved?.lapsedUnder(policies);
    if (lapsed !== undefined) return refuse('OPERATION_NOT_APPROVED', lapsed);
    const chosen = parts.chooseOverrides(admitted.document);
    const key = decisionKey(admitted, policies) + chosen.key;
    const prepared = await find(key, async () => make(admitted, policies, chosen));
    if (isRefusal(prepared) || !(await allAskedGave(admitted, prepared))) return prepared;
    // One plan, as if by law, is fewer calls than one for everybody and one for those who consented.
    const given = await find(`${key} given`, async () => make(admitted, policies, chosen, prepared));
    // Where rules leave nothing of what consent gives, the request is still not refused as a whole: it would be told apart.
    const isLess = isRefusal(given) || given.execution === undefined || given.execution.dependsOnConsent;
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
