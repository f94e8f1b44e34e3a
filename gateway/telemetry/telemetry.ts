import type { Metrics } from '../metrics.ts';
import type { Trace } from '../request.ts';

/** Times are milliseconds since the epoch, with a fraction. */
export interface Span {
  readonly name: string;
  readonly fromMs: number;
  readonly toMs: number;
}

/** A request that was answered, as traces tell of it: names of the registry and codes, nothing of a person and no document. */
export interface RequestSpan extends Span {
  readonly trace: Trace;
  readonly stages: readonly Span[];
  readonly facts: Readonly<Record<string, string | number | undefined>>;
}

export interface CallSpan extends Span {
  /** Of the request that sends the call, which others may share. */
  readonly trace: Trace;
  readonly subgraph: string;
  readonly outcome: string;
}

/** Where traces go. Spans are told once they have ended, so that a gateway without one does nothing for them. */
export interface Telemetry extends AsyncDisposable {
  readonly request: (span: RequestSpan) => void;
  readonly call: (span: CallSpan) => void;
  /** The same metrics, exported too. */
  readonly listening: (metrics: Metrics) => Metrics;
}

/** The moment now, finer than `Date.now()` and in step with it. */
export function nowMs(): number {
  return performance.timeOrigin + performance.now();
}
