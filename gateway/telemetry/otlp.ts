import { ROOT_CONTEXT, SpanKind, SpanStatusCode, trace as traceApi, TraceFlags, type Context } from '@opentelemetry/api';
import { OTLPMetricExporter } from '@opentelemetry/exporter-metrics-otlp-http';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { Resource } from '@opentelemetry/resources';
import { MeterProvider, PeriodicExportingMetricReader } from '@opentelemetry/sdk-metrics';
import { BasicTracerProvider, BatchSpanProcessor } from '@opentelemetry/sdk-trace-base';
import { randomText } from '../../platform/random.ts';
import type { Metrics } from '../metrics.ts';
import type { Telemetry } from './telemetry.ts';

const METRICS_EVERY_MS = 30_000;
const EXPORT_TIMEOUT_MS = 10_000;
/** Spans that wait for export; beyond it they are dropped, never the requests. */
const SPANS_WAITING_MAX = 8_192;

/**
 * Exports traces and metrics by OTLP over HTTP (opentelemetry.io, "OTLP Specification 1.5") to `endpoint`. Loaded only where one is configured.
 * The span of a request has the id that registers are sent as their parent.
 */
export function startOtlp(endpoint: string): Telemetry {
  const base = endpoint.replace(/\/+$/, '');
  const resource = new Resource({ 'service.name': 'lien-thong-gateway' });
  const preset: { traceId: string | undefined; spanId: string | undefined } = { traceId: undefined, spanId: undefined };
  const provider = new BasicTracerProvider({
    resource,
    idGenerator: {
      generateTraceId: () => preset.traceId ?? randomText(16, 'hex'),
      generateSpanId: () => preset.spanId ?? randomText(8, 'hex'),
    },
    spanProcessors: [
      new BatchSpanProcessor(new OTLPTraceExporter({ url: `${base}/v1/traces`, timeoutMillis: EXPORT_TIMEOUT_MS }), {
        maxQueueSize: SPANS_WAITING_MAX,
      }),
    ],
  });
  const tracer = provider.getTracer('lien-thong');
  const reader = new PeriodicExportingMetricReader({
    exporter: new OTLPMetricExporter({ url: `${base}/v1/metrics`, timeoutMillis: EXPORT_TIMEOUT_MS }),
    exportIntervalMillis: METRICS_EVERY_MS,
    exportTimeoutMillis: EXPORT_TIMEOUT_MS,
  });
  const meters = new MeterProvider({ resource, readers: [reader] });

  const under = (traceId: string, spanId: string, isRemote: boolean): Context =>
    traceApi.setSpanContext(ROOT_CONTEXT, { traceId, spanId, traceFlags: TraceFlags.SAMPLED, isRemote });

  return {
    request({ trace, stages, facts, name, fromMs, toMs }) {
      const [, traceId = '', spanId = '', flags = ''] = trace.traceparent.split('-');
      if (!isSampled(flags)) return;
      const parent = trace.parentSpanId === undefined ? ROOT_CONTEXT : under(traceId, trace.parentSpanId, true);
      preset.traceId = traceId;
      preset.spanId = spanId;
      const span = tracer.startSpan(name, { kind: SpanKind.SERVER, startTime: fromMs }, parent);
      preset.traceId = undefined;
      preset.spanId = undefined;
      for (const [key, value] of Object.entries(facts)) if (value !== undefined) span.setAttribute(`lienthong.${key}`, value);
      if (Number(facts['status']) >= 500) span.setStatus({ code: SpanStatusCode.ERROR });
      const own = under(traceId, spanId, false);
      for (const stage of stages) tracer.startSpan(stage.name, { startTime: stage.fromMs }, own).end(stage.toMs);
      span.end(toMs);
    },
    call({ trace, subgraph, outcome, name, fromMs, toMs }) {
      const [, traceId = '', spanId = '', flags = ''] = trace.traceparent.split('-');
      if (!isSampled(flags)) return;
      const attributes = { 'lienthong.subgraph': subgraph, 'lienthong.outcome': outcome };
      const span = tracer.startSpan(name, { kind: SpanKind.CLIENT, startTime: fromMs, attributes }, under(traceId, spanId, false));
      if (outcome !== 'answered') span.setStatus({ code: SpanStatusCode.ERROR });
      span.end(toMs);
    },
    listening: (metrics) => listening(metrics, meters),
    async [Symbol.asyncDispose]() {
      // Whoever does not take them must not keep the gateway from stopping.
      await Promise.allSettled([provider.shutdown(), meters.shutdown()]);
    },
  };
}

function isSampled(flags: string): boolean {
  return (Number.parseInt(flags, 16) & TraceFlags.SAMPLED) !== 0;
}

function listening(metrics: Metrics, meters: MeterProvider): Metrics {
  const meter = meters.getMeter('lien-thong');
  const requests = meter.createHistogram('lienthong.request.duration', {
    unit: 's',
    description: 'From the request read to the answer made',
  });
  const calls = meter.createHistogram('lienthong.subgraph.duration', { unit: 's', description: 'Calls to subgraphs by outcome' });
  const stages = meter.createHistogram('lienthong.stage.duration', { unit: 's', description: 'Time in each stage of the pipeline' });
  const refused = meter.createCounter('lienthong.fields.refused', { description: 'Fields withheld by code' });
  const records = meter.createCounter('lienthong.records', { description: 'Records by outcome' });
  return {
    ...metrics,
    requestStarted() {
      const done = metrics.requestStarted();
      const startedAt = performance.now();
      return (status, code) => {
        done(status, code);
        requests.record((performance.now() - startedAt) / 1_000, { status, code });
      };
    },
    subgraphStarted(subgraph) {
      const arrived = metrics.subgraphStarted(subgraph);
      const startedAt = performance.now();
      return () => {
        const done = arrived();
        const seconds = (performance.now() - startedAt) / 1_000;
        return (outcome) => {
          done(outcome);
          calls.record(seconds, { subgraph, outcome });
        };
      };
    },
    stage(stage, seconds) {
      metrics.stage(stage, seconds);
      stages.record(seconds, { stage });
    },
    fieldsRefused(code, count) {
      metrics.fieldsRefused(code, count);
      refused.add(count, { code });
    },
    recordsWritten(count, seconds) {
      metrics.recordsWritten(count, seconds);
      records.add(count, { outcome: 'written' });
    },
    recordsFailed(count) {
      metrics.recordsFailed(count);
      records.add(count, { outcome: 'failed' });
    },
  };
}
