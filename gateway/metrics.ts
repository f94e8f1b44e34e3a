import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';

/** What the operator sees of the gateway. Labels are codes and names from closed lists, never anything of a person or a document. */
export interface Metrics {
  readonly contentType: string;
  readonly text: () => Promise<string>;
  /** Call at a request's start; the function returned takes its HTTP status and, when refused as a whole, the code. */
  readonly requestStarted: () => (status: number, code: string) => void;
  /** Call when a call leaves, what it gives when the answer has come, and what that gives when it is read. */
  readonly subgraphStarted: (subgraph: string) => () => (outcome: 'answered' | 'unavailable') => void;
  readonly subgraphRetried: (subgraph: string) => void;
  readonly circuitChanged: (subgraph: string, isOpen: boolean) => void;
  readonly fieldsRefused: (code: string, count: number) => void;
  readonly stage: (name: string, seconds: number) => void;
  readonly recordsWaiting: (count: number) => void;
  readonly recordsWritten: (count: number, seconds: number) => void;
  readonly recordsFailed: (count: number) => void;
  /** A checkpoint was signed, of this many records, at this time (seconds since the epoch). */
  readonly treeGrew: (size: number, seconds: number) => void;
  readonly sequencerFailed: () => void;
  readonly witnessed: (witness: string, cosigned: boolean) => void;
  readonly anomalyRaised: (kind: string) => void;
  /** A register served grants that no record names. */
  readonly grantsUnrecorded: (register: string, count: number) => void;
  readonly oversight: (counts: {
    readonly reviewsWaiting: number;
    readonly reviewsOverdue: number;
    readonly noticesWaiting: number;
  }) => void;
}

const SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/** Metrics of one gateway, in a registry of their own so that several gateways live in one process. */
export function createMetrics(): Metrics {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry });
  const requests = new Counter({
    name: 'lienthong_requests_total',
    help: 'Requests by HTTP status and code',
    labelNames: ['status', 'code'],
    registers,
  });
  const duration = new Histogram({
    name: 'lienthong_request_seconds',
    help: 'Time from the request read to the answer made',
    buckets: SECONDS,
    registers,
  });
  const inFlight = new Gauge({ name: 'lienthong_requests_in_flight', help: 'Requests under way', registers });
  const subgraphs = new Histogram({
    name: 'lienthong_subgraph_seconds',
    help: 'Calls to subgraphs by outcome',
    labelNames: ['subgraph', 'outcome'],
    buckets: SECONDS,
    registers,
  });
  const retries = new Counter({
    name: 'lienthong_subgraph_retries_total',
    help: 'Queries asked a second time',
    labelNames: ['subgraph'],
    registers,
  });
  const circuits = new Gauge({
    name: 'lienthong_subgraph_circuit_open',
    help: '1 while a subgraph that failed too often is left alone',
    labelNames: ['subgraph'],
    registers,
  });
  const refused = new Counter({ name: 'lienthong_fields_refused_total', help: 'Fields withheld by code', labelNames: ['code'], registers });
  const stages = new Histogram({
    name: 'lienthong_stage_seconds',
    help: 'Time in each stage of the pipeline',
    labelNames: ['stage'],
    buckets: SECONDS,
    registers,
  });
  const waiting = new Gauge({ name: 'lienthong_records_waiting', help: 'Records not yet durable', registers });
  const written = new Counter({ name: 'lienthong_records_total', help: 'Records by outcome', labelNames: ['outcome'], registers });
  const writing = new Histogram({ name: 'lienthong_record_group_seconds', help: 'Writing one group', buckets: SECONDS, registers });
  const treeSize = new Gauge({ name: 'lienthong_ledger_tree_size', help: 'Records that the last checkpoint covers', registers });
  const checkpointAt = new Gauge({
    name: 'lienthong_ledger_checkpoint_timestamp_seconds',
    help: 'When the last checkpoint was signed here',
    registers,
  });
  const sequencing = new Counter({ name: 'lienthong_ledger_sequencer_failures_total', help: 'Merges that failed', registers });
  const cosigned = new Counter({
    name: 'lienthong_ledger_witness_total',
    help: 'Checkpoints sent to witnesses by outcome',
    labelNames: ['witness', 'outcome'],
    registers,
  });
  const anomalies = new Counter({ name: 'lienthong_anomalies_total', help: 'Anomalies raised', labelNames: ['kind'], registers });
  const unrecorded = new Counter({
    name: 'lienthong_grants_unrecorded_total',
    help: 'Grants that a register served and no record names: each is an incident',
    labelNames: ['register'],
    registers,
  });
  const reviews = new Gauge({
    name: 'lienthong_emergency_reviews',
    help: 'Emergencies that wait for their review',
    labelNames: ['state'],
    registers,
  });
  const notices = new Gauge({ name: 'lienthong_notices_waiting', help: 'Messages to people not yet handed over', registers });
  return {
    contentType: registry.contentType,
    text: async () => registry.metrics(),
    requestStarted: () => {
      inFlight.inc();
      const startedAt = performance.now();
      return (status, code) => {
        inFlight.dec();
        duration.observe((performance.now() - startedAt) / 1000);
        requests.inc({ status, code });
      };
    },
    subgraphStarted: (subgraph) => {
      const startedAt = performance.now();
      return () => {
        const seconds = (performance.now() - startedAt) / 1000;
        return (outcome) => subgraphs.observe({ subgraph, outcome }, seconds);
      };
    },
    subgraphRetried: (subgraph) => retries.inc({ subgraph }),
    circuitChanged: (subgraph, isOpen) => circuits.set({ subgraph }, isOpen ? 1 : 0),
    fieldsRefused: (code, count) => refused.inc({ code }, count),
    stage: (stage, seconds) => stages.observe({ stage }, seconds),
    recordsWaiting: (count) => waiting.set(count),
    recordsWritten: (count, seconds) => {
      written.inc({ outcome: 'written' }, count);
      writing.observe(seconds);
    },
    recordsFailed: (count) => written.inc({ outcome: 'failed' }, count),
    treeGrew: (size, seconds) => {
      treeSize.set(size);
      checkpointAt.set(seconds);
    },
    sequencerFailed: () => sequencing.inc(),
    anomalyRaised: (kind) => anomalies.inc({ kind }),
    grantsUnrecorded: (register, count) => unrecorded.inc({ register }, count),
    oversight: ({ reviewsWaiting, reviewsOverdue, noticesWaiting }) => {
      reviews.set({ state: 'waiting' }, reviewsWaiting);
      reviews.set({ state: 'overdue' }, reviewsOverdue);
      notices.set(noticesWaiting);
    },
    witnessed: (witness, isCosigned) => cosigned.inc({ witness, outcome: isCosigned ? 'cosigned' : 'failed' }),
  };
}
