import { isUuid } from '../../platform/uuid.ts';
import type { EventLedger } from '../ledger/recording.ts';
import { readAnomalies } from '../oversight/anomalies/store.ts';
import type { Oversight } from '../oversight/oversight.ts';
import { SETTLED_SECONDS } from '../oversight/reconcile/reconcile.ts';
import { countWaiting, readReviews, type ReviewRow } from '../oversight/reviews/store.ts';
import { VERDICTS, type ReviewInput } from '../oversight/reviews/reviews.ts';
import { latencyOf, registersOf } from '../oversight/supervision/supervision.ts';
import { readBuckets, readCodes, readPeople, readPulse } from '../oversight/supervision/store.ts';
import type { Registry } from '../policy/registry.ts';
import { countOf, numberAfter, pageOf, type PageArguments } from './page.ts';
import { agencyBounding, agencyShown } from './look.ts';
import type { AdminContext } from './schema.ts';
import { badInput } from './field-error.ts';

export interface OversightSources {
  readonly oversight: Oversight;
  readonly events: EventLedger;
  readonly registry: () => Registry;
  readonly clock: () => number;
}

interface SpanArguments {
  readonly from?: string | Date | null;
  readonly to?: string | Date | null;
}

const SETTLED_SECONDS_MAX = 3_600;
const DAY_MS = 86_400_000;
const APPLICATION_LAST = '\u{10ffff}';

/** Resolvers of the root fields. What was done a moment ago is counted: the ledger is followed before it is answered. */
export function supervisionRoot({ oversight, registry, clock }: OversightSources) {
  const { database, days, timeZone } = oversight;
  const spanOf = ({ from, to }: SpanArguments): { readonly from: Date; readonly to: Date } => {
    const nowMs = clock();
    const end = to === null || to === undefined ? new Date(nowMs + 1) : moment(to);
    const begin = from === null || from === undefined ? new Date(end.getTime() - DAY_MS) : moment(from);
    if (begin >= end) throw badInput('from is a moment before to.');
    return { from: begin, to: end };
  };
  // Sums are kept by the hour, so that a span takes in the whole of its first.
  const wholeHours = ({ from, to }: { readonly from: Date; readonly to: Date }) => ({
    from: new Date(Math.floor(from.getTime() / 3_600_000) * 3_600_000),
    to,
  });
  const shownEmergency = (row: ReviewRow) => ({
    ...row,
    case: row.caseReference,
    overdue: row.reviewedAt === null && row.dueAt.getTime() < clock(),
  });
  const scope = async (args: SpanArguments & { readonly application: string }, withPseudonyms: boolean, context: AdminContext) => {
    const application = registry().applications.get(args.application);
    if (application === undefined) throw badInput('There is no such application. "registry list" shows those there are.');
    agencyShown(context, application.agency, registry());
    return oversight.findScope({ application: args.application, ...spanOf(args), withPseudonyms });
  };

  return {
    supervision: async (args: SpanArguments) => {
      const upToDate = await oversight.catchUp();
      const span = wholeHours(spanOf(args));
      const [codes, people, pulse, waiting, sums] = await Promise.all([
        readCodes(database, span),
        readPeople(database, days.at(span.from.getTime()), days.at(span.to.getTime() - 1)),
        readPulse(database, span),
        countWaiting(database, new Date(clock())),
        readBuckets(database, { ...span, unit: 'day', timeZone }, { bucket: 'infinity', application: APPLICATION_LAST }, SUMS_MAX),
      ]);
      const { agencies, applications } = registry();
      const connected = new Set([...applications.values()].filter(({ suspended }) => !suspended).map(({ agency }) => agency));
      const kinds = Map.groupBy(agencies.values(), ({ kind }) => kind);
      const total = (of: 'answered' | 'refused' | 'emergencies'): number => sums.reduce((sum, row) => sum + row[of], 0);
      return {
        ...span,
        agencies: Array.from(kinds, ([kind, some]) => ({
          kind,
          agencies: some.length,
          connected: some.filter(({ id }) => connected.has(id)).length,
        })),
        applications: applications.size,
        requests: total('answered') + total('refused'),
        refused: total('refused'),
        emergencies: total('emergencies'),
        codes,
        latency: latencyOf(pulse),
        registers: registersOf(pulse, oversight.registers),
        people,
        emergenciesWaiting: waiting.waiting,
        emergenciesOverdue: waiting.overdue,
        upToDate,
      };
    },
    supervisionBuckets: async (args: SpanArguments & PageArguments & { readonly unit?: string | null }) => {
      await oversight.catchUp();
      const count = countOf(args);
      const unit = args.unit ?? 'hour';
      if (unit !== 'hour' && unit !== 'day') throw badInput('unit is hour or day.');
      const rows = await readBuckets(database, { ...wholeHours(spanOf(args)), unit, timeZone }, placeOf(args), count + 1);
      const { agencies } = registry();
      const shown = rows.slice(0, count);
      const last = shown.at(-1);
      const endCursor = last && Buffer.from(JSON.stringify([last.bucket.toISOString(), last.application])).toString('base64url');
      return {
        nodes: shown.map(({ bucket, ...row }) => ({ ...row, begins: bucket, kind: agencies.get(row.agency)?.kind ?? null })),
        pageInfo: { hasNextPage: rows.length > count, endCursor: endCursor ?? null },
      };
    },
    anomalies: async (args: PageArguments, context: AdminContext) => {
      await oversight.catchUp();
      const count = countOf(args);
      const bound = agencyBounding(context, registry());
      const own =
        bound === undefined
          ? undefined
          : [...registry().applications.values()].filter(({ agency }) => agency === bound).map(({ id }) => id);
      const rows = await readAnomalies(database, numberAfter(args) ?? Number.MAX_SAFE_INTEGER, count + 1, own);
      return pageOf(
        rows,
        count,
        ({ number }) => number,
        (row) => row,
      );
    },
    emergencies: async (args: PageArguments & { readonly waiting?: boolean | null }, context: AdminContext) => {
      await oversight.catchUp();
      const count = countOf(args);
      const shown = { waiting: args.waiting ?? undefined, agency: agencyBounding(context, registry()) };
      const rows = await readReviews(database, numberAfter(args) ?? Number.MAX_SAFE_INTEGER, count + 1, shown);
      return pageOf(rows, count, ({ number }) => number, shownEmergency);
    },
    breachScope: async (args: SpanArguments & { readonly application: string }, context: AdminContext) => scope(args, false, context),
    breachPseudonyms: async (args: SpanArguments & { readonly application: string }, context: AdminContext) => scope(args, true, context),
    reconciliation: async ({ settledSeconds }: { readonly settledSeconds?: number | null }) => {
      const seconds = settledSeconds ?? SETTLED_SECONDS;
      if (seconds < 0 || seconds > SETTLED_SECONDS_MAX)
        throw badInput(`settledSeconds is a whole number from 0 to ${SETTLED_SECONDS_MAX}.`);
      return oversight.reconcile(seconds);
    },
    reviewEmergency: async (args: { readonly record: string; readonly verdict: string; readonly note: string }, context: AdminContext) => {
      await oversight.catchUp();
      const verdict = VERDICTS.find((one) => one === args.verdict);
      if (verdict === undefined) throw badInput(`verdict is one of ${VERDICTS.join(', ')}.`);
      if (!isUuid(args.record)) throw badInput('record is the id of a record, as emergencies lists them.');
      const input: ReviewInput = { record: args.record, verdict, note: args.note, agency: agencyBounding(context, registry()) };
      const reviewed = await oversight.review(input, context.actor);
      return reviewed.kind === 'refused' ? { refusal: reviewed } : { emergency: shownEmergency(reviewed.review) };
    },
  };
}
/** Sums of applications and days that one overview adds up. */
const SUMS_MAX = 100_000;

function placeOf({ after }: PageArguments): { readonly bucket: Date | 'infinity'; readonly application: string } {
  if (after === null || after === undefined) return { bucket: 'infinity', application: APPLICATION_LAST };
  try {
    const [bucket, application] = JSON.parse(Buffer.from(after, 'base64url').toString('utf8')) as unknown[];
    if (typeof bucket === 'string' && typeof application === 'string') return { bucket: moment(bucket), application };
  } catch {
    // Told below.
  }
  throw badInput('after is the endCursor of an earlier page.');
}

function moment(text: string | Date): Date {
  const at = new Date(text);
  if (Number.isNaN(at.getTime())) throw badInput('from and to are moments like 2026-11-25T08:00:00Z.');
  return at;
}
