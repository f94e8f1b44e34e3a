import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { JWK } from 'jose';
import { contentVersion, readPolicyFiles } from '../../policy/policy-files.ts';
import type { SignedStatement } from '../../rules/signature.ts';
import { signStatement, type Statement } from '../../rules/statement.ts';
import { accountOf, callAdmin, signingKeyOf } from '../client.ts';
import type { CommandSettings } from '../command-settings.ts';
import { BASE_FILE } from './policy-files.ts';
import { STEP, showStep, VERSION, type PolicyVersion, type Step } from './policy-show.ts';

export interface StepOptions {
  readonly version: string;
  readonly reason?: string;
  readonly json?: true;
}

/** Drafts the rules of a directory. Rejects with a sentence when they do not become one. */
export async function policyDraft(
  settings: CommandSettings,
  { from, parent, reason, json }: { readonly from: string; readonly parent?: string; readonly reason?: string; readonly json?: true },
): Promise<void> {
  const files = await readPolicyFiles(from).catch((cause: unknown) => {
    throw new Error(`The directory ${from} cannot be read. Name one that holds policies, bank.cedar and so on.`, { cause });
  });
  const texts = [...files].map(([name, bytes]) => {
    const text = bytes.toString('utf8');
    if (!Buffer.from(text, 'utf8').equals(bytes)) throw new Error(`${name} is not UTF-8. Save it as UTF-8.`);
    return { name, text };
  });
  const base = parent ?? (await readFile(resolve(from, BASE_FILE), 'utf8').catch(() => undefined))?.trim();
  const { policyActive } = await callAdmin<{ policyActive: { version: string } }>(settings, '{ policyActive { version } }');
  const statement = await signed(settings, (common) => ({
    ...common,
    kind: 'draft',
    version: contentVersion(files),
    parent: base ?? policyActive.version,
    reason: reason ?? '',
  }));
  const mutation = `mutation ($files: [PolicyFileInput!]!, $statement: SignedStatement!) { step: draftPolicies(files: $files, statement: $statement) { ${STEP} } }`;
  const { step } = await callAdmin<{ step: Step }>(settings, mutation, { files: texts, statement });
  return showStep(settings, step, json);
}

/** Submits, approves, rejects, activates or reviews a version. Rejects with a sentence when it is refused. */
export async function policyStep(
  settings: CommandSettings,
  kind: 'submit' | 'approve' | 'reject' | 'activate' | 'narrow' | 'review',
  { version: named, reason = '', json }: StepOptions,
): Promise<void> {
  const found = await findVersion(settings, named);
  if ('code' in found) return showStep(settings, { version: null, refusal: found, report: null, difference: null }, json);
  const { version } = found;
  const proposal = found.proposal ?? '0'.repeat(64);
  const active = async () =>
    (await callAdmin<{ policyActive: { activation: string } }>(settings, '{ policyActive { activation } }')).policyActive.activation;
  // What an approver attests is what the gateway says now; it refuses when that has changed before the approval arrives.
  const more = {
    submit: async () => ({ kind: 'submit', proposal, widens: await widensOf(settings, version) }) as const,
    approve: async () => ({ kind: 'approve', proposal, widens: await widensOf(settings, version) }) as const,
    reject: async () => ({ kind: 'reject', proposal }) as const,
    activate: async () => ({ kind: 'activate', proposal, after: await active() }) as const,
    narrow: async () => ({ kind: 'narrow', proposal, after: await active() }) as const,
    review: async () => ({ kind: 'review', activation: await active() }) as const,
  }[kind];
  const specific = await more();
  return take(settings, `${kind}Policies`, await signed(settings, (common) => ({ ...common, ...specific, version, reason })), json);
}

/** Makes the version active that was active before. */
export async function policyRollback(settings: CommandSettings, { reason = '', json }: Omit<StepOptions, 'version'>): Promise<void> {
  const { policyActive } = await callAdmin<{ policyActive: { version: string; activation: string; before: string | null } }>(
    settings,
    '{ policyActive { version activation before } }',
  );
  const { version, activation, before } = policyActive;
  const statement = await signed(settings, (common) => ({
    ...common,
    kind: 'rollback',
    version: before ?? version,
    after: activation,
    reason,
  }));
  return take(settings, 'rollbackPolicies', statement, json);
}

async function take(settings: CommandSettings, mutation: string, statement: SignedStatement, json: true | undefined): Promise<void> {
  const query = `mutation ($statement: SignedStatement!) { step: ${mutation}(statement: $statement) { ${STEP} } }`;
  const { step } = await callAdmin<{ step: Step }>(settings, query, { statement });
  return showStep(settings, step, json);
}

async function findVersion(settings: CommandSettings, named: string): Promise<PolicyVersion | { code: string; message: string }> {
  const query = `query ($version: String!) { policyVersion(version: $version) { version { ${VERSION} } refusal { code message } } }`;
  const { policyVersion } = await callAdmin<{
    policyVersion: { version: PolicyVersion | null; refusal: { code: string; message: string } | null };
  }>(settings, query, { version: named });
  return policyVersion.version ?? policyVersion.refusal ?? { code: 'VERSION_UNKNOWN', message: 'There is no such version.' };
}

async function widensOf(settings: CommandSettings, version: string): Promise<string[]> {
  const query = 'query ($version: String!) { policyImpact(version: $version) { refusal { message } impact { registersWidened } } }';
  const { policyImpact } = await callAdmin<{ policyImpact: { impact: { registersWidened: string[] } | null } }>(settings, query, {
    version,
  });
  return policyImpact.impact?.registersWidened ?? [];
}

type Common = Pick<Statement, 'account' | 'at'>;

/** Signs with the key of whoever acts: in `DATA_DIR`, or in the file that `SIGNING_KEY_FILE` names. */
async function signed(settings: CommandSettings, statementOf: (common: Common) => Statement): Promise<SignedStatement> {
  const { whoami } = await callAdmin<{ whoami: { account: string } }>(settings, '{ whoami { account } }');
  const named = settings.as === undefined ? undefined : await accountOf(settings, settings.as);
  const key: JWK = await signingKeyOf(settings, named);
  return signStatement(statementOf({ account: whoami.account, at: new Date().toISOString() }), key);
}
