import fastify, {
  type FastifyInstance,
  type FastifyPluginAsync,
  type FastifyReply,
  type FastifyRequest,
  type FastifyServerFactory,
} from 'fastify';
import { redactNumbers, type Logger } from '../platform/log.ts';
import { compress, encodingFor, type Encoding } from './compression.ts';
import { createTlsServer, type TlsFiles } from './tls.ts';
import type { Limits } from './limits.ts';
import { refuse, type Refusal } from './errors.ts';
import { continueTrace, negotiateMediaType, readJson, singleHeaders } from './http.ts';
import type { Metrics } from './metrics.ts';
import type { Pipeline } from './pipeline.ts';
import { answerRefusal, type Answer } from './stages/answer.ts';

export interface ServerParts {
  readonly pipeline: Pipeline;
  readonly limits: Limits;
  readonly metrics: Metrics;
  readonly log: Logger;
  /** What readiness depends on, by name; each says quickly whether it is well. */
  readonly readiness: () => Promise<Readiness>;
  /** Undefined for plain HTTP. */
  readonly tls?: TlsFiles | undefined;
  /** Whether long answers are compressed for whoever takes them so. */
  readonly compresses?: boolean | undefined;
  /** Traces that begin here are kept. */
  readonly samples?: boolean | undefined;
  /** Further routes: the demo issuer, the admin API. */
  readonly plugins: readonly { readonly prefix: string; readonly plugin: FastifyPluginAsync }[];
}

export interface Readiness {
  readonly ready: boolean;
  readonly parts: Readonly<Record<string, 'up' | 'down'>>;
}

/** Builds the HTTP server. It listens nowhere until told; closing it lets requests under way finish. */
export async function createServer(parts: ServerParts): Promise<FastifyInstance> {
  const { limits, log, tls } = parts;
  const bounds = { maxHeaderSize: limits.headerBytesMax, requestTimeout: limits.requestTimeoutMs };
  const serverFactory: FastifyServerFactory | undefined = tls && ((handler) => createTlsServer(tls, handler, bounds, log));
  const app = fastify({
    logger: false,
    bodyLimit: limits.bodyBytesMax,
    requestTimeout: limits.requestTimeoutMs,
    http: { maxHeaderSize: limits.headerBytesMax },
    forceCloseConnections: 'idle',
    routerOptions: { ignoreTrailingSlash: false },
    // An address that is none: Fastify's own answer would repeat it, and whatever a client wrote into it.
    frameworkErrors: (_error, _request, reply) => void send(reply, notFound()),
    ...(serverFactory === undefined ? {} : { serverFactory }),
  });

  app.setNotFoundHandler(async (_, reply) => send(reply, notFound()));
  app.setErrorHandler(async (error: Error & { statusCode?: number }, _, reply) => {
    const status = error.statusCode ?? 500;
    if (status < 500)
      return send(reply, answerRefusal(refuse(status === 415 ? 'UNSUPPORTED_MEDIA_TYPE' : 'BAD_REQUEST'), 'application/json'));
    log.error({ error }, 'a request failed');
    return send(reply, answerRefusal(refuse('INTERNAL_SERVER_ERROR'), 'application/json'));
  });

  app.get('/health/live', async () => ({ status: 'live' }));
  app.get('/health/ready', async (_, reply) => {
    const { ready, parts: states } = await parts.readiness();
    return reply.code(ready ? 200 : 503).send({ status: ready ? 'ready' : 'not ready', parts: states });
  });
  app.get('/metrics', async (_, reply) => reply.type(parts.metrics.contentType).send(await parts.metrics.text()));
  await app.register(graphql(parts));
  for (const { prefix, plugin } of parts.plugins) await app.register(plugin, { prefix });
  return app;
}

/** `/graphql`: reads the request within its bounds and gives it to the pipeline. Data is answered to POST only. */
function graphql({ pipeline, limits, metrics, log, compresses, samples }: ServerParts): FastifyPluginAsync {
  let inFlight = 0;

  const handle = async (request: FastifyRequest, reply: FastifyReply): Promise<Answer> => {
    const mediaType = negotiateMediaType(request.headers);
    if (request.method !== 'POST') return answerRefusal(refuse('METHOD_NOT_ALLOWED'), mediaType ?? 'application/json');
    if (mediaType === undefined) return answerRefusal(refuse('NOT_ACCEPTABLE'), 'application/json');
    const body = await readJson(request.raw, limits);
    if (body.kind === 'refusal') {
      // What was not read of a body too large is not worth waiting for.
      reply.header('connection', 'close');
      return answerRefusal(body, mediaType);
    }
    const trace = continueTrace(request.headers, samples);
    reply.header('x-trace-id', trace.traceId);
    const gone = new AbortController();
    reply.raw.once('close', () => {
      if (!reply.raw.writableFinished) gone.abort();
    });
    try {
      return await pipeline.answer({ headers: singleHeaders(request.headers), body: body.value, trace, signal: gone.signal }, mediaType);
    } catch (error) {
      log.error({ error, traceId: trace.traceId }, 'a request failed');
      return answerRefusal(refuse('INTERNAL_SERVER_ERROR'), mediaType);
    }
  };

  return async (app) => {
    app.removeAllContentTypeParsers();
    // The handler reads the body itself, counting what it decompresses.
    app.addContentTypeParser('*', (_request, _payload, done) => done(null));
    app.all('/graphql', async (request, reply) => {
      const done = metrics.requestStarted();
      inFlight += 1;
      try {
        const answered =
          inFlight > limits.requestsInFlightMax ? answerRefusal(overloaded(), 'application/json') : await handle(request, reply);
        done(answered.status, answered.code);
        const encoding = compresses === true ? encodingFor(request.headers, answered.body) : undefined;
        return encoding === undefined ? await send(reply, answered) : await sendCompressed(reply, answered, encoding);
      } finally {
        inFlight -= 1;
      }
    });
  };
}

function overloaded(): Refusal {
  return { ...refuse('OVERLOADED'), retryAfterSeconds: 1 };
}

function notFound(): Answer {
  const answered = answerRefusal(refuse('BAD_REQUEST', 'There is nothing at this address. The graph is at /graphql.'), 'application/json');
  return { ...answered, status: 404 };
}

async function send(reply: FastifyReply, { status, headers, body }: Answer): Promise<FastifyReply> {
  return reply.code(status).headers(headers).send(body);
}

async function sendCompressed(reply: FastifyReply, { status, headers, body }: Answer, encoding: Encoding): Promise<FastifyReply> {
  reply.code(status).headers(headers).header('content-encoding', encoding).header('vary', 'accept-encoding');
  return reply.send(await compress(body, encoding));
}

/** One sentence for the person who starts the gateway, for the usual reasons that a server cannot listen. */
export function listenError(error: unknown, port: number): Error {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (code === 'EADDRINUSE') return new Error(`Port ${port} is in use. Stop what uses it, or set PORT to another.`, { cause: error });
  if (code === 'EACCES') return new Error(`Port ${port} may not be used by this user. Set PORT to one above 1023.`, { cause: error });
  return new Error(`The gateway cannot listen on port ${port}: ${redactNumbers(String(error))}`, { cause: error });
}

/** How often connections are looked at that wait for a next request which will not be taken. */
const IDLE_CHECK_MS = 50;

/** Takes no new connection, lets requests under way finish, and closes each connection as it falls idle. */
export async function stopServing(app: FastifyInstance): Promise<void> {
  const timer = setInterval(() => app.server.closeIdleConnections(), IDLE_CHECK_MS);
  try {
    await app.close();
  } finally {
    clearInterval(timer);
  }
}
