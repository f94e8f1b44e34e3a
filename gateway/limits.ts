/**
 * Every bound of the gateway by name. Each has a sentence; a setting overrides it by the environment variable in brackets where one is
 * named, the rest are constants until somebody needs them otherwise.
 */
export const LIMITS = {
  /** Request body after decompression, in bytes [BODY_BYTES_MAX]. A thousand ID numbers take 15 kB. */
  bodyBytesMax: 262_144,
  /** All request headers together, in bytes. */
  headerBytesMax: 16_384,
  /** A client may take this long to send its request. */
  requestTimeoutMs: 10_000,
  /** Lexical tokens of a document, counted while lexing: nothing larger is ever parsed. */
  tokensMax: 8_000,
  /** Brackets of any kind open at once, counted while lexing; objects and lists inside of each other in variables. */
  nestingMax: 100,
  /** Nested selection sets, through fragments. */
  depthMax: 24,
  /** Aliased fields in the document as written. */
  aliasesMax: 200,
  /** Root fields after fragments are expanded. */
  rootFieldsMax: 50,
  /** Fields and fragments, inline ones too, after every fragment spread is expanded. */
  expandedSelectionsMax: 2_500,
  /** Selections of one response name in one place after expansion; validation compares them in pairs. */
  repeatedSelectionsMax: 100,
  /** Selections of a document after pruning, where implementors that differ are written apart. */
  prunedSelectionsMax: 10_000,
  /** Persons named by the arguments of one request. */
  idsMax: 1_000,
  /** Cost of an operation by `@cost` and `@listSize` [OPERATION_COST_MAX]: an object costs 1, so a thousand persons with ten objects each. */
  operationCostMax: 10_000,
  /** Items of a list for which a supergraph with costs gives no size; the example of Apollo Router's documentation. */
  listSizeAssumed: 10,
  /** Looks at selections and types while a cost is compiled: types for which fields merge differently are taken apart. */
  costLooksMax: 100_000,
  /** Validation errors told to a client before validation gives up. */
  validationErrorsMax: 10,
  /** Errors of one answer; the rest are counted. */
  errorsMax: 200,
  /** Errors gathered while one request is executed; beyond it they are not even counted. */
  errorsKeptMax: 10_000,
  /** Parsed and validated documents kept. */
  documentCacheMax: 2_000,
  /** Characters of the documents kept; parsed, a document takes about 75 bytes for each. */
  documentCacheCharactersMax: 4_000_000,
  /** Prepared executions kept (document × decision key). */
  preparedCacheMax: 2_000,
  /** Selections of the prepared executions kept, since one may be a hundred times as large as another. */
  preparedCacheSelectionsMax: 200_000,
  /** Decisions kept (coordinate × decision key). */
  decisionCacheMax: 50_000,
  /** Verified tokens kept until they expire. */
  tokenCacheMax: 10_000,
  /** Planning one document may take this long before its worker is ended. */
  planTimeoutMs: 2_000,
  /** Documents that wait for the planner at once. */
  planQueueMax: 100,
  /** Documents of one application among them, so that none keeps the others from the planner. */
  planQueuePerApplicationMax: 25,
  /** One call to a subgraph [SUBGRAPH_TIMEOUT_MS]. */
  subgraphTimeoutMs: 5_000,
  /** Body of one subgraph answer, in bytes. */
  subgraphBytesMax: 33_554_432,
  /** Entities that requests ask for together in one call; one request's own may be more. */
  batchRepresentationsMax: 1_000,
  /** A request waits at most this long for a call under way, to share the next one. */
  batchWaitMsMax: 10,
  /** Connections to each subgraph. */
  subgraphConnectionsMax: 32,
  /** A query that nobody answered is asked once more, after at most this long. */
  retryDelayMsMax: 50,
  /** Calls to a subgraph that fail in a row before it is left alone for a time. */
  breakerFailuresMax: 20,
  /** A subgraph that is down is left alone this long, then one call tries it. */
  breakerOpenMs: 1_000,
  /** Looking consents up may take this long before what needs them is withheld. */
  consentTimeoutMs: 1_000,
  /** Days that an approved operation runs unless its author says fewer or more, and at most. */
  operationDaysDefault: 365,
  operationDaysMax: 730,
  /** A step with an operation whose notice was lost is found after this long. */
  operationsPollMs: 500,
  /** Steps with operations read at once. */
  operationStepsRead: 1_000,
  /** Without a notice, gateways look this often whether other rules are active. */
  rulesPollMs: 500,
  /** A gateway that cannot look goes on with the rules it has for this long, then refuses. */
  rulesStaleMsMax: 60_000,
  /** Reading, checking or comparing rules may take this long. */
  rulesWorkTimeoutMs: 60_000,
  /** Questions about rules that wait for their thread. */
  rulesQueueMax: 50,
  /** Activations looked at when a gateway starts or catches up. */
  rulesActivationsMax: 1_000,
  /** Records looked at when a draft is tried on what was asked. */
  rulesReplayMax: 50_000,
  /** How long they are looked at; what was seen by then is told as a part. */
  rulesReplayTimeoutMs: 5_000,
  /** Records that wait for the database at once; beyond it answers are refused with AUDIT_UNAVAILABLE. */
  recordQueueMax: 10_000,
  /** The same while the last group could not be written. */
  recordQueueUnhealthyMax: 100,
  /** Records in one INSERT. */
  recordGroupMax: 500,
  /** Writing a group of records may take this long before its answers are refused. */
  recordTimeoutMs: 5_000,
  /** Whole months that bodies of records are kept after their own; 6 at least [LEDGER_RETENTION_MONTHS]. */
  ledgerRetentionMonths: 24,
  /** Pause between two looks for records that no checkpoint covers [SEQUENCER_INTERVAL_MS]. */
  sequencerIntervalMs: 1_000,
  /** One statement on the hot path. */
  statementTimeoutMs: 5_000,
  /** A change of the registry whose notice was lost is found after this long. */
  registryPollMs: 500,
  /** Registers that have not taken their ceiling are tried again after this long, and longer each time. */
  ceilingPollMs: 500,
  /** People of one range of an analysis, asked for by one request. */
  analysisPeoplePerRange: 1_000,
  /** Per cent of the time that a gateway may have a range of an analysis under way [ANALYSIS_SHARE_PERCENT]. */
  analysisSharePercent: 75,
  /** Requests under way at once; beyond it 503 with Retry-After. */
  requestsInFlightMax: 2_000,
  /** Requests under way may take this long to finish when the gateway stops. */
  drainTimeoutMs: 10_000,
} as const;
export type Limits = { readonly [name in keyof typeof LIMITS]: number };
