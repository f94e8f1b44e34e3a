import { ApolloServer, HeaderMap } from '@apollo/server';
import {
  ApolloServerPluginCacheControlDisabled,
  ApolloServerPluginLandingPageDisabled,
  ApolloServerPluginUsageReportingDisabled,
} from '@apollo/server/plugin/disabled';
import type { FastifyError, FastifyPluginAsync } from 'fastify';
import type { GraphQLFormattedError } from 'graphql';
import { redactNumbers, type Logger } from '../../platform/log.ts';
import { clientError, ERRORS, type ErrorCode } from '../errors.ts';
import { adminRoot, createAdminSchema, type AdminContext, type AdminSources } from './schema.ts';
import type { LoginResult } from './login.ts';
import { createTakeCall } from './rate.ts';

/** The token of whoever stands beside the one who calls. */
const SECOND_HEADER = 'x-second-token';
/** Rules are drafted whole: 2 MiB of them, and what JSON adds. */
const BODY_BYTES_MAX = 4_194_304;
const DOCUMENT_TOKENS_MAX = 1_000;

export interface AdminApiDeps extends AdminSources {
  /** Who calls with this token. */
  readonly login: (token: string) => Promise<LoginResult>;
  readonly log: Logger;
}

export interface AdminRequest {
  readonly method: string;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  /** The body as sent. */
  readonly body: string;
}

export interface AdminResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export interface AdminApi extends AsyncDisposable {
  /** Answers one call. Rejects never: a failure is an answer with 500 and a line in the log. */
  handle(request: AdminRequest): Promise<AdminResponse>;
}

/**
 * The admin API: GraphQL by POST of application/json with the token of a login (login.ts), checked before the body is looked at, so that
 * without one there is no schema to explore and no document to parse. No page of another origin can call it: neither that media type nor the
 * header is one that a browser sends unasked. It is not governed by the policies that it administers: rules that refuse everything can
 * always be replaced.
 */
export async function createAdminApi(deps: AdminApiDeps): Promise<AdminApi> {
  const takeCall = createTakeCall(deps.clock);
  const server = createServer(deps);
  await server.start();

  const answer = async (request: AdminRequest): Promise<AdminResponse> => {
    if (request.method !== 'POST') return failed('METHOD_NOT_ALLOWED', { allow: 'POST' });
    if (!JSON_MEDIA_TYPE.test(request.headers['content-type'] ?? '')) return failed('UNSUPPORTED_MEDIA_TYPE');
    const result = await deps.login(BEARER.exec(request.headers['authorization'] ?? '')?.[1] ?? '');
    if (result.kind === 'rejected') {
      deps.log.info({ reason: result.reason }, 'a call of the admin API was rejected');
      return failed(
        'UNAUTHENTICATED',
        { 'www-authenticate': 'Bearer' },
        'This call needs a fresh token signed with a key that the gateway trusts.',
      );
    }
    const { actor } = result;
    if (!takeCall(actor.account)) {
      return failed('QUOTA_EXCEEDED', { 'retry-after': '1' }, 'This account calls too often. Call again in a second.');
    }
    const beside = request.headers[SECOND_HEADER];
    const second = beside === undefined ? undefined : await deps.login(beside);
    if (second?.kind === 'rejected') {
      deps.log.info({ reason: second.reason }, 'a second person of a call was rejected');
      return failed('UNAUTHENTICATED', { 'www-authenticate': 'Bearer' }, 'The second person needs a fresh token of their own.');
    }
    const body = parseJson(request.body);
    if (body === undefined) return failed('BAD_REQUEST');

    const headers = new HeaderMap();
    headers.set('content-type', 'application/json');
    headers.set('accept', request.headers['accept'] ?? 'application/json');
    const response = await server.executeHTTPGraphQLRequest({
      httpGraphQLRequest: { method: 'POST', headers, search: '', body },
      context: async () => ({ actor, second: second?.actor }),
    });
    if (response.body.kind !== 'complete') return failed('OPERATION_NOT_SUPPORTED');
    return {
      status: response.status ?? 200,
      headers: { ...Object.fromEntries(response.headers), ...NO_STORE },
      body: response.body.string,
    };
  };

  return {
    async handle(request) {
      try {
        return await answer(request);
      } catch (error) {
        deps.log.error({ err: error }, 'a call of the admin API failed');
        return failed('INTERNAL_SERVER_ERROR');
      }
    },
    async [Symbol.asyncDispose]() {
      await server.stop();
    },
  };
}

/** The API as a Fastify plugin; register it under the prefix `/admin/graphql`. It reads every body itself, up to 4 MiB. */
export function adminApi(api: AdminApi): FastifyPluginAsync {
  return async (app) => {
    app.removeAllContentTypeParsers();
    app.addContentTypeParser('*', { parseAs: 'string', bodyLimit: BODY_BYTES_MAX }, (_request, body, done) => done(null, body));
    app.setErrorHandler<FastifyError>((error, request, reply) => {
      request.log.info({ code: error.code }, 'a call of the admin API was not read');
      const { status, headers, body } = failed(error.statusCode === 413 ? 'OPERATION_TOO_LARGE' : 'BAD_REQUEST');
      return reply.code(status).headers(headers).send(body);
    });
    app.all('/', async (request, reply) => {
      const headers = Object.fromEntries(
        Object.entries(request.headers).map(([name, value]) => [name, Array.isArray(value) ? value.join(', ') : value]),
      );
      const sent = typeof request.body === 'string' ? request.body : '';
      const { status, headers: answerHeaders, body } = await api.handle({ method: request.method, headers, body: sent });
      return reply.code(status).headers(answerHeaders).send(body);
    });
  };
}

function createServer(deps: AdminApiDeps): ApolloServer<AdminContext> {
  return new ApolloServer<AdminContext>({
    schema: createAdminSchema(deps),
    rootValue: adminRoot(deps),
    introspection: true,
    csrfPrevention: true,
    allowBatchedHttpRequests: false,
    persistedQueries: false,
    includeStacktraceInErrorResponses: false,
    stopOnTerminationSignals: false,
    parseOptions: { maxTokens: DOCUMENT_TOKENS_MAX },
    logger: deps.log,
    formatError: (formatted, error) => maskError(formatted, error, deps.log),
    plugins: [
      ApolloServerPluginCacheControlDisabled(),
      ApolloServerPluginLandingPageDisabled(),
      ApolloServerPluginUsageReportingDisabled(),
    ],
  });
}

/** Errors whose text was written for the caller: Apollo Server's own of the document, and ours of `schema.ts`. */
const PUBLIC_CODES: ReadonlySet<unknown> = new Set<ErrorCode>([
  'BAD_REQUEST',
  'GRAPHQL_PARSE_FAILED',
  'GRAPHQL_VALIDATION_FAILED',
  'BAD_USER_INPUT',
  'OPERATION_RESOLUTION_FAILURE',
  'FIELD_NOT_PERMITTED',
  'AUDIT_UNAVAILABLE',
]);

function maskError(formatted: GraphQLFormattedError, error: unknown, log: Logger): GraphQLFormattedError {
  const code = formatted.extensions?.['code'];
  const path = formatted.path === undefined ? {} : { path: formatted.path };
  if (PUBLIC_CODES.has(code)) {
    const locations = formatted.locations === undefined ? {} : { locations: formatted.locations };
    // graphql-js repeats a wrong value; the number of a person stays out of errors here as everywhere.
    return { message: redactNumbers(formatted.message), ...path, ...locations, extensions: { code } };
  }
  log.error({ err: error }, 'a field of the admin API failed');
  return { ...clientError('INTERNAL_SERVER_ERROR'), ...path };
}

function failed(code: ErrorCode, headers: Readonly<Record<string, string>> = {}, detail?: string): AdminResponse {
  return {
    status: ERRORS[code].status,
    headers: { 'content-type': 'application/json; charset=utf-8', ...NO_STORE, ...headers },
    body: JSON.stringify({ errors: [clientError(code, detail === undefined ? {} : { detail })] }),
  };
}

const NO_STORE = { 'cache-control': 'no-store' };
const JSON_MEDIA_TYPE = /^application\/json\s*(?:;\s*charset="?utf-8"?\s*)?$/i;
const BEARER = /^Bearer +([A-Za-z0-9._~+/-]+=*)$/i;

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
