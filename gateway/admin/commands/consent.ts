import Table from 'cli-table3';
import { callAdmin } from '../client.ts';
import type { CommandSettings } from '../command-settings.ts';

const CONSENT = `id agency agencyName { vi en } purpose channel givenAt terms { vi en } groups { name validUntil status sensitive }`;

interface Consent {
  readonly id: string;
  readonly agency: string;
  readonly agencyName: { readonly vi: string; readonly en: string };
  readonly purpose: string;
  readonly channel: string;
  readonly givenAt: string;
  readonly terms: { readonly vi: string; readonly en: string };
  readonly groups: readonly { readonly name: string; readonly validUntil: string; readonly status: string; readonly sensitive: boolean }[];
}

export interface ConsentOptions {
  readonly person: string;
  readonly agency: string;
  readonly purpose: string;
  readonly group: readonly string[];
  readonly until?: string;
  readonly evidence?: string;
  /** ID number of the parent or guardian of a minor. */
  readonly representative?: string;
  /** Where the proof of a child's own agreement is kept. */
  readonly childAgreement?: string;
  readonly as?: string;
  readonly json?: true;
}

/** Notes a consent that a person gave at a counter, and shows its page of terms. */
export async function consentGive(settings: CommandSettings, options: ConsentOptions): Promise<void> {
  const { person: idNumber, agency, purpose, group: groups, until, evidence, representative, childAgreement } = options;
  const input = { idNumber, agency, purpose, groups, until, evidence, representative, childAgreement };
  const mutation = `mutation ($input: GiveConsentInput!) { giveConsent(input: $input) { ${CONSENT} } }`;
  const { giveConsent } = await callAdmin<{ giveConsent: Consent }>(settings, mutation, { input });
  show(settings, options, giveConsent, () => page([giveConsent]));
}

/** Withdraws what was given to an agency for a purpose; all groups without any named. */
export async function consentWithdraw(settings: CommandSettings, options: Omit<ConsentOptions, 'group'> & { group?: readonly string[] }) {
  const { person: idNumber, agency, purpose, group: groups, evidence } = options;
  const input = { idNumber, agency, purpose, groups, evidence };
  const mutation = 'mutation ($input: WithdrawConsentInput!) { withdrawConsent(input: $input) }';
  const { withdrawConsent } = await callAdmin<{ withdrawConsent: readonly string[] }>(settings, mutation, { input });
  const said =
    withdrawConsent.length === 0 ? 'Nothing was in force.' : `Withdrawn: ${withdrawConsent.join(', ')}. It holds for the next request.`;
  show(settings, options, { withdrawn: withdrawConsent }, () => said);
}

/** Lists a person's consents with the page of terms of each, in Vietnamese and English. */
export async function consentList(settings: CommandSettings, options: { readonly person: string; readonly json?: true }): Promise<void> {
  const query = `query ($idNumber: IdNumber!) { consents(idNumber: $idNumber) { ${CONSENT} } }`;
  const { consents } = await callAdmin<{ consents: readonly Consent[] }>(settings, query, { idNumber: options.person });
  show(settings, options, consents, () => (consents.length === 0 ? 'No consents. / Chưa có sự đồng ý nào.' : page(consents)));
}

/** Lets a consent hold longer. */
export async function consentExtend(
  settings: CommandSettings,
  options: { readonly id: string; readonly until: string; readonly json?: true },
) {
  const mutation = `mutation ($id: ID!, $until: String!) { extendConsent(id: $id, until: $until) { ${CONSENT} } }`;
  const { extendConsent } = await callAdmin<{ extendConsent: Consent }>(settings, mutation, { id: options.id, until: options.until });
  show(settings, options, extendConsent, () => page([extendConsent]));
}

/** Prints the record of a consent as it was given, with its checksum. */
export async function consentReceipt(settings: CommandSettings, options: { readonly id: string }): Promise<void> {
  const query = 'query ($id: ID!) { consentReceipt(id: $id) { record sha256 } }';
  const { consentReceipt: receipt } = await callAdmin<{ consentReceipt: { record: string; sha256: string } | null }>(settings, query, {
    id: options.id,
  });
  if (receipt === null) throw new Error('There is no consent with this id. "consent list" shows those of a person.');
  settings.output.write(`${JSON.stringify({ sha256: receipt.sha256, record: JSON.parse(receipt.record) as unknown }, undefined, 2)}\n`);
}

function show(settings: CommandSettings, { json }: { readonly json?: true }, data: unknown, text: () => string): void {
  settings.output.write(`${json === true ? JSON.stringify(data) : text()}\n`);
}

function page(consents: readonly Consent[]): string {
  const table = new Table({ head: ['group', 'agency', 'purpose', 'until', 'status', 'by'], style: { head: [], border: [] } });
  for (const { agency, purpose, groups, channel } of consents) {
    for (const { name, validUntil, status } of groups) table.push([name, agency, purpose, validUntil.slice(0, 10), status, channel]);
  }
  const terms = consents.map(({ id, terms: { vi, en } }) => `${id}\n  ${vi}\n  ${en}`);
  return `${table.toString()}\n\n${terms.join('\n\n')}`;
}
