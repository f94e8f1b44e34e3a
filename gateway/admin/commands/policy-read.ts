import Table from 'cli-table3';
import { callAdmin } from '../client.ts';
import type { CommandSettings } from '../command-settings.ts';
import { line, short, VERSION, type PolicyVersion } from './policy-show.ts';

const SIDE = 'level transform probes policies';
const IMPACT = `before after widened narrowed registersWidened ownersConcerned omitted
  rows { application purpose action coordinate officerRole assurance emergency self arguments from until direction before { ${SIDE} } after { ${SIDE} }
    example { application headers query variables } }
  operations { address kind name application effect reason differences { coordinate direction } }
  replay { days requests partial people applications { application requests widened narrowed people } }`;

interface Side {
  readonly level: string;
  readonly transform: string | null;
  readonly policies: readonly string[];
}
interface Row {
  readonly application: string;
  readonly purpose: string;
  readonly action: string;
  readonly coordinate: string;
  readonly officerRole: string | null;
  readonly assurance: number | null;
  readonly emergency: boolean | null;
  readonly self: boolean | null;
  readonly arguments: string | null;
  readonly from: string | null;
  readonly until: string | null;
  readonly direction: string;
  readonly before: Side;
  readonly after: Side;
  readonly example: { readonly application: string; readonly headers: string; readonly query: string; readonly variables: string } | null;
}
interface Impact {
  readonly before: string;
  readonly after: string;
  readonly widened: number;
  readonly narrowed: number;
  readonly registersWidened: readonly string[];
  readonly ownersConcerned: readonly string[];
  readonly omitted: number;
  readonly rows: readonly Row[];
  readonly operations: readonly {
    readonly kind: string;
    readonly name: string;
    readonly application: string;
    readonly effect: string;
    readonly reason: string | null;
  }[];
  readonly replay: {
    readonly days: number;
    readonly requests: number;
    readonly partial: boolean;
    readonly people: number;
    readonly applications: readonly {
      readonly application: string;
      readonly requests: number;
      readonly widened: number;
      readonly narrowed: number;
      readonly people: number;
    }[];
  };
}

/** Rows shown to people; programs get all with --json. */
const ROWS_SHOWN_MAX = 200;
const EXAMPLES_SHOWN_MAX = 3;
const PLAIN = { style: { head: [], border: [] } };

/** Shows what a version changes beside the active one. */
export async function policyImpact(
  settings: CommandSettings,
  { version, days, json }: { readonly version: string; readonly days?: number; readonly json?: true },
): Promise<void> {
  const query = `query ($version: String!, $days: Int) { policyImpact(version: $version, days: $days) { refusal { message } impact { ${IMPACT} } } }`;
  const { policyImpact: answer } = await callAdmin<{ policyImpact: { refusal: { message: string } | null; impact: Impact | null } }>(
    settings,
    query,
    { version, days },
  );
  if (answer.impact === null) throw new Error(answer.refusal?.message ?? 'There is no such version.');
  settings.output.write(`${json === true ? JSON.stringify(parsed(answer.impact)) : impactText(answer.impact)}\n`);
}

/** For programs, what travels as text inside JSON is JSON. */
function parsed(impact: Impact) {
  const json = (text: string | null): unknown => (text === null ? null : (JSON.parse(text) as unknown));
  return {
    ...impact,
    rows: impact.rows.map((row) => ({
      ...row,
      arguments: json(row.arguments),
      example: row.example && { ...row.example, headers: json(row.example.headers), variables: json(row.example.variables) },
    })),
  };
}

function impactText(impact: Impact): string {
  const { rows, replay } = impact;
  const lines = [`${short(impact.before)} → ${short(impact.after)}: ${impact.widened} widen, ${impact.narrowed} narrow.`];
  if (rows.length > 0) {
    const table = new Table({ head: ['application', 'purpose', 'field', 'when', 'before', 'after', ''], ...PLAIN });
    for (const row of rows.slice(0, ROWS_SHOWN_MAX)) {
      table.push([
        row.application,
        row.purpose,
        row.action === 'read' ? row.coordinate : `${row.action} ${row.coordinate}`,
        circumstances(row),
        side(row.before),
        side(row.after),
        row.direction === 'narrower' ? 'narrows' : 'WIDENS',
      ]);
    }
    lines.push(table.toString());
  }
  const more = rows.length - ROWS_SHOWN_MAX + impact.omitted;
  if (more > 0) lines.push(`And ${more} more; --json has them.`);
  if (impact.operations.length > 0) {
    const operations = new Table({ head: ['approved', 'application', '', 'why'], ...PLAIN });
    for (const { kind, name, application, effect, reason } of impact.operations) {
      operations.push([`${kind} ${name}`, application, effect === 'suspended' ? 'SUSPENDED' : 'runs again', reason ?? '']);
    }
    lines.push('Approved operations:', operations.toString());
  }
  if (impact.ownersConcerned.length > 0) lines.push(`To be approved by the data owners: ${impact.ownersConcerned.join(', ')}.`);
  const examples = rows.flatMap((row) => (row.example === null ? [] : [row.example])).slice(0, EXAMPLES_SHOWN_MAX);
  for (const { application, headers, query } of examples) lines.push(`For example, ${application} with ${headers}:\n  ${query}`);
  lines.push(
    `Of ${replay.requests} requests in the last ${replay.days} days${replay.partial ? ' (the newest of them)' : ''}, about ${replay.people} people concerned:`,
  );
  const table = new Table({ head: ['application', 'requests', 'would get more', 'would get less', 'people'], ...PLAIN });
  for (const { application, requests, widened, narrowed, people } of replay.applications)
    table.push([application, requests, widened, narrowed, people]);
  lines.push(replay.applications.length === 0 ? 'None were asked.' : table.toString());
  return lines.join('\n');
}

function circumstances(row: Row): string {
  const parts = [
    row.officerRole === null ? '' : row.officerRole === '' ? 'no role' : `role ${row.officerRole}`,
    row.assurance === null ? '' : `level ${row.assurance}`,
    row.emergency === null ? '' : row.emergency ? 'emergency' : 'no emergency',
    row.self === true ? 'about oneself' : '',
    row.arguments === null ? '' : row.arguments,
    row.from === null ? '' : `from ${row.from.slice(0, 10)}`,
    row.until === null ? '' : `until ${row.until.slice(0, 10)}`,
  ];
  return parts.filter((part) => part !== '').join(', ') || 'always';
}

function side({ level, transform, policies }: Side): string {
  return `${level}${transform === null ? '' : ` (${transform})`}${policies.length === 0 ? '' : ` by ${policies.join(', ')}`}`;
}

/** Lists versions, the latest news first. */
export async function policyList(settings: CommandSettings, { json }: { readonly json?: true }): Promise<void> {
  const query = `query ($after: String) { policyVersions(after: $after) { nodes { ${VERSION} } pageInfo { hasNextPage endCursor } } }`;
  const versions: PolicyVersion[] = [];
  for (let after: string | null = null; ;) {
    const { policyVersions }: { policyVersions: { nodes: PolicyVersion[]; pageInfo: { hasNextPage: boolean; endCursor: string | null } } } =
      await callAdmin(settings, query, { after });
    versions.push(...policyVersions.nodes);
    if (!policyVersions.pageInfo.hasNextPage) break;
    after = policyVersions.pageInfo.endCursor;
  }
  settings.output.write(
    json === true
      ? `${JSON.stringify(versions)}\n`
      : `${versions.map((one) => `${line(one)}${one.reason === '' ? '' : `: ${one.reason}`}`).join('\n')}\n`,
  );
}

export interface ExplainOptions {
  readonly app: string;
  readonly purpose: string;
  readonly field: string;
  readonly officerRole?: string;
  readonly assurance?: number;
  readonly emergency?: true;
  readonly self?: true;
  readonly arguments?: string;
  readonly person?: string;
  readonly json?: true;
}

interface Explained {
  readonly id: string;
  readonly text: string;
  readonly file: string;
  readonly line: number;
  readonly why: string | null;
}
interface Explanation {
  readonly refusal: { readonly message: string } | null;
  readonly code: string | null;
  readonly reference: string | null;
  readonly full: {
    readonly decision: Side;
    readonly group: string | null;
    readonly consented: boolean | null;
    readonly winning: readonly Explained[];
    readonly losing: readonly Explained[];
    readonly changes: readonly { readonly what: string; readonly decision: Side }[];
  } | null;
}

const POLICY = 'id effect basis reference transform file line text why';

/** Explains why a field is answered as it is. */
export async function policyExplain(settings: CommandSettings, options: ExplainOptions): Promise<void> {
  const { app: application, field: coordinate, json, ...rest } = options;
  const { purpose, officerRole, assurance, emergency, self, person, arguments: given } = rest;
  const query = `query ($input: ExplainInput!) { explain(input: $input) { refusal { message } code reference full { decision { ${SIDE} } law { ${POLICY} } consent { ${POLICY} } group consented
    winning { ${POLICY} } losing { ${POLICY} } changes { what decision { ${SIDE} } } } } }`;
  const input = { application, purpose, coordinate, officerRole, assurance, emergency, self, person, arguments: given };
  const { explain } = await callAdmin<{ explain: Explanation }>(settings, query, { input });
  if (explain.refusal !== null) throw new Error(explain.refusal.message);
  const { refusal: _, full, ...outline } = explain;
  settings.output.write(`${json === true ? JSON.stringify({ ...outline, ...full }) : explanationText(options, explain)}\n`);
}

function explanationText({ app, purpose, field }: ExplainOptions, { code, reference, full }: Explanation): string {
  if (full === null) return [`${field} for ${app}, ${purpose}: ${code ?? 'given'}.`, reference].filter((text) => text !== null).join('\n');
  const lines = [`${field} for ${app}, ${purpose}: ${side(full.decision)}${code === null ? '' : ` (${code})`}.`];
  if (reference !== null) lines.push(reference);
  if (full.group !== null) {
    const known =
      full.consented === null
        ? ''
        : full.consented
          ? ' The person has given it.'
          : ' The person has not given it: that is what is missing.';
    lines.push(`By consent to ${full.group}.${known}`);
  }
  for (const { id, file, line: at, text } of full.winning) lines.push('', `Decides: ${id} (${file}:${at})`, text);
  for (const { id, file, line: at, text, why } of full.losing) lines.push('', `Does not decide: ${id} (${file}:${at}). ${why ?? ''}`, text);
  if (full.changes.length > 0) lines.push('', 'More would be given by:');
  for (const { what, decision } of full.changes) lines.push(`  ${what}: ${side(decision)}`);
  return lines.join('\n');
}
