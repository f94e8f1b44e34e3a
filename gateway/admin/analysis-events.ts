import type { FastifyPluginAsync } from 'fastify';
import { isUuid } from '../../platform/uuid.ts';
import { clientError, ERRORS, type ErrorCode } from '../errors.ts';
import type { RunProgress } from '../analysis/run/progress.ts';
import type { RunService } from '../analysis/run/service.ts';
import type { LoginResult } from './login.ts';
import { isPermitted, PERMISSIONS } from './permissions.ts';

export interface AnalysisEventsParts {
  /** Who calls with this token. */
  readonly login: (token: string) => Promise<LoginResult>;
  readonly runs: Pick<RunService, 'follow' | 'find'>;
}

/** Readers at once; beyond it 503 with Retry-After. */
const READERS_MAX = 100;
/** A line without meaning keeps proxies from closing a quiet connection. */
const KEEP_ALIVE_MS = 15_000;
const BEARER = /^Bearer +([A-Za-z0-9._~+/-]+=*)$/i;

/**
 * How a run goes on, as server-sent events (HTML standard, section 9.2), under the prefix `/admin/analyses`: `event: progress` with JSON each time
 * it is another, the last one when the run is no more under way. Whoever may read runs by the admin API may read these, with the same token.
 */
export function analysisEvents({ login, runs }: AnalysisEventsParts): FastifyPluginAsync {
  return async (app) => {
    const closing = new AbortController();
    let readers = 0;
    app.addHook('preClose', async () => closing.abort());
    app.get<{ Params: { run: string } }>('/:run/events', async (request, reply) => {
      const refuse = (code: ErrorCode, detail: string, headers: Record<string, string> = {}) =>
        reply
          .code(ERRORS[code].status)
          .headers({ 'cache-control': 'no-store', ...headers })
          .send({ errors: [clientError(code, { detail })] });
      const who = await login(BEARER.exec(request.headers.authorization ?? '')?.[1] ?? '');
      if (who.kind === 'rejected') {
        request.log.info({ reason: who.reason }, 'a reader of events was rejected');
        return refuse('UNAUTHENTICATED', 'This call needs a fresh token signed with a key that the gateway trusts.', {
          'www-authenticate': 'Bearer',
        });
      }
      if (!isPermitted(PERMISSIONS.Query.analysisRun, who.actor)) {
        return refuse(
          'FIELD_NOT_PERMITTED',
          'This account does not have a role that reads runs. The table of permissions names those that do.',
        );
      }
      if (readers >= READERS_MAX) return refuse('OVERLOADED', 'Too many read events. Read again later.', { 'retry-after': '5' });
      const { run } = request.params;
      if (!isUuid(run) || (await runs.find(run)) === undefined) {
        return reply
          .code(404)
          .header('cache-control', 'no-store')
          .send({ errors: [clientError('BAD_REQUEST', { detail: 'There is no such run.' })] });
      }
      const gone = new AbortController();
      request.raw.socket.once('close', () => gone.abort());
      reply.hijack();
      const { raw } = reply;
      raw.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8', 'cache-control': 'no-store', 'x-accel-buffering': 'no' });
      const timer = setInterval(() => raw.write(': still here\n\n'), KEEP_ALIVE_MS);
      readers += 1;
      try {
        for await (const progress of runs.follow(run, AbortSignal.any([gone.signal, closing.signal]))) raw.write(eventOf(progress));
      } catch (error) {
        request.log.warn({ err: error }, 'events of a run could not be read; the reader reads again');
      } finally {
        readers -= 1;
        clearInterval(timer);
        raw.end();
      }
    });
  };
}

function eventOf(progress: RunProgress): string {
  return `event: progress\ndata: ${JSON.stringify(progress)}\n\n`;
}
