import Table from 'cli-table3';
import type { Circumstance } from '../../operations/circumstances.ts';
import type { DisclosedDecision } from '../../operations/disclosure.ts';
import type { OperationReport } from '../../operations/report.ts';
import { short } from './policy-show.ts';

export const OPERATION = `address documentId kind name application purpose why state notRunning author proposedAt expiresAt approvals { account at }
  missing proposal reportHash report content differences { coordinate direction }`;

/** An operation as the admin API gives it; report and content are JSON in their canonical text. */
export interface ShownOperation {
  readonly address: string;
  readonly documentId: string;
  readonly kind: string;
  readonly name: string;
  readonly application: string;
  readonly purpose: string;
  readonly why: string;
  readonly state: string;
  readonly notRunning: string | null;
  readonly author: string;
  readonly proposedAt: string;
  readonly expiresAt: string;
  readonly approvals: readonly { readonly account: string; readonly at: string }[];
  readonly missing: readonly string[];
  readonly proposal: string;
  readonly reportHash: string;
  readonly report: string;
  readonly content: string;
  readonly differences: readonly { readonly coordinate: string; readonly direction: string }[];
}

/** For programs, what travels as text inside JSON is JSON. */
export function parsedOperation(operation: ShownOperation) {
  return { ...operation, report: JSON.parse(operation.report) as unknown, content: JSON.parse(operation.content) as unknown };
}

/** An operation in a line: what it is called, where it stands, and why it does not run. */
export function operationLine({ kind, name, application, state, notRunning, documentId, expiresAt }: ShownOperation): string {
  const until = state === 'approved' ? ` until ${expiresAt.slice(0, 10)}` : '';
  return `${kind} ${name} of ${application}: ${state}${until}, ${short(documentId)}${notRunning === null ? '' : `. ${notRunning}`}`;
}

/** An operation in full, for people. */
export function operationText(operation: ShownOperation): string {
  const { author, proposedAt, approvals, missing, why, purpose, documentId, address, content } = operation;
  const { document } = JSON.parse(content) as { readonly document: string };
  return [
    operationLine(operation),
    `For ${purpose}: ${why}`,
    `Document id ${documentId}`,
    `Address ${address}`,
    `Proposed by ${author} on ${proposedAt.slice(0, 10)}, approved by ${approvals.map(({ account }) => account).join(', ') || 'nobody yet'}.`,
    ...(missing.length === 0 ? [] : [`It waits for ${missing.join(' and ')}.`]),
    '',
    document.trimEnd(),
    '',
    reportText(operation.report),
  ].join('\n');
}

/** What an operation discloses, as a table for each set of circumstances. */
export function reportText(text: string): string {
  const { registers, cost, disclosures, doubts } = JSON.parse(text) as OperationReport;
  const lines: string[] = [];
  for (const { when, fields, withheld } of disclosures) {
    lines.push(`What it discloses ${whenText(when, disclosures.length)}:`);
    const table = new Table({ head: ['field', 'class', 'group', 'gives'], style: { head: [], border: [] } });
    for (const { coordinate, class: dataClass, group, decisions } of fields) {
      table.push([coordinate, dataClass, group ?? '–', decisions.map(decisionText).join('\n')]);
    }
    lines.push(table.toString());
    for (const { path, code } of withheld) lines.push(`Taken out: ${path} (${code})`);
  }
  lines.push(`Registers: ${registers.join(', ') || 'none'}.${cost === null ? '' : ` Cost at most ${cost}.`}`, ...doubts);
  return `${lines.join('\n')}\n`;
}

function decisionText({ level, law, consent }: DisclosedDecision): string {
  const rungs = [law, consent].filter((rung) => rung !== null);
  const by = rungs.map(({ policy, transform }) => `${policy}${transform === null ? '' : ` (${transform})`}`).join(', ');
  return by === '' ? level : `${level} by ${by}`;
}

function whenText(when: readonly Circumstance[], sets: number): string {
  if (sets === 1) return 'always';
  return when
    .map(({ officerRole, assurance, emergency, variables }) =>
      [
        officerRole === null ? '' : officerRole === '' ? 'no role' : `role ${officerRole}`,
        assurance === null ? '' : `level ${assurance}`,
        emergency === null ? '' : emergency ? 'in an emergency' : 'without an emergency',
        variables === null ? '' : JSON.stringify(variables),
      ]
        .filter((part) => part !== '')
        .join(', '),
    )
    .join('; ');
}
