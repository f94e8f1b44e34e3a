import { createPrivateKey, randomUUID, sign } from 'node:crypto';
import { grantBytes } from '../../registry/grants.ts';
import { canonicalJson } from '../canonical.ts';
import { accountOf, callAdmin, signingKeyOf } from '../client.ts';
import type { CommandSettings } from '../command-settings.ts';
import { registryChange, type JsonOption } from './registry.ts';

export interface GrantOptions extends JsonOption {
  readonly account: string;
  readonly administers?: readonly string[] | undefined;
  readonly role?: string | undefined;
  /** A public Ed25519 key, base64url. */
  readonly key?: string | undefined;
}

/** Proposes a right, signed with the key of the officer who acts. Another person confirms it. */
export async function officerGrant(settings: CommandSettings, { account, administers = [], role, key, json }: GrantOptions): Promise<void> {
  const query = '{ registry { agencies { officers { account person } } } }';
  const { registry } = await callAdmin<{ registry: { agencies: readonly { officers: readonly Known[] }[] } }>(settings, query);
  const person = registry.agencies.flatMap(({ officers }) => officers).find((one) => one.account === account)?.person;
  if (person === undefined) throw new Error(`There is no account "${account}". Add it first: registry officer add.`);
  const id = randomUUID();
  const at = new Date().toISOString();
  const grant = { kind: 'registry.grant', id, account, person, administers, role: role ?? null, key: key ?? null, at };
  const statement = canonicalJson(grant);
  const variables = { statement, ...(await signGrant(settings, statement)) };
  const types = { statement: 'String!', key: 'String!', signature: 'String!' };
  await registryChange(settings, 'proposeRole', types, variables, { json, done: `Proposed for "${account}".` });
}

/** Signs what somebody else proposed, after it was fetched: what is signed is what is given. */
export async function officerConfirm(settings: CommandSettings, proposal: string, options: JsonOption): Promise<void> {
  const { roleProposals } = await callAdmin<{ roleProposals: readonly { id: string; statement: string }[] }>(
    settings,
    '{ roleProposals { id statement } }',
  );
  const open = roleProposals.find(({ id }) => id === proposal);
  if (open === undefined) throw new Error('No proposal of this id waits. "registry officer proposals" shows those that do.');
  const variables = { proposal, ...(await signGrant(settings, open.statement)) };
  const types = { proposal: 'ID!', key: 'String!', signature: 'String!' };
  await registryChange(settings, 'confirmRole', types, variables, { ...options, done: 'Confirmed.' });
}

interface Known {
  readonly account: string;
  readonly person: string;
}

async function signGrant(settings: CommandSettings, statement: string): Promise<{ readonly key: string; readonly signature: string }> {
  const account = settings.as === undefined ? undefined : await accountOf(settings, settings.as);
  const jwk = await signingKeyOf(settings, account);
  const key = createPrivateKey({ key: { ...jwk }, format: 'jwk' });
  return { key: jwk.x ?? '', signature: sign(null, grantBytes(statement), key).toString('base64url') };
}
