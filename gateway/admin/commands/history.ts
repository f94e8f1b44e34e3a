import Table from 'cli-table3';
import { callAdmin } from '../client.ts';
import type { CommandSettings } from '../command-settings.ts';

export interface HistoryOptions {
  readonly person: string;
  readonly as?: string;
  readonly case?: string;
  readonly second?: string;
  readonly agency?: string;
  readonly from?: string;
  readonly to?: string;
  readonly first?: number;
  readonly after?: string;
  readonly json?: true;
}

export interface Entry {
  readonly at: string;
  readonly kind: string;
  readonly outcome: string;
  readonly code: string | null;
  readonly agency: string | null;
  readonly application: string | null;
  readonly analysis: string | null;
  readonly officerRole: string | null;
  readonly purpose: string | null;
  readonly emergency: boolean;
  readonly bases: readonly { readonly basis: string; readonly references: readonly string[]; readonly fields: readonly string[] }[];
  readonly released: readonly string[];
  readonly transformed: readonly string[];
  readonly withheld: readonly string[];
}

const ENTRY = `record at kind outcome code agency agencyName { vi en } application analysis officerRole purpose purposeText { vi en }
  bases { basis references fields } released transformed withheld inputs emergency asRepresentative hiddenDays`;

/** Characters of a line in which the texts of law stand. */
const BASIS_WIDTH = 60;

/** Prints who looked at a person's data, the newest first. The ID number is not among it. */
export async function ledgerHistory(settings: CommandSettings, options: HistoryOptions): Promise<void> {
  const { person: idNumber, case: caseReference, second, agency, from, to, first, after, json } = options;
  if (settings.as !== undefined && (caseReference === undefined || second === undefined)) {
    throw new Error('An officer looks at a history for a case and with another person beside: give --case REFERENCE and --second OFFICER.');
  }
  if (settings.as === undefined && settings.tokenFile === undefined && (caseReference !== undefined || second !== undefined)) {
    throw new Error('--case and --second belong to an officer: give --as OFFICER, or leave them out to look as the citizen.');
  }
  const query = `query ($idNumber: IdNumber!, $case: String, $agency: String, $from: DateTime, $to: DateTime, $first: Int, $after: String) {
    personHistory(idNumber: $idNumber, case: $case, agency: $agency, from: $from, to: $to, first: $first, after: $after) {
      edges { node { ${ENTRY} } } pageInfo { hasNextPage endCursor }
    }
  }`;
  type Data = {
    readonly edges: readonly { readonly node: Entry }[];
    readonly pageInfo: { hasNextPage: boolean; endCursor: string | null };
  };
  const variables = { idNumber, case: caseReference, agency, from: moment(from), to: moment(to), first, after };
  const { personHistory } = await callAdmin<{ readonly personHistory: Data }>(settings, query, variables, second);
  const entries = personHistory.edges.map(({ node }) => node);
  if (json === true) settings.output.write(`${JSON.stringify({ entries, pageInfo: personHistory.pageInfo })}\n`);
  else settings.output.write(`${historyPage(entries)}${more(personHistory.pageInfo)}\n`);
}

/** Days are taken for their beginning in UTC. */
function moment(text: string | undefined): string | undefined {
  if (text === undefined) return undefined;
  const at = new Date(text);
  if (Number.isNaN(at.getTime())) throw new Error('--from and --to are days or moments, like 2026-11-25 or 2026-11-25T08:00:00Z.');
  return at.toISOString();
}

function more({ hasNextPage, endCursor }: { readonly hasNextPage: boolean; readonly endCursor: string | null }): string {
  return hasNextPage ? `\nThere is more: --after ${endCursor}` : '';
}

/** Entries as a table whose last column, texts of law, is broken into lines. */
export function historyPage(entries: readonly Entry[]): string {
  if (entries.length === 0) return 'Nobody looked. / Chưa có ai truy cập.';
  const table = new Table({
    head: ['when', 'who', 'what for', 'outcome', 'fields', 'basis'],
    style: { head: [], border: [] },
    colWidths: [null, null, null, null, null, BASIS_WIDTH],
    wordWrap: true,
  });
  for (const entry of entries) {
    const { at, agency, application, analysis, officerRole, purpose, outcome, code, emergency, kind } = entry;
    const who = [agency, application, officerRole === null ? null : `(${officerRole})`].filter((part) => part !== null);
    const bases = entry.bases.map(({ basis, references }) => (references.length === 0 ? basis : `${basis}: ${references.join('; ')}`));
    const fields = [
      ...entry.released,
      ...entry.transformed.map((field) => `${field} (in part)`),
      ...entry.withheld.map((field) => `${field} (withheld)`),
    ];
    if (analysis !== null) fields.push(`statistic / thống kê: ${analysis}`);
    const became = [outcome, code, emergency ? 'EMERGENCY' : null].filter((part) => part !== null);
    table.push([at, who.join(' '), purpose ?? kind, became.join(' '), fields.join('\n'), bases.join('\n')]);
  }
  return table.toString();
}
