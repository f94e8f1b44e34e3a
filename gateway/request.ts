import type { DecisionContext } from './policy/decision.ts';

/** A request as it came over HTTP, read completely within its bounds and not yet believed. */
export interface GatewayRequest {
  readonly headers: Readonly<Record<string, string | undefined>>;
  /** The JSON body, parsed. */
  readonly body: unknown;
  readonly trace: Trace;
  /** Ends when the client has gone away. */
  readonly signal: AbortSignal;
}

/** W3C Trace Context (Recommendation, 23 November 2021): passed on to every subgraph. */
export interface Trace {
  readonly traceId: string;
  readonly traceparent: string;
  readonly tracestate: string | undefined;
  /** Of the caller's span, where there is one. */
  readonly parentSpanId?: string | undefined;
}

/** A run of an approved analysis. */
export interface AnalysisRun {
  /** Name of the analysis. */
  readonly name: string;
  /** Id of the run. */
  readonly run: string;
}

/** Who asks, for whom and what for, once authenticated. */
export interface Caller extends DecisionContext {
  readonly agency: string;
  /** The agency's opaque id of the officer. */
  readonly officer: string;
  readonly caseReference: string | undefined;
  readonly emergencyReason: string | undefined;
  readonly onRefusal: 'prune' | 'reject';
  /** ID number of the citizen who is logged in with the token; undefined when an agency's application asks for itself. */
  readonly citizen: string | undefined;
  /** The registry lets this application run approved operations and nothing else. */
  readonly approvedOperationsOnly: boolean;
  /** The dated copy of the registers that a request to aggregate reads, a month like 2026-11; undefined for every other request. */
  readonly snapshot?: string | undefined;
  /** What a request to aggregate is part of: it stands in the record, and in the history of the people who are counted. */
  readonly analysis?: AnalysisRun | undefined;
  /** People that one request of the application may name, by the registry; undefined means the gateway's own bound. */
  readonly peoplePerRequest?: number | undefined;
}
