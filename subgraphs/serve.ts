import type { KeyObject } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fastify, type FastifyInstance } from 'fastify';
import { mercurius } from 'mercurius';
import { z } from 'zod';
import { migrate, openDatabase, type Database } from '../platform/database.ts';
import { isIdNumber } from '../platform/id-number.ts';
import type { Logger } from '../platform/log.ts';
import type { Ceiling, CeilingRules, OwnerKey } from '../platform/ceiling.ts';
import { readCeiling, startCeiling, type LiveCeiling } from './ceiling.ts';
import { constantError, maskErrors, maskFailure } from './errors.ts';
import { keepGrantsSeen, type GrantsSeen } from './grants-seen.ts';
import { CEILING_GRANT_ID, createGuard, RECONCILIATION_GRANT_ID, SHOWCASE_GRANT_ID, type Guard } from './guard.ts';
import { bodyOf, calendarDate, parseJson, refuse } from './http.ts';
import { loadSynthetic, type LoadProgress } from './load.ts';
import type { AnyRegister, RegisterContext } from './register.ts';
import { buildRegisterSchema } from './schema.ts';
import { addSnapshots } from './snapshots/routes.ts';
import { createSnapshots, frozen } from './snapshots/snapshots.ts';
import { ping, readGrantsSeen } from './store.ts';

/** A thousand representations with their operation fit many times. */
const BODY_BYTES_MAX = 4 * 1024 * 1024;
const STATEMENT_TIMEOUT_MS = 10_000;
/** A query is compiled when it comes the second time: the gateway's operations are few and come often. */
const JIT_AFTER = 1;
const SHOWCASE_MAX = 1_000;
const GRANTS_SERVED_MAX = 5_000;

export interface SubgraphOptions {
  readonly register: AnyRegister;
  /** `postgres://…`; without it the embedded database in `dataDirectory`, or in memory without that too. */
  readonly databaseUrl?: string | undefined;
  readonly dataDirectory?: string | undefined;
  readonly grantIssuer: string;
  readonly grantKey: KeyObject;
  readonly sealKey: Buffer;
  /** With which it begins; by default the register's own `ceiling.yaml`. */
  readonly ceiling?: CeilingRules | Ceiling | undefined;
  /** Whose signatures change the ceiling; nobody's without them. */
  readonly owners?: readonly OwnerKey[] | undefined;
  readonly log: Logger;
  readonly clock?: (() => Date) | undefined;
  /** Loads a synthetic population, and opens the demo-only route. Refused over data that is not stamped synthetic. */
  readonly synthetic?: { readonly seed: number; readonly size: number } | undefined;
  readonly onProgress?: ((progress: LoadProgress) => void) | undefined;
  readonly host?: string | undefined;
  /** 0 or undefined takes a free one. */
  readonly port?: number | undefined;
}

export interface Subgraph extends AsyncDisposable {
  /** The GraphQL endpoint, `http://host:port/graphql`. */
  readonly url: string;
  readonly database: Database;
  /** Writes the grant ids that wait to be kept. */
  readonly flush: () => Promise<void>;
}

/** Opens the register's database, loads what is asked, and serves it. Rejects with a sentence when any of it cannot be. */
export async function startSubgraph(options: SubgraphOptions): Promise<Subgraph> {
  const { register, log } = options;
  const clock = options.clock ?? ((): Date => new Date());
  const { schema, classification } = await buildRegisterSchema(register);
  const given = options.ceiling ?? readCeiling(await readFile(join(register.directory, 'ceiling.yaml'), 'utf8'), register.name);
  await using opened = new AsyncDisposableStack();
  const database = opened.use(
    await openDatabase({ url: options.databaseUrl, directory: options.dataDirectory, statementTimeoutMs: STATEMENT_TIMEOUT_MS }),
  );
  await migrate(database, join(import.meta.dirname, 'migrations'));
  await migrate(database, join(register.directory, 'migrations'));
  if (options.synthetic !== undefined) await loadSynthetic(database, register, options.synthetic, options.onProgress);

  const grantsSeen = opened.use(keepGrantsSeen(database, log));
  const { grantIssuer, grantKey, sealKey } = options;
  const rules = typeof given === 'function' ? {} : given;
  const ceiling = await startCeiling({ register: register.name, rules, owners: options.owners ?? [], database });
  const allows = typeof given === 'function' ? given : ceiling.allows;
  const snapshots = createSnapshots({ database, people: register.people, clock });
  const guard = createGuard({
    name: register.name,
    schema,
    classification,
    ceiling: allows,
    findSnapshot: snapshots.find,
    grantIssuer,
    grantKey,
    sealKey,
    clock,
  });
  const app = fastify({ logger: false, bodyLimit: BODY_BYTES_MAX, exposeHeadRoutes: false, forceCloseConnections: 'idle' });
  opened.defer(async () => app.close());
  await app.register(mercurius, {
    schema,
    jit: JIT_AFTER,
    routes: false,
    graphiql: false,
    allowBatchedQueries: false,
    errorFormatter: maskErrors(log),
  });
  takeRawBodies(app);
  const service: Service = { app, register, database, guard, ceiling, grantsSeen, log, clock };
  addGraph(service);
  addCeiling(service);
  addHealth(service);
  addGrantsServed(service);
  addSnapshots({ app, guard, snapshots, group: register.people.group, allows, log });
  if (options.synthetic !== undefined) addShowcase(service);
  const address = await app.listen({ host: options.host ?? '127.0.0.1', port: options.port ?? 0 });
  const open = opened.move();
  return {
    url: `${address}/graphql`,
    database,
    flush: async () => grantsSeen.flush(),
    [Symbol.asyncDispose]: async () => open.disposeAsync(),
  };
}

interface Service {
  readonly app: FastifyInstance;
  readonly register: AnyRegister;
  readonly database: Database;
  readonly guard: Guard;
  readonly ceiling: LiveCeiling;
  readonly grantsSeen: GrantsSeen;
  readonly log: Logger;
  readonly clock: () => Date;
}

/** Bodies stay bytes: the seal covers them as they came, so nothing parses them before the guard. */
function takeRawBodies(app: FastifyInstance): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('application/json', { parseAs: 'buffer' }, (_request, body, done) => {
    done(null, body);
  });
  // Fastify's own answer repeats the address, and there may be a person in it.
  app.setNotFoundHandler(async (_request, reply) => reply.code(404).send(constantError('BAD_REQUEST')));
  app.setErrorHandler(async (error: unknown, _request, reply) => {
    const status = (error as { statusCode?: number }).statusCode ?? 500;
    return reply
      .code(status >= 400 && status < 500 ? status : 500)
      .send(constantError(status === 415 || status === 413 ? 'BAD_REQUEST' : 'INTERNAL_SERVER_ERROR'));
  });
}

/** The one way into the graph: POST /graphql. */
function addGraph(service: Service): void {
  const { app, register, database, guard, grantsSeen, log, clock } = service;
  app.post('/graphql', async (request, reply) => {
    const now = clock();
    const verdict = await guard.judge({ headers: request.headers, body: bodyOf(request) });
    if (verdict.kind === 'refused') return refuse(reply, log, verdict.status, verdict.reason);
    if (!grantsSeen.note(verdict.grant, now)) return refuse(reply, log, 403, 'no more grant ids can be kept');
    const { grant, snapshot } = verdict;
    const loaders = register.createLoaders(snapshot === undefined ? database : frozen(database, snapshot, STATEMENT_TIMEOUT_MS));
    const context: RegisterContext<unknown> = { loaders, grant, today: snapshot?.day ?? calendarDate(now) };
    const { query, variables, operationName } = verdict.request;
    reply.type('application/json; charset=utf-8').header('cache-control', 'no-store');
    try {
      const result = await app.graphql(query, { ...context }, variables ?? {}, operationName ?? undefined);
      return JSON.stringify(result);
    } catch (error) {
      return JSON.stringify({ errors: maskFailure(error, log) });
    }
  });
}

function addHealth({ app, database, log }: Service): void {
  app.get('/health/live', async () => ({ status: 'live' }));
  app.get('/health/ready', async (_request, reply) => {
    try {
      await ping(database);
      return { status: 'ready' };
    } catch (error) {
      log.warn({ err: error }, 'the database does not answer');
      return reply.code(503).send({ status: 'not ready' });
    }
  });
}

/** Which grants were served, for whoever holds the seal key: the gateway holds them against its ledger. Names no person and no data. */
function addGrantsServed({ app, database, guard, grantsSeen, log }: Service): void {
  app.post('/grants-served', async (request, reply) => {
    const body = bodyOf(request);
    const problem = guard.judgeSealOnly({ headers: request.headers, body }, RECONCILIATION_GRANT_ID);
    if (problem !== undefined) return refuse(reply, log, 401, problem);
    const wanted = GrantsServedBody.safeParse(parseJson(body));
    if (!wanted.success) return reply.code(400).send(constantError('BAD_REQUEST'));
    await grantsSeen.flush();
    const { after, limit } = wanted.data;
    return { grants: await readGrantsSeen(database, after, limit) };
  });
}

const GrantsServedBody = z.object({
  after: z.object({ at: z.iso.datetime(), grantId: z.string().max(200) }),
  limit: z.int().min(1).max(GRANTS_SERVED_MAX),
});

/**
 * Another ceiling, brought by the gateway. The seal keeps strangers from making the register verify signatures; what is believed are the
 * signatures of the owner's people.
 */
function addCeiling({ app, guard, ceiling, log }: Service): void {
  app.post('/ceiling', async (request, reply) => {
    const body = bodyOf(request);
    const problem = guard.judgeSealOnly({ headers: request.headers, body }, CEILING_GRANT_ID);
    if (problem !== undefined) return refuse(reply, log, 401, problem);
    const taken = await ceiling.take(parseJson(body));
    if (taken.kind === 'refused') return refuse(reply, log, 403, taken.reason);
    log.info({ version: taken.version }, 'the ceiling in force');
    return { version: taken.version };
  });
}

/** ID numbers to try things with. Only over synthetic people, and only for the holder of the seal key. */
function addShowcase({ app, register, database, guard, log, clock }: Service): void {
  const { showcase } = register;
  if (showcase === undefined) return;
  app.post('/synthetic/showcase', async (request, reply) => {
    const body = bodyOf(request);
    const problem = guard.judgeSealOnly({ headers: request.headers, body }, SHOWCASE_GRANT_ID);
    if (problem !== undefined) return refuse(reply, log, 401, problem);
    const wanted = ShowcaseBody.safeParse(parseJson(body));
    if (!wanted.success) return reply.code(400).send(constantError('BAD_REQUEST'));
    return { idNumbers: await showcase(database, wanted.data.after, wanted.data.limit, calendarDate(clock())) };
  });
}

const ShowcaseBody = z.object({
  after: z.union([z.literal(''), z.string().refine(isIdNumber)]),
  limit: z.int().min(1).max(SHOWCASE_MAX),
});
