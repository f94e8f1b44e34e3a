import Table from 'cli-table3';
import { callAdmin } from '../client.ts';
import type { CommandSettings } from '../command-settings.ts';

export interface SpanOptions {
  readonly from?: string;
  readonly to?: string;
  readonly json?: true;
}

const SCOPE = `application from to requests refused emergencies people peopleByMonth { month people } askedOnly complete firstAt lastAt
  fields { field count transformed people } purposes { name requests } officers { name requests } pseudonyms { month pseudonym }`;

interface Scope {
  readonly application: string;
  readonly requests: number;
  readonly refused: number;
  readonly people: number;
  readonly askedOnly: number;
  readonly emergencies: number;
  readonly complete: boolean;
  readonly firstAt: string | null;
  readonly lastAt: string | null;
  readonly fields: readonly { readonly field: string; readonly count: number; readonly transformed: number; readonly people: number }[];
  readonly purposes: readonly { readonly name: string; readonly requests: number }[];
  readonly officers: readonly { readonly name: string; readonly requests: number }[];
  readonly pseudonyms: readonly { readonly month: string; readonly pseudonym: string }[] | null;
}

/** Prints the scope of a breach: whose data an application was shown, which fields, how many. */
export async function ledgerScope(
  settings: CommandSettings,
  options: SpanOptions & { readonly application: string; readonly pseudonyms?: true },
): Promise<void> {
  const field = options.pseudonyms === true ? 'breachPseudonyms' : 'breachScope';
  const query = `query ($application: String!, $from: DateTime!, $to: DateTime!) {
    scope: ${field}(application: $application, from: $from, to: $to) { ${SCOPE} }
  }`;
  const { application } = options;
  const { scope } = await callAdmin<{ readonly scope: Scope }>(settings, query, { application, ...spanOf(options) });
  print(settings, options, scope, () => scopePage(scope));
}

function scopePage(scope: Scope): string {
  const fields = table(['field', 'people', 'times', 'in part']);
  for (const { field, people, count, transformed } of scope.fields) fields.push([field, people, count, transformed]);
  const names = (what: string, counts: Scope['purposes']): string => {
    const rows = table([what, 'requests']);
    for (const { name, requests } of counts) rows.push([name, requests]);
    return rows.toString();
  };
  return [
    `${scope.application}: ${scope.people} people, ${scope.requests} requests (${scope.refused} refused, ${scope.emergencies} in an emergency), ${scope.askedOnly} people asked for and not shown.`,
    ...(scope.firstAt === null ? [] : [`From ${scope.firstAt} to ${scope.lastAt}.`]),
    ...(scope.complete ? [] : ['There are more records than were looked at: take a shorter span.']),
    fields.toString(),
    names('purpose', scope.purposes),
    names('officer', scope.officers),
    ...(scope.pseudonyms ?? []).map(({ month, pseudonym }) => `${month} ${pseudonym}`),
  ].join('\n');
}

interface Supervision {
  readonly requests: number;
  readonly refused: number;
  readonly emergencies: number;
  readonly emergenciesWaiting: number;
  readonly emergenciesOverdue: number;
  readonly applications: number;
  readonly agencies: readonly { readonly kind: string; readonly agencies: number; readonly connected: number }[];
  readonly codes: readonly { readonly outcome: string; readonly code: string; readonly requests: number }[];
  readonly latency: {
    readonly answers: number;
    readonly p50Ms: number | null;
    readonly p99Ms: number | null;
    readonly meanMs: number | null;
  };
  readonly registers: readonly {
    readonly register: string;
    readonly calls: number;
    readonly unavailable: number;
    readonly meanMs: number | null;
  }[];
  readonly people: readonly { readonly day: string; readonly application: string; readonly people: number }[];
}

interface Bucket {
  readonly begins: string;
  readonly agency: string;
  readonly kind: string | null;
  readonly application: string;
  readonly answered: number;
  readonly refused: number;
  readonly emergencies: number;
}

/** Prints who is connected and what came of requests. */
export async function supervision(settings: CommandSettings, options: SpanOptions & { readonly unit?: string }): Promise<void> {
  const query = `query ($from: DateTime, $to: DateTime, $unit: String) {
    supervision(from: $from, to: $to) {
      from to requests refused emergencies emergenciesWaiting emergenciesOverdue applications upToDate agencies { kind agencies connected }
      codes { outcome code requests } latency { answers meanMs p50Ms p99Ms } registers { register calls unavailable meanMs }
      people { day application people }
    }
    supervisionBuckets(from: $from, to: $to, unit: $unit, first: 500) {
      nodes { begins agency kind application answered refused emergencies } pageInfo { hasNextPage endCursor }
    }
  }`;
  type Data = { readonly supervision: Supervision; readonly supervisionBuckets: { readonly nodes: readonly Bucket[] } };
  const data = await callAdmin<Data>(settings, query, { ...spanOf(options), unit: options.unit });
  const { supervision: board, supervisionBuckets: buckets } = data;
  print(settings, options, { ...board, buckets }, () => boardPage(board, buckets.nodes));
}

function boardPage(board: Supervision, buckets: readonly Bucket[]): string {
  const kinds = table(['kind', 'agencies', 'connected']);
  for (const { kind, agencies, connected } of board.agencies) kinds.push([kind, agencies, connected]);
  const codes = table(['outcome', 'reason', 'requests']);
  for (const { outcome, code, requests } of board.codes) codes.push([outcome, code, requests]);
  const registers = table(['register', 'calls', 'unavailable', 'mean ms']);
  for (const { register, calls, unavailable, meanMs } of board.registers) registers.push([register, calls, unavailable, rounded(meanMs)]);
  const people = table(['day', 'application', 'people']);
  for (const one of board.people) people.push([one.day, one.application, one.people]);
  const times = table(['from', 'agency', 'kind', 'application', 'answered', 'refused', 'emergencies']);
  for (const { begins, agency, kind, application, answered, refused, emergencies } of buckets) {
    times.push([begins, agency, kind ?? '', application, answered, refused, emergencies]);
  }
  const { latency } = board;
  return [
    `${board.requests} requests of ${board.applications} applications, ${board.refused} refused, ${board.emergencies} in an emergency (${board.emergenciesWaiting} wait for review, ${board.emergenciesOverdue} overdue).`,
    `Answers: half within ${rounded(latency.p50Ms)} ms, 99 of 100 within ${rounded(latency.p99Ms)} ms.`,
    ...[kinds, codes, registers, people, times].map(String),
  ].join('\n');
}

/** Prints days on which far more was asked than is usual. */
export async function anomalies(settings: CommandSettings, options: { readonly json?: true }): Promise<void> {
  const query = `{ anomalies(first: 200) { nodes { day kind application officer purpose raisedAt seen usual bound } pageInfo { hasNextPage endCursor } } }`;
  type Row = Readonly<Record<'day' | 'kind' | 'application' | 'officer' | 'purpose' | 'raisedAt', string>> & {
    readonly seen: number;
    readonly usual: number;
    readonly bound: number;
  };
  const data = await callAdmin<{ readonly anomalies: { readonly nodes: readonly Row[] } }>(settings, query);
  const { nodes } = data.anomalies;
  print(settings, options, data.anomalies, () => {
    const rows = table(['day', 'kind', 'application', 'officer', 'purpose', 'seen', 'usual', 'bound']);
    for (const one of nodes) {
      rows.push([one.day, one.kind, one.application, one.officer, one.purpose, one.seen, rounded(one.usual), rounded(one.bound)]);
    }
    return nodes.length === 0 ? 'Nothing unusual.' : rows.toString();
  });
}

const EMERGENCY = 'record at application agency officer case people dueAt overdue reviewedAt reviewer verdict note';

type Emergency = Readonly<Record<'record' | 'at' | 'application' | 'agency' | 'officer' | 'case' | 'dueAt', string>> & {
  readonly overdue: boolean;
  readonly verdict: string | null;
};

/** Prints emergencies, those that wait for their review first told. */
export async function emergencies(settings: CommandSettings, options: { readonly waiting?: true; readonly json?: true }): Promise<void> {
  const query = `query ($waiting: Boolean) { emergencies(waiting: $waiting, first: 200) { nodes { ${EMERGENCY} } pageInfo { hasNextPage endCursor } } }`;
  const data = await callAdmin<{ readonly emergencies: { readonly nodes: readonly Emergency[] } }>(settings, query, {
    waiting: options.waiting,
  });
  const { nodes } = data.emergencies;
  print(settings, options, data.emergencies, () => {
    const rows = table(['record', 'when', 'application', 'officer', 'case', 'review']);
    for (const one of nodes) {
      const state = one.verdict ?? (one.overdue ? `OVERDUE since ${one.dueAt}` : `until ${one.dueAt}`);
      rows.push([one.record, one.at, one.application, `${one.agency}/${one.officer}`, one.case, state]);
    }
    return nodes.length === 0 ? 'No emergencies.' : rows.toString();
  });
}

/** Says what an emergency was. */
export async function reviewEmergency(
  settings: CommandSettings,
  options: { readonly record: string; readonly verdict: string; readonly note: string; readonly json?: true },
): Promise<void> {
  const mutation = `mutation ($record: ID!, $verdict: String!, $note: String!) {
    reviewEmergency(record: $record, verdict: $verdict, note: $note) { emergency { ${EMERGENCY} } refusal { code message } }
  }`;
  const { record, verdict, note } = options;
  type Data = { readonly reviewEmergency: { readonly emergency: Emergency | null; readonly refusal: { readonly message: string } | null } };
  const { reviewEmergency: reviewed } = await callAdmin<Data>(settings, mutation, { record, verdict, note });
  if (reviewed.refusal !== null) throw new Error(reviewed.refusal.message);
  print(settings, options, reviewed.emergency, () => `Noted: ${verdict}.`);
}

/** Compares what registers served with the records. Resolves whether no incident is open and every register was compared. */
export async function ledgerReconcile(
  settings: CommandSettings,
  options: { readonly settled?: number; readonly json?: true },
): Promise<boolean> {
  const query = `query ($settled: Int) { reconciliation(settledSeconds: $settled) { registers { register status served underWay incidents } incidents { register grantId application servedAt foundAt } } }`;
  type Data = {
    readonly registers: readonly { register: string; status: string; served: number; underWay: number; incidents: number }[];
    readonly incidents: readonly { register: string; grantId: string; application: string; servedAt: string }[];
  };
  const { reconciliation } = await callAdmin<{ readonly reconciliation: Data }>(settings, query, { settled: options.settled });
  const { registers, incidents } = reconciliation;
  print(settings, options, reconciliation, () => {
    const rows = table(['register', 'status', 'grants', 'under way', 'new incidents']);
    for (const { register, status, served, underWay, incidents: found } of registers)
      rows.push([register, status, served, underWay, found]);
    const told = incidents.map(
      (one) => `INCIDENT: ${one.register} served grant ${one.grantId} to ${one.application} at ${one.servedAt}, and no record names it.`,
    );
    return [rows.toString(), ...told].join('\n');
  });
  return incidents.length === 0 && registers.every(({ status }) => status === 'compared');
}

function table(head: string[]): InstanceType<typeof Table> {
  return new Table({ head, style: { head: [], border: [] } });
}

function rounded(number: number | null): string {
  return number === null ? '–' : String(Math.round(number * 10) / 10);
}

function print(settings: CommandSettings, { json }: { readonly json?: true }, data: unknown, text: () => string): void {
  settings.output.write(`${json === true ? JSON.stringify(data) : text()}\n`);
}

/** Days are taken for their beginning in UTC, a last day for its end. */
function spanOf({ from, to }: SpanOptions): { readonly from?: string; readonly to?: string } {
  return { ...(from === undefined ? {} : { from: moment(from, 0) }), ...(to === undefined ? {} : { to: moment(to, 86_400_000) }) };
}

function moment(text: string, moreOfDayMs: number): string {
  const atMs = Date.parse(text);
  if (Number.isNaN(atMs)) throw new Error('--from and --to are days or moments, like 2026-11-25 or 2026-11-25T08:00:00Z.');
  return new Date(/^\d{4}-\d{2}-\d{2}$/.test(text) ? atMs + moreOfDayMs : atMs).toISOString();
}
