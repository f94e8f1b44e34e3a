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
}
