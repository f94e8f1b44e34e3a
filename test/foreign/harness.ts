import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ApolloServer } from '@apollo/server';
import { startStandaloneServer } from '@apollo/server/standalone';
import { composeServices } from '@apollo/composition';
import { parse } from 'graphql';
import { readConfig } from '../../gateway/config.ts';
import { loadConsentGroups } from '../../gateway/consent/groups.ts';
import { noCivilStatus, personKeys } from '../../gateway/consent/person-keys.ts';
import { createConsentService } from '../../gateway/consent/service.ts';
import type { DisclosureEvent, LedgerRecord, RefusalEvent } from '../../gateway/ledger/events.ts';
import { recordOf } from '../../gateway/ledger/store.ts';
import { LIMITS } from '../../gateway/limits.ts';
import { classifyByDirectory } from '../../gateway/policy/classification-file.ts';
import { loadPolicies } from '../../gateway/policy/load.ts';
import { start } from '../../gateway/start.ts';
import { classify } from '../../platform/classification.ts';
import { migrate, openDatabase } from '../../platform/database.ts';
import { createLog } from '../../platform/log.ts';
import { unrecorded } from '../ledger/event-ledger.ts';
import { serveSubgraph, type World } from '../federation/world.ts';
import { startKeys, type RunningIssuer } from '../scopes/running.ts';

export const ISSUER = 'https://issuer.example';
export const AUDIENCE = 'https://graph.example';

/** A request that reached a subgraph. */
export interface SubgraphCall {
  readonly subgraph: string;
  readonly query: string;
  readonly variables: Readonly<Record<string, unknown>>;
  readonly grant: string | undefined;
  readonly seal: string | undefined;
}

export interface ForeignReply {
  readonly status: number;
  readonly text: string;
  readonly data: Record<string, unknown> | null | undefined;
  readonly errors: readonly {
    readonly message: string;
    readonly path?: readonly unknown[];
    readonly extensions: { readonly code: string };
  }[];
}

export interface ForeignGateway extends AsyncDisposable {
  readonly url: string;
  readonly dataDir: string;
  readonly calls: SubgraphCall[];
  readonly log: readonly string[];
  readonly issuer: RunningIssuer;
  /** Asks with a token whose claims are `client_id` and what is given; headers given win. */
  readonly ask: (who: Asker, query: string, more?: AskMore) => Promise<ForeignReply>;
  /** Stops the gateway and reads what it recorded. */
  readonly stopAndRead: () => Promise<readonly (LedgerRecord<DisclosureEvent | RefusalEvent> & { readonly consents: readonly string[] })[]>;
}

export interface Asker {
  readonly claims: Readonly<Record<string, unknown>>;
  readonly purpose: string;
}

export interface AskMore {
  readonly variables?: Readonly<Record<string, unknown>>;
  readonly operationName?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly typ?: string;
}

/** A consent that lies in the database before the gateway starts. */
export interface GivenConsent {
  readonly person: string;
  readonly agency: string;
  readonly purpose: string;
  readonly groups: readonly string[];
}

/** Serves each subgraph of the world over HTTP and composes them. */
export async function serveWorld(
  world: World,
): Promise<AsyncDisposable & { readonly supergraphSdl: string; readonly calls: SubgraphCall[] }> {
  await using resources = new AsyncDisposableStack();
  const calls: SubgraphCall[] = [];
  const rows = world.rows();
  const services = [];
  for (const [name, sdl] of Object.entries(world.subgraphs)) {
    const server = new ApolloServer({
      ...serveSubgraph(world, rows, name),
      logger: SILENT,
      stopOnTerminationSignals: false,
      plugins: [
        {
          requestDidStart: async ({ request }) => {
            const headers = request.http?.headers;
            const call = { subgraph: name, query: request.query ?? '', variables: request.variables ?? {} };
            calls.push({ ...call, grant: headers?.get('x-grant'), seal: headers?.get('x-seal') });
          },
        },
      ],
    });
    const { url } = await startStandaloneServer(server, { listen: { host: '127.0.0.1', port: 0 } });
    resources.defer(async () => server.stop());
    services.push({ name, url, typeDefs: parse(sdl) });
  }
  const { supergraphSdl, errors } = composeServices(services);
  if (supergraphSdl === undefined) throw new Error(errors.map(({ message }) => message).join('\n'));
  const owned = resources.move();
  return { supergraphSdl, calls, [Symbol.asyncDispose]: async () => owned.disposeAsync() };
}

/** Starts the gateway with the documented flags, on state of its own. */
export async function startForeign(world: World, policiesDir: string, consents: readonly GivenConsent[] = []): Promise<ForeignGateway> {
  await using resources = new AsyncDisposableStack();
  const { supergraphSdl, calls } = resources.use(await serveWorld(world));
  const issuer = resources.use(await startKeys());
  const dataDir = await mkdtemp(join(tmpdir(), 'lien-thong-foreign-'));
  resources.defer(async () => rm(dataDir, { recursive: true, force: true }));
  const supergraphFile = join(dataDir, 'supergraph.graphql');
  await writeFile(supergraphFile, supergraphSdl);
  if (consents.length > 0) await giveConsents(dataDir, supergraphSdl, policiesDir, consents);
  const flags = ['--supergraph', supergraphFile, '--port', '0', '--policies', policiesDir, '--jwks', issuer.jwks];
  const config = readConfig([...flags, '--issuer', ISSUER, '--audience', AUDIENCE], { DATA_DIR: dataDir });
  const lines: string[] = [];
  const log = createLog('gateway', 'info', { write: (line: string) => void lines.push(line) });
  const gateway = resources.use(await start(config, { log, clock: Date.now, progress: { loading: () => undefined } }));
  const owned = resources.move();
  return {
    url: gateway.url,
    dataDir,
    calls,
    log: lines,
    issuer,
    async ask({ claims, purpose }, query, { variables, operationName, headers, typ } = {}) {
      const token = await issuer.token({ iss: ISSUER, aud: AUDIENCE, ...claims }, typ === undefined ? {} : { typ });
      const response = await fetch(`${gateway.url}/graphql`, {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          accept: 'application/graphql-response+json',
          authorization: `Bearer ${token}`,
          'x-purpose': purpose,
          'x-officer': 'clerk-1',
          ...headers,
        },
        body: JSON.stringify({ query, variables, operationName }),
      });
      const text = await response.text();
      const { data, errors = [] } = JSON.parse(text) as Pick<ForeignReply, 'data'> & { errors?: ForeignReply['errors'] };
      return { status: response.status, text, data, errors };
    },
    async stopAndRead() {
      await gateway[Symbol.asyncDispose]();
      await using database = await openDatabase({ directory: join(dataDir, 'gateway'), statementTimeoutMs: LIMITS.statementTimeoutMs });
      const text = `SELECT head, persons FROM ledger_records WHERE kind IN ('disclosure', 'refusal') ORDER BY at, chain, sequence`;
      const rows = await database.query<{ head: string; persons: string }>({ text });
      return rows.map(
        (row) =>
          ({ consents: [], ...recordOf(row) }) as LedgerRecord<DisclosureEvent | RefusalEvent> & { readonly consents: readonly string[] },
      );
    },
    [Symbol.asyncDispose]: async () => owned.disposeAsync(),
  };
}

async function giveConsents(dataDir: string, supergraphSdl: string, directory: string, consents: readonly GivenConsent[]): Promise<void> {
  await using database = await openDatabase({ directory: join(dataDir, 'gateway'), statementTimeoutMs: LIMITS.statementTimeoutMs });
  await migrate(database, join(import.meta.dirname, '..', '..', 'gateway', 'migrations'));
  const classified = await classifyByDirectory(supergraphSdl, directory);
  const policies = await loadPolicies({ directory, supergraphSdl, clock: Date.now, decisionCacheMax: 1_000 });
  const groups = await loadConsentGroups(database, classify(parse(classified.sdl)), Date.now);
  const rules = { registry: policies.registry, policies, groups, isPersonKey: personKeys(true) };
  const service = createConsentService(database, () => rules, noCivilStatus, unrecorded(database), Date.now);
  for (const { person, ...about } of consents) {
    const given = await service.give({ idNumber: person, until: undefined, ...about }, { channel: 'operator', evidence: undefined });
    if ('kind' in given) throw new Error(given.message);
  }
}

/** The text of a key file that the gateway made. */
export async function madeKey(dataDir: string, ...path: readonly string[]): Promise<string> {
  return readFile(join(dataDir, 'keys', ...path), 'utf8');
}

const SILENT = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
