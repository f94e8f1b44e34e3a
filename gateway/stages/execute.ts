import type { Logger } from '../../platform/log.ts';
import type { Consents } from '../consent/consents.ts';
import type { ClientError } from '../errors.ts';
import type { Send, SendBatched } from '../execution/batch.ts';
import type { SubgraphClient } from '../execution/fetch.ts';
import type { FetchPart } from '../execution/plan-run.ts';
import { unread, type FetchAnswer, type SubgraphOutcome } from '../execution/reply.ts';
import type { Site } from '../execution/shape.ts';
import type { TakeProbes } from '../probes/probes.ts';
import { nowMs, type Telemetry } from '../telemetry/telemetry.ts';
import type { Metrics } from '../metrics.ts';
import type { Admitted } from './admit.ts';
import type { Prepared } from './compile.ts';
import type { FieldRefusal } from './prune.ts';

/** An answer that has not been recorded, and so must not leave yet. */
export interface Executed {
  readonly kind: 'executed';
  readonly admitted: Admitted;
  readonly prepared: Prepared;
  /**
   * JSON, written at once, since of objects that wait for their record every collection of garbage makes copies. Undefined when nothing was
   * left to execute: the whole request is refused.
   */
  readonly data: Buffer | undefined;
  readonly errors: readonly ClientError[];
  /** Values withheld for want of consent beyond those in `errors`. */
  readonly untold: number;
  readonly refusals: readonly FieldRefusal[];
  /** Everybody whose object stands in the answer, with the places it stands in. */
  readonly persons: ReadonlyMap<string, readonly Site[]>;
  /** Ids of the consents relied on. */
  readonly consents: ReadonlySet<string>;
}

export interface ExecuteParts {
  readonly clients: ReadonlyMap<string, SubgraphClient>;
  /** Undefined where nobody is asked for consent (`--open`, `--scopes`). */
  readonly consents: Consents | undefined;
  /** Counts questions that permits bound. */
  readonly takeProbes?: TakeProbes | undefined;
  readonly sendBatched: SendBatched;
  readonly metrics: Metrics;
  readonly telemetry?: Pick<Telemetry, 'call'> | undefined;
  readonly log: Logger;
  /** Under `--open` subgraph messages are passed on; everywhere else they are masked. */
  readonly passMessages: boolean;
}

/** Fetches what is left of the document and gives it the form that the client asked for. */
export async function execute(admitted: Admitted, prepared: Prepared, parts: ExecuteParts): Promise<Executed> {
  const { execution, refusals, emptied } = prepared;
  const persons = new Map<string, readonly Site[]>();
  const isRefused = execution === undefined && emptied === undefined;
  const rejects = admitted.caller.onRefusal === 'reject' || isRefused || prepared.refusesAll;
  const base = { kind: 'executed', admitted, prepared, errors: [], untold: 0, refusals, persons, consents: NONE_RELIED } as const;
  if (rejects && refusals.length > 0) return { ...base, data: undefined };
  // Everything was skipped, or taken out.
  const nothing = emptied === undefined ? {} : emptied;
  if (execution === undefined) return { ...base, data: jsonOf(nothing) };

  const { consents } = admitted;
  const { data, errors, untold, consentMissing } = await execution.run({
    agency: admitted.caller.agency,
    consents,
    variables: admitted.variables,
    call: async (fetch, variables) => callSubgraph(fetch, variables, admitted, prepared, parts),
    seen: (idNumber, site) => {
      const sites = persons.get(idNumber);
      if (sites === undefined) persons.set(idNumber, alone(site));
      else if (!sites.includes(site)) persons.set(idNumber, together(sites, site));
    },
    distrusted: ({ subgraph }, why) => tellLog(subgraph, why, admitted, parts),
    passMessages: parts.passMessages,
  });
  if (consentMissing && admitted.caller.onRefusal === 'reject') {
    return { ...base, data: undefined, errors: errors.filter(isConsentError), untold, persons: new Map() };
  }
  return { ...base, data: jsonOf(data), errors, untold, persons, consents: consents?.relied ?? NONE_RELIED };
}

/** JSON as bytes, outside of the heap: an answer that waits for its record is not copied by each collection of young garbage. */
function jsonOf(data: object | null): Buffer {
  return Buffer.from(JSON.stringify(data));
}

const NONE_RELIED: ReadonlySet<string> = new Set();

const CONSENT_CODES: ReadonlySet<string> = new Set(['CONSENT_REQUIRED', 'CONSENT_UNAVAILABLE', 'PROBES_USED_UP']);

/** Whether a person's consent, or a bound on questions to them, withheld the value; everything else that is withheld is a refusal of the rules. */
export function isConsentError({ extensions }: ClientError): boolean {
  return CONSENT_CODES.has(extensions.code);
}

/** One list for everybody who stands in that place only: a thousand people then make one entry of the record. */
function alone(site: Site): readonly Site[] {
  const known = ALONE.get(site);
  if (known) return known;
  const list = [site];
  ALONE.set(site, list);
  return list;
}

const ALONE = new WeakMap<Site, readonly Site[]>();

/** The same for people who stand in several places: one list for each row of places, in all requests, so that what is told of it is told once. */
function together(sites: readonly Site[], site: Site): readonly Site[] {
  const longer = TOGETHER.get(sites) ?? new Map<Site, readonly Site[]>();
  TOGETHER.set(sites, longer);
  const list = longer.get(site) ?? [...sites, site];
  longer.set(site, list);
  return list;
}

const TOGETHER = new WeakMap<readonly Site[], Map<Site, readonly Site[]>>();

async function callSubgraph(
  fetch: FetchPart,
  variables: Readonly<Record<string, unknown>>,
  admitted: Admitted,
  prepared: Prepared,
  parts: ExecuteParts,
): Promise<FetchAnswer> {
  const { index, subgraph, operation, operationName, operationKind, isEntities } = fetch;
  const { trace, signal } = admitted.request;
  const client = parts.clients.get(subgraph);
  if (!client) throw new Error(`No client for the subgraph ${subgraph}.`);
  const shared = prepared.calls[index];
  if (!shared) throw new Error(`The fetch ${index} was not prepared.`);
  const idempotent = operationKind === 'query';
  const send: Send = async (sent, ended) => {
    const grant = await shared.grant?.();
    if (grant) admitted.grants?.add(grant.id);
    const arrived = parts.metrics.subgraphStarted(subgraph);
    const fromMs = parts.telemetry && nowMs();
    const answer = await client.send({
      query: operation,
      operationName,
      variables: sent,
      idempotent,
      grant,
      caller: admitted.caller,
      trace,
      signal: ended,
    });
    const done = arrived();
    const toMs = parts.telemetry && nowMs();
    const note = (outcome: SubgraphOutcome): SubgraphOutcome => {
      done(outcome.kind);
      if (fromMs !== undefined && toMs !== undefined) {
        parts.telemetry?.call({ name: 'subgraph call', trace, subgraph, outcome: outcome.kind, fromMs, toMs });
      }
      if (outcome.kind === 'unavailable' && outcome.fault !== 'cancelled') tellLog(subgraph, outcome.why, admitted, parts);
      return outcome;
    };
    return answer.kind === 'unread' ? unread(() => note(answer.read())) : note(answer);
  };
  // Entities that citizens ask for are their own: the gateway's own subgraph looks who asks, so nobody shares a call with another.
  const isShared = isEntities && idempotent && admitted.caller.citizen === undefined;
  if (!isShared) return send(variables, signal);
  // Another request may be the one that sends for both.
  const current = await shared.grant?.();
  if (current) admitted.grants?.add(current.id);
  return parts.sendBatched(shared, variables, signal, send);
}

function tellLog(subgraph: string, why: string, { request }: Admitted, { log }: ExecuteParts): void {
  log.warn({ subgraph, why, traceId: request.trace.traceId }, 'a subgraph did not answer properly');
}
