import { generateKeyPairSync, randomBytes, randomUUID } from 'node:crypto';
import { parse } from 'graphql';
import pg from 'pg';
import { coordinatesOf } from '../../platform/coordinates.ts';
import { GRANT_HEADER, operationHash, seal, SEAL_HEADER, signGrant, type CoordinateUse, type Grant } from '../../platform/grant.ts';
import { createLog } from '../../platform/log.ts';
import type { AnyRegister } from '../../subgraphs/register.ts';
import { buildRegisterSchema } from '../../subgraphs/schema.ts';
import { startSubgraph, type Subgraph, type SubgraphOptions } from '../../subgraphs/serve.ts';

const ISSUER = 'https://gateway.test';

export interface Call {
  readonly query: string;
  readonly variables?: Record<string, unknown>;
  /** Replaces parts of the grant that would be right. */
  readonly grant?: Partial<Grant>;
  /** Sent instead of the body that was sealed. */
  readonly tampered?: string;
  /** Replaces or removes headers. */
  readonly headers?: Record<string, string | undefined>;
}

export interface Answer {
  readonly status: number;
  readonly text: string;
  readonly data: Record<string, unknown> | null | undefined;
  readonly errors: readonly { readonly message: string; readonly extensions?: { readonly code?: string } }[] | undefined;
}

/** A running register, and a gateway's keys to call it with. */
export interface TestRegister extends AsyncDisposable {
  readonly subgraph: Subgraph;
  /** Log lines written so far. */
  readonly logged: readonly string[];
  readonly call: (call: Call) => Promise<Answer>;
  /** Asks `_entities` for these people, granted to the agency for the purpose. */
  readonly entities: (
    idNumbers: readonly string[],
    selection: string,
    grant?: Partial<Grant>,
  ) => Promise<readonly Record<string, unknown>[]>;
  /** The same, with how many statements it took once its grant is known. */
  readonly counted: (
    idNumbers: readonly string[],
    selection: string,
  ) => Promise<{ readonly statements: number; readonly found: readonly Record<string, unknown>[] }>;
  readonly headersFor: (call: Call, body: string) => Promise<Record<string, string>>;
}

/** Starts a register with keys made for the test, by default in memory and with a ceiling that lets everything through. */
export async function startRegister(register: AnyRegister, options: Partial<SubgraphOptions> = {}): Promise<TestRegister> {
  const keys = generateKeyPairSync('ed25519');
  const sealKey = options.sealKey ?? randomBytes(32);
  const logged: string[] = [];
  const log = createLog(register.name, 'info', { write: (line: string) => void logged.push(line) });
  const subgraph = await startSubgraph({
    register,
    grantIssuer: ISSUER,
    grantKey: keys.publicKey,
    sealKey,
    ceiling: () => true,
    log,
    ...options,
  });
  const { schema } = await buildRegisterSchema(register);
  const now = options.clock ?? ((): Date => new Date());

  const grantFor = (call: Call): Grant => {
    let coordinates: Record<string, CoordinateUse> = {};
    try {
      coordinates = Object.fromEntries([...coordinatesOf(schema, parse(call.query))].map((coordinate) => [coordinate, 'released']));
    } catch {
      // A document that does not parse has no coordinates to grant.
    }
    return {
      id: randomUUID(),
      issuer: ISSUER,
      audience: register.name,
      application: 'hospital-counter',
      agency: 'hospital',
      purpose: 'health.check-in',
      action: 'read',
      emergency: false,
      policyVersion: 'sha256:test',
      operationHash: operationHash(call.query),
      coordinates,
      expiresAt: Math.floor(now().getTime() / 1000) + 30,
      ...call.grant,
    };
  };
  const headersFor = async (call: Call, body: string): Promise<Record<string, string>> => {
    const grant = grantFor(call);
    const headers: Record<string, string | undefined> = {
      'content-type': 'application/json',
      [GRANT_HEADER]: await signGrant(grant, keys.privateKey),
      [SEAL_HEADER]: seal(grant.id, body, sealKey, now().getTime()),
      ...call.headers,
    };
    return Object.fromEntries(Object.entries(headers).filter((entry): entry is [string, string] => entry[1] !== undefined));
  };
  const call = async (request: Call): Promise<Answer> => {
    const body = JSON.stringify({ query: request.query, variables: request.variables });
    return post(subgraph.url, await headersFor(request, body), request.tampered ?? body);
  };
  const entities: TestRegister['entities'] = async (idNumbers, selection, grant = {}) => {
    const query = `query ($representations: [_Any!]!) { _entities(representations: $representations) { ... on Resident { ${selection} } } }`;
    const representations = idNumbers.map((idNumber) => ({ __typename: 'Resident', idNumber }));
    const answer = await call({ query, variables: { representations }, grant });
    if (answer.errors !== undefined) throw new Error(`The register answered errors: ${answer.text}`);
    return answer.data?.['_entities'] as readonly Record<string, unknown>[];
  };
  return {
    subgraph,
    logged,
    call,
    headersFor,
    entities,
    counted: async (idNumbers, selection) => {
      const grant = { id: randomUUID() };
      // The first call brings the grant's id to the database and the operation to the compiler.
      await entities(idNumbers, selection, grant);
      await subgraph.flush();
      const before = subgraph.database.statements;
      const found = await entities(idNumbers, selection, grant);
      return { statements: subgraph.database.statements - before, found };
    },
    [Symbol.asyncDispose]: async () => subgraph[Symbol.asyncDispose](),
  };
}

/** Posts a body as it is. */
export async function post(url: string, headers: Record<string, string>, body: string): Promise<Answer> {
  const response = await fetch(url, { method: 'POST', headers, body });
  const text = await response.text();
  const parsed = JSON.parse(text) as { data?: Answer['data']; errors?: Answer['errors'] };
  return { status: response.status, text, data: parsed.data, errors: parsed.errors };
}

const POSTGRES_URL = process.env['TEST_DATABASE_URL'] ?? 'postgres://postgres@127.0.0.1:5432/test';

/** Whether the PostgreSQL of the tests answers. With REQUIRE_POSTGRES set, its absence is an error. */
export async function postgresAnswers(): Promise<boolean> {
  const client = new pg.Client({ connectionString: POSTGRES_URL, connectionTimeoutMillis: 2_000 });
  try {
    await client.connect();
    await client.end();
    return true;
  } catch (cause) {
    if (process.env['REQUIRE_POSTGRES'] !== undefined)
      throw new Error('REQUIRE_POSTGRES is set and PostgreSQL does not answer.', { cause });
    return false;
  }
}

/** A database of its own on the PostgreSQL of the tests, dropped at the end. */
export async function createPostgresDatabase(): Promise<AsyncDisposable & { readonly url: string }> {
  const name = `registers_${randomUUID().replaceAll('-', '')}`;
  const run = async (text: string): Promise<void> => {
    const client = new pg.Client({ connectionString: POSTGRES_URL });
    await client.connect();
    await client.query(text);
    await client.end();
  };
  await run(`CREATE DATABASE ${name}`);
  const url = new URL(POSTGRES_URL);
  url.pathname = `/${name}`;
  return { url: url.href, [Symbol.asyncDispose]: async () => run(`DROP DATABASE ${name} WITH (FORCE)`) };
}
