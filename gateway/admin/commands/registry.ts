import Table from 'cli-table3';
import { callAdmin } from '../client.ts';
import { readGiven } from '../command-files.ts';
import type { CommandSettings } from '../command-settings.ts';
import { RefusedError } from '../refused.ts';

const VIEW = `{ registry {
  revision
  agencies { id kind name { vi en } officers { account person role administers keys } }
  applications { id agency clientId login purposes approvedOperationsOnly suspended certificate peoplePerRequest peoplePerDay keys { jwk until } }
  purposes { id version text { vi en } dpv }
  registers { id subgraph owner }
} }`;

interface View {
  readonly revision: number;
  readonly agencies: readonly (Named & {
    readonly kind: string;
    readonly name: { readonly vi: string; readonly en: string };
    readonly officers: readonly OfficerView[];
  })[];
  readonly applications: readonly ApplicationView[];
  readonly purposes: readonly (Named & {
    readonly version: number;
    readonly text: { readonly vi: string; readonly en: string };
    readonly dpv: string | null;
  })[];
  readonly registers: readonly (Named & { readonly subgraph: string; readonly owner: string })[];
}
interface Named {
  readonly id: string;
}
interface OfficerView {
  readonly account: string;
  readonly person: string;
  readonly role: string;
  readonly administers: readonly string[];
}
interface ApplicationView extends Named {
  readonly agency: string;
  readonly login: string;
  readonly purposes: readonly string[];
  readonly approvedOperationsOnly: boolean;
  readonly suspended: boolean;
  readonly peoplePerRequest: number | null;
  readonly peoplePerDay: number | null;
  readonly keys: readonly { readonly jwk: string; readonly until: string | null }[];
}

export interface JsonOption {
  readonly json?: true | undefined;
}

/** Lists who is connected. */
export async function registryList(settings: CommandSettings, { json }: JsonOption): Promise<void> {
  const { registry } = await callAdmin<{ registry: View }>(settings, VIEW);
  if (json) return print(settings, registry);
  const { agencies, applications, purposes, registers } = registry;
  const tables = [
    table(
      ['application', 'agency', 'purposes', 'state', 'people a request / a day'],
      applications.map((one) => [
        one.id,
        one.agency,
        one.purposes.join('\n'),
        stateOf(one),
        `${one.peoplePerRequest ?? '–'} / ${one.peoplePerDay ?? '–'}`,
      ]),
    ),
    table(
      ['purpose', 'version', 'text', 'term'],
      purposes.map(({ id, version, text, dpv }) => [id, version, `${text.vi}\n${text.en}`, dpv ?? '–']),
    ),
    table(
      ['account', 'person', 'role at work', 'administers'],
      agencies.flatMap(({ officers }) =>
        officers.map(({ account, person, role, administers }) => [account, person, role, administers.join(', ')]),
      ),
    ),
    table(
      ['register', 'owner'],
      registers.map(({ id, owner }) => [id, owner]),
    ),
  ];
  settings.output.write(`${tables.join('\n')}\nrevision ${registry.revision}\n`);
}

/** Shows one agency, application, purpose, register or account. */
export async function registryShow(settings: CommandSettings, id: string): Promise<void> {
  const { registry } = await callAdmin<{ registry: View }>(settings, VIEW);
  const { agencies, applications, purposes, registers } = registry;
  const officers = agencies.flatMap((agency) => agency.officers);
  const found =
    [...agencies, ...applications, ...purposes, ...registers].find((one) => one.id === id) ??
    officers.find(({ account }) => account === id);
  if (found === undefined) throw new Error(`The registry has nothing called "${id}". "registry list" shows what there is.`);
  settings.output.write(`${JSON.stringify(found, undefined, 2)}\n`);
}

interface Change {
  readonly revision: number | null;
  readonly proposal: string | null;
  readonly refusal: { readonly code: string; readonly message: string } | null;
}

/** Calls a mutation of the registry and prints what came of it. Rejects with the refusal, so that the exit status says it too. */
export async function registryChange(
  settings: CommandSettings,
  mutation: string,
  types: Readonly<Record<string, string>>,
  variables: Readonly<Record<string, unknown>>,
  { json, done }: JsonOption & { readonly done: string },
): Promise<void> {
  const declared = Object.entries(types).map(([name, type]) => `$${name}: ${type}`);
  const given = Object.keys(types).map((name) => `${name}: $${name}`);
  const document = `mutation (${declared.join(', ')}) { ${mutation}(${given.join(', ')}) { revision proposal refusal { code message } } }`;
  const answer = await callAdmin<Readonly<Record<string, Change>>>(settings, document, variables);
  const change = answer[mutation];
  if (change === undefined) throw new Error('The gateway answered something else. Is it of another version?');
  if (change.refusal !== null) {
    if (json) print(settings, { refusal: change.refusal });
    throw new RefusedError(change.refusal);
  }
  if (json) return print(settings, { revision: change.revision, proposal: change.proposal });
  const toConfirm =
    change.proposal === null ? '' : ` Somebody else confirms it with: registry officer confirm --proposal ${change.proposal}`;
  settings.output.write(`${done}${toConfirm}\n`);
}

/** Shows what waits for another person. */
export async function roleProposals(settings: CommandSettings, { json }: JsonOption): Promise<void> {
  const query = '{ roleProposals { id account administers role key proposedAt proposedBy } }';
  const { roleProposals: open } = await callAdmin<{ roleProposals: readonly Proposal[] }>(settings, query);
  if (json) return print(settings, open);
  const rows = open.map(({ id, account, administers, role, key, proposedBy }) => [
    id,
    account,
    [...administers, ...(role === null ? [] : [`role ${role}`]), ...(key === null ? [] : ['a key'])].join(', '),
    proposedBy,
  ]);
  settings.output.write(`${rows.length === 0 ? 'Nothing waits.' : table(['proposal', 'account', 'gets', 'proposed by'], rows)}\n`);
}

interface Proposal {
  readonly id: string;
  readonly account: string;
  readonly administers: readonly string[];
  readonly role: string | null;
  readonly key: string | null;
  readonly proposedBy: string;
}

/** The public part of a JWK in a file. */
export async function publicKeyIn(file: string): Promise<string> {
  const hint = 'Name one that holds a JWK.';
  const text = await readGiven(file, hint);
  const { kty, crv, x, y, kid } = jwkIn(text) ?? {};
  if (kty === undefined) throw new Error(`The file ${file} is no key. ${hint}`);
  return JSON.stringify({ kty, crv, x, y, kid });
}

function jwkIn(text: string): Readonly<Record<string, string | undefined>> | undefined {
  try {
    return JSON.parse(text) as Record<string, string>;
  } catch {
    return undefined;
  }
}

function stateOf({ suspended, approvedOperationsOnly, login }: ApplicationView): string {
  return [
    suspended ? 'SUSPENDED' : 'in use',
    ...(approvedOperationsOnly ? ['approved operations only'] : []),
    ...(login === 'application' ? [] : [`login ${login}`]),
  ].join('\n');
}

function table(head: string[], rows: readonly (readonly (string | number)[])[]): string {
  const made = new Table({ head, style: { head: [], border: [] } });
  for (const row of rows) made.push([...row]);
  return made.toString();
}

function print(settings: CommandSettings, data: unknown): void {
  settings.output.write(`${JSON.stringify(data)}\n`);
}
